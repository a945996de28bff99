"""Cash received against a posted invoice: recorded once, voided by a second entry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfsync.errors import RefusedError, UsageError
from sfsync.ledger.audit import append_event, require_reason
from sfsync.ledger.chart import require_open_day
from sfsync.ledger.digests import payment_digest, void_digest
from sfsync.ledger.entries import write_entry
from sfsync.ledger.payment_list import find_payment, payment_of_key
from sfsync.ledger.payment_rules import PaymentCandidate, cash_account, require_payable
from sfsync.ledger.references import find_document
from sfsync.money import from_minor, minor_to_text

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.payment_list import Payment
    from sfsync.ledger.posting_rules import PostingRules
    from sfsync.ledger.references import DocumentReference


@dataclass(frozen=True, slots=True)
class PaymentOrder:
    """What a person says of a payment; `amount` in major units of the invoice's currency.

    `currency`, where given, must be the invoice's. Under the same `idempotency_key` the same order
    is recorded once.
    """

    amount: Decimal
    paid_on: date
    currency: str | None = None
    method: str | None = None
    reference: str | None = None
    idempotency_key: str | None = None


def add_payment(
    ledger: Ledger, invoice: str, order: PaymentOrder, rules: PostingRules, *, today: date
) -> Payment:
    """Record a payment: debit cash, credit the account that the invoice debited.

    Args:
        ledger: the ledger.
        invoice: as `find_document` takes it.
        order: what was paid, when and how.
        rules: the cash account, and through which day the books are closed.
        today: today in the company's time zone.

    Returns:
        The payment; the one recorded before where its idempotency key was used for the same order.

    Raises:
        NotFoundError: there is no such document.
        RefusedError: not a posted invoice, more than is owed, another currency, closed period.
        UsageError: not an amount of its currency, or the key was used for another order.
    """
    with ledger.transaction():
        document = find_document(ledger, invoice)
        known = payment_of_key(ledger, order.idempotency_key)
        if known is not None:
            _require_same(known, document.document_id, order)
            return known
        candidate = _candidate(ledger, document)
        minor = require_payable(ledger, candidate, order, rules, today)
        receivable = candidate.receivable_id
        lines = [(cash_account(ledger, rules, receivable), minor), (receivable, -minor)]
        entry_id = write_entry(ledger, "payment", document.document_id, order.paid_on, lines)
        payment_id = _write_payment(ledger, candidate, entry_id, minor, order)
        payment = find_payment(ledger, str(payment_id))
        append_event(
            ledger,
            "payment.add",
            payment.name,
            after={**_values(payment), "digest": payment_digest(ledger, payment_id)},
        )
    return payment


def _candidate(ledger: Ledger, document: DocumentReference) -> PaymentCandidate:
    row = ledger.row(
        "SELECT d.currency, d.exponent, b.balance_minor, (SELECT l.account_id FROM journal_entry e"
        " JOIN journal_line l ON l.entry_id = e.id AND l.amount_minor > 0"
        " JOIN ledger_account a ON a.id = l.account_id AND a.type = 'asset'"
        " WHERE e.document_id = d.id AND e.kind = 'post' LIMIT 1)"
        " FROM document d JOIN document_balance b ON b.document_id = d.id WHERE d.id = ?",
        (document.document_id,),
    )
    return PaymentCandidate(document, *row)


def _write_payment(
    ledger: Ledger, candidate: PaymentCandidate, entry_id: int, minor: int, order: PaymentOrder
) -> int:
    return ledger.insert(
        "INSERT INTO payment (document_id, entry_id, date, currency, exponent, amount_minor,"
        " balance_minor, method, reference, idempotency_key, at, actor)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (candidate.document.document_id, entry_id, order.paid_on.isoformat(), candidate.currency,
         candidate.exponent, minor, candidate.balance_minor - minor, order.method,
         order.reference, order.idempotency_key, ledger.now(), ledger.actor),
    )  # fmt: skip


def _values(payment: Payment) -> dict[str, object]:
    return {
        "invoice": payment.invoice,
        "date": payment.paid_on.isoformat(),
        "amount": minor_to_text(payment.amount_minor, payment.exponent),
        "currency": payment.currency,
        "balance": minor_to_text(payment.balance_minor, payment.exponent),
    }


def _require_same(known: Payment, document_id: int, order: PaymentOrder) -> None:
    before = (known.document_id, from_minor(known.amount_minor, known.exponent), known.paid_on,
              known.currency, known.method, known.reference)  # fmt: skip
    now = (document_id, order.amount, order.paid_on, order.currency or known.currency, order.method,
           order.reference)  # fmt: skip
    if before != now:
        raise UsageError(
            f"The idempotency key {order.idempotency_key} was used for {known.name}, a payment of"
            f" {minor_to_text(known.amount_minor, known.exponent)} {known.currency} on"
            f" {known.invoice} dated {known.paid_on}; this one differs.",
            code="idempotency-key-reused",
            fix="give another payment another key",
        )


def void_payment(
    ledger: Ledger,
    reference: str,
    rules: PostingRules,
    *,
    reason: str,
    day: date | None = None,
    today: date,
) -> Payment:
    """Take a payment back by an entry of its own; the invoice is owed again.

    Args:
        ledger: the ledger.
        reference: ``P-000007`` or 7.
        rules: through which day the books are closed.
        reason: why; kept with the payment.
        day: the date of the reversing entry; today by default.
        today: today in the company's time zone.

    Raises:
        NotFoundError: there is no such payment.
        RefusedError: voided already, or the day is not allowed.
        UsageError: no reason.
    """
    require_reason(reason)
    on = day or today
    with ledger.transaction():
        payment = find_payment(ledger, reference)
        _require_voidable(ledger, payment, rules, on, today)
        _write_void(ledger, payment, on, reason)
        append_event(
            ledger,
            "payment.void",
            payment.name,
            before={"status": "recorded"},
            after={
                "status": "voided",
                "date": on.isoformat(),
                "digest": void_digest(ledger, payment.payment_id),
            },
            reason=reason,
        )
        return find_payment(ledger, payment.name)


def _write_void(ledger: Ledger, payment: Payment, on: date, reason: str) -> None:
    """Write the payment's entry the other way round, and the void that it belongs to."""
    lines = ledger.rows(
        "SELECT account_id, -amount_minor FROM journal_line WHERE entry_id ="
        " (SELECT entry_id FROM payment WHERE id = ?) ORDER BY id",
        (payment.payment_id,),
    )
    entry_id = write_entry(ledger, "void", payment.document_id, on, lines)
    ledger.execute(
        "INSERT INTO payment_void (payment_id, entry_id, date, reason, at, actor)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (payment.payment_id, entry_id, on.isoformat(), reason, ledger.now(), ledger.actor),
    )


def _require_voidable(
    ledger: Ledger, payment: Payment, rules: PostingRules, on: date, today: date
) -> None:
    if payment.voided_on is not None:
        raise RefusedError(
            f"{payment.name} was voided on {payment.voided_on}.",
            code="already-voided",
            fix=f"sfsync payment list --invoice {payment.invoice}",
        )
    if not payment.paid_on <= on <= today:
        raise RefusedError(
            f"A void of {payment.name} is dated from {payment.paid_on} through {today}, not {on}.",
            code="void-date",
            fix="choose another --date",
        )
    require_open_day(ledger, rules.closed_through, on)
