"""`sfsync history`: past runs, and what became of every record."""

from typing import Annotated

import typer

from sfsync.cli import history_screens as screens
from sfsync.cli.context import context_of
from sfsync.cli.frame import tree
from sfsync.cli.reasons import ReasonOption
from sfsync.cli.render.tables import ROWS_SHOWN
from sfsync.errors import UsageError
from sfsync.rows import Rows

app = tree.new_app(
    "Past runs, and what became of every record in them.",
    "sfsync history show",
    "sfsync history failures",
    "sfsync history export -o history.csv",
)

OUTCOMES = ("failed", "created", "updated", "skipped", "drifted")


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
    from sfsync.ledger.history import count_runs, list_runs  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    most = limit or (ROWS_SHOWN if context.for_terminal else -1)
    with context.reading() as ledger:
        rows = Rows(map(screens.summary_json, list_runs(ledger, most)))
        table = screens.list_table(rows, limit=limit, total=count_runs(ledger))
        context.emit("history_list", rows, table=table)


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
        found = show_run(ledger, run_number(run), ())
        number = found.summary.run
        records = run_records(ledger, number, wanted or Outcome)
        rows = Rows({"run": number, **screens.record_json(record)} for record in records)
        result = screens.run_json(found, rows.counting(map(screens.record_json, records)))
        context.emit(
            "history_show",
            result,
            table=screens.record_table(rows),
            screen=lambda out: screens.draw_run(out, result, filtered=bool(wanted)),
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
        numbers = [run_number(run) for run in runs or []] or [
            run.run for run in reversed(list(list_runs(ledger)))
        ]
        found = [show_run(ledger, number, ()) for number in numbers]
        rows = Rows(
            {"run": one.run, "started_at": one.started_at, "trigger": one.trigger, **record}
            for one in (run.summary for run in found)
            for record in map(screens.record_json, run_records(ledger, one.run))
        )
        result = Rows(
            screens.run_json(
                run, rows.counting(map(screens.record_json, run_records(ledger, run.summary.run)))
            )
            for run in found
        )
        context.emit("history_export", result, table=screens.export_table(rows))


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
    reason: ReasonOption,
) -> None:
    """Delete every draft that a run created, in one step; what is posted is named for reversal.

    Values that the run wrote into older drafts stay, and are named. Deleted drafts come back when
    their deal changes in Salesforce, or with invoice resync.
    """
    from sfsync.cli.undoing import answer, question  # noqa: PLC0415 - start-up time
    from sfsync.ledger.undo import documents_of, undo_run  # noqa: PLC0415 - as above

    context = context_of(ctx)
    with context.open_ledger() as ledger:
        found = documents_of(ledger, run_number(run))
        if found.drafts:
            context.confirm(question(found))
            found = undo_run(ledger, found.run, reason)
    answer(context, found, reason)


def run_number(text: str) -> int | None:
    """The number of a run as it was typed, None for the latest.

    Raises:
        UsageError: it is neither.
    """
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
