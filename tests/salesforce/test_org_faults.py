from __future__ import annotations

import logging
import traceback
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from sfsync.errors import ExitCode, SfsyncError, SignInError, UnavailableError
from sfsync.salesforce.faults import (
    AccessRefused,
    ApiVersionError,
    LocatorLost,
    QueryRefused,
    QueryTooSlow,
)
from sfsync.salesforce.network import Network
from sfsync.salesforce.org import open_org
from sfsync.salesforce.retry import RetryPolicy
from sfsync.salesforce.stores import ACCESS_TOKEN, REFRESH_TOKEN
from tests.salesforce.scripted_org import (
    ACCESS,
    EXPIRED,
    REFRESH,
    Said,
    a_connection,
    records_reply,
    refused,
    token_reply,
)

if TYPE_CHECKING:
    from pathlib import Path

    from sfsync.salesforce.org import Org
    from tests.salesforce.memory_store import MemoryStore
    from tests.salesforce.scripted_org import (
        ScriptedOrg,
    )

SOQL = "SELECT Id FROM Opportunity WHERE Name = 'plantedQuery'"
ONE = Said(body=records_reply({"Id": "0065g00000ABCDEAA4"}))
CONCURRENT = Said(
    403,
    refused(
        "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded."
    ),
)
HTML = "<html><head><title>We are down for maintenance</title></head><body>x</body></html>"


@pytest.mark.parametrize(
    "fault",
    [
        *(Said(status, HTML, {"Content-Type": "text/html"}) for status in (420, 429, 500, 502)),
        Said(503, refused("SERVER_UNAVAILABLE")),
        Said(504, ""),
        Said(500, refused("UNKNOWN_EXCEPTION")),
        CONCURRENT,
        Said(body=records_reply({"Id": "x"}), fault="reset"),
        Said(body=records_reply({"Id": "x"}), fault="truncate"),
        Said(200, HTML, {"Content-Type": "text/html"}),
        Said(200, '{"totalSize": 1, "rec'),
        Said(200, {"unexpected": True}),
        Said(200, []),
        Said(200, "null"),
        Said(200, "5"),
    ],
    ids=lambda said: f"{said.status}{said.fault}",
)
def test_a_passing_fault_is_waited_out(
    org: Org, scripted: ScriptedOrg, waits: list[float], fault: Said
) -> None:
    """Edges, maintenance, resets, cut and foreign bodies: the same read again, later each time."""
    scripted.script = [fault, fault, ONE]
    assert org.query_all_records(SOQL) == [{"Id": "0065g00000ABCDEAA4"}]
    assert len(scripted.asked) == 3
    assert len(waits) == 2
    assert 0.25 <= waits[0] <= 0.5 <= waits[1] <= 1.0


def test_a_fault_that_stays_is_unavailable_after_five_tries(
    org: Org, scripted: ScriptedOrg, waits: list[float]
) -> None:
    """Exit 6 with the reason; the waits are bounded."""
    scripted.script = [Said(503, HTML)]
    with pytest.raises(UnavailableError) as stopped:
        org.query_all_records(SOQL)
    assert stopped.value.exit_code == ExitCode.UNAVAILABLE
    assert "We are down for maintenance" in stopped.value.message
    assert len(scripted.asked) == 5
    assert sum(waits) < 10


def test_retry_after_is_heeded_within_the_total(
    org: Org, scripted: ScriptedOrg, waits: list[float]
) -> None:
    """A reply that asks for seconds gets them; one that asks for an hour ends the attempt."""
    scripted.script = [Said(429, "", {"Retry-After": "7"}), ONE]
    org.query_all_records(SOQL)
    assert waits == [7.0]
    scripted.script = [Said(503, "", {"Retry-After": "3600"}), ONE]
    with pytest.raises(UnavailableError):
        org.query_all_records(SOQL)
    assert waits == [7.0]


def test_a_slow_org_times_out(scripted: ScriptedOrg, store: MemoryStore, tmp_path: Path) -> None:
    """No request waits for ever."""
    scripted.script = [Said(fault="silence")]
    store.write("acme", ACCESS_TOKEN, f"{scripted.url} {ACCESS}")
    policy = RetryPolicy(attempts=2, sleep=lambda _: None)
    network = Network(timeouts=(1.0, 0.1))
    with (
        open_org(
            a_connection(scripted.url), tmp_path, store=store, network=network, policy=policy
        ) as org,
        pytest.raises(UnavailableError) as stopped,
    ):
        org.query_all_records(SOQL)
    assert stopped.value.code == "timeout"


@pytest.mark.parametrize(
    ("said", "kind", "code"),
    [
        (Said(403, refused("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")),
         UnavailableError, "api-limit"),
        (Said(403, refused("API_DISABLED_FOR_ORG")), SignInError, "api-not-enabled"),
        (Said(403, refused("API_CURRENTLY_DISABLED")), SignInError, "api-not-enabled"),
        (Said(400, refused("QUERY_TIMEOUT", "Your query request was running for too long.")),
         QueryTooSlow, "query-timeout"),
        (Said(400, refused("INVALID_FIELD", f"\n{SOQL}\n  ^\nERROR at Row:1:Column:8\nNo such"
                           " column 'Foo' on entity 'Opportunity'.")),
         QueryRefused, "query-refused"),
        (Said(400, refused("MALFORMED_QUERY", f"unexpected token {ACCESS}")),
         QueryRefused, "query-refused"),
        (Said(414, "URI Too Long"), QueryRefused, "query-refused"),
        (Said(403, refused("UNKNOWN_EXCEPTION")), AccessRefused, "access-refused"),
        (Said(403, HTML), AccessRefused, "access-refused"),
        (Said(403, refused("INSUFFICIENT_ACCESS")), SignInError, "access-denied"),
        (Said(401, refused("INVALID_SESSION_ID",
                           "This session is not valid for use with the REST API")),
         SignInError, "session-not-for-api"),
        (Said(302, "", {"Location": "https://elsewhere.example/login"}),
         UnavailableError, "redirect-refused"),
        (Said(302, "", {"Location": "http://127.0.0.1:9/services"}),
         UnavailableError, "redirect-refused"),
    ],
)  # fmt: skip
def test_what_waiting_does_not_cure_is_said_at_once(
    org: Org,
    scripted: ScriptedOrg,
    waits: list[float],
    said: Said,
    kind: type[SfsyncError],
    code: str,
) -> None:
    """Limits, permissions, refused queries: one request, a code, no query and no token."""
    scripted.script = [said]
    with pytest.raises(kind) as stopped:
        org.query_all_records(SOQL)
    assert stopped.value.code == code
    assert len(scripted.asked) == 1
    assert waits == []
    shown = "".join(traceback.format_exception(stopped.value)) + repr(stopped.value.__dict__)
    assert "planted" not in shown.replace('plantedQuery"', "")


def test_an_unknown_field_keeps_the_orgs_code_and_sentence(org: Org, scripted: ScriptedOrg) -> None:
    """Whoever maps the error to a config line gets the code and the sentence without the query."""
    message = f"\n{SOQL}\n ^\nERROR at Row:1:Column:8\nNo such column 'Foo' on entity 'X'."
    scripted.script = [Said(400, refused("INVALID_FIELD", message))]
    with pytest.raises(QueryRefused) as stopped:
        org.query_all_records(SOQL)
    assert stopped.value.error_code == "INVALID_FIELD"
    assert stopped.value.detail == "No such column 'Foo' on entity 'X'."
    assert stopped.value.exit_code == ExitCode.CONFIG


def test_a_spent_token_is_refreshed_once_and_the_read_repeated(
    org: Org, scripted: ScriptedOrg, store: MemoryStore, waits: list[float]
) -> None:
    """The rotated refresh token is kept, the new access token is used and kept."""
    scripted.script = [EXPIRED, Said(body=token_reply(scripted.url, refresh_token="5AepNEW")), ONE]
    assert len(org.query_all_records(SOQL)) == 1
    query, refresh, again = scripted.asked
    assert query.headers["authorization"] == f"Bearer {ACCESS}"
    assert refresh.path == "/services/oauth2/token"
    assert f"refresh_token={REFRESH}" in refresh.body
    assert "authorization" not in refresh.headers
    assert again.headers["authorization"].endswith("Token_2")
    assert store.read("acme", REFRESH_TOKEN) == "5AepNEW"
    assert str(store.read("acme", ACCESS_TOKEN)).endswith("Token_2")
    assert waits == []
    assert org.warnings == ()


def test_a_token_rejected_twice_ends_the_attempt(org: Org, scripted: ScriptedOrg) -> None:
    """There is no refresh loop."""
    scripted.script = [EXPIRED, Said(body=token_reply(scripted.url)), EXPIRED]
    with pytest.raises(SignInError) as stopped:
        org.query_all_records(SOQL)
    assert stopped.value.code == "session-rejected"
    assert len(scripted.asked) == 3


def test_a_token_that_another_process_renewed_is_used(
    org: Org, scripted: ScriptedOrg, store: MemoryStore
) -> None:
    """After a 401 the store is read before the org is asked for a token."""
    scripted.script = [ONE]
    org.query_all_records(SOQL)
    theirs = "00D5g00000ABCDE!AQtheirs"
    store.write("acme", ACCESS_TOKEN, f"{scripted.url} {theirs}")
    scripted.script = [EXPIRED, ONE]
    org.query_all_records(SOQL)
    assert [asked.path for asked in scripted.asked if "oauth2" in asked.path] == []
    assert scripted.asked[-1].headers["authorization"] == f"Bearer {theirs}"


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Said(400, {"error": "invalid_grant",
                    "error_description": "expired access/refresh token"}), "sign-in-expired"),
        (Said(400, {"error": "invalid_grant", "error_description": "inactive user"}),
         "user-inactive"),
        (Said(400, {"error": "invalid_grant", "error_description": "ip restricted"}),
         "sign-in-restricted"),
        (Said(400, {"error": "invalid_client_id",
                    "error_description": "client identifier invalid"}), "invalid-client-id"),
        (Said(400, {"error": "OAUTH_APP_BLOCKED", "error_description": "x"}), "app-not-approved"),
        (Said(400, {"error": "invalid_grant", "error_description": "login rate exceeded"}),
         "login-rate"),
        (Said(503, HTML), "salesforce-unavailable"),
        (Said(200, HTML), "sign-in-bad-reply"),
        (Said(200, "[" * 100_000), "sign-in-bad-reply"),
        (Said(400, {"error": "new", "error_description": f"about {REFRESH}"}), "sign-in-refused"),
        (Said(fault="reset"), "connection-failed"),
    ],
)  # fmt: skip
def test_a_refresh_is_never_repeated(
    org: Org, scripted: ScriptedOrg, reply: Said, code: str
) -> None:
    """Whatever the org answers to a refresh, it is asked once: a rotated token works once."""
    scripted.script = [EXPIRED, reply]
    with pytest.raises(SfsyncError) as stopped:
        org.query_all_records(SOQL)
    assert stopped.value.code == code
    assert len([asked for asked in scripted.asked if "oauth2" in asked.path]) == 1
    assert "planted" not in str(stopped.value)


@pytest.mark.parametrize(
    "instance_url",
    [
        "http://evil.example",
        "https://evil.example",
        "https://salesforce.com.evil.example",
        "https://evilsalesforce.com",
        "https://user@acme.my.salesforce.com",
        "http://127.0.0.1:9",
        "ftp://127.0.0.1",
        "https://",
    ],
)
def test_a_token_is_never_sent_to_a_foreign_instance(
    org: Org, scripted: ScriptedOrg, instance_url: str
) -> None:
    """The address of a token reply is checked before it is used."""
    scripted.script = [EXPIRED, Said(body=token_reply(instance_url, id=token_reply("x:")["id"]))]
    with pytest.raises(SignInError) as stopped:
        org.query_all_records(SOQL)
    assert stopped.value.code == "instance-url-refused"


def test_a_kept_token_is_not_sent_to_another_port(
    org: Org, scripted: ScriptedOrg, store: MemoryStore
) -> None:
    """On loopback each port is another program: a token kept for one is renewed for the next."""
    store.write("acme", ACCESS_TOKEN, f"http://127.0.0.1:9 {ACCESS}")
    scripted.script = [Said(body=token_reply(scripted.url)), ONE]
    assert len(org.query_all_records(SOQL)) == 1
    assert [asked.path.partition("?")[0] for asked in scripted.asked] == [
        "/services/oauth2/token",
        "/services/data/v66.0/query/",
    ]


def test_a_sign_in_that_now_leads_elsewhere_stops(org: Org, scripted: ScriptedOrg) -> None:
    """A grant or a kept token of another org is not used for this connection."""
    other = str(token_reply("x:")["id"]).replace("ABCDE", "ZZZZZ")
    scripted.script = [EXPIRED, Said(body=token_reply(scripted.url, id=other))]
    with pytest.raises(SignInError) as stopped:
        org.query_all_records(SOQL)
    assert stopped.value.code == "org-changed"


def test_the_second_page_of_a_lost_cursor_says_so(org: Org, scripted: ScriptedOrg) -> None:
    """The pages so far are good; the caller restarts from its last row."""
    first = Said(body=records_reply({"Id": "a"}, total=2, more="/services/data/v66.0/query/0r8-1"))
    scripted.script = [first, Said(400, refused("INVALID_QUERY_LOCATOR"))]
    pages = org.query(SOQL)
    assert next(pages).records == [{"Id": "a"}]
    with pytest.raises(LocatorLost):
        next(pages)


def test_a_cursor_that_dies_with_its_session_is_a_lost_cursor(
    org: Org, scripted: ScriptedOrg
) -> None:
    """With rotation the refreshed session never gets the old cursor's pages."""
    first = Said(body=records_reply({"Id": "a"}, total=2, more="/services/data/v66.0/query/0r8-1"))
    scripted.script = [first, EXPIRED, Said(body=token_reply(scripted.url)), EXPIRED]
    pages = org.query(SOQL)
    next(pages)
    with pytest.raises(LocatorLost):
        next(pages)


def test_a_version_that_the_org_does_not_serve_is_named(org: Org, scripted: ScriptedOrg) -> None:
    """A missing resource leads to the list of versions, and to the setting."""
    versions = [{"label": "x", "url": "/services/data/v64.0", "version": "64.0"}]
    scripted.script = [Said(404, refused("NOT_FOUND")), Said(body=versions)]
    with pytest.raises(ApiVersionError) as stopped:
        org.describe("Opportunity")
    assert stopped.value.exit_code == ExitCode.CONFIG
    assert "64.0" in stopped.value.fix


def test_numbers_are_exact_and_attributes_are_gone(org: Org, scripted: ScriptedOrg) -> None:
    """Fractions and exponents are Decimal, whole numbers int, parents plain dicts or None."""
    record = (
        '{"attributes":{"type":"X","url":"/v"},"Id":"i","A":1.2345678E7,"B":0.1,"C":3,"D":null,'
    )
    parent = '"P":{"attributes":{"type":"Y","url":"/w"},"Name":"n"}}'
    scripted.script = [Said(body=f'{{"totalSize":1,"done":true,"records":[{record}{parent}]}}')]
    (found,) = org.query_all_records(SOQL)
    assert found == {
        "Id": "i", "A": Decimal(12345678), "B": Decimal("0.1"), "C": 3, "D": None,
        "P": {"Name": "n"},
    }  # fmt: skip
    assert [type(found[key]) for key in "ABC"] == [Decimal, Decimal, int]


def test_headers_tell_time_and_usage(org: Org, scripted: ScriptedOrg) -> None:
    """The org's clock and allowance come with any reply; nothing is known before the first."""
    assert (org.server_time, org.usage) == (None, None)
    headers = {
        "Date": "Sun, 22 Nov 2026 08:31:07 GMT",
        "Sforce-Limit-Info": "api-usage=18/5000; per-app-api-usage=17/250(appName=x)",
    }
    scripted.script = [Said(body=records_reply(), headers=headers)]
    assert org.count("SELECT COUNT() FROM Account") == 0
    assert str(org.server_time) == "2026-11-22 08:31:07+00:00"
    assert org.usage is not None
    assert (org.usage.used, org.usage.limit) == (18, 5000)
    assert org.api_calls == 1
    sent = scripted.asked[0].headers
    assert "x-prettyprint" not in sent
    assert "gzip" in sent["accept-encoding"]


def test_a_long_query_travels_in_a_body(org: Org, scripted: ScriptedOrg) -> None:
    """Beyond the length of a URL the query is one composite request, errors included."""
    long_query = f"{SOQL} AND Id IN ({','.join(['x' * 18] * 900)})"
    answer = {"body": records_reply({"Id": "a"}), "httpStatusCode": 200, "referenceId": "part0"}
    failure = {"body": refused("INVALID_FIELD"), "httpStatusCode": 400, "referenceId": "part0"}
    scripted.script = [
        Said(body={"compositeResponse": [answer]}),
        Said(body={"compositeResponse": [failure]}),
    ]
    assert org.query_all_records(long_query) == [{"Id": "a"}]
    assert scripted.asked[0].method == "POST"
    assert scripted.asked[0].path == "/services/data/v66.0/composite"
    with pytest.raises(QueryRefused):
        org.query_all_records(long_query)


def test_the_environment_of_requests_is_not_read(
    org: Org, scripted: ScriptedOrg, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ~/.netrc entry must not replace the token, nor a proxy variable catch loopback."""
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login eve password planted\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    scripted.script = [ONE]
    org.query_all_records(SOQL)
    assert scripted.asked[0].headers["authorization"] == f"Bearer {ACCESS}"


def test_no_secret_is_logged(
    org: Org, scripted: ScriptedOrg, caplog: pytest.LogCaptureFixture
) -> None:
    """At DEBUG, through a refresh and a failure, neither ours nor urllib3's lines hold a token."""
    with caplog.at_level(logging.DEBUG):
        scripted.script = [EXPIRED, Said(body=token_reply(scripted.url)), Said(503, "")]
        with pytest.raises(UnavailableError):
            org.query_all_records("SELECT Id FROM Account")
    assert "503" in caplog.text
    assert "planted" not in caplog.text
    assert "planted" not in repr(org)
