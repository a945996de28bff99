"""The sync's door: what the ledger knows about a page of records, and writing what was decided."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sfsync.ledger.apply import apply
from sfsync.ledger.model import (
    AccountLink,
    AccountState,
    Address,
    ContactState,
    CustomerContent,
    CustomerState,
    DocumentStatus,
    InvoiceState,
    OpportunityState,
)
from sfsync.ledger.names import name_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sfsync.ledger.connection import Ledger

__all__ = ["account_state", "apply", "contact_state", "opportunity_state", "remembered_count"]

_CUSTOMERS = """
    SELECT c.id, c.number, c.name, c.name_key, c.external_id, c.industry, c.phone, c.email,
           c.tax_id, c.terms, c.street, c.city, c.state, c.postal_code, c.country, c.active,
           (SELECT json_group_object(p.name, p.value) FROM customer_property p
            WHERE p.customer_id = c.id)
    FROM customer c WHERE c.merged_into IS NULL AND c.
"""


def account_state(
    ledger: Ledger,
    org_id: str,
    account_ids: Iterable[str],
    names: Iterable[str],
    external_ids: Iterable[str],
) -> AccountState:
    """What the ledger knows about a page of accounts.

    Args:
        ledger: the ledger.
        org_id: the org that the accounts are of.
        account_ids: 18-character ids.
        names: account names as they are; `by_name_key` answers by their coarsest `name_key`.
        external_ids: the accounts' external ids.
    """
    links = {
        salesforce_id: AccountLink(salesforce_id, customer_id, how, source)
        for salesforce_id, customer_id, how, source in ledger.rows(
            "SELECT salesforce_id, customer_id, how, source FROM account_link"
            " WHERE org_id = ? AND salesforce_id IN (SELECT value FROM json_each(?))",
            (org_id, _json(account_ids)),
        )
    }
    keys = _json({name_key(name) for name in names if name.strip()})
    by_key: dict[str, list[CustomerState]] = {}
    for key, state in _customers(ledger, "name_key", keys):
        by_key.setdefault(key, []).append(state)
    by_external: dict[str, list[CustomerState]] = {}
    for _, state in _customers(ledger, "external_id", _json(external_ids)):
        by_external.setdefault(state.external_id or "", []).append(state)
    linked = json.dumps(sorted({link.customer_id for link in links.values()}))
    return AccountState(
        links=links,
        by_name_key={key: tuple(states) for key, states in by_key.items()},
        by_external_id={key: tuple(states) for key, states in by_external.items()},
        by_id={state.customer_id: state for _, state in _customers(ledger, "id", linked)},
    )


def _json(values: Iterable[str]) -> str:
    # One JSON parameter instead of thousands: SQLite caps variables at 32,766.
    return json.dumps(sorted(set(values)))


def _customers(ledger: Ledger, column: str, values: str) -> list[tuple[str, CustomerState]]:
    in_values = " IN (SELECT value FROM json_each(?)) ORDER BY c.id"
    rows = ledger.rows(_CUSTOMERS.rstrip() + column + in_values, (values,))
    return [(row[3], _customer_state(row)) for row in rows]


def _customer_state(row: tuple[Any, ...]) -> CustomerState:
    (customer_id, number, name, _, external_id, industry, phone, email, tax_id, terms,
     street, city, state, postal_code, country, active, properties) = row  # fmt: skip
    return CustomerState(
        customer_id=customer_id,
        number=number,
        name=name,
        external_id=external_id,
        content=CustomerContent(
            name=name,
            external_id=external_id,
            industry=industry,
            phone=phone,
            email=email,
            tax_id=tax_id,
            terms=terms,
            address=Address(street, city, state, postal_code, country),
            properties=json.loads(properties),
        ),
        active=bool(active),
    )


def contact_state(
    ledger: Ledger, contact_ids: Iterable[str], account_ids: Iterable[str]
) -> tuple[dict[str, ContactState], dict[str, int]]:
    """The contacts of a page that are in the ledger, and the customer of each linked account."""
    contacts = {
        salesforce_id: ContactState(contact_id, salesforce_id, source)
        for contact_id, salesforce_id, source in ledger.rows(
            "SELECT id, salesforce_id, source FROM contact"
            " WHERE salesforce_id IN (SELECT value FROM json_each(?))",
            (_json(contact_ids),),
        )
    }
    return contacts, _customers_of_accounts(ledger, account_ids)


def _customers_of_accounts(ledger: Ledger, account_ids: Iterable[str]) -> dict[str, int]:
    return dict(
        ledger.rows(
            "SELECT salesforce_id, customer_id FROM account_link"
            " WHERE salesforce_id IN (SELECT value FROM json_each(?))",
            (_json(account_ids),),
        )
    )


def opportunity_state(
    ledger: Ledger,
    org_id: str,
    opportunity_ids: Iterable[str],
    account_ids: Iterable[str],
    product_keys: Iterable[str],
    contact_ids: Iterable[str],
) -> OpportunityState:
    """What the ledger knows about a page of opportunities; see `OpportunityState`.

    `product_keys` are the codes, and the names of products without a code, to look up.
    """
    opportunities = _json(opportunity_ids)
    return OpportunityState(
        invoices=_invoices(ledger, org_id, opportunities),
        customers=_customers_of_accounts(ledger, account_ids),
        ignored=dict(
            ledger.rows(
                "SELECT salesforce_id, reason FROM opportunity_ignored"
                " WHERE salesforce_id IN (SELECT value FROM json_each(?))",
                (opportunities,),
            )
        ),
        known_products=_known_products(ledger, product_keys),
        known_contacts=frozenset(
            salesforce_id
            for (salesforce_id,) in ledger.rows(
                "SELECT salesforce_id FROM contact"
                " WHERE salesforce_id IN (SELECT value FROM json_each(?))",
                (_json(contact_ids),),
            )
        ),
        seen=dict(
            ledger.rows(
                "SELECT salesforce_id, fingerprint FROM opportunity"
                " WHERE salesforce_id IN (SELECT value FROM json_each(?))",
                (opportunities,),
            )
        ),
    )


def remembered_count(ledger: Ledger) -> int:
    """How many opportunities earlier runs have remembered that are not deleted."""
    (count,) = ledger.row("SELECT count(*) FROM opportunity WHERE is_deleted = 0")
    return int(count)


def _known_products(ledger: Ledger, product_keys: Iterable[str]) -> frozenset[str]:
    wanted = _json(product_keys)
    found = ledger.rows(
        "SELECT code FROM product WHERE code IN (SELECT value FROM json_each(?1))"
        " UNION SELECT name FROM product WHERE name IN (SELECT value FROM json_each(?1))",
        (wanted,),
    )
    return frozenset(text for (text,) in found)


def _invoices(ledger: Ledger, org_id: str, opportunities: str) -> dict[str, InvoiceState]:
    rows = ledger.rows(
        """
        SELECT d.opportunity_id, d.id, d.draft, d.number, d.status,
               coalesce(a.source, d.source), coalesce(a.source_hash, d.source_hash),
               (SELECT json_group_array(field) FROM document_pin WHERE document_id = d.id),
               f.detail, r.system_modstamp
        FROM json_each(?) j
        CROSS JOIN document d ON d.opportunity_id = j.value
        LEFT JOIN document_acceptance a ON a.document_id = d.id
        LEFT JOIN document_drift f ON f.document_id = d.id
        LEFT JOIN document_removal r ON r.document_id = d.id
        WHERE d.kind = 'invoice' AND d.org_id = ?
        ORDER BY d.status IN ('draft', 'posted'), d.id
        """,
        (opportunities, org_id),
    )
    # Later rows win: the latest of the removed ones, and a live one over all of them.
    return {
        opportunity_id: InvoiceState(
            document_id=document_id,
            draft=draft,
            number=number,
            status=DocumentStatus(status),
            source=source,
            source_hash=source_hash,
            pinned=frozenset(json.loads(pinned)),
            drift=drift,
            removed_stamp=removed_stamp,
        )
        for (opportunity_id, document_id, draft, number, status, source, source_hash, pinned,
             drift, removed_stamp) in rows
    }  # fmt: skip
