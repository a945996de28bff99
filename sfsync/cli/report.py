"""`sfsync report`: questions asked of the ledger."""

from typing import Annotated

import typer

from sfsync.cli import report_questions as questions
from sfsync.cli.context import context_of
from sfsync.cli.filters import FilterOptions, pairs, takes_filters_of
from sfsync.cli.frame import tree
from sfsync.cli.report_options import (
    OF_DEALS,
    OF_OPEN,
    OF_POSTINGS,
    AgingByOption,
    AllOption,
    AsOfOption,
    BucketsOption,
    ByOption,
    DealByOption,
    PostedOption,
    RowsOption,
    UninvoicedByOption,
)
from sfsync.cli.report_screens import answer, answer_saved

app = tree.new_app(
    "Questions asked of the ledger: revenue, allocation, pipeline, uninvoiced deals, aging.",
    "sfsync report revenue --by quarter,region",
    "sfsync report pipeline --gaps",
    "sfsync report aging --as-of 2026-09-30",
)


@tree.command(
    app,
    "revenue",
    "sfsync report revenue --by customer",
    "sfsync report revenue --by quarter,region --from 2026-01-01",
    "sfsync report revenue --by property:cost_center --rows --format csv -o lines.csv",
    "sfsync report revenue --by sales-rep --all --json",
)
@takes_filters_of(OF_POSTINGS)
def revenue(
    ctx: typer.Context,
    *,
    filters: FilterOptions,
    by: ByOption = None,
    posted: PostedOption = False,
    every: AllOption = False,
    rows: RowsOption = False,
) -> None:
    """Recognised revenue: the net credit on revenue accounts, by posting date.

    --from and --to are posting dates here (a draft counts by its document date). A credit note is
    filtered as the invoice that it credits.
    """
    from sfsync.reports.revenue import keys, revenue  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    with context.reading() as ledger:
        asked = questions.revenue(context, ledger, by, filters, (posted, every), records=rows)
        found = revenue(ledger, asked)
        answer(context, found, keys(asked, shares=False), asked.by)


@tree.command(
    app,
    "allocation",
    "sfsync report allocation --by property:cost_center",
    "sfsync report allocation --by region --from 2026-10-01 --to 2026-12-31",
    "sfsync report allocation --by property:cost_center,product --json",
)
@takes_filters_of(OF_POSTINGS)
def allocation(
    ctx: typer.Context,
    *,
    filters: FilterOptions,
    by: ByOption = None,
    posted: PostedOption = False,
    every: AllOption = False,
    rows: RowsOption = False,
) -> None:
    """How recognised revenue is shared out, in percent of its currency.

    What has no value is a row of its own. Filters are those of report revenue.
    """
    from sfsync.reports.revenue import allocation, keys  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    with context.reading() as ledger:
        asked = questions.revenue(context, ledger, by, filters, (posted, every), records=rows)
        found = allocation(ledger, asked)
        answer(context, found, keys(asked, shares=True), asked.by)


@tree.command(
    app,
    "pipeline",
    "sfsync report pipeline",
    "sfsync report pipeline --by sales-rep,month --from 2026-01-01",
    "sfsync report pipeline --gaps --format csv -o gaps.csv",
    "sfsync report pipeline --rows --customer acme --json",
)
@takes_filters_of(OF_DEALS)
def pipeline(
    ctx: typer.Context,
    *,
    filters: FilterOptions,
    by: DealByOption = None,
    rows: RowsOption = False,
    gaps: Annotated[
        bool, typer.Option("--gaps", help="each difference between booked and billed, with why")
    ] = False,
) -> None:
    """Open, booked, billed and collected, as of the last sync; every difference has its reason.

    Open and weighted are deals not yet closed, booked are won ones by close date, billed is posted
    invoices less credit notes. An invoice counts where its deal stands. --from and --to are close
    dates.
    """
    from sfsync.reports.pipeline import keys, pipeline  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    asked = questions.pipeline(context, by, filters, records=rows, gaps=gaps)
    with context.reading() as ledger:
        found = pipeline(ledger, asked)
        answer(context, found, keys(asked), asked.by, below=() if gaps else found.more["gaps"])


@tree.command(
    app,
    "uninvoiced",
    "sfsync report uninvoiced",
    "sfsync report uninvoiced --by reason",
    "sfsync report uninvoiced --from 2026-01-01 --sort -amount --json",
)
@takes_filters_of(OF_DEALS)
def uninvoiced(
    ctx: typer.Context,
    *,
    filters: FilterOptions,
    by: UninvoicedByOption = None,
    rows: RowsOption = False,
) -> None:
    """Won deals without a draft or posted invoice, and why; ignored deals are left out.

    --from and --to are close dates.
    """
    from sfsync.reports.uninvoiced import keys, uninvoiced  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    asked = questions.uninvoiced(context, by, filters, records=rows)
    with context.reading() as ledger:
        found = uninvoiced(ledger, asked)
        answer(context, found, keys(asked), asked.by)


@tree.command(
    app,
    "run",
    "sfsync report run late",
    "sfsync report run by_customer --param customer=C-0007",
    "sfsync report run late --format csv -o late.csv",
    "sfsync report run late --json",
)
def run(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="its name under reports")],
    *,
    param: Annotated[
        list[str] | None,
        typer.Option("--param", metavar="K=V", help="a value for :K in the query; repeatable"),
    ] = None,
    timeout: Annotated[
        float, typer.Option(min=0.1, metavar="SECONDS", help="give up after so long")
    ] = 30.0,
) -> None:
    """Run a query that the mapping file keeps under reports. It can only read.

    docs/sql.md describes the tables and views to ask.
    """
    from sfsync.reports.saved import find_saved, run_saved  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    settings = context.settings()
    saved = find_saved(settings.reports, name, settings.file)
    given = pairs(param, "--param", "NAME=VALUE")
    with context.read_ledger() as ledger:
        found, columns = run_saved(ledger.path, name, saved, given, timeout)
    answer_saved(context, found, columns)


@tree.command(
    app,
    "aging",
    "sfsync report aging",
    "sfsync report aging --as-of 2026-09-30 --buckets 15,30,60",
    "sfsync report aging --by sales-rep --sort -total --limit 10",
    "sfsync report aging --customer acme --rows --json",
)
@takes_filters_of(OF_OPEN)
def aging(
    ctx: typer.Context,
    *,
    filters: FilterOptions,
    by: AgingByOption = None,
    as_of: AsOfOption = None,
    buckets: BucketsOption = None,
    rows: RowsOption = False,
) -> None:
    """What customers owe, by how long it has been due; due today is not due.

    Credit notes and payments count from their own dates, so that an earlier day is answered as it
    was. Without filters the total is the balance of the receivable account.
    """
    from sfsync.reports.aging import aging, keys  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    asked = questions.aging(context, by, filters, (as_of, buckets), records=rows)
    with context.reading() as ledger:
        found = aging(ledger, asked)
        questions.warn_of_difference(context, found)
        answer(context, found, keys(asked), asked.by)
