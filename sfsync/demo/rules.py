"""What a real org works out by itself when a record is written.

Pure functions: the record as it will be, what was written, and the rows it leans on go in; the
values the org fills come out. Source: the object reference (Opportunity, OpportunityLineItem,
PricebookEntry, Contact, person accounts).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from collections.abc import Set as AbstractSet

Row = dict[str, Any]
"""A record by API names, values as `stored.decode` gives them."""

_CENT: Final = Decimal("0.01")
_HUNDRED: Final = Decimal(100)
_UNKNOWN_STAGE: Final[Row] = {
    "IsClosed": False,
    "IsWon": False,
    "ForecastCategory": "Pipeline",
    "ForecastCategoryName": "Pipeline",
    "DefaultProbability": None,
}


@dataclass(frozen=True, slots=True)
class Related:
    """What rules lean on: stages by API name; price book entries, deal names and products by id."""

    stages: Mapping[str, Row] = field(default_factory=dict)
    entries: Mapping[str, Row] = field(default_factory=dict)
    deal_names: Mapping[str, str] = field(default_factory=dict)
    products: Mapping[str, Row] = field(default_factory=dict)


def rounded(amount: Decimal) -> Decimal:
    """An amount to two decimals, halves away from zero."""
    return amount.quantize(_CENT, rounding=ROUND_HALF_UP)


def expected_revenue(amount: Decimal | None, probability: Decimal | None) -> Decimal | None:
    """Amount × probability; empty where either is."""
    if amount is None or probability is None:
        return None
    return rounded(amount * probability / _HUNDRED)


def total_price(quantity: Decimal, unit_price: Decimal, discount: Decimal | None) -> Decimal:
    """Quantity × unit price less the discount in per cent."""
    return rounded(quantity * unit_price * (1 - (discount or Decimal(0)) / _HUNDRED))


def full_name(row: Mapping[str, Any]) -> str:
    """First and last name, as one."""
    return " ".join(part for part in (row.get("FirstName"), row.get("LastName")) if part)


def derive(sobject: str, row: Row, written: AbstractSet[str], related: Related) -> Row:
    """The values the org fills when `written` fields of `row` are saved.

    Args:
        sobject: API name of the record's sObject.
        row: the record as it will be, before these values.
        written: names of the fields the caller wrote.
        related: the rows the rules lean on.
    """
    rule = _RULES.get(sobject)
    return rule(row, written, related) if rule else {}


def _opportunity(row: Row, written: AbstractSet[str], related: Related) -> Row:
    filled: Row = _fiscal(row.get("CloseDate"))
    if "StageName" in written:
        stage = related.stages.get(row["StageName"], _UNKNOWN_STAGE)
        filled |= {name: stage[name] for name in ("IsClosed", "IsWon")}
        for name in ("ForecastCategory", "ForecastCategoryName"):
            if name not in written:
                filled[name] = stage[name]
        if "Probability" not in written and stage["DefaultProbability"] is not None:
            filled["Probability"] = stage["DefaultProbability"]
    probability = filled.get("Probability", row.get("Probability"))
    filled["ExpectedRevenue"] = expected_revenue(row.get("Amount"), probability)
    return filled


def _fiscal(close_date: str | None) -> Row:
    if not close_date:
        return {}
    closed = date.fromisoformat(close_date)
    quarter = (closed.month + 2) // 3
    return {
        "FiscalYear": closed.year,
        "FiscalQuarter": quarter,
        "Fiscal": f"{closed.year} {quarter}",
    }


def _line_item(row: Row, written: AbstractSet[str], related: Related) -> Row:
    filled: Row = {}
    entry = related.entries.get(row.get("PricebookEntryId") or "")
    if entry and ("PricebookEntryId" in written):
        deal = related.deal_names.get(row["OpportunityId"], "")
        filled |= {
            "ListPrice": entry["UnitPrice"],
            "ProductCode": entry["ProductCode"],
            "Product2Id": entry["Product2Id"],
            "Name": f"{deal} {entry['Name'] or ''}".strip(),
        }
    return filled | _line_prices({**row, **filled}, written)


def _line_prices(row: Row, written: AbstractSet[str]) -> Row:
    quantity: Decimal | None = row["Quantity"]
    if quantity is None:
        return {}
    unit, total = row.get("UnitPrice"), row.get("TotalPrice")
    total_given = "TotalPrice" in written and total is not None
    if unit is None or (total_given and "UnitPrice" not in written):
        unit = rounded(total / quantity) if total is not None and quantity else row.get("ListPrice")
    if not total_given and unit is not None and (written & _PRICING or total is None):
        total = total_price(quantity, unit, row.get("Discount"))
    subtotal = None if unit is None else rounded(quantity * unit)
    return {"UnitPrice": unit, "TotalPrice": total, "Subtotal": subtotal}


_PRICING: Final = frozenset({"Quantity", "UnitPrice", "Discount", "TotalPrice"})


def _price_entry(row: Row, written: AbstractSet[str], related: Related) -> Row:
    product = related.products.get(row["Product2Id"]) if "Product2Id" in written else None
    return {"Name": product["Name"], "ProductCode": product["ProductCode"]} if product else {}


def _named_person(row: Row, _written: AbstractSet[str], _related: Related) -> Row:
    return {"Name": full_name(row)}


def _account(row: Row, _written: AbstractSet[str], _related: Related) -> Row:
    if not row.get("LastName"):
        return {"IsPersonAccount": False}
    return {"IsPersonAccount": True, "Name": full_name(row)}


_RULES: Final[Mapping[str, Callable[[Row, AbstractSet[str], Related], Row]]] = {
    "Account": _account,
    "Contact": _named_person,
    "Opportunity": _opportunity,
    "OpportunityLineItem": _line_item,
    "PricebookEntry": _price_entry,
    "User": _named_person,
}

_PERSON_CONTACT_FIELDS: Final = {
    "FirstName": "FirstName",
    "LastName": "LastName",
    "Salutation": "Salutation",
    "PersonEmail": "Email",
    "PersonMobilePhone": "MobilePhone",
    "PersonTitle": "Title",
    "PersonDepartment": "Department",
    "PersonBirthdate": "Birthdate",
    "Phone": "Phone",
}


def contact_behind(account: Row) -> Row:
    """What the contact behind a person account holds of it."""
    return {there: account[here] for here, there in _PERSON_CONTACT_FIELDS.items()}


DEFAULTS: Final[Mapping[str, Row]] = {
    "User": {
        "Alias": "user",
        "IsActive": True,
        "LanguageLocaleKey": "en_US",
        "LocaleSidKey": "en_US",
        "TimeZoneSidKey": "America/Los_Angeles",
        "UserType": "Standard",
    },
    "Organization": {
        "DefaultLocaleSidKey": "en_US",
        "LanguageLocaleKey": "en_US",
        "TimeZoneSidKey": "America/Los_Angeles",
        "FiscalYearStartMonth": 1,
    },
    "OpportunityStage": {"IsActive": True, "ForecastCategory": "Pipeline"},
}
"""Values of fields that are left out when a record is made."""
