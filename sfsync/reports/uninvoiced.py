"""`report uninvoiced`: won deals without a draft or posted invoice, and why."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sfsync.ledger.opportunities import OpportunityFilter
from sfsync.money import minor_to_text
from sfsync.reports.answer import Order, Report, ordered, sort_value
from sfsync.reports.deals import DEAL_DIMENSIONS, deals
from sfsync.reports.dimensions import keys_of
from sfsync.reports.gaps import why_uninvoiced
from sfsync.rows import KeptRows

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfsync.ledger.connection import Ledger
    from sfsync.reports.answer import Row
    from sfsync.reports.deals import Deal
    from sfsync.reports.dimensions import Dimension

DIMENSIONS = ("reason", *DEAL_DIMENSIONS)
RECORD_KEYS = (
    *("opportunity", "name", "account", "sales_rep", "stage", "close_date", "reason", "message"),
    *("currency", "amount"),
)


@dataclass(frozen=True, slots=True)
class UninvoicedQuestion:
    """What is asked: the deals one by one, unless they are summed up by something."""

    by: tuple[Dimension, ...]
    wanted: OpportunityFilter = field(default_factory=OpportunityFilter)
    order: Order = field(default_factory=Order)
    fiscal_start: int = 1
    records: bool = False

    @property
    def is_list(self) -> bool:
        """Whether each row is a deal."""
        return self.records or not self.by


def uninvoiced(ledger: Ledger, question: UninvoicedQuestion) -> Report:
    """Won deals without an invoice; ignored ones are not among them.

    Raises:
        UsageError: it is sorted by something unknown.
    """
    groups, totals, records = _Sums(), _Sums(), KeptRows()
    for deal in deals(ledger, replace(question.wanted, uninvoiced=True)):
        own = _labels(deal, question)
        groups.add(own, deal)
        totals.add({}, deal)
        if question.is_list:
            records.add({**_record(deal), **own})
    found = records if question.is_list else groups.rows()
    rows = ordered(found, question.order, _usual(question), ("amount",), keys(question))
    by, limit = tuple(keys_of(question.by)), question.order.limit
    return Report("uninvoiced", by, rows, totals.rows(), rows.total, limit=limit)


def keys(question: UninvoicedQuestion) -> tuple[str, ...]:
    """The keys of the answer's rows, in their order."""
    by = tuple(keys_of(question.by))
    if question.is_list:
        return (*by, *(key for key in RECORD_KEYS if key not in by))
    return (*by, "currency", "deals", "amount", "without_amount")


def _labels(deal: Deal, question: UninvoicedQuestion) -> Row:
    reason, _ = why_uninvoiced(deal)
    return {
        each.key: reason if each.name == "reason" else deal.label(each, question.fiscal_start).text
        for each in question.by
    }


def _record(deal: Deal) -> Row:
    reason, message = why_uninvoiced(deal)
    row = deal.row
    return {
        "opportunity": row.id,
        "name": row.name,
        "account": row.account,
        "sales_rep": row.owner,
        "stage": row.stage,
        "close_date": row.close_date,
        "reason": reason,
        "message": message,
        "currency": row.currency,
        "amount": None if deal.amount is None else minor_to_text(deal.amount, deal.exponent),
    }


@dataclass(slots=True)
class _Sum:
    labels: Row
    exponent: int
    deals: int = 0
    minor: int = 0
    without_amount: int = 0


class _Sums:
    """Deals added up for each set of labels and each currency."""

    def __init__(self) -> None:
        self._sums: dict[tuple[Any, ...], _Sum] = {}

    def add(self, labels: Row, deal: Deal) -> None:
        own = {**labels, "currency": deal.row.currency}
        one = self._sums.setdefault(tuple(own.values()), _Sum(own, deal.exponent))
        one.deals += 1
        one.minor += deal.amount or 0
        one.without_amount += deal.amount is None

    def rows(self) -> list[Row]:
        found = [
            {
                **one.labels,
                "deals": one.deals,
                "amount": minor_to_text(one.minor, one.exponent),
                "without_amount": one.without_amount,
            }
            for one in self._sums.values()
        ]
        return sorted(found, key=lambda row: str(row["currency"]))


def _usual(question: UninvoicedQuestion) -> Callable[[Row], Any]:
    """Deals by close date; sums by what they are of."""
    by = keys_of(question.by)
    last = ("close_date", "opportunity") if question.is_list else ("currency",)
    return lambda row: tuple(sort_value(row[key]) for key in (*by, *last))
