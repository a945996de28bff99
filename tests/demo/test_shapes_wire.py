"""Rows on the wire: REST JSON and Bulk CSV."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.demo.shapes import csv_header, csv_line, csv_rows, java_double, rest_json
from sfsync.demo.soql import run
from sfsync.demo.store import OrgStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfsync.demo.soql import Result

NOW = datetime(2026, 11, 22, tzinfo=UTC)
BASE = "/services/data/v67.0/sobjects"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrgStore]:
    """One account, a deal on it with one line, and a deal without anything."""
    with OrgStore.create(tmp_path_factory.mktemp("shapes") / "org.db", clock=lambda: NOW) as made:
        made.insert("User", {"Username": "d@x.y", "LastName": "Reyes", "Email": "d@x.y"})
        address = {"BillingStreet": "1 High St\nFloor 2", "BillingLatitude": "51.5"}
        account = made.insert("Account", {"Name": 'A "q" =ü\u2028', **address})
        deal = {"StageName": "New", "CloseDate": "2026-01-31"}
        full = {"Name": "full", "AccountId": account, "Amount": "12345678.9", **deal}
        made.insert_many("Opportunity", [full, {"Name": "bare", **deal}])
        line = {"OpportunityId": made.ids("Opportunity")[0], "Quantity": "0.5"}
        made.insert("OpportunityLineItem", {**line, "TotalPrice": "12345678.9"})
        yield made


def ask(store: OrgStore, text: str) -> Result:
    """A query that is understood."""
    return run(store, text, now=NOW, time_zone="UTC")


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1234567.0, "1234567.0"),
        (0.5, "0.5"),
        (0.0, "0.0"),
        (9999999.99, "9999999.99"),
        (1e7, "1.0E7"),
        (12345678.0, "1.2345678E7"),
        (99213206.0, "9.9213206E7"),
        (-12345678.9, "-1.23456789E7"),
        (1.5e20, "1.5E20"),
        (0.001, "0.001"),
        (0.00099, "9.9E-4"),
        (1e-4, "1.0E-4"),
        (2.5e-7, "2.5E-7"),
    ],
)
def test_numbers_look_as_java_writes_them(number: float, text: str) -> None:
    """Plain from a thousandth up to ten million, with an exponent beyond."""
    assert java_double(number) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_read_back_the_same(number: float) -> None:
    """Whatever the notation, it is the same double."""
    assert float(java_double(number)) == number


def test_records_to_the_letter(store: OrgStore) -> None:
    """Attributes, parents, dates, numbers and nulls as a live org writes them."""
    text = (
        "SELECT Name, Amount, IsWon, CloseDate, CreatedDate, Account.Owner.Name, FiscalYear "
        "FROM Opportunity ORDER BY Name DESC"
    )
    deals = store.ids("Opportunity")
    user, account = store.ids("User")[0], store.ids("Account")[0]
    when = '"CreatedDate":"2026-11-22T00:00:00.000+0000"'
    assert rest_json(ask(store, text), "67.0") == (
        f'[{{"attributes":{{"type":"Opportunity","url":"{BASE}/Opportunity/{deals[0]}"}},'
        f'"Name":"full","Amount":1.23456789E7,"IsWon":false,"CloseDate":"2026-01-31",{when},'
        f'"Account":{{"attributes":{{"type":"Account","url":"{BASE}/Account/{account}"}},'
        f'"Owner":{{"attributes":{{"type":"User","url":"{BASE}/User/{user}"}},'
        '"Name":"Reyes"}},"FiscalYear":2026},'
        f'{{"attributes":{{"type":"Opportunity","url":"{BASE}/Opportunity/{deals[1]}"}},'
        f'"Name":"bare","Amount":null,"IsWon":false,"CloseDate":"2026-01-31",{when},'
        '"Account":null,"FiscalYear":2026}]'
    )


def test_children_and_addresses(store: OrgStore) -> None:
    """A child list is an object or null, an address an object of eight keys or null."""
    text = (
        "SELECT Account.BillingAddress, Account.ShippingAddress, Account.Name, "
        "(SELECT Quantity, TotalPrice FROM OpportunityLineItems) FROM Opportunity"
    )
    full, bare = json.loads(rest_json(ask(store, text), "67.0"), parse_float=Decimal)
    assert full["Account"]["Name"] == 'A "q" =ü\u2028'
    assert full["Account"]["ShippingAddress"] is None
    assert full["Account"]["BillingAddress"] == {
        "city": None,
        "country": None,
        "geocodeAccuracy": None,
        "latitude": Decimal("51.5"),
        "longitude": None,
        "postalCode": None,
        "state": None,
        "street": "1 High St\nFloor 2",
    }
    lines = full["OpportunityLineItems"]
    assert (lines["totalSize"], lines["done"]) == (1, True)
    assert lines["records"][0]["TotalPrice"] == Decimal("12345678.9")
    assert (bare["Account"], bare["OpportunityLineItems"]) == (None, None)


def test_aggregates_on_the_wire(store: OrgStore) -> None:
    """The rows of an aggregate are AggregateResults without a url; COUNT() has none."""
    grouped = ask(
        store, "SELECT StageName, COUNT(Id), SUM(Amount) s FROM Opportunity GROUP BY StageName"
    )
    assert rest_json(grouped, "67.0") == (
        '[{"attributes":{"type":"AggregateResult"},"StageName":"New","expr0":2,"s":1.23456789E7}]'
    )
    counted = ask(store, "SELECT COUNT() FROM Opportunity")
    assert (rest_json(counted, "67.0"), counted.total) == ("[]", 2)


def test_bulk_csv(store: OrgStore) -> None:
    """Header of paths; Z times, true and false, exponents, empty nulls, quoted newlines."""
    text = (
        "SELECT Name, Amount, IsWon, CreatedDate, CloseDate, Account.Name, Account.BillingStreet "
        "FROM Opportunity"
    )
    result = ask(store, text)
    assert csv_header(result)[-2:] == ["Account.Name", "Account.BillingStreet"]
    lines = [csv_line(csv_header(result)), *csv_rows(result)]
    assert lines[2] == ('"bare","","false","2026-11-22T00:00:00.000Z","2026-01-31","",""\n')
    read = list(csv.reader(lines))
    assert read[1][:3] == ["full", "1.23456789E7", "false"]
    assert read[1][5:] == ['A "q" =ü\u2028', "1 High St\nFloor 2"]
    assert list(csv_rows(result, "\t", "\r\n"))[1].endswith('"\t""\r\n')


def test_a_whole_page_is_written(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Two thousand rows of more than twenty columns are one reply."""
    with OrgStore.create(tmp_path_factory.mktemp("many") / "org.db") as store:
        deal = {"Name": "D", "StageName": "New", "CloseDate": "2026-01-31", "Amount": "1.10"}
        store.insert_many("Opportunity", [deal] * 2000)
        result = ask(store, "SELECT FIELDS(STANDARD) FROM Opportunity")
        written = rest_json(result, "67.0")
        assert len(json.loads(written)) == 2000
