"""`sfsync history`: past runs, and what became of every record."""

from dataclasses import asdict
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sfsync.cli.context import context_of
from sfsync.cli.frame import tree
from sfsync.cli.render.tables import ALL_ROWS, ROWS_SHOWN, Column, Kind, Table, named
from sfsync.cli.render.text import counted, with_thousands
from sfsync.errors import UsageError
from sfsync.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from sfsync.ledger.auto_posted import AutoPostRecord
    from sfsync.ledger.history import RunDetail, RunRecord, RunSummary

app = tree.new_app(
    "Past runs, and what became of every record in them.",
    "sfsync history show",
    "sfsync history failures",
    "sfsync history export -o history.csv",
)

OUTCOMES = ("failed", "created", "updated", "skipped", "drifted")
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
    *("run", "object", "salesforce_id", "name", "outcome", "code", "message", "fix", "invoice"),
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


@tree.command(
    app,
    "list",
    "sfsync history list",
    "sfsync history list --limit 5 --json",
    "sfsync history list --fields run,outcome,error.message",
)
def list_(
    ctx: typer.Context,
    limit: Annotated[int | None, typer.Option(min=1, help="at most so many runs")] = None,
) -> None:
    """List the runs, the newest first."""
    from sfsync.ledger.history import list_runs  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    # One more than a terminal shows tells whether there are more.
    most = limit or (ROWS_SHOWN + 1 if context.for_terminal else -1)
    with context.reading() as ledger:
        rows = Rows(map(summary_json, list_runs(ledger, most)))
        table = Table(
            COLUMNS,
            FIELDS,
            rows,
            limit=limit,
            empty="no runs yet: sfsync sync --now",
            drawn=_drawn,
            piped=PIPE_COLUMNS,
        )
        context.emit("history_list", rows, table=table)


def _drawn(row: dict[str, Any]) -> dict[str, Any]:
    # A terminal has no room for seconds.
    return {**row, "started": row["started_at"][:16].replace("T", " ")}


@tree.command(
    app,
    "show",
    "sfsync history show",
    "sfsync history show 214 --failed",
    "sfsync history show latest --skipped --json",
)
def show(
    ctx: typer.Context,
    run: Annotated[
        str, typer.Argument(metavar="[RUN|latest]", help="number of the run")
    ] = "latest",
    *,
    failed: Annotated[bool, typer.Option("--failed", help="only what failed")] = False,
    created: Annotated[bool, typer.Option("--created", help="only what was created")] = False,
    updated: Annotated[bool, typer.Option("--updated", help="only what was updated")] = False,
    skipped: Annotated[bool, typer.Option("--skipped", help="only what was left out")] = False,
    drifted: Annotated[bool, typer.Option("--drifted", help="only what drifted")] = False,
) -> None:
    """Show one run: its counts, and each record with its outcome, reason and fix."""
    from sfsync.ledger.history import run_records, show_run  # noqa: PLC0415 - start-up time
    from sfsync.ledger.model import Outcome  # noqa: PLC0415 - as above

    context = context_of(ctx)
    asked = zip(OUTCOMES, (failed, created, updated, skipped, drifted), strict=True)
    wanted = [Outcome(outcome) for outcome, is_asked in asked if is_asked]
    with context.reading() as ledger:
        found = show_run(ledger, _run_number(run), ())
        number = found.summary.run
        records = run_records(ledger, number, wanted or Outcome)
        rows = Rows({"run": number, **record_json(record)} for record in records)
        result = run_json(found, rows.counting(map(record_json, records)))
        context.emit(
            "history_show",
            result,
            table=Table(RECORD_COLUMNS, RECORD_FIELDS, rows),
            screen=lambda out: _draw(out, result, bool(wanted)),
        )


@tree.command(
    app,
    "failures",
    "sfsync history failures",
    "sfsync history failures --dead",
    "sfsync history failures --fields salesforce_id,code,fix --json",
)
def failures(
    ctx: typer.Context,
    *,
    dead: Annotated[
        bool, typer.Option("--dead", help="only those that are given up on after many tries")
    ] = False,
) -> None:
    """List the records that failed and have not succeeded since, each with its fix.

    A record that fails alike in run after run is given up on: sync retry leaves it out until it
    changes in Salesforce or is named. A run that succeeds, skips or drifts takes it off the list.
    """
    from sfsync.cli.failure_screens import (  # noqa: PLC0415 - start-up time
        draw_failures,
        failure_json,
        failure_table,
    )
    from sfsync.ledger.open_failures import each_open_failure  # noqa: PLC0415 - as above

    context = context_of(ctx)
    with context.reading() as ledger:
        instance = ledger.identity.instance_url
        found = each_open_failure(ledger, dead=True if dead else None)
        rows = Rows(failure_json(one, instance) for one in found)
        context.emit(
            "history_failures",
            rows,
            table=failure_table(rows),
            screen=lambda out: draw_failures(out, rows),
        )
    if rows.count:
        context.next_steps("sfsync opportunity show ID", "sfsync sync retry")


@tree.command(
    app,
    "export",
    "sfsync history export -o history.csv",
    "sfsync history export 214 215 -o runs.json",
    "sfsync history export --fields run,salesforce_id,outcome,code -o skipped.tsv",
)
def export(
    ctx: typer.Context,
    runs: Annotated[
        list[str] | None, typer.Argument(metavar="[RUN…]", help="these runs; all without any")
    ] = None,
) -> None:
    """Write runs with all their records: a row for each record, or in JSON a run with its records.

    The ending of -o FILE tells the format; without it the rows go to stdout.
    """
    from sfsync.ledger.history import list_runs, run_records, show_run  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    with context.reading() as ledger:
        numbers = [_run_number(run) for run in runs or []] or [
            run.run for run in reversed(list(list_runs(ledger)))
        ]
        found = [show_run(ledger, number, ()) for number in numbers]
        rows = Rows(
            {"run": one.run, "started_at": one.started_at, "trigger": one.trigger, **record}
            for one in (run.summary for run in found)
            for record in map(record_json, run_records(ledger, one.run))
        )
        result = Rows(
            run_json(run, rows.counting(map(record_json, run_records(ledger, run.summary.run))))
            for run in found
        )
        table = Table(EXPORT_COLUMNS, EXPORT_FIELDS, rows, limit=ALL_ROWS, empty="no runs yet")
        context.emit("history_export", result, table=table)


@tree.command(
    app,
    "undo",
    'sfsync history undo 214 --reason "wrong mapping"',
    'sfsync history undo latest --reason "wrong mapping" --yes --json',
)
def undo(
    ctx: typer.Context,
    run: Annotated[str, typer.Argument(metavar="RUN|latest", help="number of the run")],
    *,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="why; kept in the audit trail")],
) -> None:
    """Delete every draft that a run created, in one step; what is posted is named for reversal.

    Values that the run wrote into older drafts stay, and are named. Deleted drafts come back when
    their deal changes in Salesforce, or with invoice resync.
    """
    from sfsync.cli.undoing import answer, question  # noqa: PLC0415 - start-up time
    from sfsync.ledger.undo import documents_of, undo_run  # noqa: PLC0415 - as above

    context = context_of(ctx)
    with context.open_ledger() as ledger:
        found = documents_of(ledger, _run_number(run))
        if found.drafts:
            context.confirm(question(found))
            found = undo_run(ledger, found.run, reason)
    answer(context, found, reason)


def _run_number(text: str) -> int | None:
    number = text.removeprefix("#")
    if number == "latest":
        return None
    if not number.isdecimal():
        raise UsageError(
            f"'{text}' is not a run: give its number or 'latest'",
            code="usage",
            fix="sfsync history list",
        )
    return int(number)


def summary_json(run: "RunSummary") -> dict[str, Any]:
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


def auto_post_json(one: "AutoPostRecord") -> dict[str, Any]:
    """What a run made of a draft by itself, as JSON has it."""
    return {
        "draft": one.draft,
        "number": one.number,
        "posted": one.posted,
        "code": one.code,
        "message": one.message,
    }


def run_json(run: "RunDetail", records: "Iterable[dict[str, Any]]") -> dict[str, Any]:
    """A run with its records, as JSON has it; they are handed out once."""
    return {
        **summary_json(run.summary),
        "records": Rows(records),
        "auto_post": [auto_post_json(one) for one in run.auto_post],
    }


def record_json(record: "RunRecord") -> dict[str, Any]:
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


def _draw(console: "Console", run: dict[str, Any], filtered: bool) -> None:  # noqa: FBT001 - a part of the screen
    from sfsync.cli.render import screen  # noqa: PLC0415 - start-up time

    heading = f"Run #{run['run']}  {run['outcome']}"
    screen.line(console, heading, style="bold")
    org = run["org"]
    kind = "DEMO" if org["kind"] == "demo" else org["kind"]
    until = f" to {run['finished_at']}" if run["finished_at"] else ""
    screen.line(console, f"{org['name']} ({kind})  {run['started_at']}{until}")
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


def _draw_auto_post(console: "Console", found: list[dict[str, Any]]) -> None:
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


def draw_record(console: "Console", record: dict[str, Any]) -> None:
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
