"""Interval after interval: look, run when something changed, wait longer while it goes wrong."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfsync.errors import LockedError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sfsync.errors import SfsyncError

_MOST_DOUBLINGS = 4
_LONGEST = 900.0
"""Seconds between two attempts at most, unless the interval itself is longer."""


@dataclass(frozen=True, slots=True)
class Beat:
    """What one interval came to.

    Args:
        run: the number of its run; None when nothing had changed, or it could not run.
        trouble: what kept it from looking or running; passes by itself.
        wait: seconds until the next one.
    """

    run: int | None
    trouble: SfsyncError | None
    wait: float


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When to look.

    Args:
        every: seconds from the beginning of one interval to that of the next.
        during: seconds after which no further interval begins; None is until stopped.
        clock: monotonic seconds.
        sleep: waits; a signal ends it by an exception.
    """

    every: float
    during: float | None = None
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def beats(step: Callable[[], int | None], rhythm: Rhythm) -> Iterator[Beat]:
    """One beat per interval, for as long as the rhythm lasts.

    Args:
        step: looks, and runs if there is something to do; the number of the run.
        rhythm: when.

    Raises:
        SfsyncError: what does not pass by itself: a dead sign-in, a config that does not fit, a
            ledger that is damaged.
    """
    ends = None if rhythm.during is None else rhythm.clock() + rhythm.during
    troubles = 0
    while True:
        began = rhythm.clock()
        number, trouble = _one(step)
        troubles = troubles + 1 if trouble is not None else 0
        due = began + _interval(rhythm.every, troubles)
        wait = max(0.0, (due if ends is None else min(due, ends)) - rhythm.clock())
        yield Beat(number, trouble, wait)
        if ends is not None and due >= ends:
            rhythm.sleep(wait)
            return
        rhythm.sleep(wait)


def _one(step: Callable[[], int | None]) -> tuple[int | None, SfsyncError | None]:
    try:
        return step(), None
    except LockedError:
        # Another run is at work: what it leaves is seen at the next look.
        return None, None
    except UnavailableError as trouble:
        return None, trouble


def _interval(every: float, troubles: int) -> float:
    """The interval, doubled with each trouble in a row, as far as makes sense."""
    return max(every, min(every * 2.0 ** min(troubles, _MOST_DOUBLINGS), _LONGEST))
