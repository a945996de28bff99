"""Products: found by code, or by name where there is no code; made when a line needs them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfsync.errors import NotFoundError
from sfsync.ledger.many import ids_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.model import ProductKey


@dataclass(frozen=True, slots=True)
class Product:
    """A product as lines refer to it; `invoices` counts those that carry it, as for a customer."""

    product_id: int
    code: str | None
    name: str
    family: str | None
    salesforce_id: str | None
    invoices: int


def product_ids(ledger: Ledger, keys: Iterable[ProductKey]) -> dict[ProductKey, int]:
    """The id of each product, inserting those that are missing and may be created.

    Raises:
        ValueError: a product that may not be created is not there.
    """
    wanted = set(keys)
    by_code, by_name = _known(ledger, wanted)
    found = {}
    # Sorted, so that equal pages give equal ids whatever the order of a set.
    for key in sorted(wanted, key=lambda one: (one.code or "", one.name, one.salesforce_id or "")):
        known = by_code.get(key.code) if key.code else by_name.get(key.name)
        if known is None:
            known = _insert(ledger, key)
            if key.code:
                by_code[key.code] = known
            by_name.setdefault(key.name, known)
        found[key] = known
    return found


def _known(ledger: Ledger, keys: set[ProductKey]) -> tuple[dict[str, int], dict[str, int]]:
    codes = ids_json({key.code for key in keys if key.code})
    names = ids_json({key.name for key in keys if not key.code})
    by_code = dict(
        ledger.rows(
            "SELECT code, id FROM product WHERE code IN (SELECT value FROM json_each(?))", (codes,)
        )
    )
    # Later rows win: one without a code, and of several the oldest.
    by_name = dict(
        ledger.rows(
            "SELECT name, id FROM product WHERE name IN (SELECT value FROM json_each(?))"
            " ORDER BY code IS NULL, id DESC",
            (names,),
        )
    )
    return by_code, by_name


def _insert(ledger: Ledger, key: ProductKey) -> int:
    if not key.create:
        raise ValueError(f"product {key.code or key.name!r} is not in the ledger")
    return ledger.insert(
        "INSERT INTO product (code, name, family, salesforce_id) VALUES (?, ?, ?, ?)",
        (key.code, key.name, key.family, key.salesforce_id),
    )


_PRODUCTS = """
    SELECT p.id, p.code, p.name, p.family, p.salesforce_id,
           (SELECT count(DISTINCT d.id) FROM document_line l JOIN document d ON d.id = l.document_id
            WHERE l.product_id = p.id AND d.kind = 'invoice' AND d.status <> 'deleted')
    FROM product p
"""


def list_products(ledger: Ledger) -> Iterator[Product]:
    """Every product, by code and name."""
    for row in ledger.each(f"{_PRODUCTS} ORDER BY coalesce(p.code, p.name), p.id"):
        yield Product(*row)


def show_product(ledger: Ledger, reference: str) -> Product:
    """The product with this code, or this name.

    Raises:
        NotFoundError: there is none.
    """
    row = ledger.row(
        f"{_PRODUCTS} WHERE p.code = :text OR p.name = :text ORDER BY p.code IS NOT :text, p.id",
        {"text": reference},
    )
    if row is None:
        raise NotFoundError(
            f"There is no product '{reference}'.",
            code="product-not-found",
            fix="sfsync product list",
        )
    return Product(*row)
