"""What every demo org has before any customer: itself, users, stages, currencies, a price book."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sfsync.demo.identity import ORG_NAME, TIME_ZONE
from sfsync.demo.org_catalogue import OrgCatalogue
from sfsync.demo.seed.cast import USERS

if TYPE_CHECKING:
    from datetime import datetime

    from sfsync.demo.seed.cast import SeedUser
    from sfsync.demo.store import OrgStore

_STAGES: Final = (
    # label, probability, forecast category and its name, closed, won
    ("Prospecting", 10, "Pipeline", "Pipeline", False, False),
    ("Qualification", 10, "Pipeline", "Pipeline", False, False),
    ("Needs Analysis", 20, "Pipeline", "Pipeline", False, False),
    ("Value Proposition", 50, "Pipeline", "Pipeline", False, False),
    ("Id. Decision Makers", 60, "Pipeline", "Pipeline", False, False),
    ("Perception Analysis", 70, "Pipeline", "Pipeline", False, False),
    ("Proposal/Price Quote", 75, "BestCase", "Best Case", False, False),
    ("Negotiation/Review", 90, "Forecast", "Commit", False, False),
    ("Closed Won", 100, "Closed", "Closed", True, True),
    ("Closed Lost", 0, "Omitted", "Omitted", True, False),
)
_CURRENCIES: Final = (
    # one corporate dollar buys this many
    ("USD", "1", True),
    ("EUR", "0.92", False),
)


def plant_base(
    store: OrgStore,
    stamp: datetime,
    *,
    name: str = ORG_NAME,
    users: tuple[SeedUser, ...] = USERS,
) -> dict[str, str]:
    """Write the base rows.

    Returns:
        Ids of the users by their keys, and of the price book as `pricebook`.
    """
    ids = {user.key: _plant_user(store, user, stamp) for user in users}
    store.insert("Organization", _organization(store.file.org_id, name), stamp=stamp)
    store.insert_many("OpportunityStage", _stages(), stamp=stamp)
    store.insert_many("CurrencyType", _currencies(), stamp=stamp)
    standard = {"Name": "Standard Price Book", "IsActive": True, "IsStandard": True}
    ids["pricebook"] = store.insert("Pricebook2", standard, stamp=stamp)
    return ids


def add_stage(store: OrgStore, label: str, stamp: datetime) -> None:
    """Add a stage that a tree file names; a label that says won or lost closes the deal."""
    won, lost = "won" in label.lower(), "lost" in label.lower()
    probability, category = (100, "Closed") if won else (0, "Omitted") if lost else (50, "Pipeline")
    row = (label, probability, category, category, won or lost, won)
    place = len(store.ids("OpportunityStage")) + 1
    store.insert("OpportunityStage", _stage(place, row), stamp=stamp)
    OrgCatalogue(store.file).add_stage(label)


def _plant_user(store: OrgStore, user: SeedUser, stamp: datetime) -> str:
    values = {
        "FirstName": user.first_name,
        "LastName": user.last_name,
        "Username": user.username,
        "Email": user.username,
        "Alias": user.key[:8],
        "IsActive": user.active,
        "TimeZoneSidKey": TIME_ZONE,
        "DefaultCurrencyIsoCode": "USD",
        "CurrencyIsoCode": "USD",
    }
    if user.id:
        values["Id"] = user.id
    return store.insert("User", values, stamp=stamp)


def _organization(org_id: str, name: str) -> dict[str, Any]:
    return {
        "Id": org_id,
        "Name": name,
        "OrganizationType": "DEMO",
        "IsSandbox": False,
        "InstanceName": "DEMO",
        "TimeZoneSidKey": TIME_ZONE,
        "Country": "US",
    }


def _stages() -> list[dict[str, Any]]:
    return [_stage(place, row) for place, row in enumerate(_STAGES, 1)]


def _stage(place: int, row: tuple[str, int, str, str, bool, bool]) -> dict[str, Any]:
    label, probability, category, category_name, closed, won = row
    return {
        "MasterLabel": label,
        "ApiName": label,
        "IsActive": True,
        "SortOrder": place,
        "DefaultProbability": probability,
        "ForecastCategory": category,
        "ForecastCategoryName": category_name,
        "IsClosed": closed,
        "IsWon": won,
    }


def _currencies() -> list[dict[str, Any]]:
    return [
        {
            "IsoCode": code,
            "ConversionRate": rate,
            "DecimalPlaces": 2,
            "IsActive": True,
            "IsCorporate": corporate,
        }
        for code, rate, corporate in _CURRENCIES
    ]
