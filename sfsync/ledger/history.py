"""Runs: begun, counted, finished, and told again with every record."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sfsync.errors import NotFoundError
from sfsync.ledger.audit import append_event
from sfsync.ledger.auto_posted import auto_posted
from sfsync.ledger.model import Cursor, Outcome, RunOutcome
from sfsync.ledger.opportunities import amount_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from sfsync.ledger.auto_posted import AutoPostRecord
    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.model import RunStart

OBJECT_NAMES = {"Opportunity": "opportunities", "Account": "customers", "Contact": "contacts"}
"""What counts call the records of an sObject."""


@dataclass(frozen=True, slots=True)
class OutcomeCounts:
    """How many records of one object a run read, and what became of them; they add up."""

    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    failed: int = 0
    drifted: int = 0


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A run as `history list` shows it; times are ``2026-11-22T08:31:07Z``.

    `counts` has the keys opportunities, customers and contacts.
    """

    run: int
    trigger: str
    outcome: RunOutcome
    org_id: str
    org_name: str
    org_kind: str
    selection: str
    actor: str
    config_digest: str
    evaluation_digest: str
    started_at: str
    finished_at: str | None
    api_calls: int
    error_code: str | None
    error_message: str | None
    counts: Mapping[str, OutcomeCounts]


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What became of one record in a run; `invoice` is the number, or the draft's id.

    `amount` is what Salesforce had then, `currency` the deal's as last read.
    """

    sobject: str
    salesforce_id: str
    name: str
    outcome: Outcome
    code: str | None
    message: str | None
    fix: str | None
    source_field: str | None
    target: str | None
    amount: str | None
    currency: str | None
    invoice: str | None
    changes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RunDetail:
    """A run with all its records, those kept in the compact form included."""

    summary: RunSummary
    records: tuple[RunRecord, ...]
    config_text: str
    auto_post: tuple[AutoPostRecord, ...] = ()


def start_run(ledger: Ledger, start: RunStart) -> int:
    """Begin a run and answer its number. Runs that died while running become interrupted.

    The caller holds `run_lock`, so no other run is at work.
    """
    now = ledger.now()
    digest = hashlib.sha256(start.config_text.encode()).hexdigest()
    with ledger.transaction():
        for (run_id,) in ledger.rows("SELECT id FROM run WHERE outcome = 'running'"):
            _finish(ledger, run_id, RunOutcome.INTERRUPTED, finished_at=now)
        ledger.execute(
            "INSERT INTO config_text (digest, text) SELECT :digest, :text"
            " WHERE NOT EXISTS (SELECT 1 FROM config_text WHERE digest = :digest)",
            {"digest": digest, "text": start.config_text},
        )
        # The file's own text: what is resolved from it, such as the demo's port, is no change.
        before = ledger.row(
            "SELECT c.digest FROM run r JOIN config_text c ON c.id = r.config_id"
            " ORDER BY r.id DESC LIMIT 1"
        )
        run_id = ledger.insert(
            "INSERT INTO run (trigger, org_id, org_name, org_kind, config_digest,"
            " evaluation_digest, config_id, selection, whole, actor, started_at)"
            " VALUES (?, ?, ?, ?, ?, ?, (SELECT id FROM config_text WHERE digest = ?), ?, ?, ?, ?)",
            (start.trigger, start.org_id, start.org_name, start.org_kind, start.config_digest,
             start.evaluation_digest, digest, start.selection, start.whole, ledger.actor,
             start.started_at.strftime("%Y-%m-%dT%H:%M:%SZ")),
        )  # fmt: skip
        if before != (digest,):
            append_event(
                ledger,
                "config.change",
                "config",
                before={"digest": before[0]} if before else None,
                after={"digest": digest},
                run_id=run_id,
            )
    return run_id


def finish_run(
    ledger: Ledger,
    run_id: int,
    outcome: RunOutcome,
    *,
    error_code: str | None = None,
    error_message: str | None = None,
    api_calls: int,
    finished_at: datetime,
) -> None:
    """End a run: its counts are added up and kept; nothing of it changes afterwards."""
    with ledger.transaction():
        _finish(
            ledger,
            run_id,
            outcome,
            finished_at=finished_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            api_calls=api_calls,
            error=(error_code, error_message),
        )


def _finish(
    ledger: Ledger,
    run_id: int,
    outcome: RunOutcome,
    *,
    finished_at: str,
    api_calls: int | None = None,
    error: tuple[str | None, str | None] = (None, None),
) -> None:
    counts = {name: asdict(one) for name, one in record_counts(ledger, run_id).items()}
    ledger.execute(
        "UPDATE run SET outcome = ?, error_code = ?, error_message = ?, api_calls = ?,"
        " finished_at = ?, counts = ? WHERE id = ?",
        (outcome.value, *error, api_calls, finished_at, json.dumps(counts), run_id),
    )


# A record on a row of its own counts once, also when a compact row of the same run has it.
_COUNTS = """
    SELECT sobject, outcome, count(*) FROM run_record WHERE run_id = :run GROUP BY 1, 2
    UNION ALL
    SELECT p.sobject, p.outcome, count(DISTINCT json_extract(j.value, '$[0]'))
    FROM run_page p, json_each(p.records) j
    WHERE p.run_id = :run AND NOT EXISTS (
        SELECT 1 FROM run_record r
        WHERE r.salesforce_id = json_extract(j.value, '$[0]') AND r.run_id = :run)
    GROUP BY 1, 2
"""


def record_counts(ledger: Ledger, run_id: int) -> dict[str, OutcomeCounts]:
    """The distinct records of a run by object and outcome, as far as it has come."""
    tally: dict[str, dict[str, int]] = {name: {} for name in OBJECT_NAMES.values()}
    for sobject, outcome, count in ledger.rows(_COUNTS, {"run": run_id}):
        counts = tally[OBJECT_NAMES[sobject]]
        counts[outcome] = counts.get(outcome, 0) + count
    return {
        name: OutcomeCounts(read=sum(counts.values()), **counts) for name, counts in tally.items()
    }


def cursors(ledger: Ledger) -> dict[str, Cursor]:
    """How far each object has been read, by sObject name, and under which rules."""
    return {
        sobject: Cursor(sobject, stamp, salesforce_id, full=bool(full), rules=rules)
        for sobject, stamp, salesforce_id, full, rules in ledger.rows(
            "SELECT c.sobject, c.system_modstamp, c.salesforce_id, c.full, r.evaluation_digest"
            " FROM cursor c JOIN run r ON r.id = c.run_id"
        )
    }


_RUNS = """
    SELECT id, trigger, outcome, org_id, org_name, org_kind, selection, actor, config_digest,
           evaluation_digest, started_at, finished_at, coalesce(api_calls, 0), error_code,
           error_message, counts
    FROM run
"""


def _summary(ledger: Ledger, row: tuple[Any, ...]) -> RunSummary:
    (run_id, trigger, outcome, org_id, org_name, org_kind, selection, actor, config, evaluation,
     started_at, finished_at, api_calls, error_code, error_message, counts) = row  # fmt: skip
    if counts is None:
        counted = record_counts(ledger, run_id)
    else:
        counted = {name: OutcomeCounts(**one) for name, one in json.loads(counts).items()}
    return RunSummary(
        run_id, trigger, RunOutcome(outcome), org_id, org_name, org_kind, selection, actor, config,
        evaluation, started_at, finished_at, api_calls, error_code, error_message, counted,
    )  # fmt: skip


def list_runs(ledger: Ledger, limit: int = -1) -> Iterator[RunSummary]:
    """Runs, newest first; a negative limit means all."""
    for row in ledger.each(f"{_RUNS} ORDER BY id DESC LIMIT ?", (limit,)):
        yield _summary(ledger, row)


def count_runs(ledger: Ledger) -> int:
    """How many runs there are."""
    (count,) = ledger.row("SELECT count(*) FROM run") or (0,)
    return int(count)


def last_run(ledger: Ledger, outcomes: frozenset[RunOutcome] | None = None) -> RunSummary | None:
    """The newest run, or the newest that ended with one of `outcomes`."""
    wanted = outcomes or frozenset(RunOutcome)
    row = ledger.row(
        f"{_RUNS} WHERE outcome IN (SELECT value FROM json_each(?)) ORDER BY id DESC LIMIT 1",  # noqa: S608 - constants
        (json.dumps(sorted(wanted)),),
    )
    return None if row is None else _summary(ledger, row)


@dataclass(frozen=True, slots=True)
class Answered:
    """How the schedule has been answered by whole runs; moments are ``2026-11-22T08:31:07Z``.

    `good` is when the newest one that came to its end began, `failures` how many have failed since
    then, and `failed` when the last of these began.
    """

    good: str | None = None
    failures: int = 0
    failed: str | None = None


def schedule_answered(ledger: Ledger) -> Answered:
    """What the schedule needs to know of the runs so far; interrupted ones count for nothing."""
    newest = ledger.row(
        "SELECT id, started_at FROM run WHERE whole AND outcome IN ('ok', 'partial')"
        " ORDER BY id DESC LIMIT 1"
    )
    good_id, good = newest or (0, None)
    failures, failed = ledger.row(
        "SELECT count(*), max(started_at) FROM run WHERE whole AND outcome = 'failed' AND id > ?",
        (good_id,),
    )
    return Answered(good, failures, failed)


def show_run(
    ledger: Ledger, run_id: int | None = None, outcomes: Iterable[Outcome] = tuple(Outcome)
) -> RunDetail:
    """A run with its records; without a number, the latest.

    Args:
        ledger: the ledger.
        run_id: the run's number.
        outcomes: only records with one of these; a run may have read a million others.

    Raises:
        NotFoundError: there is no such run.
    """
    row = ledger.row(
        f"{_RUNS} WHERE id = coalesce(?, (SELECT max(id) FROM run))",  # noqa: S608 - constants
        (run_id,),
    )
    if row is None:
        if run_id is None:
            raise NotFoundError(
                "There was no run yet.", code="run-not-found", fix="sfsync sync --now"
            )
        raise NotFoundError(
            f"There is no run {run_id}.", code="run-not-found", fix="sfsync history list"
        )
    summary = _summary(ledger, row)
    (text,) = ledger.row(
        "SELECT text FROM config_text WHERE id = (SELECT config_id FROM run WHERE id = ?)",
        (summary.run,),
    )
    return RunDetail(
        summary,
        tuple(run_records(ledger, summary.run, outcomes)),
        text,
        auto_posted(ledger, summary.run),
    )


# Grouped by salesforce_id: a compact row may hold a record that another one holds as well.
_RECORDS = """
    SELECT r.sobject, r.salesforce_id, r.name, r.outcome, r.code, r.message, r.fix,
           r.source_field, r.target, r.amount,
           CASE WHEN r.amount IS NOT NULL THEN (
               SELECT currency FROM opportunity WHERE salesforce_id = r.salesforce_id) END,
           coalesce(d.number, d.draft), r.changes
    FROM run_record r LEFT JOIN document d ON d.id = r.document_id
    WHERE r.run_id = :run
    UNION ALL
    SELECT p.sobject, json_extract(j.value, '$[0]') AS record, json_extract(j.value, '$[1]'),
           p.outcome, p.code, p.message, p.fix, NULL, NULL, NULL, NULL,
           coalesce(d.number, d.draft), NULL
    FROM run_page p CROSS JOIN json_each(p.records) j
    LEFT JOIN document d ON d.id = json_extract(j.value, '$[2]')
    WHERE p.run_id = :run AND NOT EXISTS (
        SELECT 1 FROM run_record r WHERE r.salesforce_id = record AND r.run_id = :run)
    GROUP BY record, p.sobject, p.outcome
"""


def skip_codes(ledger: Ledger, run_id: int) -> dict[str, int]:
    """How many records a run left out, by reason, the most frequent first."""
    return dict(
        ledger.rows(
            f"SELECT code, count(*) FROM ({_RECORDS}) WHERE outcome = 'skipped'"  # noqa: S608 - constants
            " GROUP BY code ORDER BY 2 DESC, 1",
            {"run": run_id},
        )
    )


def edited_drafts(ledger: Ledger, run_id: int) -> list[tuple[str, str]]:
    """The drafts that a run updated beside what a person had set, and where the two differ."""
    return ledger.rows(
        "SELECT d.draft, r.message FROM run_record r JOIN document d ON d.id = r.document_id"
        " WHERE r.run_id = ? AND r.outcome = 'updated' AND r.code = 'edited' ORDER BY r.id",
        (run_id,),
    )


def run_records(
    ledger: Ledger, run_id: int, outcomes: Iterable[Outcome] = tuple(Outcome)
) -> Iterator[RunRecord]:
    """What became of each record of a run that has one of these outcomes."""
    wanted = json.dumps([one.value for one in outcomes])
    query = f"SELECT * FROM ({_RECORDS}) WHERE outcome IN (SELECT value FROM json_each(:wanted))"  # noqa: S608 - constants
    for row in ledger.each(query, {"run": run_id, "wanted": wanted}):
        (sobject, salesforce_id, name, outcome, code, message, fix, source_field, target, amount,
         currency, invoice, changes) = row  # fmt: skip
        yield RunRecord(
            sobject, salesforce_id, name, Outcome(outcome), code, message, fix, source_field,
            target, amount_text(amount, currency), currency, invoice,
            json.loads(changes) if changes else {},
        )  # fmt: skip
