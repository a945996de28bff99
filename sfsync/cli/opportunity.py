"""`sfsync opportunity`: the deals as they were last read, and those that get no invoice."""

from itertools import islice
from typing import Annotated

import typer

from sfsync.cli import opportunity_screens as screens
from sfsync.cli.context import context_of
from sfsync.cli.filters import bounds, day, needs_text
from sfsync.cli.frame import tree
from sfsync.cli.reasons import not_empty
from sfsync.cli.render.tables import ROWS_SHOWN
from sfsync.errors import UsageError
from sfsync.rows import Rows

app = tree.new_app(
    "Deals as the last sync read them: what became of each, and what has no invoice.",
    "sfsync opportunity list --uninvoiced",
    "sfsync opportunity show 0065g00000AbCdEAAV",
    'sfsync opportunity ignore 0065g00000AbCdEAAV --reason "invoiced in the old system"',
)

IdsArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="ID…", help="opportunity id or URL; several at once"),
]


@tree.command(
    app,
    "list",
    "sfsync opportunity list --uninvoiced",
    "sfsync opportunity list --won --from 2026-01-01 --customer acme",
    'sfsync opportunity list --stage "Closed Won" --min 5000 --format csv -o won.csv',
    "sfsync opportunity list --ignored --json",
)
def list_(  # noqa: PLR0913 - one argument per option
    ctx: typer.Context,
    *,
    won: Annotated[bool, typer.Option("--won", help="only deals that are won")] = False,
    uninvoiced: Annotated[
        bool, typer.Option("--uninvoiced", help="won, no draft or posted invoice, not ignored")
    ] = False,
    stage: Annotated[str | None, needs_text("only deals in this stage")] = None,
    customer: Annotated[str | None, needs_text("part of the account's name, or C-0007")] = None,
    from_: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="first close date")
    ] = None,
    to: Annotated[str | None, typer.Option(metavar="DATE", help="last close date")] = None,
    min_: Annotated[
        str | None, typer.Option("--min", metavar="AMOUNT", help="smallest amount")
    ] = None,
    max_: Annotated[
        str | None, typer.Option("--max", metavar="AMOUNT", help="largest amount")
    ] = None,
    rep: Annotated[str | None, needs_text("owner of the deal, or part of the name")] = None,
    ignored: Annotated[bool, typer.Option("--ignored", help="only ignored deals")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="at most so many")] = None,
) -> None:
    """List deals by close date, from what earlier syncs read; a terminal adds the totals."""
    from sfsync.ledger.opportunities import (  # noqa: PLC0415 - start-up time
        OpportunityFilter,
        list_opportunities,
        opportunity_totals,
    )

    wanted = OpportunityFilter(
        won=won,
        uninvoiced=uninvoiced,
        ignored=ignored,
        stage=stage,
        customer=customer,
        **bounds(from_, to, min_, max_),
        rep=rep,
    )
    context = context_of(ctx)
    terminal = context.for_terminal
    with context.reading() as ledger:
        totals = opportunity_totals(list_opportunities(ledger, wanted)) if terminal else []
        found = islice(
            list_opportunities(ledger, wanted), limit or (ROWS_SHOWN if terminal else None)
        )
        rows = Rows(map(screens.row_json, found))
        table = screens.list_table(rows, totals, limit=limit)
        context.emit("opportunity_list", rows, table=table)
    if totals:
        context.note(screens.totals_line(totals))


@tree.command(
    app,
    "show",
    "sfsync opportunity show 0065g00000AbCdEAAV",
    "sfsync opportunity show https://acme.lightning.force.com/lightning/r/0065g00000AbCdEAAV/view",
    "sfsync opportunity show D-000131 --json",
)
def show(
    ctx: typer.Context,
    reference: Annotated[
        str, typer.Argument(metavar="ID", help="opportunity id, URL, or number of its invoice")
    ],
) -> None:
    """Show one deal: its values, what became of it and why, its invoices past and present."""
    from sfsync.ledger.opportunities import show_opportunity  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    with context.read_ledger() as ledger:
        result = screens.detail_json(show_opportunity(ledger, reference))
    context.emit("opportunity_show", result, screen=lambda out: screens.draw_detail(out, result))


@tree.command(
    app,
    "ignore",
    'sfsync opportunity ignore 0065g00000AbCdEAAV --reason "invoiced in the old system"',
    'sfsync opportunity ignore --all-uninvoiced --before 2026-01-01 --reason "before cut-over"',
)
def ignore(
    ctx: typer.Context,
    ids: IdsArgument = None,
    *,
    reason: Annotated[
        str, typer.Option(metavar="TEXT", help="why; kept with the deal", callback=not_empty)
    ],
    every: Annotated[
        bool, typer.Option("--all-uninvoiced", help="every won deal without an invoice")
    ] = False,
    before: Annotated[
        str | None,
        typer.Option("--before", metavar="DATE", help="closed before this day, not on it"),
    ] = None,
) -> None:
    """Keep deals from being invoiced here, such as those invoiced before the cut-over.

    All that are named are ignored, or none. A deal that has a draft or posted invoice is refused.
    """
    from sfsync.ledger.ignores import ignore_opportunities  # noqa: PLC0415 - start-up time
    from sfsync.ledger.opportunities import opportunity_totals  # noqa: PLC0415 - as above

    if bool(ids) == every or every != (before is not None):
        raise UsageError(
            "name deals, or choose won ones without an invoice: --all-uninvoiced --before DATE",
            code="usage",
            fix="sfsync opportunity list --uninvoiced",
        )
    context = context_of(ctx)
    with context.open_ledger() as ledger:
        rows = screens.chosen(ledger, ids or (), day(before, "--before"))
        totals = opportunity_totals(rows)
        if every and rows:
            context.confirm(f"Ignore {screens.totals_line(totals)}?")
        ignore_opportunities(ledger, [row.id for row in rows], reason)
    result = screens.marked_json(rows, totals, reason)
    text = f"Ignored {screens.totals_line(totals)}.\n"
    context.emit("opportunity_ignore", result, text=text, action=True)


@tree.command(
    app,
    "unignore",
    "sfsync opportunity unignore 0065g00000AbCdEAAV",
    "sfsync opportunity unignore 0065g00000AbCdE 0065g00000AbCdF --json",
)
def unignore(
    ctx: typer.Context,
    ids: Annotated[
        list[str], typer.Argument(metavar="ID…", help="opportunity id or URL; several at once")
    ],
) -> None:
    """Let ignored deals be invoiced again; the next sync decides them."""
    from sfsync.ledger.ignores import unignore_opportunities  # noqa: PLC0415 - start-up time
    from sfsync.ledger.opportunities import opportunity_totals  # noqa: PLC0415 - as above

    context = context_of(ctx)
    with context.open_ledger() as ledger:
        rows = screens.chosen(ledger, ids, None)
        unignore_opportunities(ledger, [row.id for row in rows])
    totals = opportunity_totals(rows)
    result = screens.marked_json(rows, totals, None)
    text = f"No longer ignored: {screens.totals_line(totals)}.\n"
    context.emit("opportunity_unignore", result, text=text, action=True)
