"""Which documents are meant: the same filter in list, post, delete, export and report."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING

from sfsync.errors import UsageError
from sfsync.ids import full_id
from sfsync.ledger.model import PaymentStatus
from sfsync.ledger.names import name_key

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import date

    from sfsync.ledger.model import DocumentStatus


def in_one_scale(minor: str, exponent: str) -> str:
    """SQL for a column of minor units in ten-thousandths of a major unit, whatever the currency."""
    return (
        f"({minor} * CASE {exponent} WHEN 0 THEN 10000 WHEN 1 THEN 1000 WHEN 2 THEN 100"
        " WHEN 3 THEN 10 ELSE 1 END)"
    )


SORT_KEYS = {
    "number": "d.number",
    "draft": "d.id",
    "customer": "c.name_key",
    "date": "d.document_date",
    "due": "d.due_date",
    "total": in_one_scale("d.total_minor", "d.exponent"),
    "status": "d.status",
    "rep": "d.sales_rep",
    "region": "d.region",
    "description": "d.description",
}
"""What `InvoiceFilter.sort` may name, with a ``-`` before it for the other direction."""

DOCUMENTS = (
    "document d JOIN customer o ON o.id = d.customer_id"
    " JOIN customer c ON c.id = coalesce(o.merged_into, o.id)"
)
"""What a compiled filter is over: `c` is the customer, or the one that it was merged into."""

_SCALE = 4
_HAS_PROPERTY = (
    "EXISTS (SELECT 1 FROM document_property p WHERE p.document_id = d.id"
    " AND p.name = ? AND p.value = ?)"
)


HAS_PAYMENT = (
    "EXISTS (SELECT 1 FROM payment y WHERE y.document_id = d.id"
    " AND NOT EXISTS (SELECT 1 FROM payment_void WHERE payment_id = y.id))"
)
"""Whether a payment on the document `d` stands."""


@dataclass(frozen=True, slots=True)
class InvoiceFilter:
    """A filter over documents; what is None or empty does not restrict.

    `date_from` and `date_to` are document dates, both included. `minimum` and `maximum` are in
    major units of each document's own currency. `customer` is a number, a name or part of one, or
    an account id; `rep` a name or part of one. `run` is the run that created the draft. Deleted
    drafts pass only when `status` asks for them. `payment` asks for posted invoices that are open
    (anything is owed), partly credited, partly paid, paid, or overdue on the day `as_of`, today in
    UTC by default.
    """

    status: DocumentStatus | None = None
    payment: PaymentStatus | None = None
    as_of: date | None = None
    customer: str | None = None
    date_from: date | None = None
    date_to: date | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    rep: str | None = None
    region: str | None = None
    properties: Mapping[str, str] = field(default_factory=dict)
    run: int | None = None
    drifted: bool | None = None
    on_hold: bool | None = None
    sort: str = "date"
    limit: int | None = None


def compile_filter(wanted: InvoiceFilter, *, limited: bool = True) -> tuple[str, list[object]]:
    """The filter as SQL from WHERE on, over `DOCUMENTS`, with parameters.

    Raises:
        UsageError: an unknown sort key.
    """
    where, parameters = compile_conditions(wanted)
    limit = -1 if wanted.limit is None or not limited else wanted.limit
    order = order_by(wanted.sort, SORT_KEYS, last="d.id")
    return f" WHERE {where} {order} LIMIT ?", [*parameters, limit]


def compile_conditions(wanted: InvoiceFilter) -> tuple[str, list[object]]:
    """The filter as one SQL condition over `DOCUMENTS`, with parameters; no order, no limit."""
    conditions = [*_simple(wanted), *_customer(wanted.customer)]
    conditions += amount_bounds("d.total_minor", "d.exponent", wanted.minimum, wanted.maximum)
    conditions += _payment(wanted.payment, wanted.as_of)
    conditions += [(_HAS_PROPERTY, pair) for pair in wanted.properties.items()]
    for table, flag in (("document_drift", wanted.drifted), ("document_hold", wanted.on_hold)):
        if flag is not None:
            exists = f"EXISTS (SELECT 1 FROM {table} WHERE document_id = d.id) = ?"  # noqa: S608 - two constants
            conditions.append((exists, (flag,)))
    where = " AND ".join(condition for condition, _ in conditions) or "true"
    return where, [value for _, values in conditions for value in values]


def _simple(wanted: InvoiceFilter) -> list[tuple[str, tuple[object, ...]]]:
    status = ("d.status <> 'deleted'", ()) if wanted.status is None else None
    equal: list[tuple[str, object]] = [
        ("d.status = ?", wanted.status and wanted.status.value),
        ("d.document_date >= ?", wanted.date_from and wanted.date_from.isoformat()),
        ("d.document_date <= ?", wanted.date_to and wanted.date_to.isoformat()),
        ("instr(lower(d.sales_rep), lower(?)) > 0", wanted.rep),
        ("d.region = ? COLLATE NOCASE", wanted.region),
        ("d.run_id = ?", wanted.run),
    ]
    found: list[tuple[str, tuple[object, ...]]] = [
        (condition, (value,)) for condition, value in equal if value is not None
    ]
    return [status, *found] if status else found


def amount_bounds(
    minor: str, exponent: str, minimum: Decimal | None, maximum: Decimal | None
) -> list[tuple[str, tuple[object, ...]]]:
    """Conditions, with their values, that hold a column of minor units between two amounts.

    One bound fits every currency.
    """
    scaled = in_one_scale(minor, exponent)
    found: list[tuple[str, tuple[object, ...]]] = []
    if minimum is not None:
        found.append((f"{scaled} >= ?", (_scaled(minimum, ROUND_CEILING),)))
    if maximum is not None:
        found.append((f"{scaled} <= ?", (_scaled(maximum, ROUND_FLOOR),)))
    return found


def _scaled(amount: Decimal, rounding: str) -> int:
    scaled = amount.scaleb(_SCALE).to_integral_value(rounding=rounding)
    # No total comes near 10^18 ten-thousandths in any bound that matters; SQLite ends at 2^63.
    return int(max(min(scaled, Decimal(10**18)), Decimal(-(10**18))))


def _payment(
    wanted: PaymentStatus | None, as_of: date | None
) -> list[tuple[str, tuple[object, ...]]]:
    if wanted is None:
        return []
    owed = "(SELECT balance_minor FROM document_balance WHERE document_id = d.id)"
    found: list[tuple[str, tuple[object, ...]]] = [
        ("d.kind = 'invoice' AND d.status = 'posted'", ()),
        (f"{owed} = 0" if wanted is PaymentStatus.PAID else f"{owed} <> 0", ()),
    ]
    if wanted is PaymentStatus.PARTLY_PAID:
        found.append((HAS_PAYMENT, ()))
    if wanted is PaymentStatus.PARTLY_CREDITED:
        found.append((f"{owed} < d.total_minor AND NOT {HAS_PAYMENT}", ()))
    if wanted is PaymentStatus.OVERDUE:
        found.append(("d.due_date < coalesce(?, date('now'))", (as_of and as_of.isoformat(),)))
    return found


def _customer(reference: str | None) -> list[tuple[str, tuple[object, ...]]]:
    if not reference or not reference.strip():
        return []
    text = reference.strip()
    condition = (
        "(c.number = upper(?) OR instr(c.name_key, ?) > 0 OR c.id IN"
        " (SELECT customer_id FROM account_link WHERE salesforce_id = ?))"
    )
    return [(condition, (text, name_key(text), full_id(text)))]


def require_sort_key(name: str, known: Collection[str]) -> None:
    """Refuse to sort by what is not there.

    Raises:
        UsageError: the name is not among those that are known.
    """
    if name not in known:
        raise UsageError(
            f"Cannot sort by '{name}'.",
            code="sort-unknown",
            fix=f"sort by one of: {', '.join(known)}, with - before it to turn it round",
        )


def order_by(sort: str, columns: Mapping[str, str], *, last: str) -> str:
    """The order that a filter asks for.

    Args:
        sort: a name, with a ``-`` before it for the other direction.
        columns: SQL by the names that are known.
        last: the column that tells equal rows apart.

    Raises:
        UsageError: there is no such name.
    """
    name = sort.removeprefix("-")
    require_sort_key(name, columns)
    direction = "DESC" if sort.startswith("-") else "ASC"
    return f"ORDER BY {columns[name]} {direction}, {last} {direction}"
