"""From the options of `sfsync report …` to the questions that `sfsync.reports` answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.cli.filters import StatusOption, as_filter, bounds, day, warn_of_unknown
from sfsync.cli.report_options import OF_DEALS
from sfsync.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfsync.cli.context import Context
    from sfsync.cli.filters import FilterOptions
    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.invoice_filter import InvoiceFilter
    from sfsync.ledger.opportunities import OpportunityFilter
    from sfsync.reports.aging import AgingQuestion
    from sfsync.reports.answer import Order, Report
    from sfsync.reports.dimensions import Dimension
    from sfsync.reports.pipeline import PipelineQuestion
    from sfsync.reports.revenue import RevenueQuestion
    from sfsync.reports.uninvoiced import UninvoicedQuestion


_OF_INVOICES = frozenset(name for name, meaning in OF_DEALS.items() if meaning is None)


def order_of(options: FilterOptions) -> Order:
    """`--sort` and `--limit`, which are about the rows of the answer."""
    from sfsync.reports.answer import Order  # noqa: PLC0415 - start-up time

    return Order(options.sort, options.limit)


def _filter(context: Context, options: FilterOptions) -> InvoiceFilter:
    """Which documents; sort and limit are about the rows of the answer instead."""
    return as_filter(options, as_of=context.today(), sort="date", limit=None)


def revenue(
    context: Context,
    ledger: Ledger,
    by: Sequence[str] | None,
    options: FilterOptions,
    states: tuple[bool, bool],
    *,
    records: bool,
) -> RevenueQuestion:
    """What `report revenue` and `report allocation` ask; `states` are --posted and --all.

    Who asks for drafts by --status gets them, as with --all.

    Raises:
        UsageError: an unknown dimension, or both of --posted and drafts.
    """
    from sfsync.reports.dimensions import (  # noqa: PLC0415 - start-up time
        INVOICE_DIMENSIONS,
        parse_dimensions,
    )
    from sfsync.reports.revenue import (  # noqa: PLC0415 - as above
        RECORD_KEYS,
        ROW_KEYS,
        RevenueQuestion,
    )

    posted, drafts = states[0], states[1] or options.status is StatusOption.DRAFT
    if posted and drafts:
        raise UsageError(
            "--posted leaves drafts out; --all and --status draft take them in", code="usage"
        )
    taken = ("status", *ROW_KEYS, *RECORD_KEYS)
    dimensions = parse_dimensions(by or (), (*INVOICE_DIMENSIONS, "property:"), taken=taken)
    _warn_of_misspelt(context, ledger, dimensions)
    return RevenueQuestion(
        dimensions,
        _filter(context, options),
        order_of(options),
        drafts=drafts,
        fiscal_start=fiscal_start(context, dimensions),
        records=records,
    )


def aging(
    context: Context,
    by: Sequence[str] | None,
    options: FilterOptions,
    days: tuple[str | None, str | None],
    *,
    records: bool,
) -> AgingQuestion:
    """What `report aging` asks; `days` are --as-of and --buckets.

    Raises:
        UsageError: an unknown dimension, a date or buckets that cannot be read.
    """
    from sfsync.reports import aging  # noqa: PLC0415 - start-up time
    from sfsync.reports.buckets import parse_buckets  # noqa: PLC0415 - as above
    from sfsync.reports.dimensions import parse_dimensions  # noqa: PLC0415 - as above

    as_of, edges = days
    buckets = parse_buckets(edges)
    taken = ("currency", "invoices", "total", *aging.RECORD_KEYS, *buckets.keys)
    return aging.AgingQuestion(
        parse_dimensions(by or ("customer",), aging.DIMENSIONS, taken=taken),
        day(as_of, "--as-of") or context.today(),
        buckets,
        _filter(context, options),
        order_of(options),
        records=records,
    )


def _deal_filter(options: FilterOptions) -> OpportunityFilter:
    """Which deals; dates are close dates, the customer is the account's.

    Raises:
        UsageError: a filter that only invoices can answer.
    """
    from sfsync.ledger.opportunities import OpportunityFilter  # noqa: PLC0415 - start-up time

    for name in options.given:
        if name in _OF_INVOICES:
            raise UsageError(
                f"--{name.rstrip('_')} is known of invoices only, and this report is about deals",
                code="filter-unknown",
                fix="use --customer, --rep, --from, --to (close date), --min or --max",
            )
    return OpportunityFilter(
        customer=options.customer,
        **bounds(options.from_, options.to, options.min_, options.max_),
        rep=options.rep,
    )


def pipeline(
    context: Context,
    by: Sequence[str] | None,
    options: FilterOptions,
    *,
    records: bool,
    gaps: bool,
) -> PipelineQuestion:
    """What `report pipeline` asks.

    Raises:
        UsageError: an unknown dimension or filter, or both of --rows and --gaps.
    """
    from sfsync.reports.deals import DEAL_DIMENSIONS  # noqa: PLC0415 - start-up time
    from sfsync.reports.dimensions import parse_dimensions  # noqa: PLC0415 - as above
    from sfsync.reports.pipeline import PipelineQuestion  # noqa: PLC0415 - as above

    if records and gaps:
        raise UsageError("--rows lists deals, --gaps differences; choose one", code="usage")
    dimensions = parse_dimensions(by or ("stage",), DEAL_DIMENSIONS)
    return PipelineQuestion(
        dimensions,
        _deal_filter(options),
        order_of(options),
        fiscal_start(context, dimensions),
        records=records,
        gaps=gaps,
    )


def uninvoiced(
    context: Context, by: Sequence[str] | None, options: FilterOptions, *, records: bool
) -> UninvoicedQuestion:
    """What `report uninvoiced` asks.

    Raises:
        UsageError: an unknown dimension or filter.
    """
    from sfsync.reports.dimensions import parse_dimensions  # noqa: PLC0415 - start-up time
    from sfsync.reports.uninvoiced import DIMENSIONS, UninvoicedQuestion  # noqa: PLC0415 - as above

    dimensions = parse_dimensions(by or (), DIMENSIONS)
    return UninvoicedQuestion(
        dimensions,
        _deal_filter(options),
        order_of(options),
        fiscal_start(context, dimensions),
        records=records,
    )


def fiscal_start(context: Context, dimensions: Sequence[Dimension]) -> int:
    """The first month of the fiscal year; the config is asked only where it matters."""
    asks = any(dimension.name in {"quarter", "year"} for dimension in dimensions)
    if not asks or context.found_config() is None:
        return 1
    return context.settings().ledger.fiscal_year_start


def _warn_of_misspelt(context: Context, ledger: Ledger, dimensions: Sequence[Dimension]) -> None:
    from sfsync.reports.revenue_facts import known_properties  # noqa: PLC0415 - start-up time

    if asked := [one.of_property for one in dimensions if one.of_property]:
        warn_of_unknown(context, asked, known_properties(ledger))


def warn_of_difference(context: Context, report: Report) -> None:
    """The sum of what is open is the receivable account; anything else is a damaged ledger."""
    for row in report.totals:
        if row["receivable"] not in {None, row["total"]}:
            context.warn(
                f"{row['total']} {row['currency']} is open, but the receivable account has"
                f" {row['receivable']}; see: sfsync db verify"
            )
