"""Winning a deal in the demo org, as a salesperson does."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sfsync.demo.store import OrgStore

if TYPE_CHECKING:
    from pathlib import Path

    from sfsync.demo.rules import Row

_WON = "Closed Won"
_PROJECT = "P-2001"
_DEFAULT_AMOUNT = "12500.00"


def close_deal(path: Path, name: str | None, amount: str | None, lines: int) -> str:
    """See `sfsync.demo.close_deal`."""
    with OrgStore.open(path) as store, store.file.transaction():
        deal = _open_deal(store, name, fresh=amount is not None or lines > 0)
        deal_id = deal["Id"] if deal else _new_deal(store, name, amount or _DEFAULT_AMOUNT)
        changes: Row = {"StageName": _WON, "CloseDate": datetime.now(UTC).date()}
        if deal and not deal["Project_Code__c"]:
            changes["Project_Code__c"] = _PROJECT
        if amount is not None:
            changes["Amount"] = amount
        _add_lines(store, deal_id, lines)
        store.update("Opportunity", deal_id, changes)
        return _sentence(store, store.get("Opportunity", deal_id))


def _open_deal(store: OrgStore, name: str | None, *, fresh: bool) -> Row | None:
    """The open deal that is meant; `None` when one is to be made."""
    if name is None and fresh:
        return None
    closed = False
    for deal_id in store.ids("Opportunity"):
        deal = store.get("Opportunity", deal_id)
        ready = deal["AccountId"] and deal["Amount"] if name is None else deal["Name"] == name
        if ready and not deal["IsClosed"]:
            return deal
        closed = closed or (name is not None and ready)
    if closed:
        raise ValueError(f"“{name}” is closed already; another one needs another name")
    return None


def _new_deal(store: OrgStore, name: str | None, amount: str) -> str:
    accounts = store.ids("Account")
    deals = len(store.ids("Opportunity"))
    account = store.get("Account", accounts[deals % len(accounts)]) if accounts else None
    return store.insert(
        "Opportunity",
        {
            "Name": name or f"{account['Name'] if account else 'DEMO'} – new order {deals + 1}",
            "AccountId": account and account["Id"],
            "StageName": "Negotiation/Review",
            "CloseDate": datetime.now(UTC).date(),
            "Amount": amount,
            "CurrencyIsoCode": "USD",
            "Project_Code__c": _PROJECT,
        },
    )


def _add_lines(store: OrgStore, deal_id: str, count: int) -> None:
    if not count:
        return
    currency = store.get("Opportunity", deal_id)["CurrencyIsoCode"]
    entries = [store.get("PricebookEntry", entry) for entry in store.ids("PricebookEntry")]
    usable = [entry for entry in entries if entry["CurrencyIsoCode"] in {currency, None}]
    if not usable:
        raise ValueError(f"the org has no product with a price in {currency}")
    chosen = [usable[place % len(usable)] for place in range(count)]
    store.insert_many(
        "OpportunityLineItem",
        [
            {
                "OpportunityId": deal_id,
                "PricebookEntryId": entry["Id"],
                "Quantity": 1,
                "UnitPrice": entry["UnitPrice"],
                "CurrencyIsoCode": currency,
            }
            for entry in chosen
        ],
    )


def _sentence(store: OrgStore, deal: Row) -> str:
    account = store.get("Account", deal["AccountId"])["Name"] if deal["AccountId"] else "no account"
    amount = f"{deal['Amount']:,.2f}" if deal["Amount"] is not None else "no amount"
    return f"Won “{deal['Name']}” ({account}): {amount} {deal['CurrencyIsoCode']}, {deal['Id']}"
