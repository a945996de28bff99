"""Winning a deal in the demo org, as a salesperson does."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from sfsync.demo.store import OrgStore

if TYPE_CHECKING:
    from collections.abc import Sequence
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
        prices: list[Decimal | None] = [None] * lines
        if amount is not None:
            prices = _parts(_set_amount(store, deal_id, amount), lines)
        _add_lines(store, deal_id, prices)
        store.update("Opportunity", deal_id, changes)
        return _sentence(store, store.get("Opportunity", deal_id))


def _set_amount(store: OrgStore, deal_id: str, amount: str) -> Decimal:
    if store.get("Opportunity", deal_id)["HasOpportunityLineItem"]:
        raise ValueError("its amount is that of the lines it has")
    store.update("Opportunity", deal_id, {"Amount": amount})
    return Decimal(store.get("Opportunity", deal_id)["Amount"])


def _parts(amount: Decimal, count: int) -> list[Decimal | None]:
    """The amount in as many prices, to the cent: once a deal has lines, it is their sum."""
    if not count:
        return []
    each, rest = divmod(int(amount.scaleb(2)), count)
    return [Decimal(each + (place < rest)).scaleb(-2) for place in range(count)]


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


def _add_lines(store: OrgStore, deal_id: str, prices: Sequence[Decimal | None]) -> None:
    """Give a deal a line for each price; None is the price of the price book."""
    if not prices:
        return
    currency = store.get("Opportunity", deal_id)["CurrencyIsoCode"]
    entries = [store.get("PricebookEntry", entry) for entry in store.ids("PricebookEntry")]
    usable = [entry for entry in entries if entry["CurrencyIsoCode"] in {currency, None}]
    if not usable:
        raise ValueError(f"the org has no product with a price in {currency}")
    chosen = [(usable[place % len(usable)], price) for place, price in enumerate(prices)]
    store.insert_many(
        "OpportunityLineItem",
        [
            {
                "OpportunityId": deal_id,
                "PricebookEntryId": entry["Id"],
                "Quantity": 1,
                "UnitPrice": entry["UnitPrice"] if price is None else price,
                "CurrencyIsoCode": currency,
            }
            for entry, price in chosen
        ],
    )


def _sentence(store: OrgStore, deal: Row) -> str:
    account = store.get("Account", deal["AccountId"])["Name"] if deal["AccountId"] else "no account"
    amount = f"{deal['Amount']:,.2f}" if deal["Amount"] is not None else "no amount"
    return f"Won “{deal['Name']}” ({account}): {amount} {deal['CurrencyIsoCode']}, {deal['Id']}"
