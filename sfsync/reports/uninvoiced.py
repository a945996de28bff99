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

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

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
    found = list(deals(ledger, replace(question.wanted, uninvoiced=True)))
    keyed = [(_labels(deal, question), deal) for deal in found]
    summed = [{**_record(deal), **own} for own, deal in keyed] if question.is_list else _sums(keyed)
    rows = ordered(summed, question.order, _usual(question), ("amount",), keys(question))
    totals = _sums(({}, deal) for deal in found)
    return Report("uninvoiced", tuple(keys_of(question.by)), rows, totals, len(summed))


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


def _sums(keyed: Iterable[tuple[Row, Deal]]) -> list[Row]:
    groups: dict[tuple[Any, ...], tuple[Row, list[Deal]]] = {}
    for labels, deal in keyed:
        own = {**labels, "currency": deal.row.currency}
        groups.setdefault(tuple(own.values()), (own, []))[1].append(deal)
    rows = [
        {
            **own,
            "deals": len(found),
            "amount": minor_to_text(sum(deal.amount or 0 for deal in found), found[0].exponent),
            "without_amount": sum(deal.amount is None for deal in found),
        }
        for own, found in groups.values()
    ]
    return sorted(rows, key=lambda row: row["currency"])


def _usual(question: UninvoicedQuestion) -> Callable[[Row], Any]:
    """Deals by close date; sums by what they are of."""
    by = keys_of(question.by)
    last = ("close_date", "opportunity") if question.is_list else ("currency",)
    return lambda row: tuple(sort_value(row[key]) for key in (*by, *last))
