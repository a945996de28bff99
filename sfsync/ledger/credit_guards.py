"""What speaks against a credit note, whatever it is over."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from sfsync.errors import RefusedError
from sfsync.ledger.chart import require_open_day
from sfsync.ledger.model import DocumentKind, DocumentStatus
from sfsync.ledger.payment_list import PaymentFilter, list_payments
from sfsync.money import Money

if TYPE_CHECKING:
    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.posting_rules import PostingRules
    from sfsync.ledger.references import DocumentReference


def refuse_not_posted(ledger: Ledger, invoice: DocumentReference) -> None:
    """Refuse what is no posted invoice, naming what undid it where something has.

    Raises:
        RefusedError: a draft, a credit note, or deleted or reversed already.
    """
    name = invoice.name
    if invoice.kind is DocumentKind.CREDIT_NOTE:
        message = f"{name} is a credit note; a wrong one is corrected by a new invoice."
        raise RefusedError(message, code="credit-note")
    if invoice.status is DocumentStatus.REVERSED:
        (other,) = ledger.row(
            "SELECT r.number FROM document d JOIN document r ON r.id = d.reversed_by_id"
            " WHERE d.id = ?",
            (invoice.document_id,),
        )
        raise RefusedError(
            f"{name} was reversed by {other} already.",
            code="already-reversed",
            fix=f"sfsync invoice show {other}",
        )
    if invoice.status is not DocumentStatus.POSTED:
        is_draft = invoice.status is DocumentStatus.DRAFT
        fix = f'sfsync invoice delete {name} --reason "…"' if is_draft else ""
        state = "a draft" if is_draft else f"{invoice.status} already"
        message = f"{name} is {state}; only posted invoices are reversed or credited."
        raise RefusedError(message, code="not-posted", fix=fix)


def refuse_day(
    ledger: Ledger, invoice: DocumentReference, rules: PostingRules, on: date, today: date
) -> None:
    """Refuse a day before the invoice, after today, or in a closed period.

    Raises:
        RefusedError: it is such a day.
    """
    name = invoice.name
    (posted_on,) = ledger.row(
        "SELECT posting_date FROM document WHERE id = ?", (invoice.document_id,)
    )
    require_open_day(ledger, rules.closed_through, on)
    if not date.fromisoformat(posted_on) <= on <= today:
        message = f"A credit note for {name} is dated from {posted_on} through {today}, not {on}."
        raise RefusedError(message, code="reversal-date", fix="choose another --date")


def refuse_paid(ledger: Ledger, invoice: DocumentReference, credited_minor: int) -> None:
    """Refuse to credit what was paid: the payment is voided first, or only the rest credited.

    Raises:
        RefusedError: more than is owed would be credited.
    """
    standing = list(list_payments(ledger, PaymentFilter(invoice.document_id, voided=False)))
    (owed, currency) = ledger.row(
        "SELECT b.balance_minor, d.currency FROM document_balance b"
        " JOIN document d ON d.id = b.document_id WHERE d.id = ?",
        (invoice.document_id,),
    )
    if standing and credited_minor > owed:
        names = [payment.name for payment in standing]
        raise RefusedError(
            f"{invoice.name} has been paid by {', '.join(names)}; "
            f"{Money(owed, currency)} is still owed.",
            code="has-payments",
            fix=f'sfsync payment void {names[0]} --reason "…", or credit no more than is owed',
        )
