"""Undoing a run: its drafts go in one step, and what is posted is named for a reversal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfsync.errors import RefusedError
from sfsync.ledger.audit import append_event, require_reason
from sfsync.ledger.history import show_run
from sfsync.ledger.invoice_filter import InvoiceFilter
from sfsync.ledger.invoices import list_invoices
from sfsync.ledger.model import DocumentKind, DocumentStatus, RunOutcome
from sfsync.ledger.references import find_document
from sfsync.ledger.removal import tombstone

if TYPE_CHECKING:
    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.invoices import InvoiceRow


@dataclass(frozen=True, slots=True)
class RunDocuments:
    """The invoices that a run created, by what has become of them since.

    `by_hand` counts the drafts of which a person set values, or that are reviewed or on hold.
    `updated` are documents of earlier runs that this one wrote new values into.
    """

    run: int
    drafts: tuple[InvoiceRow, ...]
    posted: tuple[InvoiceRow, ...]
    gone: tuple[str, ...]
    updated: tuple[str, ...]
    by_hand: int


_BY_HAND = """
    SELECT count(*) FROM document d WHERE d.run_id = ? AND d.status = 'draft' AND (
        EXISTS (SELECT 1 FROM document_pin WHERE document_id = d.id)
        OR EXISTS (SELECT 1 FROM document_review WHERE document_id = d.id)
        OR EXISTS (SELECT 1 FROM document_hold WHERE document_id = d.id))
"""
_UPDATED = """
    SELECT coalesce(d.number, d.draft) FROM run_record r JOIN document d ON d.id = r.document_id
    WHERE r.run_id = ? AND r.outcome = 'updated' AND d.run_id IS NOT r.run_id ORDER BY d.id
"""
_GONE = """
    SELECT draft FROM document
    WHERE run_id = ? AND kind = 'invoice' AND status IN ('deleted', 'reversed') ORDER BY id
"""


def documents_of(ledger: Ledger, run_id: int | None) -> RunDocuments:
    """What a run created; without a number, the latest run.

    Raises:
        NotFoundError: there is no such run.
        RefusedError: it is still at work.
    """
    run = show_run(ledger, run_id, ()).summary
    if run.outcome is RunOutcome.RUNNING:
        raise RefusedError(
            f"Run {run.run} is still at work.", code="run-running", fix="wait until it has ended"
        )
    rows = [
        row
        for row in list_invoices(ledger, InvoiceFilter(run=run.run, sort="draft"))
        if row.kind is DocumentKind.INVOICE
    ]
    (by_hand,) = ledger.row(_BY_HAND, (run.run,))
    return RunDocuments(
        run.run,
        tuple(row for row in rows if row.status is DocumentStatus.DRAFT),
        tuple(row for row in rows if row.status is DocumentStatus.POSTED),
        tuple(draft for (draft,) in ledger.rows(_GONE, (run.run,))),
        tuple(name for (name,) in ledger.rows(_UPDATED, (run.run,))),
        by_hand,
    )


def undo_run(ledger: Ledger, run_id: int, reason: str) -> RunDocuments:
    """Delete every draft that a run created, all in one step; posted invoices stay.

    Returns:
        What the run had created, as it was before.

    Raises:
        NotFoundError: there is no such run.
        RefusedError: it is still at work.
        UsageError: no reason.
    """
    require_reason(reason)
    with ledger.transaction():
        found = documents_of(ledger, run_id)
        for row in found.drafts:
            tombstone(ledger, find_document(ledger, row.draft), reason)
        append_event(
            ledger,
            "run.undo",
            f"run {found.run}",
            before={"drafts": [row.draft for row in found.drafts]},
            after={
                "deleted": [row.draft for row in found.drafts],
                "posted": [row.name for row in found.posted],
            },
            reason=reason,
        )
    return found
