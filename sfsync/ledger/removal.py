"""Undoing: a draft is deleted, a posted invoice is reversed by a credit note. Rows stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfsync.errors import RefusedError
from sfsync.ledger.audit import append_event, require_reason
from sfsync.ledger.credit_plan import CreditRequest
from sfsync.ledger.credit_rows import remove
from sfsync.ledger.crediting import credit_invoice
from sfsync.ledger.model import DocumentStatus
from sfsync.ledger.references import find_document

if TYPE_CHECKING:
    from datetime import date

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
    require_reason(reason)
    with ledger.transaction():
        document = find_document(ledger, reference)
        if document.status is not DocumentStatus.DRAFT:
            raise _not_a_draft(document)
        tombstone(ledger, document, reason)
    return document


def tombstone(ledger: Ledger, document: DocumentReference, reason: str) -> None:
    """Make a draft a tombstone, inside the caller's transaction."""
    ledger.execute("UPDATE document SET status = 'deleted' WHERE id = ?", (document.document_id,))
    remove(ledger, document, reason)
    append_event(
        ledger,
        "invoice.delete",
        document.draft,
        before={"status": DocumentStatus.DRAFT.value},
        after={"status": DocumentStatus.DELETED.value},
        reason=reason,
    )


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


def reverse_invoice(
    ledger: Ledger,
    reference: str,
    rules: PostingRules,
    *,
    reason: str,
    day: date | None = None,
    today: date,
) -> Reversal:
    """Reverse a posted invoice: a credit note over all that has not been credited yet.

    Args:
        ledger: the ledger.
        reference: as `find_document` takes it.
        rules: numbering, chart and seller.
        reason: why; kept with both documents.
        day: the credit note's date; today by default.
        today: today in the company's time zone.

    Raises:
        NotFoundError: there is no such document.
        RefusedError: not posted, a credit note, paid, or the day is not allowed.
        UsageError: no reason.
    """
    note = credit_invoice(
        ledger, reference, rules, CreditRequest(), reason=reason, day=day, today=today
    )
    return Reversal(
        note.invoice_id, note.invoice_number, note.credit_note_id, note.number, note.posting_date
    )
