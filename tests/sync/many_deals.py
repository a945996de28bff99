"""An org with as many deals as a test asks for, of every kind that the mapping tells apart."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.sync.world import NOON, rows_of

if TYPE_CHECKING:
    from sfsync.demo.store import OrgStore

_STAGES = ("Closed Won", "Closed Won", "Closed Won", "Prospecting", "Closed Lost")
_SHARED_STAMP = 700
"""So many records have the same SystemModstamp: ties longer than a page."""


def add_many_deals(store: OrgStore, count: int) -> None:
    """Insert `count` deals, a fifth as many accounts and contacts, and lines for half of the won.

    Some amounts are empty or small, some required fields are missing, some accounts share a name.
    """
    accounts = _insert(store, "Account", [_account(no) for no in range(max(count // 5, 1))])
    _insert(
        store,
        "Contact",
        [
            {"LastName": f"Buyer {no}", "AccountId": key, "Email": f"Buyer{no}@Example.com"}
            for no, key in enumerate(accounts)
        ],
    )
    users = store.ids("User")
    deals = _insert(
        store, "Opportunity", [_deal(no, accounts, users[no % len(users)]) for no in range(count)]
    )
    entries = [row for row in rows_of(store, "PricebookEntry") if row["CurrencyIsoCode"] == "USD"]
    _insert(
        store,
        "OpportunityLineItem",
        [_line(no, key, entries) for no in range(0, count, 2) for key in (deals[no],) * 3],
    )


def _insert(store: OrgStore, sobject: str, rows: list[dict[str, Any]]) -> list[str]:
    made: list[str] = []
    for start in range(0, len(rows), _SHARED_STAMP):
        stamp = NOON - timedelta(days=3, seconds=-start)
        made += store.insert_many(sobject, rows[start : start + _SHARED_STAMP], stamp=stamp)
    return made


def _account(no: int) -> dict[str, Any]:
    # Every fortieth is its neighbour under another spelling: one customer with two accounts.
    name = f"Customer {no}" if no % 40 else f"CUSTOMER {no + 1}, Inc."
    return {"Name": name, "BillingCountry": ("Norway", "Iceland", None)[no % 3]}


def _deal(no: int, accounts: list[str], owner: str) -> dict[str, Any]:
    return {
        "Name": f"Deal {no}",
        "AccountId": None if no % 97 == 96 else accounts[no % len(accounts)],
        "OwnerId": owner,
        "StageName": _STAGES[no % len(_STAGES)],
        "CloseDate": (NOON - timedelta(days=no % 300)).date().isoformat(),
        "Amount": None if no % 53 == 52 else f"{100 + no % 5000}.{no % 100:02}",
        "CurrencyIsoCode": "USD",
        "Project_Code__c": None if no % 71 == 70 else f"PRJ-{no % 9}",
        "PO_Number__c": f" po-{no} ",
    }


def _line(no: int, deal: str, entries: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "OpportunityId": deal,
        "PricebookEntryId": entries[no % len(entries)]["Id"],
        "Quantity": str(1 + no % 4),
        "UnitPrice": f"{200 + no % 77}.50",
        "CurrencyIsoCode": "USD",
    }
