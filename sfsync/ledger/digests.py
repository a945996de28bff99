"""Fingerprints of what was posted or paid, kept in the audit chain from the moment it happened."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfsync.ledger.connection import Ledger

# Status and reversed_by_id are left out: they are what may change.
_DOCUMENT = """
    SELECT d.id, json_array(d.draft, d.kind, d.org_id, d.opportunity_id, d.customer_id,
        d.predecessor_id, d.reverses_id, d.run_id, d.document_date, d.due_date, d.currency,
        d.exponent, d.total_minor, d.description, d.sales_rep, d.region, d.po_number,
        d.contact_salesforce_id, d.source, d.source_hash, d.created_at, d.series_id,
        (SELECT key FROM number_series WHERE id = d.series_id), d.sequence, d.number,
        d.posting_date, d.posted_at, d.posted_by, d.seller, d.buyer)
    || (SELECT json_group_array(json_array(l.id, l.position, l.product_id, l.description,
            l.quantity_micro, l.unit_price_micro, l.discount_micro, l.amount_minor, l.account_id,
            l.salesforce_id, (SELECT json_group_array(json_array(name, value))
                              FROM line_property WHERE line_id = l.id)))
        FROM document_line l WHERE l.document_id = d.id)
    || (SELECT json_group_array(json_array(name, value))
        FROM document_property WHERE document_id = d.id)
    || (SELECT json_group_array(json_array(e.id, e.posting_date, e.currency, e.exponent,
            e.description, e.sealed, l.id, l.account_id, l.amount_minor))
        FROM journal_entry e CROSS JOIN journal_line l ON l.entry_id = e.id
        WHERE e.document_id = d.id AND e.kind = 'post')
    FROM document d WHERE d.number IS NOT NULL
"""
_ENTRY = """
    || (SELECT json_group_array(json_array(e.id, e.kind, e.document_id, e.posting_date, e.currency,
            e.exponent, e.description, e.sealed, l.id, l.account_id, l.amount_minor))
        FROM journal_entry e CROSS JOIN journal_line l ON l.entry_id = e.id
        WHERE e.id = p.entry_id)
"""
_PAYMENT = f"""
    SELECT p.id, json_array(p.name, p.document_id, p.entry_id, p.date, p.currency, p.exponent,
        p.amount_minor, p.balance_minor, p.method, p.reference, p.idempotency_key, p.at, p.actor)
    {_ENTRY} FROM payment p
"""  # noqa: S608 - a constant
_VOID = f"""
    SELECT p.payment_id, json_array(p.payment_id, p.entry_id, p.date, p.reason, p.at, p.actor)
    {_ENTRY} FROM payment_void p
"""  # noqa: S608 - a constant


def document_digest(ledger: Ledger, document_id: int) -> str:
    """SHA-256 of a posted document, its lines, properties and journal."""
    return _hash(ledger.row(f"{_DOCUMENT} AND d.id = ?", (document_id,))[1])


def document_digests(ledger: Ledger) -> Iterator[tuple[int, str]]:
    """Document id and digest of everything that was ever posted."""
    return _digests(ledger, _DOCUMENT)


def payment_digest(ledger: Ledger, payment_id: int) -> str:
    """SHA-256 of a payment and its journal entry."""
    return _hash(ledger.row(f"{_PAYMENT} WHERE p.id = ?", (payment_id,))[1])


def payment_digests(ledger: Ledger) -> Iterator[tuple[int, str]]:
    """Payment id and digest of every payment."""
    return _digests(ledger, _PAYMENT)


def void_digest(ledger: Ledger, payment_id: int) -> str:
    """SHA-256 of what voided a payment, with its journal entry."""
    return _hash(ledger.row(f"{_VOID} WHERE p.payment_id = ?", (payment_id,))[1])


def void_digests(ledger: Ledger) -> Iterator[tuple[int, str]]:
    """Payment id and digest of every void."""
    return _digests(ledger, _VOID)


def _digests(ledger: Ledger, query: str) -> Iterator[tuple[int, str]]:
    for key, text in ledger.each(query):
        yield key, _hash(text)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
