"""How runs and their records are listed and drawn, and what JSON has of them."""

from __future__ import annotations

from dataclasses import asdict
from itertools import islice
from typing import TYPE_CHECKING, Any

from sfsync.cli.render.tables import ALL_ROWS, Column, Kind, Table, named
from sfsync.cli.render.text import counted, with_thousands
from sfsync.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from sfsync.ledger.auto_posted import AutoPostRecord
    from sfsync.ledger.history import RunDetail, RunRecord, RunSummary

_COUNTED = ("read", "created", "updated", "unchanged", "skipped", "failed", "drifted")
_OBJECTS = ("opportunities", "customers", "contacts")
COLUMNS = (
    Column("run", "Run", Kind.INTEGER),
    Column("started", "Started (UTC)", Kind.CODE),
    Column("trigger", "By", Kind.CODE),
    Column("counts.opportunities.read", "Read", Kind.INTEGER),
    Column("counts.opportunities.created", "New", Kind.INTEGER),
    Column("counts.opportunities.updated", "Upd", Kind.INTEGER),
    Column("counts.opportunities.skipped", "Skip", Kind.INTEGER),
    Column("counts.opportunities.failed", "Fail", Kind.INTEGER),
    Column("counts.opportunities.drifted", "Drift", Kind.INTEGER),
    Column("outcome", "Result", Kind.CODE),
    Column("error.message", "Error", wide=True),
)
PIPE_COLUMNS = (COLUMNS[0], Column("started_at", "started_at"), *COLUMNS[2:])
FIELDS = (
    *("run", "trigger", "outcome", "actor", "selection", "started_at", "finished_at", "api_calls"),
    *("org.id", "org.name", "org.kind", "config_digest", "error.code", "error.message"),
    *(f"counts.{thing}.{outcome}" for thing in _OBJECTS for outcome in _COUNTED),
)
RECORD_COLUMNS = tuple(
    named(name)
    for name in (
        *("run", "object", "salesforce_id", "name", "outcome", "code", "message", "fix"),
        "invoice",
    )
)
RECORD_FIELDS = (
    *(column.field for column in RECORD_COLUMNS),
    *("field", "target", "amount", "currency", "changes.*"),
)
EXPORT_COLUMNS = (
    RECORD_COLUMNS[0],
    *(Column(name, name) for name in ("started_at", "trigger")),
    *RECORD_COLUMNS[1:],
)
EXPORT_FIELDS = (*RECORD_FIELDS, "started_at", "trigger")
COUNT_COLUMNS = (
    Column("object", "", Kind.CODE),
    *(Column(outcome, outcome, Kind.INTEGER) for outcome in _COUNTED),
)


def list_table(rows: Rows, *, limit: int | None, total: int) -> Table:
    """The table of runs; a terminal has no room for seconds."""
    return Table(COLUMNS, FIELDS, rows, limit=limit, total=total, drawn=_drawn, piped=PIPE_COLUMNS,
                 empty="no runs yet: sfsync sync --now")  # fmt: skip


def record_table(rows: Rows) -> Table:
    """The table of the records of one run."""
    return Table(RECORD_COLUMNS, RECORD_FIELDS, rows)


def export_table(rows: Rows) -> Table:
    """The table of the records of several runs; a terminal shows it whole, too."""
    return Table(EXPORT_COLUMNS, EXPORT_FIELDS, rows, limit=ALL_ROWS, empty="no runs yet")


def _drawn(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "started": row["started_at"][:16].replace("T", " ")}


def summary_json(run: RunSummary) -> dict[str, Any]:
    """A run as JSON has it."""
    return {
        "run": run.run,
        "trigger": run.trigger,
        "outcome": run.outcome.value,
        "org": {"id": run.org_id, "name": run.org_name, "kind": run.org_kind},
        "actor": run.actor,
        "selection": run.selection,
        "config_digest": run.config_digest,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "api_calls": run.api_calls,
        "counts": {thing: asdict(run.counts[thing]) for thing in _OBJECTS},
        "error": run.error_code and {"code": run.error_code, "message": run.error_message},
    }


def auto_post_json(one: AutoPostRecord) -> dict[str, Any]:
    """What a run made of a draft by itself, as JSON has it."""
    return {
        "draft": one.draft,
        "number": one.number,
        "posted": one.posted,
        "code": one.code,
        "message": one.message,
    }


def run_json(run: RunDetail, records: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """A run with its records, as JSON has it; they are handed out once."""
    return {
        **summary_json(run.summary),
        "records": Rows(records),
        "auto_post": [auto_post_json(one) for one in run.auto_post],
    }


def record_json(record: RunRecord) -> dict[str, Any]:
    """What became of one record, as JSON has it."""
    return {
        "object": record.sobject,
        "salesforce_id": record.salesforce_id,
        "name": record.name,
        "outcome": record.outcome.value,
        "code": record.code,
        "message": record.message,
        "fix": record.fix,
        "invoice": record.invoice,
        "field": record.source_field,
        "target": record.target,
        "amount": record.amount,
        "currency": record.currency,
        "changes": dict(record.changes),
    }


def draw_run(console: Console, run: dict[str, Any], *, filtered: bool) -> None:
    """A run: its org, its counts, its records, and what it posted by itself."""
    from sfsync.cli.render import screen  # noqa: PLC0415 - start-up time

    heading = f"Run #{run['run']}  {run['outcome']}"
    screen.line(console, heading, style="bold")
    org = org_in_words(run["org"]["name"], run["org"]["kind"])
    until = f" to {run['finished_at']}" if run["finished_at"] else ""
    screen.line(console, f"{org}  {run['started_at']}{until}")
    screen.line(
        console, f"by {run['actor']} ({run['trigger']})  {counted(run['api_calls'], 'API call')}"
    )
    if run["error"]:
        screen.line(console, f"{run['error']['code']}: {run['error']['message']}", style="red")
    counts = [{"object": thing, **run["counts"][thing]} for thing in _OBJECTS]
    screen.line(console, "")
    screen.draw_rows(console, COUNT_COLUMNS, counts)
    # What did not change is the bulk of most runs; it is shown when nothing else was asked for.
    shown = (one for one in run["records"] if filtered or one["outcome"] != "unchanged")
    for place, record in enumerate(islice(shown, screen.rows_shown(console))):
        if not place:
            screen.line(console, "")
        draw_record(console, record)
    if more := sum(1 for _ in shown):
        screen.line(console, f"{more:,} more (a pipe or --json gets all)")
    if not filtered:
        _draw_auto_post(console, run["auto_post"])


def org_in_words(name: str, kind: str) -> str:
    """The org of a run, which nobody shall take for a real one when it is the demo's."""
    return f"{name} ({'DEMO' if kind == 'demo' else kind})"


def _draw_auto_post(console: Console, found: list[dict[str, Any]]) -> None:
    """What the run posted by itself, and why it left the other drafts to a person."""
    from sfsync.cli.render import screen  # noqa: PLC0415 - start-up time

    if found:
        posted = sum(one["posted"] for one in found)
        screen.line(console, "")
        screen.line(console, f"Posted by itself: {posted:,} of {len(found):,}", style="bold")
    for one in screen.some(console, found):
        mark = screen.mark("ok" if one["posted"] else "skipped")
        said = f"posted as {one['number']}" if one["posted"] else f"{one['code']}: {one['message']}"
        screen.line(console, f"{mark} {one['draft']}  {said}")
    screen.say_more(console, found)


def draw_record(console: Console, record: dict[str, Any]) -> None:
    """One record: its outcome in a line, reason and fix indented below."""
    from sfsync.cli.render import screen  # noqa: PLC0415 - start-up time

    sign = {"failed": "failed", "skipped": "skipped", "drifted": "warning"}
    mark = screen.mark(sign.get(record["outcome"], "ok"))
    amount = with_thousands(record["amount"]) if record["amount"] else None
    if amount and record["currency"]:
        amount = f"{amount} {record['currency']}"
    parts = [record["outcome"], record["object"], record["name"], amount, record["salesforce_id"]]
    invoice = f"  → {record['invoice']}" if record["invoice"] else ""
    screen.line(console, f"{mark} {'  '.join(part for part in parts if part)}{invoice}")
    if record["code"]:
        message = f": {record['message']}" if record["message"] else ""
        screen.line(console, f"    {record['code']}{message}")
    # Why a deal left the filters is said by the message already.
    changes = {n: pair for n, pair in record["changes"].items() if n != record["code"]}
    screen.draw_changes(console, changes)
    if record["fix"]:
        screen.line(console, f"    fix: {record['fix']}")
