"""Repeating reads that failed for a passing reason: exponential back-off, jitter, bounded."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from sfsync.salesforce.faults import PassingError
from sfsync.salesforce.redact import log

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long.

    Args:
        attempts: requests for one read, the first one included.
        base: seconds before the second attempt, doubled each time, up to `longest`.
        longest: the longest wait between two attempts, seconds.
        total: seconds after which no further attempt is begun.
        sleep: waits; tests put their own here.
        clock: monotonic seconds.
        jitter: a number in [0, 1): how much of half the wait is left out.
    """

    attempts: int = 5
    base: float = 0.5
    longest: float = 30.0
    total: float = 300.0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    jitter: Callable[[], float] = random.random

    def run(self, read: Callable[[], T]) -> T:
        """What `read` returns, tried again while it raises `PassingError`.

        Raises:
            PassingError: the last one, when attempts or time are used up.
        """
        deadline = self.clock() + self.total
        for attempt in range(1, self.attempts):
            try:
                return read()
            except PassingError as error:
                wait = self._wait(attempt, error.retry_after)
                if self.clock() + wait > deadline:
                    raise
                log.debug("attempt %d: %s; next one in %.1f s", attempt, error.code, wait)
                self.sleep(wait)
        return read()

    def _wait(self, attempt: int, asked: float | None) -> float:
        wait = min(self.base * float(2 ** (attempt - 1)), self.longest)
        wait -= wait / 2 * self.jitter()
        return max(wait, asked or 0.0)
