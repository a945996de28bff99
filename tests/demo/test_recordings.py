from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
import vcr

from sfsync import demo

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.demo.conftest import Caller

RECORDINGS = Path(__file__).parents[1] / "recordings"


def _recorded(name: str) -> Any:
    text = (RECORDINGS / "replies" / f"{name}.json").read_text(encoding="utf-8")
    return json.loads(text)


def _shape(value: Any, depth: int = 9) -> Any:
    """The keys and types of a reply; of a list, the shape of its first entry."""
    if isinstance(value, dict) and depth:
        return {key: _shape(inner, depth - 1) for key, inner in value.items()}
    if isinstance(value, list) and depth:
        return [_shape(inner, depth - 1) for inner in value[:1]]
    return type(value).__name__


def test_errors_are_worded_as_recorded(caller: Caller) -> None:
    """The expired session and the unknown external id are answered to the letter."""
    caller.session.headers["Authorization"] = "Bearer 00D!gone"
    reply = caller.get("/limits")
    assert (reply.status_code, reply.json()) == (401, _recorded("expired_session_response"))


@pytest.mark.parametrize(
    ("ask", "name"),
    [
        (lambda c: c.get("/sobjects/Account/23foo"), "sobject_find_error_response"),
        (lambda c: c.get("/sobjects/Whizbang/describe"), "sobject_describe_error_response"),
    ],
)
def test_refusals_are_as_recorded(
    caller: Caller, ask: Callable[[Caller], requests.Response], name: str
) -> None:
    """A refusal has the recorded body, code and message."""
    assert ask(caller).json() == _recorded(name)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("SELECT Id FROM Account WHERE Name = 'nobody'", "query_empty_response"),
        (
            "SELECT OwnerId, SUM(Amount) FROM Opportunity WHERE Amount > 0 GROUP BY OwnerId",
            "query_aggregate_success_response",
        ),
    ],
)
def test_query_replies_have_the_recorded_keys(caller: Caller, text: str, name: str) -> None:
    """A query reply has the keys of a recorded one, row by row."""
    ours, theirs = caller.query(text), _recorded(name)
    assert ours.keys() == theirs.keys()
    for mine, other in zip(ours["records"][:1], theirs["records"][:1], strict=True):
        assert _shape(mine["attributes"]) == _shape(other["attributes"])
        assert len(mine) == len(other)
        assert isinstance(mine.get("expr0", 0.0), float)


def test_a_child_list_has_the_recorded_keys(caller: Caller) -> None:
    """Parents and child lists inside a row are shaped as recorded."""
    text = (
        "SELECT Name, Account.Name, (SELECT Name FROM OpportunityLineItems) FROM Opportunity"
        " WHERE HasOpportunityLineItem = true LIMIT 1"
    )
    (row,) = caller.query(text)["records"]
    (theirs,) = _recorded("query_success_response")["records"]
    assert _shape(row["attributes"]) == _shape(theirs["attributes"])
    assert set(row["Account"]) - {"Name"} == {"attributes"}
    assert set(row["OpportunityLineItems"]) == set(theirs["Whizbangs__r"])


def test_a_first_page_has_the_recorded_keys(caller: Caller) -> None:
    """A page with more to come has the keys of the recorded one."""
    for number in range(190):
        caller.call("POST", "/sobjects/Account", json={"Name": f"Row {number}"})
    reply = caller.get(
        "/query",
        params={"q": "SELECT Name FROM Account"},
        headers={"Sforce-Query-Options": "batchSize=200"},
    )
    theirs = _recorded("query_paginated_first_page_response")
    assert reply.json().keys() == theirs.keys()


@pytest.mark.parametrize(
    ("path", "name"),
    [("/updated/", "get_updated_success_response"), ("/deleted/", "get_deleted_success_response")],
)
def test_replication_replies_are_shaped_as_recorded(caller: Caller, path: str, name: str) -> None:
    """Updated and deleted rows come in the recorded shape."""
    moment = datetime.now(UTC)
    span = {
        "start": (moment - timedelta(days=2)).isoformat(timespec="seconds"),
        "end": (moment + timedelta(minutes=1)).isoformat(timespec="seconds"),
    }
    ours = caller.get(f"/sobjects/Opportunity{path}", params=span).json()
    assert _shape(ours) == _shape(_recorded(name))


def test_a_created_row_is_answered_as_recorded(caller: Caller) -> None:
    """The reply to a new row has the recorded keys and types."""
    ours = caller.call("POST", "/sobjects/Account", json={"Name": "New"}).json()
    assert _shape(ours) == _shape(_recorded("create_success_response"))


def test_versions_are_listed_as_recorded(caller: Caller) -> None:
    """The list of versions has the recorded shape."""
    ours = requests.get(f"{caller.url}/services/data", timeout=30).json()
    assert _shape(ours) == _shape(_recorded("services_data_success_response"))


def test_the_global_describe_has_the_recorded_keys(caller: Caller) -> None:
    """Each sObject of the list has every key of the recorded one, with its type."""
    ours = caller.get("/sobjects").json()
    theirs = _shape(_recorded("describe_sobjects_success_response"))
    (account,) = [_shape(each) for each in ours["sobjects"] if each["name"] == "Account"]
    assert {key: type_ for key, type_ in account.items() if key in theirs["sobjects"][0]} == (
        theirs["sobjects"][0]
    )


def test_a_recorded_session_replays_against_the_org(caller: Caller) -> None:
    """A dead refresh token and a dead session: replayed from the cassette and asked of the org."""
    cassette = str(RECORDINGS / "cassettes" / "dead_sign_in.yaml")
    with vcr.use_cassette(cassette, record_mode="none"), requests.Session() as session:
        host = "https://na1.salesforce.com"
        form = {"grant_type": "refresh_token", "refresh_token": "old", "client_id": "app"}
        theirs = [
            session.post(f"{host}/services/oauth2/token", data=form),
            session.get(f"{host}/services/data/v67.0/query?q=gone"),
        ]
    form["client_id"] = demo.CLIENT_ID
    ours = [
        requests.post(f"{caller.url}/services/oauth2/token", data=form, timeout=30),
        requests.get(f"{caller.url}/services/data/v67.0/query?q=gone", timeout=30),
    ]
    for mine, other in zip(ours, theirs, strict=True):
        assert (mine.status_code, mine.json()) == (other.status_code, other.json())
        assert mine.headers["Content-Type"] == other.headers["Content-Type"]


@pytest.mark.parametrize("name", ["auth_success_response", "refresh_success_response"])
def test_token_replies_have_the_recorded_keys(caller: Caller, name: str) -> None:
    """A token reply has every recorded key, with its type, and tokens of the recorded form."""
    form = {
        "grant_type": "client_credentials",
        "client_id": demo.CLIENT_ID,
        "client_secret": demo.CLIENT_SECRET,
    }
    ours = requests.post(f"{caller.url}/services/oauth2/token", data=form, timeout=30).json()
    theirs = _shape(_recorded(name))
    assert {key: _shape(ours[key]) for key in theirs} == theirs
    assert ours["access_token"].split("!")[1].startswith("A")


def test_writes_are_answered_as_recorded(caller: Caller) -> None:
    """An upsert that makes a row, and a write to a field that is not there."""
    path = "/sobjects/Account/ERP_Customer_Id__c/C-77"
    made = caller.call("PATCH", path, json={"Name": "Made"}).json()
    theirs = _shape(_recorded("upsert_created_success_response"))
    assert {key: _shape(made[key]) for key in theirs} == theirs
    (ours,) = caller.call("PATCH", path, json={"foo": 1}).json()
    (refusal,) = _recorded("write_error_response")
    assert ours == {**refusal, "message": refusal["message"].replace("Bar", "Account")}
