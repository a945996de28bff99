"""What a person notes on a document: a hold, its release, a review, an accepted drift."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sfsync.errors import RefusedError, UsageError
from sfsync.ledger.audit import append_event, require_reason
from sfsync.ledger.contents import stored_content
from sfsync.ledger.model import DocumentKind, DocumentStatus
from sfsync.ledger.references import find_document

if TYPE_CHECKING:
    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.model import InvoiceContent
    from sfsync.ledger.references import DocumentReference


def _find_draft(ledger: Ledger, reference: str, what: str) -> DocumentReference:
    document = find_document(ledger, reference)
    if document.status is not DocumentStatus.DRAFT:
        raise ways_out_of(document, what)
    return document


def changed_meanwhile(document: DocumentReference) -> RefusedError:
    """The refusal of what was decided on something that the document no longer says."""
    return RefusedError(
        f"{document.name} was changed meanwhile; nothing was written.",
        code="changed-meanwhile",
        fix="look at it again",
    )


def ways_out_of(document: DocumentReference, what: str) -> RefusedError:
    """The refusal of something that only drafts allow, and what can be done instead.

    Args:
        document: posted, reversed or deleted.
        what: what a draft could have been: ``edited``.
    """
    name = document.name
    fix = {
        DocumentStatus.POSTED: f'credit a part: sfsync invoice credit {name} --reason "…" '
        f'--amount …, or: sfsync invoice reverse {name} --reason "…", then: '
        f"sfsync invoice resync {name}",
        DocumentStatus.REVERSED: f"sfsync invoice resync {name}",
        DocumentStatus.DELETED: f"sfsync invoice resync {name}",
    }[document.status]
    if document.kind is DocumentKind.CREDIT_NOTE:
        fix = "a wrong credit note is corrected by a new invoice"
    return RefusedError(
        f"{name} is {document.status}; only a draft can be {what}.",
        code=f"already-{document.status}",
        fix=fix,
    )


def hold_invoice(ledger: Ledger, reference: str, note: str) -> DocumentReference:
    """Keep a draft from being posted until it is released; a second hold replaces the note.

    Raises:
        NotFoundError, RefusedError: there is no such draft.
        UsageError: the note is empty.
    """
    if not note.strip():
        raise UsageError(
            "A hold needs a note.", code="note-missing", fix='--note "what it waits for"'
        )
    with ledger.transaction():
        document = _find_draft(ledger, reference, "put on hold")
        before = _hold_of(ledger, document)
        ledger.execute(
            "INSERT INTO document_hold (document_id, note, at, actor) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (document_id) DO UPDATE SET note = excluded.note, at = excluded.at,"
            " actor = excluded.actor",
            (document.document_id, note, ledger.now(), ledger.actor),
        )
        append_event(
            ledger, "invoice.hold", document.draft, before=before, after={"hold": note}, reason=note
        )
    return document


def _hold_of(ledger: Ledger, document: DocumentReference) -> dict[str, str | None]:
    found = ledger.row(
        "SELECT note FROM document_hold WHERE document_id = ?", (document.document_id,)
    )
    return {"hold": None if found is None else found[0]}


def release_invoice(ledger: Ledger, reference: str) -> DocumentReference:
    """Take the hold off a draft.

    Raises:
        NotFoundError, RefusedError: there is no such draft, or it is not on hold.
    """
    with ledger.transaction():
        document = _find_draft(ledger, reference, "released")
        before = _hold_of(ledger, document)
        if before["hold"] is None:
            raise RefusedError(f"{document.name} is not on hold.", code="not-on-hold")
        ledger.execute("DELETE FROM document_hold WHERE document_id = ?", (document.document_id,))
        append_event(ledger, "invoice.release", document.draft, before=before, after={"hold": None})
    return document


def accept_drift(ledger: Ledger, reference: str, reason: str) -> DocumentReference:
    """Call a posted invoice right as it is, although its deal differs; only other drift counts.

    Raises:
        NotFoundError: there is no such document.
        RefusedError: it is not posted, or has not drifted.
        UsageError: no reason.
    """
    require_reason(reason)
    with ledger.transaction():
        document = find_document(ledger, reference)
        drift = _drift_of_posted(ledger, document)
        ledger.execute(
            "INSERT INTO document_acceptance"
            " (document_id, source, source_hash, accepted, reason, at, actor)"
            " SELECT id, source, source_hash, ?, ?, ?, ? FROM document WHERE id = ?"
            " ON CONFLICT (document_id) DO UPDATE SET accepted = excluded.accepted,"
            " reason = excluded.reason, at = excluded.at, actor = excluded.actor",
            (drift, reason, ledger.now(), ledger.actor, document.document_id),
        )
        ledger.execute("DELETE FROM document_drift WHERE document_id = ?", (document.document_id,))
        append_event(
            ledger,
            "invoice.accept",
            document.draft,
            before={"drift": json.loads(drift)},
            after={"drift": None},
            reason=reason,
        )
    return document


def _drift_of_posted(ledger: Ledger, document: DocumentReference) -> str:
    if document.status is not DocumentStatus.POSTED:
        state = "a draft" if document.status is DocumentStatus.DRAFT else document.status
        raise RefusedError(
            f"{document.name} is {state}; only a posted invoice can be accepted.",
            code="not-posted",
            fix=f"sfsync invoice show {document.name}",
        )
    found = ledger.row(
        "SELECT detail FROM document_drift WHERE document_id = ?", (document.document_id,)
    )
    if found is None:
        raise RefusedError(f"{document.name} has not drifted.", code="not-drifted")
    return str(found[0])


def review_invoice(
    ledger: Ledger, reference: str, seen: InvoiceContent | None = None
) -> DocumentReference:
    """Note that a person has looked at a draft as it is now; a later change takes it away.

    Args:
        ledger: the ledger.
        reference: as `find_document` takes it.
        seen: what the person saw; the draft must still say it.

    Raises:
        NotFoundError: there is no such document.
        RefusedError: it is no draft, or says something else by now.
    """
    with ledger.transaction():
        document = _find_draft(ledger, reference, "reviewed")
        if seen is not None and seen != stored_content(ledger, document.document_id):
            raise changed_meanwhile(document)
        before = ledger.row(
            "SELECT actor FROM document_review WHERE document_id = ?", (document.document_id,)
        )
        ledger.execute(
            "INSERT INTO document_review (document_id, at, actor) VALUES (?, ?, ?)"
            " ON CONFLICT (document_id) DO UPDATE SET at = excluded.at, actor = excluded.actor",
            (document.document_id, ledger.now(), ledger.actor),
        )
        append_event(
            ledger,
            "invoice.review",
            document.draft,
            before={"reviewed_by": before and before[0]},
            after={"reviewed_by": ledger.actor},
        )
    return document
