"""Writing a page of changes, outcomes, cursor and audit in the caller's transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.ledger.apply_drafts import create_drafts, update_drafts, write_baselines, write_drifts
from sfsync.ledger.apply_outcomes import remember, write_cursor, write_failures, write_records
from sfsync.ledger.apply_parties import write_contacts, write_customers
from sfsync.ledger.audit import append_events
from sfsync.ledger.rechecks import clear_rechecks

if TYPE_CHECKING:
    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.model import PageOfChanges


def apply(ledger: Ledger, run_id: int, page: PageOfChanges) -> dict[str, int]:
    """Write a page; the caller's `ledger.transaction()` makes it all or nothing.

    Returns:
        The document id of each new draft, by opportunity id.

    Raises:
        ValueError: the page contradicts the ledger (an update of what is no draft, a product that
            should be there and is not): the decision was made on another state.
    """
    ledger.require_transaction()
    events = write_customers(ledger, page.customers)
    events += write_contacts(ledger, page.contacts)
    created, new_drafts = create_drafts(ledger, run_id, page.creates)
    events += new_drafts
    events += update_drafts(ledger, page.updates)
    events += write_drifts(ledger, run_id, page.drifts)
    events += write_baselines(ledger, page.baselines)
    remember(ledger, page.opportunities)
    write_records(ledger, run_id, page.records, created)
    write_failures(ledger, run_id, page.records)
    clear_rechecks(ledger, page.records)
    write_cursor(ledger, run_id, page.cursor)
    if events:
        append_events(ledger, events, run_id)
    return created
