"""What a draft says now, in the form in which a sync decides it."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

from sfsync.ledger.many import ids_json
from sfsync.ledger.micro import from_micro
from sfsync.ledger.model import InvoiceContent, LineContent, ProductKey

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sfsync.ledger.connection import Ledger

_DOCUMENT = """
    SELECT d.customer_id, d.description, d.document_date, d.due_date, d.currency, d.exponent,
           d.total_minor, d.sales_rep, d.region, d.po_number, d.contact_salesforce_id,
           (SELECT json_group_object(name, value) FROM document_property WHERE document_id = d.id)
    FROM document d WHERE d.id = ?
"""
_LINES = """
    SELECT p.name, p.code, p.salesforce_id, p.family, l.description, l.quantity_micro,
           l.unit_price_micro, l.discount_micro, l.amount_minor, l.salesforce_id,
           (SELECT json_group_object(name, value) FROM line_property WHERE line_id = l.id)
    FROM document_line l LEFT JOIN product p ON p.id = l.product_id
    WHERE l.document_id = ? ORDER BY l.position
"""


def stored_content(ledger: Ledger, document_id: int) -> InvoiceContent:
    """The content of a document as it is stored."""
    (customer, description, day, due, currency, exponent, total, rep, region, po_number, contact,
     properties) = ledger.row(_DOCUMENT, (document_id,))  # fmt: skip
    return InvoiceContent(
        customer_id=customer,
        description=description,
        document_date=date.fromisoformat(day),
        due_date=date.fromisoformat(due),
        currency=currency,
        exponent=exponent,
        total_minor=total,
        lines=_lines(ledger, document_id),
        sales_rep=rep,
        region=region,
        po_number=po_number,
        contact_salesforce_id=contact,
        properties=json.loads(properties),
    )


def _lines(ledger: Ledger, document_id: int) -> tuple[LineContent, ...]:
    return tuple(
        LineContent(
            product=None if name is None else ProductKey(name, code, product_id, family),
            description=description,
            quantity=from_micro(quantity),
            unit_price=from_micro(price),
            discount=from_micro(discount),
            amount_minor=amount,
            properties=json.loads(properties),
            salesforce_id=line_id,
        )
        for (name, code, product_id, family, description, quantity, price, discount, amount,
             line_id, properties) in ledger.rows(_LINES, (document_id,))
    )  # fmt: skip


def pins_of(ledger: Ledger, document_ids: Iterable[int]) -> dict[int, frozenset[str]]:
    """The values of documents that a person set, for those documents that have any."""
    found: dict[int, set[str]] = {}
    for document_id, name in ledger.rows(
        "SELECT document_id, field FROM document_pin"
        " WHERE document_id IN (SELECT value FROM json_each(?))",
        (ids_json(document_ids),),
    ):
        found.setdefault(document_id, set()).add(name)
    return {document_id: frozenset(names) for document_id, names in found.items()}


def edited_drafts(
    ledger: Ledger, document_ids: Iterable[int]
) -> dict[int, tuple[InvoiceContent, frozenset[str]]]:
    """Content and pins of those of these drafts of which a person set a value."""
    return {
        document_id: (stored_content(ledger, document_id), pins)
        for document_id, pins in pins_of(ledger, document_ids).items()
    }
