"""The sync's door: what the ledger knows about a page of records, and writing what was decided."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sfsync.ledger.apply import apply
from sfsync.ledger.contents import edited_drafts
from sfsync.ledger.customers import CONTENT_COLUMNS, content_of
from sfsync.ledger.model import (
    AccountLink,
    AccountState,
    ContactState,
    CustomerState,
    DocumentStatus,
    InvoiceState,
    OpportunityState,
    canonical_json,
    source_hash,
)
from sfsync.ledger.names import name_key
from sfsync.ledger.rechecks import opportunities_to_recheck, recheck_known

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sfsync.ledger.connection import Ledger

__all__ = [
    "account_state",
    "apply",
    "contact_state",
    "opportunities_to_recheck",
    "opportunity_state",
    "recheck_known",
    "remembered_count",
]

# `m` is the customer that was asked for, `c` the same or the one that it was merged into.
_CUSTOMERS = f"""
    SELECT c.name_key, m.id, m.name, m.name_key, m.external_id,
           c.id, c.number, c.active, {CONTENT_COLUMNS}
    FROM customer m JOIN customer c ON c.id = coalesce(m.merged_into, m.id)
    WHERE m.{{column}} IN (SELECT value FROM json_each(?)) ORDER BY m.merged_into IS NOT NULL, m.id
"""  # noqa: S608 - constants
_KEYS = 5
_LINKS = """
    SELECT l.salesforce_id, coalesce(c.merged_into, c.id), l.how, l.source
    FROM account_link l JOIN customer c ON c.id = l.customer_id
    WHERE l.salesforce_id IN (SELECT value FROM json_each(?))
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
            f"{_LINKS} AND l.org_id = ?", (_json(account_ids), org_id)
        )
    }
    keys = _json({name_key(name) for name in names if name.strip()})
    linked = json.dumps(sorted({link.customer_id for link in links.values()}))
    return AccountState(
        links=links,
        by_name_key=_by_key(ledger, "name_key", keys),
        by_external_id=_by_key(ledger, "external_id", _json(external_ids)),
        by_id={
            row[_KEYS]: _customer_state(row[_KEYS:])
            for row in ledger.rows(_CUSTOMERS.format(column="id"), (linked,))
        },
    )


def _json(values: Iterable[str]) -> str:
    # One JSON parameter instead of thousands: SQLite caps variables at 32,766.
    return json.dumps(sorted(set(values)))


def _by_key(ledger: Ledger, column: str, values: str) -> dict[str, tuple[CustomerState, ...]]:
    """Customers by name key or external id, once each: themselves, or what was merged into them."""
    found: dict[str, dict[int, CustomerState]] = {}
    for row in ledger.rows(_CUSTOMERS.format(column=column), (values,)):
        kept_key, asked_id, name, key, external_id = row[:_KEYS]
        wanted = key if column == "name_key" else external_id
        state = _customer_state(row[_KEYS:])
        if asked_id != state.customer_id:
            # Under one key, the customer itself stands for all that was merged into it.
            if wanted == (kept_key if column == "name_key" else state.external_id):
                continue
            state = replace(state, name=name, external_id=external_id)
        found.setdefault(wanted, {}).setdefault(state.customer_id, state)
    return {key: tuple(states.values()) for key, states in found.items()}


def _customer_state(row: tuple[Any, ...]) -> CustomerState:
    customer_id, number, active, *columns = row
    content = content_of(columns)
    return CustomerState(
        customer_id, number, content.name, content.external_id, content, bool(active)
    )


def contact_state(
    ledger: Ledger, contact_ids: Iterable[str], account_ids: Iterable[str]
) -> tuple[dict[str, ContactState], dict[str, int]]:
    """The contacts of a page that are in the ledger, and the customer of each linked account."""
    contacts = {
        salesforce_id: ContactState(contact_id, salesforce_id, source, customer_id)
        for contact_id, salesforce_id, source, customer_id in ledger.rows(
            "SELECT id, salesforce_id, source, customer_id FROM contact"
            " WHERE salesforce_id IN (SELECT value FROM json_each(?))",
            (_json(contact_ids),),
        )
    }
    return contacts, customers_of_accounts(ledger, account_ids)


def customers_of_accounts(ledger: Ledger, account_ids: Iterable[str]) -> dict[str, int]:
    """The customer of each account that has one, by account id."""
    rows = ledger.rows(_LINKS, (_json(account_ids),))
    return {salesforce_id: customer_id for salesforce_id, customer_id, _, _ in rows}


def opportunity_state(
    ledger: Ledger,
    org_id: str,
    opportunity_ids: Iterable[str],
    account_ids: Iterable[str],
    product_keys: Iterable[str],
) -> OpportunityState:
    """What the ledger knows about a page of opportunities; see `OpportunityState`.

    `product_keys` are the codes, and the names of products without a code, to look up.
    """
    opportunities = _json(opportunity_ids)
    remembered = ledger.rows(
        "SELECT salesforce_id, fingerprint, system_modstamp FROM opportunity"
        " WHERE salesforce_id IN (SELECT value FROM json_each(?))",
        (opportunities,),
    )
    return OpportunityState(
        invoices=_invoices(ledger, org_id, opportunities),
        customers=customers_of_accounts(ledger, account_ids),
        ignored=dict(
            ledger.rows(
                "SELECT salesforce_id, reason FROM opportunity_ignored"
                " WHERE salesforce_id IN (SELECT value FROM json_each(?))",
                (opportunities,),
            )
        ),
        known_products=_known_products(ledger, product_keys),
        seen={row[0]: row[1] for row in remembered},
        stamps={row[0]: row[2] for row in remembered},
    )


def deals_of_parents(
    ledger: Ledger, column: str, parent_ids: Iterable[str]
) -> list[tuple[str, str, str]]:
    """Deals that depend on parents, with what was read of them.

    Args:
        ledger: the ledger.
        column: ``account`` or ``owner``.
        parent_ids: Salesforce ids of accounts or users.

    Returns:
        Opportunity id, parent id and source of each deal, open ones too.
    """
    name = {"account": "account_salesforce_id", "owner": "owner_salesforce_id"}[column]
    return [
        (row[0], row[1], row[2])
        for row in ledger.rows(
            f"SELECT salesforce_id, {name}, source FROM opportunity"  # noqa: S608 - one of two names
            f" WHERE {name} IN (SELECT value FROM json_each(?))",
            (_json(parent_ids),),
        )
    ]


def live_deals(ledger: Ledger, opportunity_ids: Iterable[str]) -> frozenset[str]:
    """Those of these opportunities that have a live invoice: a draft or a posted one."""
    return frozenset(
        opportunity_id
        for (opportunity_id,) in ledger.rows(
            "SELECT opportunity_id FROM document WHERE kind = 'invoice'"
            " AND status IN ('draft', 'posted')"
            " AND opportunity_id IN (SELECT value FROM json_each(?))",
            (_json(opportunity_ids),),
        )
    )


def deals_of_products(ledger: Ledger, product_ids: Iterable[str]) -> list[str]:
    """The opportunities of live invoices that have a line of one of these Product2 ids."""
    rows = ledger.rows(
        "SELECT DISTINCT d.opportunity_id FROM product p"
        " JOIN document_line l ON l.product_id = p.id JOIN document d ON d.id = l.document_id"
        " WHERE p.salesforce_id IN (SELECT value FROM json_each(?))"
        " AND d.kind = 'invoice' AND d.status IN ('draft', 'posted')",
        (_json(product_ids),),
    )
    return [opportunity_id for (opportunity_id,) in rows]


def remembered_count(ledger: Ledger) -> int:
    """How many opportunities earlier runs have remembered that are not deleted."""
    (count,) = ledger.row("SELECT count(*) FROM opportunity WHERE is_deleted = 0")
    return int(count)


def _known_products(ledger: Ledger, product_keys: Iterable[str]) -> frozenset[str]:
    wanted = _json(product_keys)
    found = ledger.rows(
        "SELECT code FROM product WHERE code IN (SELECT value FROM json_each(:keys))"
        " UNION SELECT name FROM product WHERE name IN (SELECT value FROM json_each(:keys))",
        {"keys": wanted},
    )
    return frozenset(text for (text,) in found)


def _invoices(ledger: Ledger, org_id: str, opportunities: str) -> dict[str, InvoiceState]:
    rows = ledger.rows(
        """
        SELECT d.opportunity_id, d.id, d.draft, d.number, d.status,
               coalesce(a.source, d.source), coalesce(a.source_hash, d.source_hash),
               f.detail, r.system_modstamp, a.accepted, coalesce(f.moved, 0),
               CASE WHEN r.document_id IS NOT NULL THEN
                   (SELECT source FROM opportunity WHERE salesforce_id = d.opportunity_id) END
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
    edited = edited_drafts(ledger, {row[1] for row in rows if row[4] == DocumentStatus.DRAFT})
    merged = _merged(ledger)
    if merged:
        rows = [(*row[:5], *_with_merged(row[5], row[6], merged), *row[7:]) for row in rows]
    # Later rows win: the latest of the removed ones, and a live one over all of them.
    return {
        opportunity_id: InvoiceState(
            document_id=document_id,
            draft=draft,
            number=number,
            status=DocumentStatus(status),
            source=source,
            source_hash=source_hash,
            drift=drift,
            removed_stamp=removed_stamp,
            accepted=accepted,
            edited=edited[document_id][0] if document_id in edited else None,
            pins=edited[document_id][1] if document_id in edited else frozenset(),
            deal=deal,
            moved=bool(moved),
        )
        for (opportunity_id, document_id, draft, number, status, source, source_hash, drift,
             removed_stamp, accepted, moved, deal) in rows
    }  # fmt: skip


def _merged(ledger: Ledger) -> dict[int, int]:
    return dict(ledger.rows("SELECT id, merged_into FROM customer WHERE merged_into IS NOT NULL"))


def _with_merged(source: str, digest: str, merged: dict[int, int]) -> tuple[str, str]:
    """A document's source as it reads after merges: a merge alone must not look like drift."""
    values = json.loads(source)
    into = merged.get(values.get("customer"))
    if into is None:
        return source, digest
    renamed = canonical_json({**values, "customer": into})
    return renamed, source_hash(renamed)
