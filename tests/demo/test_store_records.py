"""Records and the rules a real org keeps about them."""

from __future__ import annotations

import math
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.demo import rules
from sfsync.demo.catalogue import Features, StoreError
from sfsync.demo.ids import make_id, to_18
from sfsync.demo.store import OrgStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

START = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
WON = {
    "MasterLabel": "Closed Won",
    "ApiName": "Closed Won",
    "IsClosed": True,
    "IsWon": True,
    "ForecastCategory": "Closed",
    "ForecastCategoryName": "Closed",
    "DefaultProbability": 100,
}
EARLY = {
    "MasterLabel": "Prospecting",
    "ApiName": "Prospecting",
    "ForecastCategory": "Pipeline",
    "ForecastCategoryName": "Pipeline",
    "DefaultProbability": 10,
}


class Clock:
    """A clock that moves a second with each look."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        """The next second."""
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture
def store(tmp_path: Path) -> Iterator[OrgStore]:
    """An org with two stages and one user."""
    with OrgStore.create(tmp_path / "org.db", clock=Clock()) as made:
        made.insert("User", {"Username": "d@x.y", "LastName": "Reyes", "Email": "d@x.y"})
        made.insert_many("OpportunityStage", [WON, EARLY])
        yield made


def deal(store: OrgStore, **more: Any) -> str:
    """A new opportunity."""
    values = {"Name": "Deal", "StageName": "Prospecting", "CloseDate": "2026-11-01", **more}
    return store.insert("Opportunity", values)


def price(store: OrgStore, unit_price: str = "10") -> str:
    """A new price book entry."""
    product = store.insert("Product2", {"Name": "Setup", "ProductCode": "S-1"})
    book = store.insert("Pricebook2", {"Name": "Standard"})
    return store.insert(
        "PricebookEntry",
        {"Product2Id": product, "Pricebook2Id": book, "UnitPrice": unit_price},
    )


def test_the_checksum_is_the_known_one() -> None:
    """Known pairs of 15 and 18 characters; the case of an 18-character id is mended."""
    assert to_18("001A0000006Vm9r") == "001A0000006Vm9rIAC"
    assert to_18("001a0000006vm9rIAC") == "001A0000006Vm9rIAC"
    assert to_18("001A0000006Vm9") is None
    assert to_18("001A0000006Vm9ré") is None


@given(st.integers(0, 62**6), st.integers(0, 62**6))
def test_ids_sort_as_their_serials(first: int, second: int) -> None:
    """Ids are unique, increasing, and survive a change of case."""
    one, other = make_id("006", first), make_id("006", second)
    assert (one < other) == (first < second)
    assert to_18(one[:15]) == one
    assert to_18(one[:15].lower() + one[15:]) == one


def test_the_stage_decides(store: OrgStore) -> None:
    """Closed, won, probability, forecast and expected revenue follow the stage."""
    made = deal(store, Amount="1000.50")
    before = store.get("Opportunity", made)
    assert (before["IsWon"], before["Probability"]) == (False, 10)
    assert before["ExpectedRevenue"] == Decimal("100.05")
    store.update("Opportunity", made, {"StageName": "Closed Won"})
    after = store.get("Opportunity", made)
    assert (after["IsClosed"], after["IsWon"], after["ForecastCategoryName"]) == (
        True,
        True,
        "Closed",
    )
    assert after["ExpectedRevenue"] == Decimal("1000.50")
    assert after["LastStageChangeDate"] == after["SystemModstamp"] > before["SystemModstamp"]


def test_lines_make_the_amount(store: OrgStore) -> None:
    """The amount is the sum of the lines; writing it by hand is then ignored."""
    made, entry = deal(store, Amount=5), price(store)
    line = store.insert(
        "OpportunityLineItem",
        {"OpportunityId": made, "PricebookEntryId": entry, "Quantity": 3, "Discount": "12.5"},
    )
    kept = store.get("OpportunityLineItem", line)
    assert (kept["ListPrice"], kept["UnitPrice"], kept["TotalPrice"]) == (10, 10, Decimal("26.25"))
    assert (kept["ProductCode"], kept["Name"]) == ("S-1", "Deal Setup")
    first = store.get("Opportunity", made)
    assert (first["Amount"], first["HasOpportunityLineItem"]) == (Decimal("26.25"), True)
    store.update("Opportunity", made, {"Amount": 999})
    assert store.get("Opportunity", made)["Amount"] == Decimal("26.25")
    store.update("OpportunityLineItem", line, {"Quantity": 4})
    second = store.get("Opportunity", made)
    assert (second["Amount"], second["TotalOpportunityQuantity"]) == (35, 4)
    assert second["SystemModstamp"] > first["SystemModstamp"]


def test_a_given_total_is_kept(store: OrgStore) -> None:
    """TotalPrice as given wins over quantity × price, and gives the price when that is missing."""
    made, entry = deal(store), price(store)
    line = {"OpportunityId": made, "PricebookEntryId": entry, "Quantity": 3, "TotalPrice": 100}
    without = store.get("OpportunityLineItem", store.insert("OpportunityLineItem", line))
    assert without["UnitPrice"] == Decimal("33.33")
    with_price = store.insert("OpportunityLineItem", {**line, "UnitPrice": "33.3"})
    assert store.get("OpportunityLineItem", with_price)["TotalPrice"] == 100


def test_a_deleted_line_leaves_no_trace(store: OrgStore) -> None:
    """The row is gone, and the opportunity's stamp moves."""
    made, entry = deal(store), price(store)
    line = store.insert(
        "OpportunityLineItem",
        {"OpportunityId": made, "PricebookEntryId": entry, "Quantity": 1},
    )
    before = store.get("Opportunity", made)
    store.delete("OpportunityLineItem", line)
    with pytest.raises(StoreError, match="NOT_FOUND"):
        store.get("OpportunityLineItem", line)
    after = store.get("Opportunity", made)
    assert after["HasOpportunityLineItem"] is False
    assert after["SystemModstamp"] > before["SystemModstamp"]


def test_deleting_cascades_and_comes_back(store: OrgStore) -> None:
    """Deals and contacts go with their account, and come back with it."""
    account = store.insert("Account", {"Name": "Acme"})
    made = deal(store, AccountId=account)
    store.insert("Contact", {"LastName": "Doe", "AccountId": account})
    store.delete("Account", account)
    assert (store.count("Opportunity"), store.count("Contact"), store.count("Account")) == (0, 0, 0)
    with pytest.raises(StoreError, match="ENTITY_IS_DELETED"):
        store.get("Opportunity", made)
    store.undelete("Account", account)
    assert store.get("Opportunity", made)["AccountId"] == account
    with pytest.raises(StoreError, match="UNDELETE_FAILED"):
        store.undelete("Account", account)


def test_merging_moves_everything(store: OrgStore) -> None:
    """The loser is deleted and its deals and contacts belong to the winner."""
    winner, loser = (store.insert("Account", {"Name": name}) for name in ("A", "B"))
    made = deal(store, AccountId=loser)
    before = store.get("Opportunity", made)["SystemModstamp"]
    store.merge("Account", winner, loser)
    moved = store.get("Opportunity", made)
    assert moved["AccountId"] == winner
    assert moved["SystemModstamp"] > before
    assert store.ids("Account") == [winner]
    with pytest.raises(StoreError, match="Merge is not supported"):
        store.merge("Opportunity", made, made)


@pytest.mark.parametrize(
    ("values", "code", "message"),
    [
        ({"Nope": 1}, "INVALID_FIELD", "No such column 'Nope' on sobject of type Opportunity"),
        ({"Name": None}, "REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]"),
        (
            {"Name": "x" * 121},
            "STRING_TOO_LONG",
            f"Name: data value too large: {'x' * 121} (max length=120)",
        ),
        ({"AccountId": "12"}, "MALFORMED_ID", "Account ID: id value of incorrect type: 12"),
        (
            {"Amount": "1e17"},
            "NUMBER_OUTSIDE_VALID_RANGE",
            "Amount: value outside of valid range on numeric field: 1E+17",
        ),
        (
            {"CloseDate": "soon"},
            "INVALID_TYPE_ON_FIELD_IN_RECORD",
            "Close Date: value not of required type: soon",
        ),
    ],
)
def test_what_a_write_refuses(
    store: OrgStore,
    values: dict[str, Any],
    code: str,
    message: str,
) -> None:
    """A wrong value is refused with the org's code and text, and nothing is kept."""
    with pytest.raises(StoreError) as refusal:
        deal(store, **values)
    assert (refusal.value.error_code, refusal.value.message) == (code, message)
    assert store.count("Opportunity") == 0


AWKWARD: tuple[object, ...] = (
    None, True, 0, -1, 1.5, 10**400, math.nan, math.inf, Decimal("1e-999999"), "", " ", "x" * 300,
    "\ud800", "\0", [], {}, b"x", "2026-99-99", "9999-12-31T23:59:59-14:00",
    "0001-01-01T00:00:00+14:00", "006000000000001AAA", "1_000", "\uff11",
)  # fmt: skip


def test_any_value_is_taken_or_refused(store: OrgStore) -> None:
    """In any field of any sObject: kept, or refused as an org refuses."""
    line = {"OpportunityId": deal(store), "PricebookEntryId": price(store), "Quantity": 1}
    whole: dict[str, dict[str, Any]] = {
        "Account": {"Name": "A"},
        "Contact": {"LastName": "L"},
        "Opportunity": {"Name": "D", "StageName": "Closed Won", "CloseDate": "2026-01-01"},
        "OpportunityLineItem": line,
    }
    for sobject, values in whole.items():
        for field in store.catalogue.known(sobject).fields:
            for value in AWKWARD:
                with suppress(StoreError):
                    store.insert(sobject, {**values, field.name: value})


def test_an_id_is_given_once(store: OrgStore) -> None:
    """A record is never made in the place of another one."""
    given_id = make_id("001", 7)
    store.insert("Account", {"Id": given_id, "Name": "First"})
    for rows in (
        [{"Id": given_id, "Name": "Second"}],
        [{"Id": make_id("001", 8), "Name": "A"}] * 2,
    ):
        with pytest.raises(StoreError, match="DUPLICATE_VALUE"):
            store.insert_many("Account", rows)
    assert [store.get("Account", each)["Name"] for each in store.ids("Account")] == ["First"]


@given(st.decimals(-(10**15), 10**15, places=2))
def test_numbers_are_kept_exactly(number: Decimal) -> None:
    """Rounding to a field's decimals and the expected revenue never pass through a float."""
    assert rules.expected_revenue(number, Decimal(100)) == number
    assert rules.total_price(Decimal(1), number, None) == number


def test_a_person_account_has_a_contact_behind_it(tmp_path: Path) -> None:
    """Name is composed; the contact follows the account."""
    features = Features(person_accounts=True)
    with OrgStore.create(tmp_path / "p.db", features=features) as store:
        made = store.insert(
            "Account", {"FirstName": "Ann", "LastName": "Lee", "PersonEmail": "a@b"}
        )
        account = store.get("Account", made)
        assert (account["Name"], account["IsPersonAccount"]) == ("Ann Lee", True)
        contact = store.get("Contact", account["PersonContactId"])
        assert (contact["Name"], contact["Email"], contact["AccountId"]) == ("Ann Lee", "a@b", made)
        store.update("Account", made, {"LastName": "Moe"})
        assert store.get("Contact", contact["Id"])["Name"] == "Ann Moe"


def test_settings_features_and_fields_survive(store: OrgStore) -> None:
    """A second opener sees settings, features and custom fields at once."""
    with OrgStore.open(store.path) as other:
        assert other.features == Features()
        store.set_setting("wire.port", [1, {"a": None}])
        store.set_features(Features(multi_currency=True, hidden_objects=frozenset({"Contact"})))
        store.add_custom_field("Account", "Tier__c", "string")
        store.add_custom_field("account", "tier__c", "string")
        assert other.get_setting("wire.port") == [1, {"a": None}]
        assert other.get_setting("none", 7) == 7
        assert other.catalogue.sobject("Contact") is None
        made = other.insert("Account", {"Name": "A", "tier__C": "gold", "CurrencyIsoCode": "EUR"})
        assert store.get("Account", made)["Tier__c"] == "gold"
        with pytest.raises(StoreError, match="not a name of a custom field"):
            store.add_custom_field("Account", 'x" TEXT, "y__c', "string")


def test_a_failed_write_keeps_nothing(store: OrgStore) -> None:
    """One bad record of many undoes all of them."""
    good = {"Name": "A"}
    with pytest.raises(StoreError):
        store.insert_many("Account", [good, {**good, "Name": None}])
    assert store.count("Account") == 0


def test_threads_write_side_by_side(store: OrgStore) -> None:
    """Records made by several threads all get ids of their own."""
    threads = [
        threading.Thread(target=store.insert_many, args=("Account", [{"Name": "A"}] * 50))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(store.ids("Account"))) == 200


def test_many_records_are_made(store: OrgStore) -> None:
    """Ten thousand opportunities are inserted at once."""
    rows = [
        {"Name": "D", "StageName": "Closed Won", "CloseDate": "2026-01-01", "Amount": place}
        for place in range(10_000)
    ]
    store.insert_many("Opportunity", rows)
    assert store.count("Opportunity") == 10_000


def test_open_and_create_mind_the_file(tmp_path: Path) -> None:
    """A missing file cannot be opened, an existing one not made again."""
    with pytest.raises(FileNotFoundError):
        OrgStore.open(tmp_path / "none.db")
    OrgStore.create(tmp_path / "one.db").close()
    with pytest.raises(FileExistsError):
        OrgStore.create(tmp_path / "one.db")
