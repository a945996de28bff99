from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import requests

from sfsync import demo
from sfsync.demo.faults import Fault
from sfsync.demo.store import OrgStore
from tests.salesforce.demo_access import access_token

if TYPE_CHECKING:
    from pathlib import Path

    from sfsync.demo.server import RunningOrg
    from tests.demo.conftest import Caller


def test_versions_need_no_sign_in(demo_org: RunningOrg) -> None:
    """Anybody may list the versions, 31.0 to 68.0, with the names of their releases."""
    found = requests.get(f"{demo_org.url}/services/data/", timeout=30).json()
    assert [entry["version"] for entry in found] == list(demo.API_VERSIONS)
    labels = {entry["version"]: entry["label"] for entry in found}
    assert (labels["31.0"], labels["66.0"], labels["67.0"], labels["68.0"]) == (
        "Summer '14",
        "Spring '26",
        "Summer '26",
        "Winter '27",
    )


def test_both_loopback_names_answer(demo_org: RunningOrg) -> None:
    """`localhost` works as well as the address."""
    url = demo_org.url.replace("127.0.0.1", "localhost")
    assert requests.get(f"{url}/services/data", timeout=30).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "NOT_FOUND"),
        ("PUT", "/query", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/query?q=SELECT+Foo+FROM+Account", 400, "INVALID_FIELD"),
        ("GET", "/query?q=SELECT+Id+FROM+Nothing", 400, "INVALID_TYPE"),
        ("GET", "/query?q=SELECT+FROM", 400, "MALFORMED_QUERY"),
        ("GET", "/query", 400, "MALFORMED_QUERY"),
        ("GET", "/query/0r8000000000000AAA-2000", 400, "INVALID_QUERY_LOCATOR"),
        ("GET", "/sobjects/Nothing/describe", 404, "NOT_FOUND"),
        ("GET", "/sobjects/Account/001000000000001AAA", 404, "NOT_FOUND"),
    ],
)
def test_refusals(caller: Caller, method: str, path: str, status: int, code: str) -> None:
    """A refusal is an array with one error, with the status of its kind."""
    reply = caller.call(method, path)
    assert reply.status_code == status
    assert [error["errorCode"] for error in reply.json()] == [code]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/sobjects/Account", '{"Name":"\\ud800"}'),
        ("/sobjects/Account", "[" * 50_000),
        ("/composite/sobjects/Account", '{"ids":null,"fields":null}'),
        ("/composite/sobjects/Account", '{"ids":[7],"fields":[{}]}'),
    ],
)
def test_bodies_that_nobody_means_are_refused(caller: Caller, path: str, body: str) -> None:
    """Each is answered with 400 and an error, not with a failure of the org."""
    reply = caller.call("POST", path, data=body)
    assert (reply.status_code, len(reply.json())) == (400, 1)


def test_unknown_versions_and_strangers(caller: Caller, demo_org: RunningOrg) -> None:
    """A version that is not served is 404, a caller without session 401."""
    url = f"{demo_org.url}/services/data/v12.0/query"
    assert caller.session.get(url, timeout=30).status_code == 404
    limits = f"{demo_org.url}/services/data/v67.0/limits"
    reply = requests.get(limits, headers={"Authorization": "Bearer x"}, timeout=30)
    assert (reply.status_code, reply.json()[0]["errorCode"]) == (401, "INVALID_SESSION_ID")


def test_an_overlong_uri_is_refused(caller: Caller) -> None:
    """A URI above 16,384 bytes is answered with 414."""
    assert caller.get("/query", params={"q": "x" * 17000}).status_code == 414


def test_pages_follow_each_other(caller: Caller, demo_org: RunningOrg) -> None:
    """A query above the batch size comes in pages that give every row once."""
    with OrgStore.open(demo_org.path) as store:
        store.insert_many("Account", [{"Name": f"Row {number}"} for number in range(450)])
    headers = {"Sforce-Query-Options": "batchSize=200"}
    text = "SELECT Id, Name FROM Account ORDER BY Id"
    page = caller.get("/query", params={"q": text}, headers=headers).json()
    ids = [row["Id"] for row in page["records"]]
    assert (page["totalSize"], page["done"], len(ids)) == (465, False, 200)
    while not page["done"]:
        assert page["nextRecordsUrl"].startswith("/services/data/v67.0/query/0r8")
        page = caller.session.get(caller.url + page["nextRecordsUrl"], timeout=30).json()
        ids += [row["Id"] for row in page["records"]]
    assert len(ids) == len(set(ids)) == 465
    assert "nextRecordsUrl" not in page


def test_a_locator_dies_with_its_session_and_after_two_days(org_file: Path) -> None:
    """Another session cannot use a locator, and nobody can after two days."""
    moment = [datetime.now(UTC)]
    with OrgStore.open(org_file) as store:
        store.insert_many("Account", [{"Name": f"Row {number}"} for number in range(250)])
    demo.change_setting(org_file, "oauth.session_seconds", 10 * 86400)
    with demo.serve(org_file, clock=lambda: moment[0]) as org, requests.Session() as session:
        tokens = [access_token(org.url) for _ in range(2)]
        mine, other = ({"Authorization": f"Bearer {each}"} for each in tokens)
        batch = {**mine, "Sforce-Query-Options": "batchSize=200"}
        url = f"{org.url}/services/data/v67.0/query?q=SELECT+Id+FROM+Account"
        following = org.url + session.get(url, headers=batch, timeout=30).json()["nextRecordsUrl"]
        assert session.get(following, headers=mine, timeout=30).status_code == 200
        foreign = session.get(following, headers=other, timeout=30)
        assert foreign.json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"
        moment[0] += timedelta(days=2)
        late = session.get(following, headers=mine, timeout=30)
        assert late.json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"


def test_query_all_shows_deleted_rows(caller: Caller) -> None:
    """Deleted rows come with queryAll only."""
    text = "SELECT Id, IsDeleted FROM Opportunity"
    assert caller.query(text)["totalSize"] == 49
    rows = caller.get("/queryAll", params={"q": text}).json()["records"]
    assert sum(row["IsDeleted"] for row in rows) == 1


def test_replies_carry_usage_date_and_gzip(caller: Caller) -> None:
    """Each reply tells the API usage and the org's time; large ones are compressed on request."""
    used = []
    for _ in range(2):
        reply = caller.get("/sobjects/Opportunity/describe")
        used.append(int(reply.headers["Sforce-Limit-Info"].split("=")[1].split("/")[0]))
        assert reply.headers["Content-Encoding"] == "gzip"
        assert reply.headers["Date"].endswith("GMT")
    assert used[1] == used[0] + 1
    plain = caller.get("/sobjects/Opportunity/describe", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert plain.json() == reply.json()


def test_rows_are_made_changed_read_and_deleted(caller: Caller) -> None:
    """The life of a row over HTTP, and the refusals on the way."""
    made = caller.call("POST", "/sobjects/Account", json={"Name": "New"})
    assert made.status_code == 201
    path = f"/sobjects/Account/{made.json()['id']}"
    assert caller.call("PATCH", path, json={"Phone": "1"}).status_code == 204
    row = caller.get(path, params={"fields": "Name,Phone"}).json()
    assert (row["Name"], row["Phone"], row["attributes"]["type"]) == ("New", "1", "Account")
    wrong = caller.call("PATCH", path, json={"Foo": 1})
    assert wrong.json()[0]["errorCode"] == "INVALID_FIELD"
    stamped = caller.call("PATCH", path, json={"SystemModstamp": "2026-01-01T00:00:00Z"})
    assert stamped.json()[0] == {
        "message": "Unable to create/update fields: SystemModstamp. Please check the security "
        "settings of this field and verify that it is read/write for your profile or permission "
        "set.",
        "errorCode": "INVALID_FIELD_FOR_INSERT_UPDATE",
        "fields": ["SystemModstamp"],
    }
    assert caller.call("POST", "/sobjects/Account", json={}).status_code == 400
    assert caller.call("DELETE", path).status_code == 204
    assert caller.get(path).status_code == 404


def test_rows_by_external_id(caller: Caller) -> None:
    """An external id reads a row, changes it, or makes it."""
    path = "/sobjects/Account/ERP_Customer_Id__c/C-1001"
    assert caller.get(path, params={"fields": "Name"}).json()["Name"] == "Around the Horn"
    changed = caller.call("PATCH", path, json={"Phone": "2"}).json()
    assert changed["created"] is False
    made = caller.call("PATCH", "/sobjects/Account/ERP_Customer_Id__c/C-9", json={"Name": "Nine"})
    assert (made.status_code, made.json()["created"]) == (201, True)


def test_composite_uses_earlier_results(caller: Caller) -> None:
    """A later part may name a value of an earlier one; each part has its own status."""
    root, text = "/services/data/v67.0", "SELECT Id FROM Account"
    parts = [
        {"method": "GET", "url": f"{root}/query?q={text}", "referenceId": "all"},
        {
            "method": "GET",
            "url": f"{root}/sobjects/Account/@{{all.records[0].Id}}?fields=Name",
            "referenceId": "first",
        },
        {"method": "GET", "url": f"{root}/sobjects/@{{all.nothing}}", "referenceId": "wrong"},
    ]
    reply = caller.call("POST", "/composite", json={"compositeRequest": parts}).json()
    answers = {part["referenceId"]: part for part in reply["compositeResponse"]}
    assert answers["first"]["body"]["Name"] == "Around the Horn"
    assert answers["wrong"]["httpStatusCode"] == 400
    assert answers["all"]["httpStatusCode"] == 200


def test_composite_counts_as_one_call(caller: Caller) -> None:
    """A composite request is one API call, whatever it holds; more than 25 parts are refused."""
    part = {"method": "GET", "url": "/services/data/v67.0/limits"}
    parts = [{**part, "referenceId": f"r{number}"} for number in range(26)]
    first = caller.call("POST", "/composite", json={"compositeRequest": parts[:25]})
    usage = int(first.headers["Sforce-Limit-Info"].split("=")[1].split("/")[0])
    assert usage == 1
    refused = caller.call("POST", "/composite", json={"compositeRequest": parts})
    assert refused.json()[0]["errorCode"] == "LIMIT_EXCEEDED"


def test_all_or_none_takes_back_what_came_before(caller: Caller) -> None:
    """A failed part of an all-or-none request leaves no row behind."""
    url = "/services/data/v67.0/sobjects/Account"
    parts: list[dict[str, Any]] = [
        {"method": "POST", "url": url, "referenceId": "good", "body": {"Name": "Ghost"}},
        {"method": "POST", "url": url, "referenceId": "bad", "body": {}},
    ]
    body = {"allOrNone": True, "compositeRequest": parts}
    answers = caller.call("POST", "/composite", json=body).json()["compositeResponse"]
    assert answers[0]["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert answers[1]["body"][0]["errorCode"] == "REQUIRED_FIELD_MISSING"
    assert caller.query("SELECT Id FROM Account WHERE Name = 'Ghost'")["totalSize"] == 0


def test_collections_answer_in_order_with_null(caller: Caller) -> None:
    """Rows by id come in the order asked for, null where there is none; numbers keep their form."""
    ids = [row["Id"] for row in caller.query("SELECT Id FROM Opportunity")["records"]][:6]
    wanted = [ids[5], "006000000000001AAA", ids[0]]
    body = {"ids": wanted, "fields": ["Name", "Amount"]}
    reply = caller.call("POST", "/composite/sobjects/Opportunity", json=body)
    names = [row and row["Name"] for row in reply.json()]
    assert names == ["株式会社ノースウインド – 全社導入", None, "Around the Horn – store rollout"]
    assert '"Amount":1.0E7' in reply.text
    one = caller.get("/composite/sobjects/Opportunity", params={"ids": ids[0], "fields": "Id"})
    assert one.json()[0]["Id"] == ids[0]


def test_updated_and_deleted(caller: Caller) -> None:
    """What changed and what went in a span of time, with the moment covered."""
    now = datetime.now(UTC)
    span = {
        "start": (now - timedelta(days=2)).isoformat(timespec="seconds"),
        "end": (now + timedelta(minutes=5)).isoformat(timespec="seconds"),
    }
    body = caller.get("/sobjects/Opportunity/updated/", params=span).json()
    assert len(body["ids"]) == 49
    gone = caller.get("/sobjects/Opportunity/deleted/", params=span).json()
    assert len(gone["deletedRecords"]) == 1
    assert gone["latestDateCovered"].endswith("+0000")
    short = {"start": span["end"], "end": span["end"]}
    refused = caller.get("/sobjects/Opportunity/updated/", params=short)
    assert refused.json()[0]["errorCode"] == "INVALID_REPLICATION_DATE"


@pytest.mark.parametrize(
    ("what", "status", "code"),
    [
        ("api-limit", 403, "REQUEST_LIMIT_EXCEEDED"),
        ("api-disabled", 403, "API_DISABLED_FOR_ORG"),
        ("expired-sign-in", 401, "INVALID_SESSION_ID"),
    ],
)
def test_breaks(caller: Caller, demo_org: RunningOrg, what: str, status: int, code: str) -> None:
    """What is broken answers in the org's words."""
    demo.break_org(demo_org.path, what)
    reply = caller.get("/limits")
    assert (reply.status_code, reply.json()[0]["errorCode"]) == (status, code)


def test_an_outage_is_a_page_until_it_is_mended(caller: Caller, demo_org: RunningOrg) -> None:
    """An org out of service answers 503 with HTML, and works again once mended."""
    demo.break_org(demo_org.path, "outage")
    reply = caller.get("/limits")
    assert reply.status_code == 503
    assert reply.headers["Content-Type"].startswith("text/html")
    demo.fix_org(demo_org.path, "outage")
    assert caller.get("/limits").status_code == 200


def test_a_user_without_api_access(caller: Caller, demo_org: RunningOrg) -> None:
    """A user who lacks "API Enabled" is refused."""
    demo.change_setting(demo_org.path, "api.disabled_users", [demo.USERNAME])
    assert caller.get("/limits").json()[0]["errorCode"] == "API_CURRENTLY_DISABLED"


def test_the_daily_limit_counts(caller: Caller, demo_org: RunningOrg) -> None:
    """Once the calls of the day are used up the org refuses by itself."""
    demo.change_setting(demo_org.path, "api.daily_limit", 2)
    assert [caller.get("/limits").status_code for _ in range(3)] == [200, 200, 403]


def test_planned_faults_strike_once(caller: Caller, demo_org: RunningOrg) -> None:
    """A planned fault hits the nth request of its path, once."""
    path = "/services/data/v67.0/limits"
    demo.plan_faults(
        demo_org.path, [Fault(path, 2, "status", "500"), Fault(path, 3, "html", "502")]
    )
    assert [caller.get("/limits").status_code for _ in range(4)] == [200, 500, 502, 200]


def test_a_planned_fault_strikes_what_it_was_planned_for(
    caller: Caller, demo_org: RunningOrg
) -> None:
    """A fault that is due waits for a request of its path; others are answered meanwhile."""
    jobs = Fault("/services/data/v67.0/jobs", 1, "status", "403")
    demo.plan_faults(demo_org.path, [jobs, jobs])
    assert caller.get("/jobs/query").status_code == 403
    assert caller.get("/limits").status_code == 200
    assert caller.get("/jobs/query").status_code == 403


@pytest.mark.parametrize("action", ["reset", "truncate"])
def test_a_cut_connection(caller: Caller, demo_org: RunningOrg, action: str) -> None:
    """A cut connection is an error of the transport; the request was carried out all the same."""
    demo.plan_faults(demo_org.path, [Fault("/services/data", 1, action)])
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        caller.call("POST", "/sobjects/Account", json={"Name": "Cut"})
    assert caller.query("SELECT Id FROM Account WHERE Name = 'Cut'")["totalSize"] == 1


def test_two_servers_share_one_file(caller: Caller, demo_org: RunningOrg) -> None:
    """A token of one server works at another one of the same file."""
    with demo.serve(demo_org.path) as second:
        url = f"{second.url}/services/data/v67.0/limits"
        assert caller.session.get(url, timeout=30).status_code == 200


def test_a_taken_port_is_an_error(demo_org: RunningOrg) -> None:
    """Serving on a port that is taken raises OSError and leaves nothing open."""
    with (
        pytest.raises(OSError, match=r"[Aa]ddress|taken"),
        demo.serve(demo_org.path, port=demo_org.port),
    ):
        pass
