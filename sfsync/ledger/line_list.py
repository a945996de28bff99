"""Lines of documents and of the journal, one by one, for exports."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sfsync.ledger.invoice_filter import DOCUMENTS, InvoiceFilter, compile_filter
from sfsync.ledger.journal import debit_and_credit
from sfsync.ledger.micro import from_micro
from sfsync.money import minor_to_text, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfsync.ledger.connection import Ledger

# The documents that a filter chooses, numbered in its order.
_CHOSEN = "WITH chosen AS (SELECT row_number() OVER () AS place, id FROM (SELECT d.id AS id FROM "
_LINES = """
    SELECT d.number, d.draft, d.status, d.kind, c.number, c.name, d.opportunity_id,
           d.document_date, d.currency, d.exponent, d.sales_rep, d.region, l.position, p.name,
           p.code, l.description, l.quantity_micro, l.unit_price_micro, l.discount_micro,
           l.amount_minor,
           CASE WHEN EXISTS (SELECT 1 FROM line_property WHERE line_id = l.id)
                THEN (SELECT json_group_object(name, value) FROM line_property
                      WHERE line_id = l.id) END
    FROM chosen x CROSS JOIN document d ON d.id = x.id
    JOIN customer o ON o.id = d.customer_id
    JOIN customer c ON c.id = coalesce(o.merged_into, o.id)
    JOIN document_line l ON l.document_id = d.id
    LEFT JOIN product p ON p.id = l.product_id
    ORDER BY x.place, l.position
"""
_JOURNAL = """
    SELECT e.id, e.posting_date, e.kind, d.number, d.draft, d.kind, c.number, c.name, a.code,
           a.name, l.amount_minor, e.currency, e.exponent, e.description
    FROM journal_entry e JOIN chosen x ON x.id = e.document_id
    JOIN document d ON d.id = e.document_id
    JOIN customer o ON o.id = d.customer_id
    JOIN customer c ON c.id = coalesce(o.merged_into, o.id)
    JOIN journal_line l ON l.entry_id = e.id JOIN ledger_account a ON a.id = l.account_id
    WHERE e.sealed = 1 ORDER BY e.posting_date, e.id, l.id
"""


def list_lines(ledger: Ledger, wanted: InvoiceFilter | None = None) -> Iterator[dict[str, Any]]:
    """The lines of the documents that pass a filter, as JSON objects with their document's facts.

    Raises:
        UsageError: the filter sorts by something unknown.
    """
    for row in _each(ledger, wanted, _LINES):
        (number, draft, status, kind, customer, customer_name, opportunity, day, currency, exponent,
         rep, region, no, product, code, description, quantity, price, discount, amount,
         properties) = row  # fmt: skip
        yield {
            "number": number,
            "draft": draft,
            "status": status,
            "kind": kind,
            "customer": {"id": customer, "name": customer_name},
            "opportunity": opportunity,
            "document_date": day,
            "sales_rep": rep,
            "region": region,
            "no": no,
            "product": product,
            "product_code": code,
            "description": description,
            "quantity": _text(quantity),
            "unit_price": _text(price),
            "discount": _text(discount),
            "amount": minor_to_text(amount, exponent),
            "currency": currency,
            "properties": json.loads(properties) if properties else {},
        }


def list_journal_lines(
    ledger: Ledger, wanted: InvoiceFilter | None = None
) -> Iterator[dict[str, Any]]:
    """The journal lines of the documents that pass a filter, by posting date, as JSON objects.

    Raises:
        UsageError: the filter sorts by something unknown.
    """
    for row in _each(ledger, wanted, _JOURNAL):
        (entry, day, entry_kind, number, draft, kind, customer, customer_name, account,
         account_name, amount, currency, exponent, description) = row  # fmt: skip
        yield {
            "entry": entry,
            "posting_date": day,
            "entry_kind": entry_kind,
            "number": number,
            "draft": draft,
            "kind": kind,
            "customer": {"id": customer, "name": customer_name},
            "account": account,
            "account_name": account_name,
            **debit_and_credit(amount, exponent),
            "currency": currency,
            "description": description,
        }


def property_names(ledger: Ledger, *, of_lines: bool = False) -> list[str]:
    """Every name that a custom property of a document, or of a line, has."""
    table = "line_property" if of_lines else "document_property"
    return [name for (name,) in ledger.rows(f"SELECT DISTINCT name FROM {table} ORDER BY name")]  # noqa: S608 - two constants


def _each(ledger: Ledger, wanted: InvoiceFilter | None, query: str) -> Iterator[Any]:
    conditions, parameters = compile_filter(wanted or InvoiceFilter())
    yield from ledger.each(f"{_CHOSEN}{DOCUMENTS}{conditions})) {query}", parameters)


def _text(micro: int | None) -> str | None:
    number = from_micro(micro)
    return None if number is None else plain(number)
