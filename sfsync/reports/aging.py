"""`report aging`: what is owed on a day, by how long it has been due.

Taken from the journal itself: whatever was booked on the receivable account through that day for an
invoice, its credit notes and its payments, each by its own date, is what was open on it. So the
report adds up to the balance of the receivable account.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from sfsync.errors import UsageError
from sfsync.ledger.invoice_filter import DOCUMENTS, InvoiceFilter, compile_conditions
from sfsync.money import minor_to_text
from sfsync.reports.answer import Order, Report, ordered, sort_value
from sfsync.reports.dimensions import Label, keys_of, plain_label, texts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sfsync.ledger.connection import Ledger
    from sfsync.reports.answer import Row
    from sfsync.reports.dimensions import Dimension

DIMENSIONS = ("customer", "sales-rep", "region", "property:")
DEFAULT_EDGES = (30, 60, 90)
RECORD_KEYS = ("invoice", "document_date", "due_date", "days", "bucket", "amount", "balance")
"""What a record has besides its dimensions, the customer and the currency."""

_MOST_DAYS = 3650


@dataclass(frozen=True, slots=True)
class Buckets:
    """Spans of days past due that end at `edges`; before the first one, what is not due."""

    edges: tuple[int, ...] = DEFAULT_EDGES

    @property
    def keys(self) -> tuple[str, ...]:
        """Their names in a row: ``not_due``, ``days_1_30``, …, ``days_over_90``."""
        firsts = [1, *(edge + 1 for edge in self.edges)]
        spans = [f"days_{a}_{b}" for a, b in zip(firsts, self.edges, strict=False)]
        return ("not_due", *spans, f"days_over_{self.edges[-1]}")

    def of(self, days: int) -> str:
        """The bucket of something that was due so many days ago; due today is not due."""
        if days < 1:
            return "not_due"
        place = sum(days > edge for edge in self.edges)
        return self.keys[place + 1]


def parse_buckets(text: str | None) -> Buckets:
    """Read ``30,60,90``.

    Raises:
        UsageError: not whole numbers of days that grow.
    """
    if text is None:
        return Buckets()
    words = [word.strip() for word in text.split(",")]
    edges = tuple(int(word) for word in words if word.isascii() and word.isdecimal())
    growing = all(a < b for a, b in zip((0, *edges), edges, strict=False))
    if len(edges) != len(words) or not growing or edges[-1] > _MOST_DAYS:
        raise UsageError(
            f"--buckets takes numbers of days that grow, not '{text}'",
            code="invalid-buckets",
            fix="write e.g. --buckets 30,60,90",
        )
    return Buckets(edges)


@dataclass(frozen=True, slots=True)
class AgingQuestion:
    """What is asked; the filter's dates are document dates of the invoices."""

    by: tuple[Dimension, ...]
    as_of: date
    buckets: Buckets = field(default_factory=Buckets)
    wanted: InvoiceFilter = field(default_factory=InvoiceFilter)
    order: Order = field(default_factory=Order)
    records: bool = False


class OpenInvoice(NamedTuple):
    """An invoice with something open on it. `balance` and `total` in minor units."""

    name: str
    document_date: str
    due_date: str
    customer: str
    customer_name: str
    sales_rep: str | None
    region: str | None
    currency: str
    exponent: int
    total: int
    balance: int
    properties: tuple[str | None, ...]


# Payments and credit notes are of the invoice that they settle. Cash is an asset too, but no
# posting of a document debits it.
_RECEIVABLES = """
    SELECT id FROM ledger_account a WHERE type = 'asset' AND EXISTS (
        SELECT 1 FROM journal_line l JOIN journal_entry e ON e.id = l.entry_id
        WHERE l.account_id = a.id AND e.kind = 'post')
"""
_OPEN = f"""
    SELECT d.number, d.document_date, d.due_date, c.number, c.name, d.sales_rep, d.region,
           d.currency, d.exponent, d.total_minor, s.balance {{properties}}
    FROM (SELECT coalesce(x.reverses_id, x.id) AS id, sum(l.amount_minor) AS balance
          FROM journal_line l JOIN journal_entry e ON e.id = l.entry_id
          JOIN document x ON x.id = e.document_id
          WHERE e.sealed = 1 AND e.posting_date <= ? AND l.account_id IN ({_RECEIVABLES})
          GROUP BY 1 HAVING sum(l.amount_minor) <> 0) s
    CROSS JOIN {DOCUMENTS}
    WHERE d.id = s.id AND {{filter}} ORDER BY d.due_date, d.id
"""  # noqa: S608 - constants
_PROPERTY = """, coalesce(
    (SELECT value FROM document_property WHERE document_id = d.id AND name = ?),
    (SELECT value FROM customer_property WHERE customer_id = c.id AND name = ?))
"""
_FIELDS = 11


def open_invoices(
    ledger: Ledger, wanted: InvoiceFilter, properties: Sequence[str], as_of: date
) -> Iterator[OpenInvoice]:
    """What was open on a day, by due date."""
    condition, parameters = compile_conditions(wanted)
    sql = _OPEN.format(properties=_PROPERTY * len(properties), filter=condition)
    asked = [name for name in properties for _ in range(2)]
    for row in ledger.each(sql, [*asked, as_of.isoformat(), *parameters]):
        yield OpenInvoice._make((*row[:_FIELDS], row[_FIELDS:]))


def receivable_balances(ledger: Ledger, as_of: date) -> dict[str, str]:
    """The balance of the receivable account on a day, for each currency."""
    rows = ledger.rows(
        "SELECT e.currency, e.exponent, sum(l.amount_minor) FROM journal_line l"  # noqa: S608 - a constant
        " JOIN journal_entry e ON e.id = l.entry_id WHERE e.sealed = 1 AND e.posting_date <= ?"
        f" AND l.account_id IN ({_RECEIVABLES}) GROUP BY 1, 2 ORDER BY 1",
        (as_of.isoformat(),),
    )
    return {currency: minor_to_text(minor, exponent) for currency, exponent, minor in rows}


def aging(ledger: Ledger, question: AgingQuestion) -> Report:
    """What is owed, by the question's dimensions and buckets.

    `totals` also have the balance of the receivable account, which is the same amount; null under
    a filter. The result says the day and the buckets.

    Raises:
        UsageError: it is sorted by something unknown.
    """
    names = [one.of_property for one in question.by if one.of_property]
    found = list(open_invoices(ledger, question.wanted, names, question.as_of))
    labels = [_labels(one, question.by) for one in found]
    written = [texts_of({row[place] for row in labels}) for place in range(len(question.by))]
    keyed = [
        (
            {d.key: write(text) for d, write, text in zip(question.by, written, row, strict=True)},
            one,
        )
        for row, one in zip(labels, found, strict=True)
    ]
    rows = (
        [_record(*each, question) for each in keyed] if question.records else _sums(keyed, question)
    )
    totals = _sums([({}, one) for one in found], question)
    balances = receivable_balances(ledger, question.as_of)
    whole = replace(question.wanted, as_of=None) == InvoiceFilter()
    for row in totals:
        row["receivable"] = balances.get(row["currency"]) if whole else None
    amounts = ("total", "amount", "balance", *question.buckets.keys)
    chosen = ordered(rows, question.order, _usual(question), amounts, keys(question))
    more = {"as_of": question.as_of.isoformat(), "buckets": list(question.buckets.keys)}
    return Report("aging", tuple(keys_of(question.by)), chosen, totals, len(rows), more)


def keys(question: AgingQuestion) -> tuple[str, ...]:
    """The keys of the answer's rows, in their order."""
    by = tuple(keys_of(question.by))
    if question.records:
        own = () if "customer" in by else ("customer",)
        return (*by, *own, *RECORD_KEYS[:5], "currency", *RECORD_KEYS[5:])
    return (*by, "currency", *question.buckets.keys, "total", "invoices")


def _labels(one: OpenInvoice, by: Sequence[Dimension]) -> tuple[Label, ...]:
    values = iter(one.properties)
    known = {
        "customer": Label(one.customer_name, one.customer),
        "sales-rep": plain_label(one.sales_rep),
        "region": plain_label(one.region),
    }
    return tuple(plain_label(next(values)) if each.of_property else known[each.name] for each in by)


def _days(one: OpenInvoice, question: AgingQuestion) -> int:
    return (question.as_of - date.fromisoformat(one.due_date)).days


def _sums(keyed: list[tuple[Row, OpenInvoice]], question: AgingQuestion) -> list[Row]:
    """One row for each set of labels and each currency."""
    names = question.buckets.keys
    groups: dict[tuple[object, ...], tuple[Row, dict[str, int], list[int]]] = {}
    for labels, one in keyed:
        key = (*labels.values(), one.currency)
        _, sums, counted = groups.setdefault(
            key, ({**labels, "currency": one.currency}, dict.fromkeys(names, 0), [one.exponent, 0])
        )
        sums[question.buckets.of(_days(one, question))] += one.balance
        counted[1] += 1
    found = [
        {
            **labels,
            **{name: minor_to_text(minor, exponent) for name, minor in sums.items()},
            "total": minor_to_text(sum(sums.values()), exponent),
            "invoices": count,
        }
        for labels, sums, (exponent, count) in groups.values()
    ]
    return sorted(found, key=lambda row: row["currency"])


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
