"""Whether runs go well: the last one, the last good one, and what has failed since."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfsync.ledger.history import last_run, schedule_answered, show_run
from sfsync.ledger.model import RunOutcome
from sfsync.ledger.open_failures import MAX_TRIES

if TYPE_CHECKING:
    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.history import RunSummary

GOOD = frozenset({RunOutcome.OK, RunOutcome.PARTIAL})
"""Outcomes of a run that read Salesforce to the end."""

_FAILURES = """
    SELECT count(*), coalesce(sum(f.tries >= :most), 0), coalesce(max(f.first_run), 0),
           min(r.started_at)
    FROM failure f JOIN run r ON r.id = f.first_run
"""


@dataclass(frozen=True, slots=True)
class RunHealth:
    """What the history says; times are ``2026-11-22T08:31:07Z``.

    `failures` are the records that failed and have not succeeded since, `given_up` those of them
    that are not tried any more. `newest_failure` is the run in which the newest of them failed
    first, 0 when there are none; `failing_since` is when the oldest did. `good_since` is when the
    last good run of everything began, or else the first run of all; None before any.
    """

    last: RunSummary | None
    last_good: RunSummary | None
    failures: int
    given_up: int
    newest_failure: int
    failing_since: str | None
    good_since: str | None


def run_health(ledger: Ledger, run_id: int | None = None) -> RunHealth:
    """Look at the history of `ledger`; `last` is the run `run_id`, where one is named.

    Raises:
        NotFoundError: there is no such run.
    """
    failures, given_up, newest, since = ledger.row(_FAILURES, {"most": MAX_TRIES})
    first = ledger.row("SELECT started_at FROM run ORDER BY id LIMIT 1")
    return RunHealth(
        last=last_run(ledger) if run_id is None else show_run(ledger, run_id, ()).summary,
        last_good=last_run(ledger, GOOD),
        good_since=schedule_answered(ledger).good or (first and first[0]),
        failures=failures,
        given_up=given_up,
        newest_failure=newest,
        failing_since=since,
    )
