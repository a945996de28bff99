"""`report revenue` and `report allocation`: recognised revenue by any dimensions."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from sfsync.ledger.invoice_filter import InvoiceFilter
from sfsync.money import minor_to_text
from sfsync.reports.answer import Order, Report, ordered, sort_value
from sfsync.reports.dimensions import Label, keys_of, named
from sfsync.reports.revenue_facts import label_of, revenue_facts
from sfsync.reports.shares import percents
from sfsync.rows import KeptRows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sfsync.ledger.connection import Ledger
    from sfsync.reports.answer import Row
    from sfsync.reports.dimensions import Dimension
    from sfsync.reports.revenue_facts import RevenueFact

    _Begin = Callable[[Sequence[Label]], Row]

ROW_KEYS = ("currency", "revenue", "invoices", "share")
RECORD_KEYS = ("invoice", "kind", "date", "customer", "description", "opportunity")
"""What a row, and a record behind it, has besides its dimensions and its status."""

_AMOUNTS = ("revenue", "share")


@dataclass(frozen=True, slots=True)
class RevenueQuestion:
    """What is asked.

    `drafts` adds drafts, in rows of their own that say so. `fiscal_start` is the first month of the
    fiscal year. `records` asks for the documents behind each row in place of the rows.
    """

    by: tuple[Dimension, ...]
    wanted: InvoiceFilter = field(default_factory=InvoiceFilter)
    order: Order = field(default_factory=Order)
    drafts: bool = False
    fiscal_start: int = 1
    records: bool = False


@dataclass(slots=True)
class _Sum:
    minor: int = 0
    invoices: int = 0
    last: int = 0

    def add(self, fact: RevenueFact) -> None:
        self.minor += fact.amount
        # The lines of a document come one after the other.
        if fact.kind == "invoice" and fact.document_id != self.last:
            self.invoices += 1
            self.last = fact.document_id


_Key = tuple[Any, ...]
"""The labels of the dimensions, then: draft or not, currency, exponent."""
_END = 3


class _Part(NamedTuple):
    """What one document has in one row; JSON values, so that it can wait in a file."""

    labels: Sequence[Sequence[str | None]]
    draft: bool
    currency: str
    exponent: int
    minor: int
    name: str
    kind: str
    day: str
    customer_name: str
    description: str
    opportunity: str


def revenue(ledger: Ledger, question: RevenueQuestion) -> Report:
    """Revenue by the question's dimensions.

    Raises:
        UsageError: it is sorted by something unknown.
    """
    return _answer(ledger, question, "revenue", shares=False)


def allocation(ledger: Ledger, question: RevenueQuestion) -> Report:
    """The same, each row with its share of its currency's revenue in percent.

    Raises:
        UsageError: it is sorted by something unknown.
    """
    return _answer(ledger, question, "allocation", shares=True)


def _answer(ledger: Ledger, question: RevenueQuestion, name: str, *, shares: bool) -> Report:
    groups: dict[_Key, _Sum] = {}
    totals: dict[_Key, _Sum] = {}
    parts = KeptRows()
    asked = [each.of_property for each in question.by if each.of_property]
    facts = revenue_facts(ledger, question.wanted, asked, drafts=question.drafts)
    for _, lines in groupby(facts, key=attrgetter("document_id")):
        own: dict[_Key, int] = {}
        for fact in lines:
            end = (fact.draft, fact.currency, fact.exponent)
            key = (*_labels(fact, question), *end)
            groups.setdefault(key, _Sum()).add(fact)
            totals.setdefault(end, _Sum()).add(fact)
            own[key] = own.get(key, 0) + fact.amount
        if question.records:
            for key, minor in own.items():
                parts.add(_part(fact, key, minor))
    begin = named(question.by, [key[:-_END] for key in groups])
    if question.records:
        rows: Iterable[Row] = (_record(_Part(*part), question, begin) for part in parts)
    else:
        rows = [_row(key, one, question, begin) for key, one in groups.items()]
        if shares:
            _add_shares(rows, list(groups.items()))
    found = ordered(rows, question.order, _usual(question), _AMOUNTS, keys(question, shares=shares))
    by = tuple(keys_of(question.by))
    sums = _totals(totals, question)
    return Report(name, by, found, sums, found.total, limit=question.order.limit)


def _part(fact: RevenueFact, key: _Key, minor: int) -> _Part:
    *labels, draft, currency, exponent = key
    return _Part(labels, draft, currency, exponent, minor, fact.name, fact.kind, fact.day,
                 fact.customer_name, fact.description, fact.opportunity)  # fmt: skip


def keys(question: RevenueQuestion, *, shares: bool) -> tuple[str, ...]:
    """The keys of the answer's rows, in their order."""
    own = ("status",) if question.drafts else ()
    by = tuple(keys_of(question.by))
    if question.records:
        more = tuple(key for key in RECORD_KEYS if key not in by)
        return (*by, *own, *more, "currency", "revenue")
    return (*by, *own, *(ROW_KEYS if shares else ROW_KEYS[:-1]))


def _labels(fact: RevenueFact, question: RevenueQuestion) -> list[Label]:
    place = 0
    labels = []
    for dimension in question.by:
        labels.append(label_of(fact, dimension, place, question.fiscal_start))
        place += dimension.of_property is not None
    return labels


def _row(key: _Key, one: _Sum, question: RevenueQuestion, begin: _Begin) -> Row:
    *labels, draft, currency, exponent = key
    return {
        **begin(labels),
        **_status(draft, question),
        "currency": currency,
        "revenue": minor_to_text(one.minor, exponent),
        "invoices": one.invoices,
    }


def _status(draft: bool, question: RevenueQuestion) -> Row:  # noqa: FBT001 - a column's value
    return {"status": "draft" if draft else "posted"} if question.drafts else {}


def _record(part: _Part, question: RevenueQuestion, begin: _Begin) -> Row:
    """A document's part of a row: the row's dimensions, then what the document is."""
    names = begin([Label(*label) for label in part.labels])
    return {
        **names,
        **_status(part.draft, question),
        "invoice": part.name,
        "kind": part.kind,
        "date": part.day,
        **({} if "customer" in names else {"customer": part.customer_name}),
        "description": part.description,
        "opportunity": part.opportunity,
        "currency": part.currency,
        "revenue": minor_to_text(part.minor, part.exponent),
    }


def _totals(totals: dict[_Key, _Sum], question: RevenueQuestion) -> list[Row]:
    return [
        {
            **_status(draft, question),
            "currency": currency,
            "revenue": minor_to_text(one.minor, exponent),
            "invoices": one.invoices,
        }
        for (draft, currency, exponent), one in sorted(totals.items(), key=lambda each: each[0])
    ]


def _usual(question: RevenueQuestion) -> Callable[[Row], Any]:
    """Periods one after the other; everything else by currency, the largest first."""
    by = keys_of(question.by)
    in_time = bool(question.by) and question.by[0].is_period

    def by_labels(row: Row) -> tuple[Any, ...]:
        labels = (sort_value(row[key]) for key in by)
        return (*labels, row["currency"], row.get("status", ""))

    def by_size(row: Row) -> tuple[Any, ...]:
        return row["currency"], -Decimal(row["revenue"]), *by_labels(row)

    def of_records(row: Row) -> tuple[Any, ...]:
        return *by_labels(row), row["date"], row["invoice"]

    if question.records:
        return of_records
    return by_labels if in_time else by_size


def _add_shares(rows: list[Row], groups: list[tuple[_Key, _Sum]]) -> None:
    """Give each row its percent of its currency; they add up to 100.00 unless one is negative."""
    places: dict[_Key, list[int]] = {}
    for place, (key, _) in enumerate(groups):
        places.setdefault(key[-_END:], []).append(place)
    for found in places.values():
        shares = percents([groups[place][1].minor for place in found])
        for place, share in zip(found, shares, strict=True):
            rows[place]["share"] = share
