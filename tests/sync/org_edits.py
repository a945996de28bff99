"""What people do in Salesforce, as small edits that a state machine can draw and repeat."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sfsync.demo.org_file import DELETED_WITH
from tests.sync.world import rows_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfsync.demo.store import OrgStore
    from tests.sync.world import World

_VALUES: dict[str, tuple[Any, ...]] = {
    "Amount": ("999.99", "12000.00", "10000000.00", "100.00", "500.00", "0.00", "-40.00", None),
    "Name": ("Renamed", "A – “quoted” name", "=1+1", "Ünïcode ☃", "x" * 120),
    "CloseDate": ("2026-11-21", "2025-12-31", "2024-02-29", "2019-12-31"),
    "StageName": ("Closed Won", "Closed Won", "Prospecting", "Closed Lost", "Negotiation/Review"),
    "CurrencyIsoCode": ("USD", "EUR"),
    "Project_Code__c": ("PRJ-1", " PRJ-2 ", None),
    "Department__c": ("Ops", "Mktg", "Legal", None),
    "PO_Number__c": ("po-1", " po-2", None),
    "Description": ("a field that nothing maps", None),
}
_REFERENCES = {"AccountId": "Account", "OwnerId": "User"}


@dataclass(frozen=True)
class Edit:
    """One edit: which kind, of which record (counted round), to which value, how late it commits.

    `late` seconds lie between its stamp and the moment when it can be seen.
    """

    kind: str
    which: int
    value: int
    late: int

    def apply(self, world: World) -> None:
        """Make the edit; one that fits no record makes none."""
        with world.store() as store, store.file.transaction():
            EDITS[self.kind](Desk(world, store, self))


@dataclass(frozen=True)
class Desk:
    """A person's place in Salesforce, with one edit to make."""

    world: World
    store: OrgStore
    edit: Edit

    def pick(self, sobject: str, **having: Any) -> dict[str, Any] | None:
        """The record that is meant, None where there is none such."""
        rows = [
            row
            for row in rows_of(self.store, sobject)
            if all(row[name] == value for name, value in having.items())
        ]
        return rows[self.edit.which % len(rows)] if rows else None

    def stamp(self, *records: dict[str, Any]) -> datetime:
        """The edit's time: late, but never before what its records already show."""
        moment = self.world.clock.now - timedelta(seconds=self.edit.late)
        known = [datetime.fromisoformat(row["SystemModstamp"][:19]) for row in records]
        return max([moment, *(one.replace(tzinfo=UTC) for one in known)])

    def update(self, sobject: str, record: dict[str, Any], values: dict[str, Any]) -> None:
        """Change a record."""
        self.store.update(sobject, record["Id"], values, stamp=self.stamp(record))

    def choose(self, values: tuple[Any, ...]) -> Any:
        """The value that is meant."""
        return values[self.edit.value % len(values)]

    def deal_of(self, line: dict[str, Any]) -> dict[str, Any]:
        """The deal of a line."""
        return dict(self.store.get("Opportunity", line["OpportunityId"]))


def _field(name: str) -> Callable[[Desk], None]:
    def change(desk: Desk) -> None:
        if deal := desk.pick("Opportunity"):
            desk.update("Opportunity", deal, {name: desk.choose(_VALUES[name])})

    return change


def _reference(name: str) -> Callable[[Desk], None]:
    def change(desk: Desk) -> None:
        ids = tuple(desk.store.ids(_REFERENCES[name]))
        choices = (*ids, None) if name == "AccountId" else ids
        if deal := desk.pick("Opportunity"):
            desk.update("Opportunity", deal, {name: desk.choose(choices)})

    return change


def _touch(desk: Desk) -> None:
    """A won deal is saved again and nothing changes but its stamp."""
    if deal := desk.pick("Opportunity", StageName="Closed Won"):
        desk.update("Opportunity", deal, {})


def _reopen(desk: Desk) -> None:
    if deal := desk.pick("Opportunity", StageName="Closed Won"):
        desk.update("Opportunity", deal, {"StageName": "Prospecting"})


def _close(desk: Desk) -> None:
    if deal := desk.pick("Opportunity", IsWon=False):
        desk.update("Opportunity", deal, {"StageName": "Closed Won"})


def _new_deal(desk: Desk) -> None:
    account = desk.pick("Account")
    values = {
        "Name": f"New deal {desk.edit.which}",
        "AccountId": account and account["Id"],
        "StageName": "Closed Won",
        "CloseDate": "2026-10-10",
        "Amount": desk.choose(("1500.00", "499.00", None, "7.77")),
        "CurrencyIsoCode": "USD",
        "Project_Code__c": desk.choose(("P-1", "P-2", "P-3", None)),
    }
    key = desk.store.insert("Opportunity", values, stamp=desk.stamp())
    for _ in range(desk.edit.value % 3):
        _insert_line(desk, dict(desk.store.get("Opportunity", key)))


def _insert_line(desk: Desk, deal: dict[str, Any]) -> None:
    entry = desk.pick("PricebookEntry", CurrencyIsoCode=deal["CurrencyIsoCode"])
    if entry is None:
        return
    values = {
        "OpportunityId": deal["Id"],
        "PricebookEntryId": entry["Id"],
        "Quantity": desk.choose(("1", "3", "0.25")),
        "UnitPrice": desk.choose(("250.00", "999.99", "0.00", "-20.00")),
        "CurrencyIsoCode": deal["CurrencyIsoCode"],
    }
    desk.store.insert("OpportunityLineItem", values, stamp=desk.stamp(deal))


def _add_line(desk: Desk) -> None:
    if deal := desk.pick("Opportunity", IsWon=True):
        _insert_line(desk, deal)


def _edit_line(desk: Desk) -> None:
    if line := desk.pick("OpportunityLineItem"):
        values = desk.choose(
            (
                {"Quantity": "7"},
                {"UnitPrice": "123.45"},
                {"Discount": "33"},
                {"Description": "edited"},
                {"Quantity": "0.333"},
            )
        )
        stamp = desk.stamp(line, desk.deal_of(line))
        desk.store.update("OpportunityLineItem", line["Id"], values, stamp=stamp)


def _remove_line(desk: Desk) -> None:
    if line := desk.pick("OpportunityLineItem"):
        stamp = desk.stamp(line, desk.deal_of(line))
        desk.store.delete("OpportunityLineItem", line["Id"], stamp=stamp)


def _delete(sobject: str) -> Callable[[Desk], None]:
    def delete(desk: Desk) -> None:
        if record := desk.pick(sobject):
            # What hangs on it is stamped too, so the moment is now.
            desk.store.delete(sobject, record["Id"], stamp=desk.world.clock.now)

    return delete


# What became of a deal that came back without its account was never seen in an org. A ledger that
# has known the account bills it, a new one cannot.
_WITH_ITS_ACCOUNT = """ AND NOT EXISTS (
    SELECT 1 FROM "Account" a WHERE a."Id" = "AccountId" AND a."IsDeleted" = 1)"""


def _undelete(sobject: str, having: str = "") -> Callable[[Desk], None]:
    def undelete(desk: Desk) -> None:
        with desk.store.file.connection() as connection:
            gone = connection.execute(
                f'SELECT "Id" FROM "{sobject}" WHERE "IsDeleted" = 1'  # noqa: S608 - constants
                f' AND "{DELETED_WITH}" = "Id"{having} ORDER BY "Id"'
            ).fetchall()
        if gone:
            key = gone[desk.edit.which % len(gone)][0]
            desk.store.undelete(sobject, key, stamp=desk.world.clock.now)

    return undelete


def _new_account(desk: Desk) -> None:
    name = f"Account {len(desk.store.ids('Account'))} of {desk.world.clock.now:%H%M%S}"
    desk.store.insert("Account", {"Name": name, "BillingCountry": "Norway"}, stamp=desk.stamp())


def _edit_account(desk: Desk) -> None:
    if account := desk.pick("Account"):
        unique = f"{account['Id'][-6:]} {desk.edit.value} {desk.world.clock.now:%H%M%S}"
        values = desk.choose(
            (
                {"Name": f"Renamed {unique}"},
                {"BillingCountry": "Iceland"},
                {"Phone": None},
                {"Industry": "Shipping"},
            )
        )
        desk.update("Account", account, values)


def _merge_accounts(desk: Desk) -> None:
    winner, accounts = desk.pick("Account"), desk.store.ids("Account")
    loser = accounts[desk.edit.value % len(accounts)] if accounts else None
    if winner and loser and winner["Id"] != loser:
        desk.store.merge("Account", winner["Id"], loser, stamp=desk.world.clock.now)


def _rename_owner(desk: Desk) -> None:
    if owner := desk.pick("User"):
        desk.update("User", owner, {"LastName": f"Married {desk.edit.value}"})


def _rename_product(desk: Desk) -> None:
    if product := desk.pick("Product2"):
        desk.update("Product2", product, {"Name": f"{product['ProductCode']} {desk.edit.value}"})


def _edit_contact(desk: Desk) -> None:
    if contact := desk.pick("Contact"):
        values = {"Email": f"  Mail{desk.edit.value}@Example.COM", "Title": None}
        desk.update("Contact", contact, values)


def _new_contact(desk: Desk) -> None:
    account = desk.pick("Account")
    values = {"LastName": f"Contact {desk.edit.value}", "AccountId": account and account["Id"]}
    desk.store.insert("Contact", values, stamp=desk.stamp())


EDITS: dict[str, Callable[[Desk], None]] = {
    **{name: _field(name) for name in _VALUES},
    **{name: _reference(name) for name in _REFERENCES},
    "touch": _touch,
    "reopen": _reopen,
    "close": _close,
    "new deal": _new_deal,
    "add line": _add_line,
    "edit line": _edit_line,
    "remove line": _remove_line,
    "delete deal": _delete("Opportunity"),
    "undelete deal": _undelete("Opportunity", _WITH_ITS_ACCOUNT),
    "delete account": _delete("Account"),
    "undelete account": _undelete("Account"),
    "new account": _new_account,
    "edit account": _edit_account,
    "merge accounts": _merge_accounts,
    "rename owner": _rename_owner,
    "rename product": _rename_product,
    "edit contact": _edit_contact,
    "new contact": _new_contact,
    "delete contact": _delete("Contact"),
}
