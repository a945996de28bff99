"""Pages after pages: fetched ahead or when asked for, checked, and never without an end."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from sfsync.errors import UnavailableError
from sfsync.salesforce.client import LARGE
from sfsync.salesforce.faults import LocatorLost, QueryTooSlow
from tests.salesforce.scripted_org import EXPIRED, Said, records_reply, refused, token_reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfsync.salesforce.org import Org
    from tests.salesforce.scripted_org import ScriptedOrg

SOQL = "SELECT Id, Name FROM Opportunity"
NEXT = "/services/data/v66.0/query/0r8-"


def page(number: int, pages: int = 3) -> Said:
    """One of several pages with one record each."""
    more = f"{NEXT}{number + 1}" if number < pages else ""
    return Said(body=records_reply({"Id": f"id{number}"}, total=pages, more=more))


def until(condition: Callable[[], bool]) -> bool:
    """Whether `condition` comes true within two seconds."""
    end = time.monotonic() + 2
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    return condition()


def fetching() -> list[threading.Thread]:
    """The threads that fetch pages ahead."""
    return [one for one in threading.enumerate() if one.name == "sfsync-next-page"]


@pytest.mark.parametrize("prefetch", [False, True])
def test_every_page_comes_once_and_in_order(
    org: Org, scripted: ScriptedOrg, *, prefetch: bool
) -> None:
    """Fetched ahead or not, the pages are the same, and every call is counted."""
    scripted.script = [page(1), page(2), page(3)]
    found = [one.records[0]["Id"] for one in org.query(SOQL, prefetch=prefetch)]
    assert found == ["id1", "id2", "id3"]
    assert [asked.path.rpartition("/")[2] for asked in scripted.asked[1:]] == ["0r8-2", "0r8-3"]
    assert org.api_calls == 3
    assert fetching() == []


def test_one_page_ahead_and_no_more(org: Org, scripted: ScriptedOrg) -> None:
    """While the caller works on a page the next one is asked for, and the one after it is not."""
    scripted.script = [page(1), page(2), page(3), page(1, pages=1)]
    pages = org.query(SOQL, prefetch=True)
    next(pages)
    assert until(lambda: len(scripted.asked) == 2)
    time.sleep(0.05)
    assert len(scripted.asked) == 2
    assert next(pages).records == [{"Id": "id2"}]
    assert until(lambda: len(scripted.asked) == 3)
    # The caller's own client is free meanwhile.
    assert org.query_all_records(SOQL) == [{"Id": "id1"}]
    assert next(pages).records == [{"Id": "id3"}]
    assert list(pages) == []


def test_without_prefetch_nothing_is_asked_ahead(org: Org, scripted: ScriptedOrg) -> None:
    """The default asks when the caller does."""
    scripted.script = [page(1), page(2), page(3)]
    next(org.query(SOQL))
    time.sleep(0.05)
    assert len(scripted.asked) == 1


def test_a_caller_that_stops_leaves_no_thread(org: Org, scripted: ScriptedOrg) -> None:
    """Closed in the middle; a fault under way is not repeated by anybody."""
    scripted.script = [page(1), Said(503, "")]
    pages: Any = org.query(SOQL, prefetch=True)
    next(pages)
    pages.close()
    assert until(lambda: fetching() == [])
    asked = len(scripted.asked)
    time.sleep(0.05)
    assert len(scripted.asked) == asked <= 1 + 5


def test_a_closed_org_fetches_nothing_ahead(org: Org, scripted: ScriptedOrg) -> None:
    """Whoever holds on to the pages of a closed org is told."""
    scripted.script = [page(1), page(2), page(3)]
    pages = org.query(SOQL, prefetch=True)
    next(pages)
    org.close()
    with pytest.raises(UnavailableError):
        list(pages)
    assert fetching() == []


@pytest.mark.parametrize("prefetch", [False, True])
@pytest.mark.parametrize(
    ("said", "kind", "code"),
    [
        (Said(400, refused("INVALID_QUERY_LOCATOR")), LocatorLost, "query-interrupted"),
        (Said(400, refused("QUERY_TIMEOUT", "too long")), QueryTooSlow, "query-timeout"),
        (Said(403, refused("REQUEST_LIMIT_EXCEEDED", "TotalRequests")), UnavailableError,
         "api-limit"),
        (Said(503, ""), UnavailableError, "salesforce-unavailable"),
        (Said(body={"records": "many", "totalSize": 3, "done": True}), UnavailableError,
         "bad-reply"),
    ],
)  # fmt: skip
def test_an_error_comes_after_the_pages_before_it(
    org: Org,
    scripted: ScriptedOrg,
    said: Said,
    kind: type[UnavailableError],
    code: str,
    *,
    prefetch: bool,
) -> None:
    """The second page fails; the first one has been handed out by then."""
    scripted.script = [page(1), said]
    pages = org.query(SOQL, prefetch=prefetch)
    assert next(pages).records == [{"Id": "id1"}]
    with pytest.raises(kind) as stopped:
        next(pages)
    assert stopped.value.code == code
    assert list(pages) == []
    assert fetching() == []


def test_a_session_that_ends_ahead_is_renewed_there(org: Org, scripted: ScriptedOrg) -> None:
    """The second client refreshes, and the first one goes on with what is in the store."""
    renewed = Said(body=token_reply(scripted.url))
    scripted.script = [page(1), EXPIRED, renewed, page(2), page(3), EXPIRED, page(1, pages=1)]
    assert len(list(org.query(SOQL, prefetch=True))) == 3
    assert org.query_all_records(SOQL) == [{"Id": "id1"}]
    assert len([asked for asked in scripted.asked if "oauth2" in asked.path]) == 1


@pytest.mark.parametrize("prefetch", [False, True])
def test_pages_without_an_end_are_refused(
    org: Org, scripted: ScriptedOrg, *, prefetch: bool
) -> None:
    """A page that leads to itself, and pages that lead ever on."""
    ring = [page(1), page(2), Said(body=records_reply({"Id": "x"}, total=3, more=f"{NEXT}2"))]
    ever = [
        Said(body=records_reply({"Id": "x"}, {"Id": "y"}, total=3, more=f"{NEXT}{number}"))
        for number in range(10)
    ]
    for script in (ring, ever):
        scripted.asked.clear()
        scripted.script = list(script)
        with pytest.raises(UnavailableError) as stopped:
            list(org.query(SOQL, prefetch=prefetch))
        assert stopped.value.code == "bad-reply"
        assert len(scripted.asked) <= 5


@pytest.mark.parametrize(
    "body",
    [
        "null",
        "[1]",
        '{"totalSize":1,"done":true,"records":{"Id":"a"}}',
        '{"totalSize":1,"done":true,"records":["a"]}',
        '{"totalSize":1,"done":true,"records":[null]}',
        '{"totalSize":1,"done":true,"records":[{"Name":"a"}]}',
        '{"totalSize":1,"done":true,"records":[{"Id":null}]}',
        '{"totalSize":1,"done":true,"records":[{"Id":""}]}',
        '{"totalSize":1,"done":true,"records":[{"Id":7}]}',
        '{"totalSize":-1,"done":true,"records":[]}',
        '{"totalSize":null,"done":true,"records":[]}',
        '{"totalSize":1,"done":false,"records":[]}',
        '{"totalSize":1,"done":false,"records":[],"nextRecordsUrl":7}',
        '{"totalSize":1,"done":false,"records":[],"nextRecordsUrl":"@elsewhere.example/x"}',
        f'{{"totalSize":{"9" * 5000},"done":true,"records":[]}}',
        '{"totalSize":1,"done":true,"records":[{"Id":"a","N":1e9999999999999999999}]}',
        '{"totalSize":1,"done":true,"records":[{"Id":"a","N":NaN}]}',
        "[" * 100_000,
    ],
    ids=lambda body: body[-40:],
)
@pytest.mark.parametrize("padding", [0, LARGE], ids=["short", "long"])
def test_a_reply_of_the_wrong_shape_is_a_bad_reply(
    org: Org, scripted: ScriptedOrg, body: str, padding: int
) -> None:
    """Repeated, then exit 6 with a sentence; never a traceback, never another host."""
    scripted.script = [Said(body=body + " " * padding)]
    with pytest.raises(UnavailableError) as stopped:
        org.query_all_records(SOQL)
    assert stopped.value.code == "bad-reply"
    assert len(scripted.asked) == 5


@pytest.mark.parametrize(
    "value",
    ["1.50", "1.2345678E7", "1e400", "-0.0", "-0", "9" * 4000, "-9223372036854775809", "true",
     "null", "[]", '{"A":1,"A":2.0}', '"é – 𝄞 \u007f"', r'"a\n\t\/\"b"',
     r'"\u00e9\ud834\udd1e\ud834"'],
)  # fmt: skip
@pytest.mark.parametrize("soql", ["SELECT Id, V FROM X", "SELECT Id, NotThere FROM X"])
def test_a_long_reply_is_read_as_a_short_one(
    org: Org, scripted: ScriptedOrg, value: str, soql: str
) -> None:
    """Every value is the same, and of the same type, whichever way it is decoded."""
    body = f'{{"totalSize":1,"done":true,"records":[{{"Id":"a","V":{value}}}]}}'
    scripted.script = [Said(body=body), Said(body=body + " " * LARGE)]
    short, long = org.query_all_records(soql), org.query_all_records(soql)
    assert repr(long) == repr(short)


NESTED = "SELECT Id, Account.Name , Account.Owner.Name,\nAccountId FROM Opportunity WHERE x = 1"


@pytest.mark.parametrize(
    ("soql", "account"),
    [
        (NESTED, '{ATTRIBUTES,"Name":"n","Owner":{ATTRIBUTES,"Name":"o"}}'),
        (NESTED, '{ATTRIBUTES,"Name":null,"Owner":null}'),
        (NESTED, "null"),
        (NESTED, '{ATTRIBUTES,"Name":"n"}'),
        (NESTED, '"a text"'),
        (NESTED, "[]"),
        (NESTED.replace("Account.Name", "account.name"), '{ATTRIBUTES,"Name":"n","Owner":null}'),
        ("SELECT Id, toLabel(StageName) FROM Opportunity", '{ATTRIBUTES,"Name":"n"}'),
    ],
)
def test_a_long_page_has_the_records_of_a_short_one(
    org: Org, scripted: ScriptedOrg, soql: str, account: str
) -> None:
    """With parents, without them, and where the org answers in another shape than was asked."""
    attributes = '"attributes":{"type":"X","url":"/x"}'
    account = account.replace("ATTRIBUTES", attributes)
    record = f'{{{attributes},"Id":"ID","AccountId":null,"Account":{account}}}'
    first = f'{{"totalSize":2,"done":false,"nextRecordsUrl":"{NEXT}2","records":[{record}]}}'
    last = f'{{"totalSize":2,"done":true,"records":[{record}]}}'.replace("ID", "id")
    bodies = [first, last, first + " " * LARGE, last + " " * LARGE]
    scripted.script = [Said(body=body) for body in bodies]
    short, long = org.query_all_records(soql), org.query_all_records(soql)
    assert repr(long) == repr(short)
    assert len(long) == 2
    assert "attributes" not in repr(long)


def test_a_long_reply_that_is_cut_off_is_told_as_a_short_one(
    org: Org, scripted: ScriptedOrg
) -> None:
    """Whichever way it is decoded, what stops half-way is no JSON."""
    told = []
    for padding in (0, LARGE):
        scripted.script = [Said(body='{"totalSize":1,"done":true,"records":[' + " " * padding)]
        with pytest.raises(UnavailableError) as stopped:
            org.query_all_records(SOQL)
        told.append(str(stopped.value))
    assert told[0] == told[1]
    assert "not JSON" in told[0]


def test_records_without_an_id_are_fine_where_none_was_asked_for(
    org: Org, scripted: ScriptedOrg
) -> None:
    """Aggregates and plain lists of values."""
    scripted.script = [Said(body=records_reply({"IsoCode": "USD"}))]
    assert org.query_all_records("SELECT IsoCode FROM CurrencyType") == [{"IsoCode": "USD"}]


def test_text_that_no_file_can_hold_is_mended(org: Org, scripted: ScriptedOrg) -> None:
    """Half surrogates and NUL become U+FFFD, whole pairs and everything else stay."""
    record = r'{"Id":"a","Name":"x\ud800y\u0000\ud83d\ude00\u00e9","P":{"N\udfff":["\udc00"]}}'
    scripted.script = [Said(body=f'{{"totalSize":1,"done":true,"records":[{record}]}}')]
    (found,) = org.query_all_records(SOQL)
    assert found == {"Id": "a", "Name": "x\ufffdy\ufffd😀é", "P": {"N\ufffd": ["\ufffd"]}}
    scripted.script = [Said(400, '[{"errorCode":"X","message":"about \\ud800"}]')]
    with pytest.raises(Exception, match="about \ufffd"):
        org.query_all_records(SOQL)
