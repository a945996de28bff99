"""What a posted document keeps of its seller and customer, whatever becomes of them later."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sfsync.ledger.audit import Finding
from sfsync.ledger.model import canonical_json
from sfsync.ledger.posting_rules import own_terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.posting_rules import AgreedTerms, Seller

_BUYER = """
    SELECT json_object('number', c.number, 'name', c.name, 'tax_id', c.tax_id, 'email', c.email,
        'terms', c.terms, 'street', c.street, 'city', c.city, 'state', c.state,
        'postal_code', c.postal_code, 'country', c.country, 'contact', k.name),
        d.document_date, d.due_date
    FROM document d JOIN customer c ON c.id = d.customer_id
    LEFT JOIN contact k ON k.salesforce_id = d.contact_salesforce_id WHERE d.id = ?
"""


@dataclass(frozen=True, slots=True)
class Parties:
    """Seller and customer as a document names them; `logo` is the seller's picture."""

    seller: Mapping[str, Any]
    buyer: Mapping[str, Any]
    logo: bytes | None


@dataclass(frozen=True, slots=True)
class Credited:
    """What a credit note credits, and why."""

    number: str
    document_date: date
    reason: str | None


def buyer_text(ledger: Ledger, document_id: int, terms: AgreedTerms) -> str:
    """The customer of a document as it is now, as the JSON that posting freezes.

    `terms` chooses those that the document names: no others than give its due date.
    """
    text, *days = ledger.row(_BUYER, (document_id,))
    buyer = json.loads(text)
    agreed = terms(buyer["terms"], *map(date.fromisoformat, days))
    return canonical_json({**buyer, "terms": agreed})


def seller_text(ledger: Ledger, seller: Seller) -> str:
    """The seller as the JSON that posting freezes; the logo is kept once, under its SHA-256."""
    if seller.logo is None:
        return canonical_json(_without_logo(seller))
    digest = _digest(seller.logo)
    ledger.execute(
        "INSERT INTO image (sha256, content) SELECT :digest, :content"
        " WHERE NOT EXISTS (SELECT 1 FROM image WHERE sha256 = :digest)",
        {"digest": digest, "content": seller.logo},
    )
    return canonical_json({**_without_logo(seller), "logo": digest})


def parties_of(
    ledger: Ledger, document_id: int, now: Seller, terms: AgreedTerms = own_terms
) -> Parties:
    """The frozen parties of a posted document; of a draft those that posting would freeze now."""
    seller, buyer = ledger.row("SELECT seller, buyer FROM document WHERE id = ?", (document_id,))
    if seller is None:
        current = json.loads(buyer_text(ledger, document_id, terms))
        return Parties(_without_logo(now), current, now.logo)
    kept = json.loads(seller)
    image = ledger.row("SELECT content FROM image WHERE sha256 = ?", (kept.get("logo"),))
    return Parties(kept, json.loads(buyer), image[0] if image else None)


def credited_by(ledger: Ledger, document_id: int) -> Credited | None:
    """What a credit note credits; None for an invoice."""
    row = ledger.row(
        "SELECT o.number, o.document_date, r.reason FROM document d"
        " JOIN document o ON o.id = d.reverses_id"
        " LEFT JOIN credit_reason r ON r.document_id = d.id WHERE d.id = ?",
        (document_id,),
    )
    return None if row is None else Credited(row[0], date.fromisoformat(row[1]), row[2])


def changed_images(ledger: Ledger) -> Iterator[Finding]:
    """Pictures that are not what their name says, and documents whose picture is gone."""
    for digest, content in ledger.each("SELECT sha256, content FROM image"):
        if hashlib.sha256(content).hexdigest() != digest:
            yield Finding("image-changed", digest, "the picture is not the one that was frozen")
    # What is no JSON has been tampered with, and another check says so.
    logo = "CASE WHEN json_valid(seller) THEN json_extract(seller, '$.logo') END"
    for (draft,) in ledger.rows(
        f"SELECT draft FROM document WHERE {logo} IS NOT NULL"  # noqa: S608 - a constant
        f" AND NOT EXISTS (SELECT 1 FROM image WHERE sha256 = {logo})"
    ):
        yield Finding("image-missing", draft, "the logo that was frozen with it is gone")


def _without_logo(seller: Seller) -> dict[str, Any]:
    return {name: value for name, value in asdict(seller).items() if name != "logo"}


@lru_cache(maxsize=4)
def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
