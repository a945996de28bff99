"""Customers and contacts: entered by hand, imported, listed and shown."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sfsync.errors import NotFoundError, RefusedError, UsageError
from sfsync.ids import full_id
from sfsync.ledger.apply_parties import insert_customers
from sfsync.ledger.audit import AuditEntry, append_events
from sfsync.ledger.many import ids_json
from sfsync.ledger.model import Address, CustomerContent
from sfsync.ledger.names import name_key
from sfsync.ledger.rechecks import recheck_unmatched

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sfsync.ledger.connection import Ledger


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer as lists show it; `accounts` are the linked Salesforce account ids."""

    customer_id: int
    number: str
    content: CustomerContent
    origin: str
    active: bool
    merged_into: str | None
    accounts: tuple[str, ...]
    invoices: int


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact; `customer` is the number of its customer."""

    salesforce_id: str
    name: str
    email: str | None
    phone: str | None
    title: str | None
    customer: str | None
    customer_name: str | None
    properties: Mapping[str, str]


def add_customer(ledger: Ledger, content: CustomerContent) -> Customer:
    """Enter a customer by hand.

    Raises:
        RefusedError: its external id is another customer's.
        UsageError: no name.
    """
    return _insert(ledger, [content], "entered")[0]


def import_customers(ledger: Ledger, contents: Sequence[CustomerContent]) -> list[Customer]:
    """Import customers, all or none.

    Raises:
        RefusedError: an external id is another customer's, or occurs twice.
        UsageError: a customer without a name.
    """
    return _insert(ledger, contents, "imported")


def _insert(ledger: Ledger, contents: Sequence[CustomerContent], origin: str) -> list[Customer]:
    if any(not content.name.strip() for content in contents):
        raise UsageError("A customer needs a name.", code="name-missing")
    with ledger.transaction():
        refuse_known_external_ids(ledger, contents)
        ids = insert_customers(ledger, contents, origin)
        recheck_unmatched(ledger)
        append_events(
            ledger,
            (AuditEntry("customer.create", f"C-{key:04d}", after=_entered(content))
             for key, content in zip(ids, contents, strict=True)),
        )  # fmt: skip
    mine = "WHERE c.id IN (SELECT value FROM json_each(?)) ORDER BY c.id"
    return list(_customers(ledger, mine, (ids_json(ids),)))


def _entered(content: CustomerContent) -> dict[str, Any]:
    """What was entered of a customer, without what was left empty."""
    values = asdict(content)
    address = values.pop("address")
    return {key: value for key, value in {**values, **address}.items() if value}


def refuse_known_external_ids(ledger: Ledger, contents: Sequence[CustomerContent]) -> None:
    """Refuse contents whose external id is taken.

    Raises:
        RefusedError: another customer has it, or it occurs twice.
    """
    given = [content.external_id for content in contents if content.external_id]
    twice = {one for one, times in Counter(given).items() if times > 1}
    known = ledger.rows(
        "SELECT external_id FROM customer"
        " WHERE merged_into IS NULL AND external_id IN (SELECT value FROM json_each(?))",
        (ids_json(given),),
    )
    taken = sorted(twice | {external_id for (external_id,) in known})
    if taken:
        ids = ", ".join(taken[:5])
        raise RefusedError(
            f"External id {ids} belongs to another customer already."
            if len(taken) == 1
            else f"External ids {ids} belong to other customers already.",
            code="external-id-taken",
            fix="see whose it is: sfsync customer show ID; give this one another, or none",
        )


CONTENT_COLUMNS = """
    c.name, c.external_id, c.industry, c.phone, c.email, c.tax_id, c.terms, c.street, c.city,
    c.state, c.postal_code, c.country,
    (SELECT json_group_object(p.name, p.value) FROM customer_property p
     WHERE p.customer_id = c.id)"""
"""What `content_of` reads of the customer `c`."""


def content_of(columns: Sequence[Any]) -> CustomerContent:
    """What is known of a customer, from its `CONTENT_COLUMNS`."""
    name, external_id, industry, phone, email, tax_id, terms, *address, properties = columns
    return CustomerContent(
        name, external_id, industry, phone, email, tax_id, terms, Address(*address),
        json.loads(properties),
    )  # fmt: skip


INVOICE_COUNT = """(
    SELECT count(*) FROM document
    WHERE customer_id IN (SELECT c.id UNION ALL SELECT id FROM customer WHERE merged_into = c.id)
    AND c.merged_into IS NULL AND kind = 'invoice' AND status <> 'deleted')"""
"""How many invoices the customer `c` has, those of customers merged into it included."""

_CUSTOMERS = f"""
    SELECT c.id, c.number, c.origin, c.active,
           (SELECT number FROM customer m WHERE m.id = c.merged_into),
           (SELECT json_group_array(salesforce_id) FROM account_link WHERE customer_id = c.id),
           {INVOICE_COUNT}, {CONTENT_COLUMNS}
    FROM customer c
"""  # noqa: S608 - constants


def _customers(
    ledger: Ledger, rest: str, parameters: Sequence[object] | Mapping[str, object] = ()
) -> Iterator[Customer]:
    for row in ledger.each(f"{_CUSTOMERS} {rest}", parameters):
        yield _customer(row)


def _customer(row: tuple[Any, ...]) -> Customer:
    key, number, origin, active, merged_into, accounts, invoices, *content = row
    return Customer(
        key, number, content_of(content), origin, bool(active), merged_into,
        tuple(json.loads(accounts)), invoices,
    )  # fmt: skip


def list_customers(
    ledger: Ledger, *, search: str | None = None, merged: bool = False
) -> Iterator[Customer]:
    """Customers by number; `search` is part of a name, `merged` includes those merged away."""
    return _customers(
        ledger,
        "WHERE (:search IS NULL OR instr(c.name_key, :search) > 0)"
        " AND (:merged OR c.merged_into IS NULL) ORDER BY c.id",
        {"search": name_key(search) if search else None, "merged": merged},
    )


def namesakes(ledger: Ledger, name: str) -> list[Customer]:
    """Customers whose names differ from `name` in case, punctuation or legal form at most."""
    return list(
        _customers(
            ledger,
            "WHERE c.name_key = ? AND c.merged_into IS NULL ORDER BY c.id",
            (name_key(name),),
        )
    )


def show_customer(ledger: Ledger, reference: str) -> Customer:
    """The customer with this number, account id, external id or name (case does not matter).

    Raises:
        NotFoundError: there is none.
        RefusedError: several have this name; the fix lists their numbers.
    """
    text = reference.strip()
    unique = list(
        _customers(
            ledger,
            "WHERE c.number = upper(:text) OR c.id = (SELECT customer_id FROM account_link"
            " WHERE salesforce_id = :account)",
            {"text": text, "account": full_id(text)},
        )
    )
    found = unique or list(
        _customers(
            ledger,
            "WHERE c.merged_into IS NULL AND (c.external_id = :text OR c.name_key = :key)"
            " ORDER BY c.name = :text DESC, c.id",
            {"text": text, "key": name_key(text)},
        )
    )
    if not found:
        raise NotFoundError(
            f"There is no customer '{reference}'.",
            code="customer-not-found",
            fix="sfsync customer list",
        )
    exact = [one for one in found if text in (one.number, one.content.name)]
    if len(found) > 1 and len(exact) != 1:
        raise RefusedError(
            f"'{reference}' is the name of {len(found)} customers.",
            code="customer-ambiguous",
            fix=f"name one by its number: {', '.join(one.number for one in found[:5])}",
        )
    return exact[0] if exact else found[0]


def synced_values(ledger: Ledger, sobject: str, salesforce_id: str) -> dict[str, Any]:
    """The mapped values of an Account or a Contact as they were last synced."""
    table = {"Account": "account_link", "Contact": "contact"}[sobject]
    row = ledger.row(f"SELECT source FROM {table} WHERE salesforce_id = ?", (salesforce_id,))  # noqa: S608 - two constants
    found: dict[str, Any] = json.loads(row[0]) if row and row[0] else {}
    return found


_CONTACTS = """
    SELECT k.salesforce_id, k.name, k.email, k.phone, k.title, c.number, c.name,
           (SELECT json_group_object(name, value) FROM contact_property WHERE contact_id = k.id)
    FROM contact k LEFT JOIN customer c ON c.id = k.customer_id
"""


def _contact(row: tuple[Any, ...]) -> Contact:
    salesforce_id, name, email, phone, title, customer, customer_name, properties = row
    return Contact(
        salesforce_id, name, email, phone, title, customer, customer_name, json.loads(properties)
    )


def list_contacts(ledger: Ledger, customer_id: int | None = None) -> Iterator[Contact]:
    """Contacts by name; with `customer_id` only those of that customer."""
    for row in ledger.each(
        f"{_CONTACTS} WHERE :customer IS NULL OR k.customer_id = :customer"
        " ORDER BY k.name, k.salesforce_id",
        {"customer": customer_id},
    ):
        yield _contact(row)


def show_contact(ledger: Ledger, reference: str) -> Contact:
    """The contact with this Salesforce id, e-mail address or name.

    Raises:
        NotFoundError: there is none.
    """
    text = reference.strip()
    row = ledger.row(
        f"{_CONTACTS} WHERE k.salesforce_id = :id OR k.email = :text COLLATE NOCASE"
        " OR k.name = :text ORDER BY k.salesforce_id = :id DESC, k.salesforce_id LIMIT 1",
        {"id": full_id(text), "text": text},
    )
    if row is None:
        raise NotFoundError(
            f"There is no contact '{reference}'.",
            code="contact-not-found",
            fix="sfsync contact list",
        )
    return _contact(row)
