"""Breaking and mending a demo org on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sfsync.demo.breaks import BREAKS
from sfsync.demo.oauth.grants import revoke_everything
from sfsync.demo.org_settings import change, setting
from sfsync.demo.state import WireState
from sfsync.demo.store import OrgStore

if TYPE_CHECKING:
    from pathlib import Path

    from sfsync.demo.rules import Row

_STRANGER: Final = "Acme"
_TWINS: Final = {"Acme Corp", "Acme Corp, Inc."}
"""Two accounts of the seed that are one name but for their legal form."""

_FIELDS: Final = {
    "missing-field": "Project_Code__c",
    "bad-amount": "Amount",
    "unknown-customer": "AccountId",
}
"""The field of a won deal that each of these empties, or points elsewhere."""


def break_org(path: Path, what: str) -> str:
    """See `sfsync.demo.break_org`."""
    _check(what)
    with OrgStore.open(path) as store, store.file.transaction():
        if what in _FIELDS:
            return _empty_a_field(store, what)
        _note(store, what, [])
        if what == "expired-sign-in":
            revoke_everything(WireState(store.file))
        return BREAKS[what]


def fix_org(path: Path, what: str) -> str:
    """See `sfsync.demo.fix_org`."""
    _check(what)
    with OrgStore.open(path) as store, store.file.transaction():
        broken = setting(store, "broken")
        lost = dict(broken.pop(what, []))
        change(store, "broken", broken)
        if what in _FIELDS:
            return _fill_the_field(store, _FIELDS[what], lost)
        return f"Mended: {what}."


def lift_expired_sign_in(store: OrgStore) -> None:
    """Somebody signed in again: stored sign-ins are taken from now on."""
    broken = setting(store, "broken")
    if broken.pop("expired-sign-in", None) is not None:
        change(store, "broken", broken)


def _check(what: str) -> None:
    if what not in BREAKS:
        raise ValueError(f"unknown: {what!r}; one of {', '.join(BREAKS)}")


def _empty_a_field(store: OrgStore, what: str) -> str:
    field = _FIELDS[what]
    # An amount with lines is theirs, so only a deal without lines can lose it.
    broken = {deal_id for deal_id, _ in setting(store, "broken").get(what, [])}
    sound = [d for d in _won_deals(store) if _is_sound(d) and d["Id"] not in broken]
    if not sound:
        raise ValueError("no won deal is left that could be broken this way")
    deal = max(sound, key=lambda each: (each["CloseDate"], each["Id"]))
    lost = deal[field]
    stranger = _stranger(store) if what == "unknown-customer" else None
    store.update("Opportunity", deal["Id"], {field: stranger})
    _note(store, what, [[deal["Id"], str(lost)]])
    named = f"“{deal['Name']}” ({deal['Id']})"
    if stranger is not None:
        return f"{named} moved to a new account “{_STRANGER}” ({stranger}), which could be two."
    return f"{named} lost its {field}."


def _stranger(store: OrgStore) -> str | None:
    """A new account whose name fits two customers; None where the org has no such two."""
    names = {store.get("Account", account)["Name"] for account in store.ids("Account")}
    return store.insert("Account", {"Name": _STRANGER}) if names >= _TWINS else None


def _fill_the_field(store: OrgStore, field: str, lost: dict[str, str]) -> str:
    mended = [deal for deal in _won_deals(store) if deal[field] is None or deal["Id"] in lost]
    for place, deal in enumerate(mended, 1):
        value = lost.get(deal["Id"]) or _substitute(store, field, place)
        store.update("Opportunity", deal["Id"], {field: value})
        if field == "AccountId" and deal[field] is not None:
            store.delete("Account", deal[field])
    names = ", ".join(f"“{deal['Name']}” ({deal['Id']})" for deal in mended)
    return f"Filled {field} of {names}." if mended else f"No won deal lacks its {field}."


def _substitute(store: OrgStore, field: str, place: int) -> str:
    values = {
        "Project_Code__c": f"P-30{place:02}",
        "Amount": "4200.00",
        "AccountId": store.ids("Account")[0],
    }
    return values[field]


def _won_deals(store: OrgStore) -> list[Row]:
    deals = (store.get("Opportunity", deal_id) for deal_id in store.ids("Opportunity"))
    return [deal for deal in deals if deal["IsWon"]]


def _is_sound(deal: Row) -> bool:
    filled = all(deal[field] is not None for field in _FIELDS.values())
    return filled and not deal["HasOpportunityLineItem"] and deal["Amount"] >= 500  # noqa: PLR2004 - the example's minimum


def _note(store: OrgStore, what: str, lost: list[list[str]]) -> None:
    broken = setting(store, "broken")
    broken[what] = [*broken.get(what, []), *lost]
    change(store, "broken", broken)
