"""Undoing: a draft is deleted, a posted invoice is reversed by a credit note. Rows stay."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from sfsync.errors import RefusedError, UsageError
from sfsync.ledger.audit import append_event
from sfsync.ledger.chart import closed_through
from sfsync.ledger.digests import document_digest
from sfsync.ledger.model import DocumentKind, DocumentStatus
from sfsync.ledger.numbering import next_number
from sfsync.ledger.payment_list import PaymentFilter, list_payments
from sfsync.ledger.posting import freeze, latest, number_taken, write_entry
from sfsync.ledger.references import find_document

if TYPE_CHECKING:
    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.posting_rules import PostingRules
    from sfsync.ledger.references import DocumentReference


@dataclass(frozen=True, slots=True)
class Reversal:
    """A reversed invoice and the credit note that did it."""

    invoice_id: int
    invoice_number: str
    credit_note_id: int
    credit_note_number: str
    posting_date: date


def delete_draft(ledger: Ledger, reference: str, reason: str) -> DocumentReference:
    """Delete a draft: it stays as a tombstone, so that the next sync does not bring it back.

    Raises:
        NotFoundError: there is no such document.
        RefusedError: it is not a draft.
        UsageError: no reason.
    """
    _require_reason(reason)
    with ledger.transaction():
        document = find_document(ledger, reference)
        if document.status is not DocumentStatus.DRAFT:
            raise _not_a_draft(document)
        ledger.execute(
            "UPDATE document SET status = 'deleted' WHERE id = ?", (document.document_id,)
        )
        _remove(ledger, document, reason)
        append_event(
            ledger,
            "invoice.delete",
            document.draft,
            before={"status": DocumentStatus.DRAFT.value},
            after={"status": DocumentStatus.DELETED.value},
            reason=reason,
        )
    return document


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise UsageError("A reason is needed.", code="reason-missing", fix='--reason "…"')


def _not_a_draft(document: DocumentReference) -> RefusedError:
    if document.status is DocumentStatus.POSTED:
        return RefusedError(
            f"{document.name} is posted; only drafts are deleted.",
            code="already-posted",
            fix=f'sfsync invoice reverse {document.name} --reason "…"',
        )
    return RefusedError(
        f"{document.name} is {document.status} already.", code=f"already-{document.status}"
    )


def _remove(ledger: Ledger, document: DocumentReference, reason: str) -> None:
    ledger.execute(
        "INSERT INTO document_removal (document_id, system_modstamp, reason, at, actor)"
        " VALUES (?, (SELECT system_modstamp FROM opportunity WHERE salesforce_id = ?), ?, ?, ?)",
        (document.document_id, document.opportunity_id, reason, ledger.now(), ledger.actor),
    )
    for table in ("document_drift", "document_hold", "document_review", "document_pin"):
        ledger.execute(f"DELETE FROM {table} WHERE document_id = ?", (document.document_id,))  # noqa: S608 - constants


def reverse_invoice(
    ledger: Ledger,
    reference: str,
    rules: PostingRules,
    *,
    reason: str,
    day: date | None = None,
    today: date,
) -> Reversal:
    """Reverse a posted invoice: a posted credit note with its stored lines negated, linked.

    Args:
        ledger: the ledger.
        reference: as `find_document` takes it.
        rules: numbering and seller.
        reason: why; kept with both documents.
        day: the credit note's date; today by default.
        today: today in the company's time zone.

    Raises:
        NotFoundError: there is no such document.
        RefusedError: not posted, a credit note, partly credited, or the day is not allowed.
        UsageError: no reason.
    """
    _require_reason(reason)
    on = day or today
    with ledger.transaction():
        invoice = find_document(ledger, reference)
        _check(ledger, invoice, rules, on, today)
        credit_id = _copy_negated(ledger, invoice.document_id, on)
        number = next_number(ledger, rules.credit_numbering, on, 1)
        if number_taken(ledger, number):
            raise RefusedError(
                f"{number.number} is the number of another document already.",
                code="number-taken",
                fix="change posting.credit_numbering",
            )
        write_entry(ledger, credit_id, on, _negated_entry(ledger, invoice.document_id))
        freeze(ledger, credit_id, number, on, rules.seller)
        ledger.execute(
            "UPDATE document SET status = 'reversed', reversed_by_id = ? WHERE id = ?",
            (credit_id, invoice.document_id),
        )
        _remove(ledger, invoice, reason)
        _audit(ledger, invoice, credit_id, number.number, reason)
    return Reversal(invoice.document_id, invoice.name, credit_id, number.number, on)


def _check(
    ledger: Ledger, invoice: DocumentReference, rules: PostingRules, on: date, today: date
) -> None:
    name = invoice.name
    if invoice.kind is DocumentKind.CREDIT_NOTE:
        message = f"{name} is a credit note; a wrong one is corrected by a new invoice."
        raise RefusedError(message, code="credit-note")
    if invoice.status is not DocumentStatus.POSTED:
        is_draft = invoice.status is DocumentStatus.DRAFT
        fix = f'sfsync invoice delete {name} --reason "…"' if is_draft else ""
        state = "a draft" if is_draft else f"{invoice.status} already"
        message = f"{name} is {state}; only posted invoices are reversed."
        raise RefusedError(message, code="not-posted", fix=fix)
    (posted_on, credited) = ledger.row(
        "SELECT posting_date, EXISTS (SELECT 1 FROM document WHERE reverses_id = d.id"
        " AND status = 'posted') FROM document d WHERE id = ?",
        (invoice.document_id,),
    )
    if credited:
        message = f"{name} has been credited in part and cannot be reversed as a whole."
        raise RefusedError(
            message, code="partly-credited", fix="credit the rest by hand in your accounts"
        )
    _refuse_paid(ledger, invoice)
    closed = latest(closed_through(ledger), rules.closed_through)
    if closed is not None and on <= closed:
        message = f"{on} is in a closed period (through {closed})."
        raise RefusedError(message, code="period-closed", fix=_open_day(name, closed))
    if not date.fromisoformat(posted_on) <= on <= today:
        message = f"A reversal of {name} is dated from {posted_on} through {today}, not {on}."
        raise RefusedError(message, code="reversal-date", fix="choose another --date")


def _refuse_paid(ledger: Ledger, invoice: DocumentReference) -> None:
    standing = list_payments(ledger, PaymentFilter(invoice.document_id, voided=False))
    if names := [payment.name for payment in standing]:
        raise RefusedError(
            f"{invoice.name} has been paid by {', '.join(names)}; void that first.",
            code="has-payments",
            fix=f'sfsync payment void {names[0]} --reason "…"',
        )


def _open_day(name: str, closed: date) -> str:
    first_open = closed + timedelta(days=1)
    return (
        f'reverse it on an open day: sfsync invoice reverse {name} --reason "…" --date {first_open}'
    )


def _copy_negated(ledger: Ledger, document_id: int, on: date) -> int:
    credit_id = ledger.insert(
        "INSERT INTO document (kind, org_id, opportunity_id, customer_id, reverses_id,"
        " document_date, due_date, currency, exponent, total_minor, description, sales_rep, region,"
        " po_number, contact_salesforce_id, source, source_hash, created_at)"
        " SELECT 'credit_note', org_id, opportunity_id, customer_id, id, :day, :day, currency,"
        " exponent, -total_minor, description, sales_rep, region, po_number,"
        " contact_salesforce_id, source, source_hash, :now FROM document WHERE id = :document",
        {"day": on.isoformat(), "now": ledger.now(), "document": document_id},
    )
    ledger.execute(
        "INSERT INTO document_property (document_id, name, value)"
        " SELECT ?, name, value FROM document_property WHERE document_id = ?",
        (credit_id, document_id),
    )
    ledger.execute(
        "INSERT INTO document_line (document_id, position, product_id, description,"
        " quantity_micro, unit_price_micro, discount_micro, amount_minor, account_id,"
        " salesforce_id) SELECT ?, position, product_id, description, -quantity_micro,"
        " unit_price_micro, discount_micro, -amount_minor, account_id, salesforce_id"
        " FROM document_line WHERE document_id = ? ORDER BY position",
        (credit_id, document_id),
    )
    ledger.execute(
        "INSERT INTO line_property (line_id, name, value)"
        " SELECT c.id, p.name, p.value FROM line_property p"
        " JOIN document_line o ON o.id = p.line_id"
        " JOIN document_line c ON c.document_id = ? AND c.position = o.position"
        " WHERE o.document_id = ?",
        (credit_id, document_id),
    )
    return credit_id


def _negated_entry(ledger: Ledger, document_id: int) -> list[tuple[int, int]]:
    return ledger.rows(
        "SELECT l.account_id, -l.amount_minor FROM journal_line l"
        " JOIN journal_entry e ON e.id = l.entry_id"
        " WHERE e.document_id = ? AND e.kind = 'post' ORDER BY l.id",
        (document_id,),
    )


def _audit(
    ledger: Ledger, invoice: DocumentReference, credit_id: int, number: str, reason: str
) -> None:
    append_event(
        ledger,
        "invoice.post",
        f"D-{credit_id:06d}",
        after={
            "status": DocumentStatus.POSTED.value,
            "number": number,
            "reverses": invoice.name,
            "digest": document_digest(ledger, credit_id),
        },
        reason=reason,
    )
    append_event(
        ledger,
        "invoice.reverse",
        invoice.draft,
        before={"status": DocumentStatus.POSTED.value},
        after={"status": DocumentStatus.REVERSED.value, "reversed_by": number},
        reason=reason,
    )
