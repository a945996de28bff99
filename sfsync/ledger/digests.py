"""A fingerprint of everything a posted document says, kept in the audit chain when it is posted."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfsync.ledger.connection import Ledger

# Status and reversed_by_id are left out: they are what may change.
_TEXT = """
    SELECT d.id, json_array(d.draft, d.kind, d.org_id, d.opportunity_id, d.customer_id,
        d.predecessor_id, d.reverses_id, d.document_date, d.due_date, d.currency, d.exponent,
        d.total_minor, d.description, d.sales_rep, d.region, d.po_number,
        d.contact_salesforce_id, d.source, d.source_hash, d.series_id, d.sequence, d.number,
        d.posting_date, d.posted_at, d.posted_by, d.seller, d.buyer)
    || (SELECT json_group_array(json_array(position, product_id, description, quantity_micro,
            unit_price_micro, discount_micro, amount_minor, account_id, properties))
        FROM (SELECT l.*, (SELECT json_group_array(json_array(name, value))
                           FROM line_property WHERE line_id = l.id) AS properties
              FROM document_line l WHERE l.document_id = d.id ORDER BY l.position))
    || (SELECT json_group_array(json_array(name, value))
        FROM document_property WHERE document_id = d.id)
    || (SELECT json_group_array(json_array(e.posting_date, e.currency, e.exponent,
            e.description, e.sealed, l.account_id, l.amount_minor))
        FROM journal_entry e CROSS JOIN journal_line l ON l.entry_id = e.id
        WHERE e.document_id = d.id AND e.kind = 'post')
    FROM document d WHERE d.number IS NOT NULL
"""


def document_digest(ledger: Ledger, document_id: int) -> str:
    """SHA-256 of a posted document, its lines, properties and journal."""
    return _hash(ledger.row(f"{_TEXT} AND d.id = ?", (document_id,))[1])


def document_digests(ledger: Ledger) -> Iterator[tuple[int, str]]:
    """Document id and digest of everything that was ever posted."""
    for document_id, text in ledger.each(_TEXT):
        yield document_id, _hash(text)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
