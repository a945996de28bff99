"""Writing the customers, account links and contacts of a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.ledger.audit import AuditEntry, before_and_after
from sfsync.ledger.many import ids_json
from sfsync.ledger.names import name_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.model import ContactChange, CustomerChange, CustomerContent

_INSERT = """
    INSERT INTO customer (id, name, name_key, external_id, industry, phone, email, tax_id, terms,
        street, city, state, postal_code, country, origin, created_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_UPDATE = """
    UPDATE customer SET name = ?, name_key = ?, external_id = ?, industry = ?, phone = ?,
        email = ?, tax_id = ?, terms = ?, street = ?, city = ?, state = ?, postal_code = ?,
        country = ? WHERE id = ?
"""


def write_customers(ledger: Ledger, changes: Sequence[CustomerChange]) -> list[AuditEntry]:
    """Create and update customers, and link the accounts; the events to be audited."""
    if not changes:
        return []
    new = [one for one in changes if one.customer_id is None and one.created_by is None]
    contents = [(one.salesforce_id, one.content) for one in new if one.content is not None]
    if len(contents) != len(new):
        raise ValueError("a customer without a content cannot be created")
    ids = insert_customers(ledger, [content for _, content in contents], "salesforce")
    created = dict(zip([account for account, _ in contents], ids, strict=True))
    changed = [(one.customer_id, one.content) for one in changes]
    update_customers(ledger, [(key, content) for key, content in changed if key and content])
    customer_of = {
        one.salesforce_id: one.customer_id or created[one.created_by or one.salesforce_id]
        for one in changes
    }
    ledger.execute_many(
        "INSERT INTO account_link (salesforce_id, org_id, customer_id, how, source)"
        " VALUES (?, (SELECT org_id FROM ledger), ?, ?, ?) ON CONFLICT (salesforce_id) DO UPDATE"
        # What a person linked, only a person links to another customer.
        " SET customer_id = iif(how = 'hand', customer_id, excluded.customer_id),"
        " how = iif(how = 'hand', how, excluded.how), source = excluded.source",
        [(one.salesforce_id, customer_of[one.salesforce_id], one.how, one.source)
         for one in changes],
    )  # fmt: skip
    _adopt_contacts(ledger, customer_of)
    return [_event(one, f"C-{customer_of[one.salesforce_id]:04d}") for one in changes]


def _adopt_contacts(ledger: Ledger, accounts: Iterable[str]) -> None:
    """Contacts whose account had no customer belong to the one that it has now."""
    ledger.execute(
        "UPDATE contact SET customer_id = (SELECT customer_id FROM account_link"
        " WHERE salesforce_id = json_extract(contact.source, '$.customer'))"
        " WHERE customer_id IS NULL AND json_extract(source, '$.customer') IN"
        " (SELECT value FROM json_each(?))",
        (ids_json(accounts),),
    )


def _event(change: CustomerChange, number: str) -> AuditEntry:
    if change.customer_id is None and change.created_by is None and change.content is not None:
        after = {"name": change.content.name, "account": change.salesforce_id}
        return AuditEntry("customer.create", number, after=after)
    if change.changes:
        return AuditEntry("customer.update", number, *before_and_after(change.changes))
    return AuditEntry("customer.link", number, after={"account": change.salesforce_id})


def insert_customers(ledger: Ledger, contents: Sequence[CustomerContent], origin: str) -> list[int]:
    """Insert customers with their properties; their ids in order. Audits nothing."""
    (last,) = ledger.row("SELECT coalesce(max(id), 0) FROM customer")
    ids = list(range(last + 1, last + 1 + len(contents)))
    now = ledger.now()
    ledger.execute_many(
        _INSERT,
        [(key, *_columns(content), origin, now)
         for key, content in zip(ids, contents, strict=True)],
    )  # fmt: skip
    _write_properties(ledger, zip(ids, contents, strict=True))
    return ids


def update_customers(ledger: Ledger, changes: Sequence[tuple[int, CustomerContent]]) -> None:
    """Give customers new contents, properties included; the last one of each. Audits nothing."""
    changes = list(dict(changes).items())
    ledger.execute_many(_UPDATE, [(*_columns(content), key) for key, content in changes])
    ledger.execute_many(
        "DELETE FROM customer_property WHERE customer_id = ?", [(key,) for key, _ in changes]
    )
    _write_properties(ledger, changes)


def _columns(content: CustomerContent) -> tuple[str | None, ...]:
    address = content.address
    return (
        content.name, name_key(content.name), content.external_id, content.industry,
        content.phone, content.email, content.tax_id, content.terms, address.street,
        address.city, address.state, address.postal_code, address.country,
    )  # fmt: skip


def _write_properties(ledger: Ledger, contents: Iterable[tuple[int, CustomerContent]]) -> None:
    ledger.execute_many(
        "INSERT INTO customer_property (customer_id, name, value) VALUES (?, ?, ?)",
        [(key, name, value) for key, content in contents
         for name, value in content.properties.items()],
    )  # fmt: skip


def write_contacts(ledger: Ledger, changes: Sequence[ContactChange]) -> list[AuditEntry]:
    """Create and update contacts; the events to be audited."""
    if not changes:
        return []
    ledger.execute_many(
        "INSERT INTO contact (salesforce_id, customer_id, name, email, phone, title, source)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (salesforce_id) DO UPDATE SET"
        " customer_id = excluded.customer_id, name = excluded.name, email = excluded.email,"
        " phone = excluded.phone, title = excluded.title, source = excluded.source",
        [(one.salesforce_id, one.content.customer_id, one.content.name, one.content.email,
          one.content.phone, one.content.title, one.source) for one in changes],
    )  # fmt: skip
    ledger.execute_many(
        "DELETE FROM contact_property WHERE contact_id = ?",
        [(one.contact_id,) for one in changes if one.contact_id is not None],
    )
    ledger.execute_many(
        "INSERT INTO contact_property (contact_id, name, value)"
        " SELECT id, ?, ? FROM contact WHERE salesforce_id = ?",
        [(name, value, one.salesforce_id) for one in changes
         for name, value in one.content.properties.items()],
    )  # fmt: skip
    return [_contact_event(one) for one in changes]


def _contact_event(change: ContactChange) -> AuditEntry:
    if change.contact_id is None:
        after = {"name": change.content.name}
        return AuditEntry("contact.create", change.salesforce_id, after=after)
    return AuditEntry("contact.update", change.salesforce_id, *before_and_after(change.changes))
