"""Finding a document by whatever a person has at hand: draft id, number, opportunity id, URL."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfsync.errors import NotFoundError
from sfsync.ids import full_id, ids_in
from sfsync.ledger.model import DocumentKind, DocumentStatus

if TYPE_CHECKING:
    from sfsync.ledger.connection import Ledger

_DRAFT = re.compile(r"[dD]-?0*(\d{1,18})")
_CANDIDATES = 500


@dataclass(frozen=True, slots=True)
class DocumentReference:
    """Which document was meant."""

    document_id: int
    draft: str
    number: str | None
    status: DocumentStatus
    kind: DocumentKind
    opportunity_id: str

    @property
    def name(self) -> str:
        """The number, or the draft id of a document without one."""
        return self.number or self.draft


def drafts_of_deal(ledger: Ledger, opportunity_id: str) -> list[str]:
    """The draft ids of every document that a deal ever had, whatever became of them."""
    rows = ledger.rows(
        "SELECT draft FROM document WHERE opportunity_id = ? ORDER BY id", (opportunity_id,)
    )
    return [draft for (draft,) in rows]


ALL_DOCUMENTS = "sfsync invoice list"
"""Where to look for a document when nothing is near what was named."""

_SELECT = "SELECT id, draft, number, status, kind, opportunity_id FROM document WHERE "


def find_document(ledger: Ledger, reference: str) -> DocumentReference:
    """The document that `reference` means.

    Args:
        ledger: the ledger.
        reference: ``D-000131`` (also ``d-131``), a posted number, an opportunity id of 15 or 18
            characters or a Salesforce URL with one: the live invoice, else the latest document.

    Raises:
        NotFoundError: nothing fits; the fix names what is near.
    """
    text = reference.strip()
    row = ledger.row(_SELECT + "number = :text OR number = upper(:text)", {"text": text})
    if row is None and (draft := _DRAFT.fullmatch(text)):
        row = ledger.row(_SELECT + "id = ?", (int(draft[1]),))
    if row is None:
        row = _of_opportunity(ledger, text)
    if row is None:
        raise NotFoundError(
            f"There is no invoice '{reference}'.",
            code="invoice-not-found",
            fix=_near(ledger, text),
        )
    document_id, draft_id, number, status, kind, opportunity_id = row
    return DocumentReference(
        document_id,
        draft_id,
        number,
        DocumentStatus(status),
        DocumentKind(kind),
        opportunity_id,
    )


def _of_opportunity(ledger: Ledger, text: str) -> tuple[int, str, str | None, str, str, str] | None:
    for found in ids_in(text):
        row: tuple[int, str, str | None, str, str, str] | None = ledger.row(
            _SELECT + "opportunity_id = ?"
            " ORDER BY kind = 'invoice' AND status IN ('draft', 'posted') DESC, id DESC LIMIT 1",
            (full_id(found),),
        )
        if row is not None:
            return row
    return None


def _near(ledger: Ledger, text: str) -> str:
    newest = ledger.rows(
        "SELECT coalesce(number, draft) FROM document ORDER BY id DESC LIMIT ?", (_CANDIDATES,)
    )
    near = difflib.get_close_matches(text.upper(), [name for (name,) in newest], n=3, cutoff=0.75)
    return f"did you mean {', '.join(near)}?" if near else ALL_DOCUMENTS
