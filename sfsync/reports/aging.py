"""`report aging`: what is owed on a day, by how long it has been due.

It is taken from the receivable account, so that it adds up to the account's balance.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from sfsync.ledger.invoice_filter import InvoiceFilter
from sfsync.money import minor_to_text
from sfsync.reports.answer import Order, Report, ordered, sort_value
from sfsync.reports.buckets import Buckets
from sfsync.reports.dimensions import Label, keys_of, named, plain_label
from sfsync.reports.receivables import OpenInvoice, open_invoices, receivable_balances
from sfsync.rows import KeptRows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sfsync.ledger.connection import Ledger
    from sfsync.reports.answer import Row
    from sfsync.reports.dimensions import Dimension

_Labels = tuple[Label, ...]

DIMENSIONS = ("customer", "sales-rep", "region", "property:")
RECORD_KEYS = ("invoice", "document_date", "due_date", "days", "bucket", "amount", "balance")
"""What a record has besides its dimensions, the customer and the currency."""


@dataclass(frozen=True, slots=True)
class AgingQuestion:
    """What is asked; the filter's dates are document dates of the invoices."""

    by: tuple[Dimension, ...]
    as_of: date
    buckets: Buckets = field(default_factory=Buckets)
    wanted: InvoiceFilter = field(default_factory=InvoiceFilter)
    order: Order = field(default_factory=Order)
    records: bool = False


def aging(ledger: Ledger, question: AgingQuestion) -> Report:
    """What is owed, by the question's dimensions and buckets.

    `totals` also have the balance of the receivable account, which is the same amount; null under
    a filter. The result says the day and the buckets.

    Raises:
        UsageError: it is sorted by something unknown.
    """
    names = [one.of_property for one in question.by if one.of_property]
    groups, whole_sums, kept = _Sums(question), _Sums(question), KeptRows()
    for one in open_invoices(ledger, question.wanted, names, question.as_of):
        groups.add(_labels(one, question.by), one)
        whole_sums.add((), one)
        if question.records:
            kept.add(one)
    begin = named(question.by, groups.labels)
    rows: Iterable[Row] = (
        (_record(begin(_labels(one, question.by)), one, question) for one in _invoices(kept))
        if question.records
        else groups.rows(begin)
    )
    totals = whole_sums.rows(lambda _: {})
    balances = receivable_balances(ledger, question.as_of)
    whole = replace(question.wanted, as_of=None) == InvoiceFilter()
    for row in totals:
        row["receivable"] = balances.get(row["currency"]) if whole else None
    amounts = ("total", "amount", "balance", *question.buckets.keys)
    chosen = ordered(rows, question.order, _usual(question), amounts, keys(question))
    more = {"as_of": question.as_of.isoformat(), "buckets": list(question.buckets.keys)}
    by = tuple(keys_of(question.by))
    return Report("aging", by, chosen, totals, chosen.total, more, question.order.limit)


def keys(question: AgingQuestion) -> tuple[str, ...]:
    """The keys of the answer's rows, in their order."""
    by = tuple(keys_of(question.by))
    if question.records:
        own = () if "customer" in by else ("customer",)
        return (*by, *own, *RECORD_KEYS[:5], "currency", *RECORD_KEYS[5:])
    return (*by, "currency", *question.buckets.keys, "total", "invoices")


def _labels(one: OpenInvoice, by: Sequence[Dimension]) -> _Labels:
    values = iter(one.properties)
    known = {
        "customer": Label(one.customer_name, one.customer),
        "sales-rep": plain_label(one.sales_rep),
        "region": plain_label(one.region),
    }
    return tuple(plain_label(next(values)) if each.of_property else known[each.name] for each in by)


def _days(one: OpenInvoice, question: AgingQuestion) -> int:
    return (question.as_of - date.fromisoformat(one.due_date)).days


@dataclass(slots=True)
class _Sum:
    exponent: int
    buckets: dict[str, int]
    invoices: int = 0


class _Sums:
    """What is owed for each set of labels and each currency, fed invoice by invoice."""

    def __init__(self, question: AgingQuestion) -> None:
        self._question = question
        self._sums: dict[tuple[_Labels, str], _Sum] = {}

    @property
    def labels(self) -> set[_Labels]:
        return {labels for labels, _ in self._sums}

    def add(self, labels: _Labels, one: OpenInvoice) -> None:
        buckets = self._question.buckets
        own = self._sums.get((labels, one.currency))
        if own is None:
            own = _Sum(one.exponent, dict.fromkeys(buckets.keys, 0))
            self._sums[labels, one.currency] = own
        own.buckets[buckets.of(_days(one, self._question))] += one.balance
        own.invoices += 1

    def rows(self, begin: Callable[[_Labels], Row]) -> list[Row]:
        found = [
            {
                **begin(labels),
                "currency": currency,
                **{name: minor_to_text(minor, own.exponent) for name, minor in own.buckets.items()},
                "total": minor_to_text(sum(own.buckets.values()), own.exponent),
                "invoices": own.invoices,
            }
            for (labels, currency), own in self._sums.items()
        ]
        return sorted(found, key=lambda row: str(row["currency"]))


def _invoices(kept: KeptRows) -> Iterator[OpenInvoice]:
    for *values, properties in kept:
        yield OpenInvoice._make((*values, tuple(properties)))


def _record(labels: Row, one: OpenInvoice, question: AgingQuestion) -> Row:
    days = _days(one, question)
    return {
        **labels,
        **({} if "customer" in labels else {"customer": one.customer_name}),
        "invoice": one.name,
        "document_date": one.document_date,
        "due_date": one.due_date,
        "days": days,
        "bucket": question.buckets.of(days),
        "currency": one.currency,
        "amount": minor_to_text(one.total, one.exponent),
        "balance": minor_to_text(one.balance, one.exponent),
    }


def _usual(question: AgingQuestion) -> Callable[[Row], object]:
    """By currency, the largest first; records by their labels and due date."""
    by = keys_of(question.by)

    def of_rows(row: Row) -> object:
        return row["currency"], -Decimal(row["total"]), *(sort_value(row[key]) for key in by)

    def of_records(row: Row) -> object:
        return *(sort_value(row[key]) for key in by), row["due_date"], row["invoice"]

    return of_records if question.records else of_rows
