"""The describes of the org against describes recorded from a live one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sfsync.demo.catalogue import Catalogue, Features, StoreError

RECORDINGS = Path(__file__).parents[1] / "recordings" / "describe"
LEFT_OUT = {
    "Opportunity": {
        "CampaignId",
        "LastAmountChangedHistoryId",
        "LastCloseDateChangedHistoryId",
    },
    "Account": {
        "RecordTypeId",
        "IsPartner",
        "IsCustomerPortal",
        "ChannelProgramName",
        "ChannelProgramLevelName",
        "DandbCompanyId",
        "OperatingHoursId",
    },
    "Contact": {"IndividualId"},
}


def recorded(name: str) -> dict[str, Any]:
    """A recorded describe, trimmed."""
    found: dict[str, Any] = json.loads((RECORDINGS / f"{name}.json").read_text())
    return found


@pytest.mark.parametrize("name", ["Opportunity", "Account", "Contact"])
def test_fields_agree_with_the_recording(name: str) -> None:
    """Every recorded standard field is there with the recorded attributes."""
    described = {each["name"]: each for each in Catalogue().describe(name, "67.0")["fields"]}
    for field in recorded(name)["fields"]:
        if field["name"] in LEFT_OUT[name]:
            assert field["name"] not in described
            continue
        ours = described[field["name"]]
        assert {key: ours[key] for key in field} == field


@pytest.mark.parametrize("name", ["Opportunity", "Account", "Contact"])
def test_keys_agree_with_the_recording(name: str) -> None:
    """Describe, field, picklist value and child relationship have the recorded keys."""
    recording, described = recorded(name), Catalogue().describe(name, "67.0")
    assert set(recording["keys"]) <= set(described)
    assert sorted(described["fields"][0]) == recording["fieldKeys"]
    values = next(f["picklistValues"] for f in described["fields"] if f["picklistValues"])
    assert sorted(values[0]) == recording["picklistValueKeys"]
    assert sorted(described["childRelationships"][0]) == recording["childRelationshipKeys"]
    for key in ("name", "keyPrefix", "label", "labelPlural"):
        assert described[key] == recording[key]


def test_child_relationships_of_an_opportunity() -> None:
    """Lines, contact roles and the custom lines hang on an opportunity and go with it."""
    children = Catalogue().describe("opportunity", "67.0")["childRelationships"]
    named = {child["relationshipName"]: child for child in children}
    assert set(named) == {"OpportunityLineItems", "OpportunityContactRoles", "Deal_Lines__r"}
    assert named["OpportunityLineItems"]["childSObject"] == "OpportunityLineItem"
    assert all(child["cascadeDelete"] for child in children)


def test_products_off_takes_the_objects_away() -> None:
    """Without products there are neither lines nor price books, nor a field that needs them."""
    catalogue = Catalogue(Features(products=False))
    for name in ("OpportunityLineItem", "Product2", "PricebookEntry", "Pricebook2"):
        assert catalogue.sobject(name) is None
        with pytest.raises(StoreError) as refusal:
            catalogue.describe(name, "67.0")
        assert refusal.value.error_code == "NOT_FOUND"
    opportunity = catalogue.sobject("Opportunity")
    assert opportunity is not None
    assert opportunity.field("Pricebook2Id") is None
    listed = {each["name"] for each in catalogue.global_describe("67.0")["sobjects"]}
    assert "Product2" not in listed
    assert "Account" in listed


@pytest.mark.parametrize(
    ("features", "name", "field"),
    [
        (Features(multi_currency=True), "Opportunity", "CurrencyIsoCode"),
        (Features(multi_currency=True), "CurrencyType", "ConversionRate"),
        (Features(person_accounts=True), "Account", "IsPersonAccount"),
        (Features(person_accounts=True), "Account", "PersonMailingAddress"),
    ],
)
def test_a_feature_brings_its_fields(features: Features, name: str, field: str) -> None:
    """A field of a feature is there with it and absent without it."""
    with_it, without = Catalogue(features).sobject(name), Catalogue().sobject(name)
    assert with_it is not None
    assert with_it.field(field) is not None
    assert without is None or without.field(field) is None


def test_hidden_means_absent() -> None:
    """A hidden field and a hidden object are in no describe; case does not matter."""
    hidden = Features(
        hidden_fields=frozenset({"opportunity.AMOUNT"}),
        hidden_objects=frozenset({"contact"}),
    )
    catalogue = Catalogue(hidden)
    names = {each["name"] for each in catalogue.describe("Opportunity", "67.0")["fields"]}
    assert "Amount" not in names
    assert "StageName" in names
    assert catalogue.sobject("Contact") is None
