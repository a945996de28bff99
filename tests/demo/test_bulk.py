from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.demo.conftest import Caller

DEALS = "SELECT Id, Name, Amount, Account.Name FROM Opportunity ORDER BY Id"


def _job(caller: Caller, query: str = DEALS, **options: str) -> str:
    body = {"operation": "query", "query": query, **options}
    reply = caller.call("POST", "/jobs/query", json=body)
    assert reply.status_code == 200, reply.text
    assert reply.json()["state"] == "UploadComplete"
    return f"/jobs/query/{reply.json()['id']}"


def _completed(caller: Caller, query: str = DEALS, **options: str) -> str:
    path = _job(caller, query, **options)
    states = [caller.get(path).json()["state"] for _ in range(2)]
    assert states == ["InProgress", "JobComplete"]
    return path


def test_results_come_in_pages_until_null(caller: Caller) -> None:
    """Each page has a header row; the locator of the last one is the word null."""
    path = _completed(caller)
    rows, locator = [], "0"
    while locator != "null":
        reply = caller.get(f"{path}/results", params={"locator": locator, "maxRecords": "20"})
        page = list(csv.DictReader(io.StringIO(reply.content.decode())))
        assert reply.headers["Sforce-NumberOfRecords"] == str(len(page))
        rows += page
        locator = reply.headers["Sforce-Locator"]
    assert len(rows) == 49
    assert list(rows[0]) == ["Id", "Name", "Amount", "Account.Name"]
    amounts = {row["Name"]: row["Amount"] for row in rows}
    assert amounts["株式会社ノースウインド – 全社導入"] == "1.0E7"
    assert amounts["Bottom-Dollar – expansion"] == ""


def test_result_pages_lead_to_every_row(caller: Caller) -> None:
    """The URLs of resultPages together give every row once."""
    path = _completed(caller)
    ids: list[str] = []
    url: str | None = f"/services/data/v67.0{path}/resultPages?maxRecords=7"
    while url:
        body = caller.session.get(caller.url + url, timeout=30).json()
        assert len(body["resultPages"]) <= 5
        for page in body["resultPages"]:
            text = caller.session.get(caller.url + page["resultUrl"], timeout=30).text
            ids += [row["Id"] for row in csv.DictReader(io.StringIO(text))]
        url = body["nextRecordsUrl"]
        assert body["done"] is (url is None)
    assert len(ids) == len(set(ids)) == 49


def test_rows_are_as_they_were_when_the_job_was_made(caller: Caller) -> None:
    """A change after the job was made is not in its results; deleted rows come with queryAll."""
    path = _completed(caller, "SELECT Id FROM Opportunity", operation="queryAll")
    caller.call("POST", "/sobjects/Account", json={"Name": "Later"})
    accounts = _completed(caller, "SELECT Id FROM Account WHERE Name = 'Later'")
    assert caller.get(f"{path}/results").headers["Sforce-NumberOfRecords"] == "50"
    assert caller.get(f"{accounts}/results").headers["Sforce-NumberOfRecords"] == "1"


def test_delimiter_and_line_ending(caller: Caller) -> None:
    """The options decide how the CSV is written."""
    path = _completed(
        caller, "SELECT Id, Name FROM User ORDER BY Id", columnDelimiter="TAB", lineEnding="CRLF"
    )
    text = caller.get(f"{path}/results").content.decode()
    assert text.startswith('"Id"\t"Name"\r\n')


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("SELECT BillingAddress FROM Account", "API_ERROR"),
        ("SELECT Id, (SELECT Id FROM Contacts) FROM Account", "API_ERROR"),
        ("SELECT StageName, COUNT(Id) FROM Opportunity GROUP BY StageName", "API_ERROR"),
        ("SELECT COUNT() FROM Opportunity", "API_ERROR"),
        ("SELECT Id FROM Account LIMIT 5 OFFSET 1", "API_ERROR"),
        ("SELECT FIELDS(STANDARD) FROM OpportunityStage", "MALFORMED_QUERY"),
        ("SELECT Foo FROM Account", "INVALID_FIELD"),
    ],
)
def test_what_bulk_queries_have_not(caller: Caller, query: str, code: str) -> None:
    """Queries that REST answers and Bulk does not are refused when the job is made."""
    reply = caller.call("POST", "/jobs/query", json={"operation": "query", "query": query})
    assert (reply.status_code, reply.json()[0]["errorCode"]) == (400, code)


def test_wrong_options_are_refused(caller: Caller) -> None:
    """An unknown operation, delimiter or content type is no job."""
    for option in ("operation", "columnDelimiter", "lineEnding", "contentType"):
        body = {"operation": "query", "query": DEALS, option: "nothing"}
        reply = caller.call("POST", "/jobs/query", json=body)
        assert reply.json()[0]["errorCode"] == "INVALIDJOB"


def test_abort_and_delete(caller: Caller) -> None:
    """A running job can be aborted, only an ended one deleted, and only once."""
    path = _job(caller)
    assert caller.call("DELETE", path).status_code == 400
    aborted = caller.call("PATCH", path, json={"state": "Aborted"}).json()
    assert aborted["state"] == "Aborted"
    assert caller.get(f"{path}/results").json()[0]["errorCode"] == "INVALIDJOBSTATE"
    again = caller.call("PATCH", path, json={"state": "Aborted"})
    assert again.json()[0]["errorCode"] == "INVALIDJOBSTATE"
    assert len(caller.get("/jobs/query").json()["records"]) == 1
    assert caller.call("DELETE", path).status_code == 204
    assert caller.get(path).status_code == 404


def test_results_need_the_version_of_the_job(caller: Caller) -> None:
    """Another API version than the job's is a conflict."""
    path = _completed(caller)
    url = f"{caller.url}/services/data/v66.0{path}/results"
    assert caller.session.get(url, timeout=30).status_code == 409
