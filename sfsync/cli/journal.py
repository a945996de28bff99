"""`sfsync journal`: the general ledger."""

from typing import Annotated

import typer

from sfsync.cli import journal_screens as screens
from sfsync.cli.context import context_of
from sfsync.cli.filters import day, needs_text, required_day
from sfsync.cli.frame import tree
from sfsync.cli.journal_export import JournalFormat, answer_export, exported
from sfsync.rows import Rows

app = tree.new_app(
    "The general ledger: entries, trial balance, closing a period, exports.",
    "sfsync journal list --from 2026-10-01 --to 2026-10-31",
    "sfsync journal close --through 2026-09-30",
    "sfsync journal export --format beancount -o books.beancount",
)

FromOption = Annotated[
    str | None, typer.Option("--from", metavar="DATE", help="first posting date")
]
ToOption = Annotated[str | None, typer.Option(metavar="DATE", help="last posting date")]
AccountOption = Annotated[str | None, needs_text("only entries that touch this account", "CODE")]
CustomerOption = Annotated[str | None, needs_text("part of the name, or C-0007")]
InvoiceOption = Annotated[str | None, needs_text("only entries of this document", "NUMBER")]
LimitOption = Annotated[int | None, typer.Option(min=1, help="at most so many entries")]


@tree.command(
    app,
    "list",
    "sfsync journal list",
    "sfsync journal list --from 2026-10-01 --to 2026-10-31 --account 1200",
    "sfsync journal list --customer acme --json",
)
def list_(
    ctx: typer.Context,
    *,
    from_: FromOption = None,
    to: ToOption = None,
    account: AccountOption = None,
    customer: CustomerOption = None,
    invoice: InvoiceOption = None,
    limit: LimitOption = None,
) -> None:
    """List entries by posting date; --json has the lines of each."""
    from sfsync.ledger.journal import list_entries  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    typed = screens.Typed(from_, to, account, customer, invoice, limit)
    with context.reading() as ledger:
        wanted = screens.filter_of(ledger, typed)
        rows = Rows(entry.as_json() for entry in list_entries(ledger, wanted))
        context.emit("journal_list", rows, table=screens.list_table(rows, limit=limit))


@tree.command(app, "show", "sfsync journal show J-000012", "sfsync journal show 12 --json")
def show(
    ctx: typer.Context,
    number: Annotated[str, typer.Argument(metavar="N", help="J-000012, as journal list has it")],
) -> None:
    """Show one entry with its lines."""
    from sfsync.ledger.journal import show_entry  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    with context.read_ledger() as ledger:
        result = show_entry(ledger, number).as_json()
    context.emit("journal_show", result, screen=lambda out: screens.draw_entry(out, result))


@tree.command(
    app,
    "trial-balance",
    "sfsync journal trial-balance",
    "sfsync journal trial-balance --as-of 2026-09-30 --json",
)
def trial_balance(
    ctx: typer.Context,
    as_of: Annotated[
        str | None, typer.Option(metavar="DATE", help="entries through this day; else all")
    ] = None,
) -> None:
    """Show every account with its debits and credits, each currency by itself."""
    from sfsync.ledger import journal  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    with context.read_ledger() as ledger:
        rows = [one.as_json() for one in journal.trial_balance(ledger, day(as_of, "--as-of"))]
    context.emit("journal_trial_balance", rows, table=screens.balance_table(rows))


@tree.command(
    app,
    "close",
    "sfsync journal close --through 2026-09-30",
    "sfsync journal close --through 2026-09-30 --yes --json",
)
def close(
    ctx: typer.Context,
    *,
    through: Annotated[str, typer.Option(metavar="DATE", help="the last day of the period")],
) -> None:
    """Close the books through a day, for good: nothing is posted, paid or reversed before it.

    Shows the drafts dated inside and the trial balance first, and needs a yes.
    """
    from sfsync.cli.closing import closing_of, draw_closing  # noqa: PLC0415 - start-up time
    from sfsync.ledger.chart import close_period  # noqa: PLC0415 - as above

    context = context_of(ctx)
    last = required_day(through, "--through")
    with context.open_ledger() as ledger:
        result = closing_of(context, ledger, last)
        if not (context.json or context.flags.quiet):
            draw_closing(context.err, result)
        context.confirm(f"Close the books through {last}, for good?")
        close_period(ledger, last)
    text = f"The books are closed through {last}.\n"
    context.emit("journal_close", {**result, "closed_through": str(last)}, text=text, action=True)


@tree.command(
    app,
    "export",
    "sfsync journal export --format beancount -o books.beancount",
    "sfsync journal export --format hledger | hledger -f - balance",
    "sfsync journal export --format csv --from 2026-10-01 --to 2026-10-31 -o october.csv",
)
def export(
    ctx: typer.Context,
    *,
    format_: Annotated[JournalFormat, typer.Option("--format", help="for which program")],
    from_: FromOption = None,
    to: ToOption = None,
    account: AccountOption = None,
    customer: CustomerOption = None,
    invoice: InvoiceOption = None,
) -> None:
    """Write entries for another accounting program; the audit trail keeps what was exported."""
    context = context_of(ctx)
    typed = screens.Typed(from_, to, account, customer, invoice, None)
    with context.open_ledger() as ledger:
        content, result = exported(
            ledger, format_, typed, context.take_output(), force=context.flags.force
        )
    answer_export(context, content, result)
