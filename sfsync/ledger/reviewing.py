"""Drafts as a person goes through them: in which order, and what is new since the last look."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sfsync.ledger.contents import stored_content
from sfsync.ledger.differences import differences
from sfsync.ledger.invoice_filter import DOCUMENTS, compile_filter
from sfsync.ledger.model import DocumentStatus, canonical_json

if TYPE_CHECKING:
    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.differences import Changes
    from sfsync.ledger.invoice_filter import InvoiceFilter


@dataclass(frozen=True, slots=True)
class LastLook:
    """When and by whom a draft was last looked at, and what has changed since; None: never."""

    at: str | None
    actor: str | None
    changes: Changes


def review_queue(ledger: Ledger, wanted: InvoiceFilter) -> list[str]:
    """The draft ids to go through: first what nobody has looked at, last what is reviewed.

    Within each part the order is the filter's. Whoever stops and comes back begins with what is
    left, and meets what was skipped after it.
    """
    where, parameters = compile_filter(replace(wanted, status=DocumentStatus.DRAFT))
    rows = ledger.rows(
        "SELECT d.draft, EXISTS (SELECT 1 FROM document_review WHERE document_id = d.id),"  # noqa: S608 - from compile_filter's own constants
        f" EXISTS (SELECT 1 FROM document_seen WHERE document_id = d.id) FROM {DOCUMENTS} {where}",
        parameters,
    )
    return [draft for draft, _, _ in sorted(rows, key=lambda row: row[1:])]


def last_look(ledger: Ledger, document_id: int) -> LastLook:
    """What was remembered of a draft by `mark_seen`."""
    found = ledger.row(
        "SELECT shown, at, actor FROM document_seen WHERE document_id = ?", (document_id,)
    )
    if found is None:
        return LastLook(None, None, {})
    shown, at, actor = found
    now = stored_content(ledger, document_id).as_source()
    return LastLook(at, actor, differences(json.loads(shown), now))


def mark_seen(ledger: Ledger, document_id: int) -> None:
    """Remember that somebody looks at a draft, and what it says.

    This is a bookmark and no change of the books: it is not audited.
    """
    shown = canonical_json(stored_content(ledger, document_id).as_source())
    with ledger.transaction():
        ledger.execute(
            "INSERT INTO document_seen (document_id, shown, at, actor) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (document_id) DO UPDATE SET shown = excluded.shown, at = excluded.at,"
            " actor = excluded.actor",
            (document_id, shown, ledger.now(), ledger.actor),
        )
