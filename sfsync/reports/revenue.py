"""`report revenue` and `report allocation`: recognised revenue by any dimensions."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sfsync.ledger.invoice_filter import InvoiceFilter
from sfsync.money import minor_to_text
from sfsync.reports.answer import Order, Report, ordered, sort_value
from sfsync.reports.dimensions import keys_of, texts_of
from sfsync.reports.revenue_facts import label_of, revenue_facts
from sfsync.reports.shares import percents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sfsync.ledger.connection import Ledger
    from sfsync.reports.answer import Row
    from sfsync.reports.dimensions import Dimension, Label
    from sfsync.reports.revenue_facts import RevenueFact

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
    invoices: set[int] = field(default_factory=set)

    def add(self, fact: RevenueFact) -> None:
        self.minor += fact.amount
        if fact.kind == "invoice":
            self.invoices.add(fact.document_id)


_Key = tuple[Any, ...]
"""The labels of the dimensions, then: draft or not, currency, exponent."""


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
    documents: dict[_Key, _Sum] = {}
    facts: dict[int, RevenueFact] = {}
    asked = [each.of_property for each in question.by if each.of_property]
    for fact in revenue_facts(ledger, question.wanted, asked, drafts=question.drafts):
        end = (fact.draft, fact.currency, fact.exponent)
        key = (*_labels(fact, question), *end)
        groups.setdefault(key, _Sum()).add(fact)
        totals.setdefault(end, _Sum()).add(fact)
        if question.records:
            documents.setdefault((*key, fact.document_id), _Sum()).add(fact)
            facts[fact.document_id] = fact
    written = _writers(groups, len(question.by))
    rows = [_row(key, one, question, written) for key, one in groups.items()]
    if shares:
        _add_shares(rows, list(groups.items()))
    if question.records:
        rows = [
            _record(facts[key[-1]], _row(key[:-1], one, question, written), question)
            for key, one in documents.items()
        ]
    found = ordered(rows, question.order, _usual(question), _AMOUNTS, keys(question, shares=shares))
    return Report(name, tuple(keys_of(question.by)), found, _totals(totals, question), len(rows))


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


def _writers(keys: Iterable[_Key], count: int) -> list[Callable[[Label], str | None]]:
    """How to write the labels of each dimension."""
    found = list(keys)
    return [texts_of({key[place] for key in found}) for place in range(count)]


def _row(
    key: _Key,
    one: _Sum,
    question: RevenueQuestion,
    written: list[Callable[[Label], str | None]],
) -> Row:
    *labels, draft, currency, exponent = key
    names = {
        dimension.key: write(label)
        for dimension, write, label in zip(question.by, written, labels, strict=True)
    }
    return {
        **names,
        **_status(draft, question),
        "currency": currency,
        "revenue": minor_to_text(one.minor, exponent),
        "invoices": len(one.invoices),
    }


def _status(draft: bool, question: RevenueQuestion) -> Row:  # noqa: FBT001 - a column's value
    return {"status": "draft" if draft else "posted"} if question.drafts else {}


def _record(fact: RevenueFact, row: Row, question: RevenueQuestion) -> Row:
    """A document's part of a row: the row's dimensions, then what the document is."""
    names = {dimension.key: row[dimension.key] for dimension in question.by}
    return {
        **names,
        **_status(fact.draft, question),
        "invoice": fact.name,
        "kind": fact.kind,
        "date": fact.day,
        **({} if "customer" in names else {"customer": fact.customer_name}),
        "description": fact.description,
        "opportunity": fact.opportunity,
        "currency": fact.currency,
        "revenue": row["revenue"],
    }


def _totals(totals: dict[_Key, _Sum], question: RevenueQuestion) -> list[Row]:
    return [
        {
            **_status(draft, question),
            "currency": currency,
            "revenue": minor_to_text(one.minor, exponent),
            "invoices": len(one.invoices),
        }
        for (draft, currency, exponent), one in sorted(totals.items(), key=lambda each: each[0])
    ]


def _usual(question: RevenueQuestion) -> Callable[[Row], Any]:
    """Periods one after the other; everything else by currency, the largest first."""
    keys = keys_of(question.by)
    in_time = bool(question.by) and question.by[0].is_period

    def by_labels(row: Row) -> tuple[Any, ...]:
        return (*(sort_value(row[key]) for key in keys), row["currency"], *_last(row))

    def by_size(row: Row) -> tuple[Any, ...]:
        return row["currency"], -Decimal(row["revenue"]), *by_labels(row)

    def of_records(row: Row) -> tuple[Any, ...]:
        return *by_labels(row), row["date"], row["invoice"]

    if question.records:
        return of_records
    return by_labels if in_time else by_size


def _last(row: Row) -> tuple[str]:
    return (row.get("status", ""),)


def _add_shares(rows: list[Row], groups: list[tuple[_Key, _Sum]]) -> None:
    """Give each row its percent of its currency; they add up to 100.00 unless one is negative."""
    places: dict[_Key, list[int]] = {}
    for place, (key, _) in enumerate(groups):
        places.setdefault(key[-3:], []).append(place)
    for found in places.values():
        shares = percents([groups[place][1].minor for place in found])
        for place, share in zip(found, shares, strict=True):
            rows[place]["share"] = share
