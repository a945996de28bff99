from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sfsync import demo
from sfsync.demo.store import OrgStore

if TYPE_CHECKING:
    from tests.cli.command_line import Sfsync


def _record(sobject: str, reference: str, **fields: Any) -> dict[str, Any]:
    return {"attributes": {"type": sobject, "referenceId": reference}, **fields}


def _write(folder: Path, name: str, *records: dict[str, Any]) -> None:
    (folder / name).write_text(json.dumps({"records": list(records)}), encoding="utf-8")


def _deal(**fields: Any) -> dict[str, Any]:
    needed = {"Name": "Deal", "StageName": "Signed & won", "CloseDate": "2026-05-01"}
    return _record("Opportunity", "Deal1", **{**needed, **fields})


def _rows(path: Path, sobject: str) -> list[dict[str, Any]]:
    with OrgStore.open(path) as store:
        return [store.get(sobject, each) for each in store.ids(sobject)]


def test_records_are_written_in_the_order_that_they_need(tmp_path: Path) -> None:
    """Without a plan a file may refer to one that comes later in the alphabet."""
    folder = tmp_path / "tree"
    folder.mkdir()
    book = "01saj000004bZqwAAE"
    entry = {"Pricebook2Id": book, "Product2Id": "@P1", "UnitPrice": 10, "IsActive": True}
    line = {"OpportunityId": "@Deal1", "PricebookEntryId": "@E1", "Quantity": 3, "UnitPrice": 9.5}
    _write(folder, "A-line.json", _record("OpportunityLineItem", "L1", **line))
    _write(folder, "B-deal.json", _deal(AccountId="@A1", Amount=1, Region__c="EMEA", Big__c=True))
    _write(folder, "C-rest.json", _record("Account", "A1", Name="Acme"))
    _write(folder, "D.json", _record("PricebookEntry", "E1", **entry))
    _write(folder, "E.json", _record("Product2", "P1", Name="Widget", IsActive=True))
    path = tmp_path / "org.db"
    demo.create_org_from_trees(path, folder)
    (found,) = _rows(path, "Opportunity")
    assert found["Amount"] == Decimal("28.50")
    assert (found["Region__c"], found["Big__c"], found["IsWon"]) == ("EMEA", True, True)
    assert book in {row["Id"] for row in _rows(path, "Pricebook2")}
    demo.close_deal(path, "Another", "20")
    demo.reset(path)
    assert len(_rows(path, "Opportunity")) == 1


def test_a_custom_field_takes_all_its_values(tmp_path: Path) -> None:
    """Whatever the first record has in it: nothing, or a short text where others have long ones."""
    folder = tmp_path / "tree"
    folder.mkdir()
    long = "lines\n" * 100
    first = _record("Account", "A1", Name="A", Size__c=None, Note__c="short", Mixed__c="2026-01-01")
    second = _record("Account", "A2", Name="B", Size__c=5, Note__c=long, Mixed__c="some day")
    _write(folder, "accounts.json", first, second)
    path = tmp_path / "org.db"
    demo.create_org_from_trees(path, folder)
    held = [(row["Size__c"], row["Note__c"], row["Mixed__c"]) for row in _rows(path, "Account")]
    assert held == [(None, "short", "2026-01-01"), (5, long, "some day")]


def test_nested_children_get_their_parent(tmp_path: Path) -> None:
    """Child records inside a record point to it."""
    folder = tmp_path / "tree"
    folder.mkdir()
    contacts = {"records": [_record("Contact", "C1", LastName="Doe")]}
    _write(folder, "Account-Contact.json", _record("Account", "A1", Name="Acme", Contacts=contacts))
    path = tmp_path / "org.db"
    demo.create_org_from_trees(path, folder)
    (contact,) = _rows(path, "Contact")
    assert contact["AccountId"] == _rows(path, "Account")[0]["Id"]


@pytest.mark.parametrize(
    ("records", "message"),
    [
        ([_deal(AccountId="@Nobody")], "deals.json, Deal1: AccountId refers to @Nobody"),
        ([_deal(Foo="x")], "deals.json, Deal1: Opportunity has no field Foo"),
        ([_deal(**{"A b__c": "x"})], "deals.json, Deal1: INVALID_FIELD: A b__c is not a name"),
        ([_record("Nothing", "N1")], "deals.json, N1: the org has no sObject Nothing"),
        ([_deal(), _deal()], "deals.json, Deal1: this referenceId is given twice"),
        (
            [{"attributes": {"type": "Account", "referenceId": 7}}],
            "record 1: the referenceId is no",
        ),
        ([_deal(CloseDate="soon")], "deals.json, Deal1: INVALID_TYPE_ON_FIELD_IN_RECORD"),
        ([_deal(AccountId="001000000000001AAA")], "deals.json, Deal1: AccountId is 0010"),
        ([{"Name": "x"}], "deals.json, record 1: a record needs"),
        ([_record("Account", "A1", Name="A", ParentId="@A1")], "it refers to itself"),
    ],
)
def test_a_wrong_record_is_named(
    tmp_path: Path, records: list[dict[str, Any]], message: str
) -> None:
    """What cannot be loaded is named by file and record, and no org is left behind."""
    folder = tmp_path / "tree"
    folder.mkdir()
    _write(folder, "deals.json", *records)
    with pytest.raises(demo.TreeFileError, match=message):
        demo.create_org_from_trees(tmp_path / "org.db", folder)
    assert not (tmp_path / "org.db").exists()


def test_a_demo_that_could_not_be_filled_can_be_started_again(sfsync: Sfsync) -> None:
    """Records that cannot be loaded leave no folder that looks like a demo."""
    folder = Path("tree")
    folder.mkdir()
    _write(folder, "deals.json", _deal(Foo="x"))
    assert sfsync("demo", "start", "books", "--data", "tree").status == 2
    _write(folder, "deals.json", _deal())
    assert sfsync("demo", "start", "books", "--data", "tree").status == 0


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "no \\*.json files"),
        ({"a.json": "{"}, "not valid JSON"),
        ({"a.json/b": ""}, "a.json: cannot be read: Is a directory"),
        ({"a.json": "[]"}, "no tree file"),
        ({"a-plan.json": "[]", "b-plan.json": "[]"}, "more than one plan"),
        ({"a-plan.json": '[{"files": ["gone.json"]}]'}, "there is no file gone.json"),
        ({"a-plan.json": '[{"sobject": "Account"}]'}, 'a step needs "files"'),
    ],
)
def test_a_wrong_folder_is_named(tmp_path: Path, files: dict[str, str], message: str) -> None:
    """A folder that holds no trees says why."""
    folder = tmp_path / "tree"
    folder.mkdir()
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    with pytest.raises(demo.TreeFileError, match=message):
        demo.create_org_from_trees(tmp_path / "org.db", folder)
