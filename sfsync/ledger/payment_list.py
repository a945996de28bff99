"""Payments as people read them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from sfsync.errors import NotFoundError
from sfsync.ledger.invoice_filter import amount_bounds, in_one_scale, order_by
from sfsync.ledger.many import ids_json
from sfsync.ledger.names import name_key
from sfsync.money import minor_to_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from decimal import Decimal

    from sfsync.ledger.connection import Ledger

_NAME = re.compile(r"(?:[pP]-?)?0*(\d{1,18})")

SORT_KEYS = {
    "date": "p.date",
    "amount": in_one_scale("p.amount_minor", "p.exponent"),
    "customer": "c.name_key",
    "invoice": "d.number",
    "payment": "p.id",
}
"""What `PaymentFilter.sort` may name, with a ``-`` before it for the other direction."""


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment; amounts in minor units of `currency`, `exponent` decimals.

    `balance_minor` is what the invoice was owed once this was paid. `voided_on` is None while the
    payment stands.
    """

    payment_id: int
    name: str
    document_id: int
    invoice: str
    opportunity_id: str
    customer_id: str
    customer_name: str
    paid_on: date
    currency: str
    exponent: int
    amount_minor: int
    balance_minor: int
    method: str | None
    reference: str | None
    idempotency_key: str | None
    recorded_at: str
    recorded_by: str
    voided_on: date | None
    void_reason: str | None

    def as_json(self) -> dict[str, Any]:
        """The keys of `payment list --json`."""
        return {
            "payment": self.name,
            "status": "recorded" if self.voided_on is None else "voided",
            "invoice": self.invoice,
            "opportunity": self.opportunity_id,
            "customer": {"id": self.customer_id, "name": self.customer_name},
            "date": self.paid_on.isoformat(),
            "currency": self.currency,
            "amount": minor_to_text(self.amount_minor, self.exponent),
            "balance": minor_to_text(self.balance_minor, self.exponent),
            "method": self.method,
            "reference": self.reference,
            "idempotency_key": self.idempotency_key,
            "recorded_at": self.recorded_at,
            "recorded_by": self.recorded_by,
            "voided_on": self.voided_on and self.voided_on.isoformat(),
            "void_reason": self.void_reason,
        }


@dataclass(frozen=True, slots=True)
class PaymentFilter:
    """Which payments; None does not restrict. Amounts in major units, both bounds included."""

    document_id: int | None = None
    customer: str | None = None
    date_from: date | None = None
    date_to: date | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    method: str | None = None
    voided: bool | None = None
    sort: str = "date"
    limit: int | None = None


_PAYMENTS = """
    SELECT p.id, p.name, p.document_id, d.number, d.opportunity_id, c.number, c.name, p.date,
           p.currency, p.exponent, p.amount_minor, p.balance_minor, p.method, p.reference,
           p.idempotency_key, p.at, p.actor, v.date, v.reason
    FROM payment p JOIN document d ON d.id = p.document_id
    JOIN customer o ON o.id = d.customer_id JOIN customer c ON c.id = coalesce(o.merged_into, o.id)
    LEFT JOIN payment_void v ON v.payment_id = p.id
"""


def list_payments(ledger: Ledger, wanted: PaymentFilter | None = None) -> Iterator[Payment]:
    """The payments that pass a filter, in its order.

    Raises:
        UsageError: the filter sorts by something unknown.
    """
    chosen = wanted or PaymentFilter()
    conditions = _conditions(chosen)
    where = " AND ".join(["1", *(condition for condition, _ in conditions)])
    parameters = [value for _, values in conditions for value in values]
    order = order_by(chosen.sort, SORT_KEYS, last="p.id")
    limit = -1 if chosen.limit is None else chosen.limit
    for row in ledger.each(f"{_PAYMENTS} WHERE {where} {order} LIMIT ?", [*parameters, limit]):
        yield _payment(row)


def _conditions(wanted: PaymentFilter) -> list[tuple[str, tuple[object, ...]]]:
    equal: list[tuple[str, object]] = [
        ("p.document_id = ?", wanted.document_id),
        ("p.date >= ?", wanted.date_from and wanted.date_from.isoformat()),
        ("p.date <= ?", wanted.date_to and wanted.date_to.isoformat()),
        ("p.method = ? COLLATE NOCASE", wanted.method),
        ("(v.payment_id IS NOT NULL) = ?", wanted.voided),
    ]
    found: list[tuple[str, tuple[object, ...]]] = [
        (condition, (value,)) for condition, value in equal if value is not None
    ]
    if text := (wanted.customer or "").strip():
        condition = "(c.number = upper(?) OR instr(c.name_key, ?) > 0)"
        found.append((condition, (text, name_key(text))))
    bounds = amount_bounds("p.amount_minor", "p.exponent", wanted.minimum, wanted.maximum)
    return [*found, *bounds]


def _payment(row: Any) -> Payment:  # noqa: ANN401 - a row of _PAYMENTS
    (payment_id, name, document_id, invoice, opportunity, customer, customer_name, paid_on,
     currency, exponent, amount, balance, method, reference, key, at, actor, voided_on,
     reason) = row  # fmt: skip
    return Payment(
        payment_id, name, document_id, invoice, opportunity, customer, customer_name,
        date.fromisoformat(paid_on), currency, exponent, amount, balance, method, reference, key,
        at, actor, date.fromisoformat(voided_on) if voided_on else None, reason,
    )  # fmt: skip


def find_payment(ledger: Ledger, reference: str) -> Payment:
    """The payment called ``P-000007``, also ``p-7`` or ``7``.

    Raises:
        NotFoundError: there is none.
    """
    name = _NAME.fullmatch(reference.strip())
    row = name and ledger.row(f"{_PAYMENTS} WHERE p.id = ?", (int(name[1]),))
    if row is None:
        raise NotFoundError(
            f"There is no payment '{reference}'.",
            code="payment-not-found",
            fix="sfsync payment list",
        )
    return _payment(row)


def payments_of(ledger: Ledger, drafts: Sequence[str]) -> list[str]:
    """The names of every payment on these documents, given by their draft ids."""
    rows = ledger.rows(
        "SELECT p.name FROM payment p JOIN document d ON d.id = p.document_id"
        " WHERE d.draft IN (SELECT value FROM json_each(?)) ORDER BY p.id",
        (ids_json(drafts),),
    )
    return [name for (name,) in rows]


def payment_of_key(ledger: Ledger, key: str | None) -> Payment | None:
    """The payment recorded under an idempotency key."""
    row = key and ledger.row(f"{_PAYMENTS} WHERE p.idempotency_key = ?", (key,))
    return _payment(row) if row else None


def entry_of(ledger: Ledger, payment: Payment, *, void: bool = False) -> list[tuple[str, int]]:
    """The journal entry of a payment, or of its void: account code and amount, debit positive."""
    return ledger.rows(
        "SELECT a.code, l.amount_minor FROM journal_line l"
        " JOIN ledger_account a ON a.id = l.account_id WHERE l.entry_id = CASE WHEN :void"
        " THEN (SELECT entry_id FROM payment_void WHERE payment_id = :payment)"
        " ELSE (SELECT entry_id FROM payment WHERE id = :payment) END ORDER BY l.id",
        {"void": void, "payment": payment.payment_id},
    )
