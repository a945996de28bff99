"""`report pipeline`: from what is hoped for to what was paid, deal by deal.

Everything follows the deal: an invoice counts where its deal stands, by the deal's stage, owner and
close date, so that booked less billed is the sum of the gaps. Revenue by posting date is another
question (`report revenue`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sfsync.ledger.opportunities import OpportunityFilter
from sfsync.money import minor_to_text
from sfsync.reports.answer import Order, Report, ordered, sort_value
from sfsync.reports.deals import deals, last_sync
from sfsync.reports.dimensions import keys_of
from sfsync.reports.gaps import gaps_of
from sfsync.rows import KeptRows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sfsync.ledger.connection import Ledger
    from sfsync.reports.answer import Row
    from sfsync.reports.deals import Deal
    from sfsync.reports.dimensions import Dimension

AMOUNTS = ("open", "weighted", "booked", "draft", "billed", "recognised", "collected", "gap")
"""The amounts of a row, from left to right; `gap` is booked less billed."""

RECORD_KEYS = ("opportunity", "name", "account", "close_date")
GAP_KEYS = ("opportunity", "name", "account", "reason", "message", "invoice", "currency", "amount")


@dataclass(frozen=True, slots=True)
class PipelineQuestion:
    """What is asked; `records` asks for the deals behind each row, `gaps` for the gaps."""

    by: tuple[Dimension, ...]
    wanted: OpportunityFilter = field(default_factory=OpportunityFilter)
    order: Order = field(default_factory=Order)
    fiscal_start: int = 1
    records: bool = False
    gaps: bool = False


@dataclass(slots=True)
class _Sum:
    exponent: int
    deals: int = 0
    amounts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(AMOUNTS, 0))


def pipeline(ledger: Ledger, question: PipelineQuestion) -> Report:
    """Deals and their invoices by the question's dimensions; says when deals were last read.

    Raises:
        UsageError: it is sorted by something unknown.
    """
    groups, totals, records, gaps = _Sums(), _Sums(), KeptRows(), KeptRows()
    for deal in deals(ledger, question.wanted):
        if deal.is_gone:
            continue
        # A deal's labels are told by their texts alone.
        own = {each.key: deal.label(each, question.fiscal_start).text for each in question.by}
        groups.add(own, deal)
        totals.add({}, deal)
        for gap in gaps_of(deal):
            gaps.add({**own, **gap.as_json()})
        if question.records:
            for record in _records(own, deal):
                records.add(record)
    rows = gaps if question.gaps else records if question.records else groups.rows()
    chosen = ordered(rows, question.order, _usual(question), (*AMOUNTS, "amount"), keys(question))
    by, more = tuple(keys_of(question.by)), {**last_sync(ledger), "gaps": gaps}
    return Report("pipeline", by, chosen, totals.rows(), chosen.total, more, question.order.limit)


def keys(question: PipelineQuestion) -> tuple[str, ...]:
    """The keys of the answer's rows, in their order."""
    by = tuple(keys_of(question.by))
    if question.gaps:
        return (*by, *GAP_KEYS)
    if question.records:
        return (*by, *RECORD_KEYS, "currency", *AMOUNTS)
    return (*by, "currency", "deals", *AMOUNTS)


def _records(labels: Row, deal: Deal) -> Iterator[Row]:
    """A deal's own rows: one for each currency of it and its documents."""
    sums = _Sums()
    sums.add(labels, deal)
    for row in sums.rows():
        yield _record(labels, deal, row)


def _record(labels: Row, deal: Deal, row: Row) -> Row:
    return {
        **labels,
        "opportunity": deal.row.id,
        "name": deal.row.name,
        "account": deal.row.account,
        "close_date": deal.row.close_date,
        "currency": row["currency"],
        **{name: row[name] for name in AMOUNTS},
    }


class _Sums:
    """Deals and their documents added up for each set of labels and each currency."""

    def __init__(self) -> None:
        self._groups: dict[tuple[Any, ...], tuple[Row, _Sum]] = {}

    def add(self, labels: Row, deal: Deal) -> None:
        _add_deal(self._sum_of(labels, deal.row.currency, deal.exponent), deal)
        for one in deal.documents:
            amounts = self._sum_of(labels, one.currency, one.exponent).amounts
            amounts["draft"] += one.total if one.status == "draft" else 0
            amounts["billed"] += one.billed
            amounts["recognised"] += one.recognised
            amounts["collected"] += one.collected

    def _sum_of(self, labels: Row, currency: str, exponent: int) -> _Sum:
        own = {**labels, "currency": currency}
        return self._groups.setdefault(tuple(own.values()), (own, _Sum(exponent)))[1]

    def rows(self) -> list[Row]:
        found = [_row(labels, one) for labels, one in self._groups.values()]
        return sorted(found, key=lambda row: str(row["currency"]))


def _add_deal(one: _Sum, deal: Deal) -> None:
    one.deals += 1
    if deal.is_open:
        one.amounts["open"] += deal.amount or 0
        one.amounts["weighted"] += deal.weighted or 0
    if deal.is_booked:
        one.amounts["booked"] += deal.amount or 0


def _row(labels: Row, one: _Sum) -> Row:
    amounts = {**one.amounts, "gap": one.amounts["booked"] - one.amounts["billed"]}
    texts = {name: minor_to_text(minor, one.exponent) for name, minor in amounts.items()}
    return {**labels, "deals": one.deals, **texts}


def _usual(question: PipelineQuestion) -> Callable[[Row], Any]:
    """Periods one after the other; else by currency, what is open first, then what was booked."""
    by = keys_of(question.by)
    in_time = bool(question.by) and question.by[0].is_period

    def by_labels(row: Row) -> tuple[Any, ...]:
        return (*(sort_value(row[key]) for key in by), row["currency"], row.get("opportunity", ""))

    def by_size(row: Row) -> tuple[Any, ...]:
        size = [-Decimal(row[name]) for name in ("open", "booked", "billed", "draft")]
        return (row["currency"], *size, *by_labels(row))

    return by_labels if in_time or question.records or question.gaps else by_size
