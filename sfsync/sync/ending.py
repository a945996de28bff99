"""How a run ended, whatever ended it: the last line of its log and its row in the history."""

from __future__ import annotations

import logging
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfsync.errors import SfsyncError
from sfsync.ledger import history
from sfsync.ledger.model import Outcome, RunOutcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from sfsync.ledger import Ledger
    from sfsync.salesforce import Org
    from sfsync.sync.run import Tally

_log = logging.getLogger("sfsync.sync")


@dataclass(frozen=True, slots=True)
class _End:
    """What the history keeps of an end, and what the log says of it: ids and counts, no names."""

    outcome: RunOutcome
    words: str
    error_code: str | None = None
    error_message: str | None = None


@contextmanager
def kept_however_it_ends(
    run_id: int, org: Org, ledger: Ledger, clock: Callable[[], datetime], *, level: int
) -> Iterator[Tally]:
    """A run at work, in the block: it counts its records in the tally that the block is given.

    Args:
        run_id: the run.
        org: asked for its API calls.
        ledger: where the run's row is.
        clock: when it ended.
        level: of the line in the log.
    """
    tally: Tally = Counter()
    try:
        yield tally
    except BaseException as error:
        _keep(_broken_off(error), run_id, org, ledger, clock, level=level)
        raise
    _keep(_came_to_its_end(tally), run_id, org, ledger, clock, level=level)


def _broken_off(error: BaseException) -> _End:
    if isinstance(error, SfsyncError):
        return _End(RunOutcome.FAILED, f"failed: {error.code}", error.code, error.message)
    if isinstance(error, Exception):
        # A defect.
        kind = type(error).__name__
        return _End(RunOutcome.FAILED, f"failed: {kind}", "unexpected", kind)
    # Ctrl-C, SIGTERM and the like are no Exception.
    return _End(RunOutcome.INTERRUPTED, "was interrupted", "interrupted", "stopped by a signal")


def _came_to_its_end(tally: Tally) -> _End:
    counts = ", ".join(
        f"{count} {sobject} {outcome.value}" for (sobject, outcome), count in sorted(tally.items())
    )
    failed = any(outcome is Outcome.FAILED for _, outcome in tally)
    outcome = RunOutcome.PARTIAL if failed else RunOutcome.OK
    return _End(outcome, f"ended: {counts or 'nothing to do'}")


def _keep(
    end: _End,
    run_id: int,
    org: Org,
    ledger: Ledger,
    clock: Callable[[], datetime],
    *,
    level: int,
) -> None:
    # The log first: the ledger may be what has failed.
    extra = {"run": run_id, "ended": True}
    _log.log(level, "run %d %s; %d API calls", run_id, end.words, org.api_calls, extra=extra)
    history.finish_run(
        ledger,
        run_id,
        end.outcome,
        error_code=end.error_code,
        error_message=end.error_message,
        api_calls=org.api_calls,
        finished_at=clock(),
    )
