"""Reads that share an API call, and the budget of calls."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync import demo
from sfsync.demo.faults import Fault
from sfsync.errors import ExitCode, UnavailableError
from sfsync.salesforce import soql
from sfsync.salesforce.budget import ApiBudget, usage_from_limits
from sfsync.salesforce.faults import QueryRefused, QueryTooSlow
from sfsync.salesforce.records import ApiUsage
from tests.salesforce.demo_access import signed_in
from tests.salesforce.memory_store import MemoryStore
from tests.salesforce.scripted_org import Said, records_reply, refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sfsync.demo.server import RunningOrg
    from sfsync.salesforce.org import Org
    from tests.salesforce.scripted_org import ScriptedOrg

QUERIES = [
    soql.select(["Id", "SystemModstamp"], name, order_by=["Id"])
    for name in ("Opportunity", "Account", "Contact", "OpportunityLineItem", "User", "Product2")
]
NOW = datetime(2026, 11, 22, 8, 31, 7, tzinfo=UTC)


@pytest.fixture
def demo_client(demo_org: RunningOrg, tmp_path: Path) -> Iterator[Org]:
    """The demo org, signed in, with a budget of half its calls."""
    budget = ApiBudget(share=0.5)
    with signed_in(demo_org, tmp_path / "home", MemoryStore(), budget=budget) as opened:
        yield opened


def part(number: int, status: int, body: object) -> dict[str, object]:
    """The answer to one part of a composite request."""
    return {"referenceId": f"part{number}", "httpStatusCode": status, "body": body}


def composite(*parts: dict[str, object]) -> Said:
    """A reply to a composite request."""
    return Said(body={"compositeResponse": parts})


@pytest.mark.parametrize("all_rows", [False, True])
def test_many_queries_answer_as_each_of_them(demo_client: Org, *, all_rows: bool) -> None:
    """Six queries are two calls, and the records are those of six."""
    together = demo_client.query_many(QUERIES, all_rows=all_rows)
    assert demo_client.api_calls == 2
    for query, pages in zip(QUERIES, together, strict=True):
        records = [record for page in pages for record in page.records]
        alone = [r for page in demo_client.query(query, all_rows=all_rows) for r in page.records]
        assert records == alone != []
    assert demo_client.query_many([]) == []


def test_a_composite_counts_as_one_call_of_the_org(demo_client: Org) -> None:
    """By the org's own count."""
    demo_client.limits()
    before = demo_client.usage
    demo_client.query_many(QUERIES[:5])
    after = demo_client.usage
    assert before is not None
    assert after is not None
    assert after.used == before.used + 1


def test_further_pages_are_fetched_when_asked_for(org: Org, scripted: ScriptedOrg) -> None:
    """The first pages come together, in the order of the queries; the others one by one."""
    more = records_reply({"Id": "a"}, total=2, more="/services/data/v66.0/query/0r8-1")
    scripted.script = [
        composite(part(1, 200, records_reply({"Id": "b"})), part(0, 200, more)),
        Said(body=records_reply({"Id": "c"}, total=2)),
    ]
    first, second = org.query_many(QUERIES[:2])
    assert [page.records for page in second] == [[{"Id": "b"}]]
    assert len(scripted.asked) == 1
    assert [page.records for page in first] == [[{"Id": "a"}], [{"Id": "c"}]]
    assert len(scripted.asked) == 2


def test_a_query_that_fails_among_others_is_its_own_error(
    org: Org, scripted: ScriptedOrg, waits: list[float]
) -> None:
    """Refusals and time-outs as for single queries; what passes is repeated; all parts counted."""
    good, all_good = part(0, 200, records_reply()), [part(n, 200, records_reply()) for n in (0, 1)]
    scripted.script = [composite(good, part(1, 400, refused("INVALID_FIELD", "No such column")))]
    with pytest.raises(QueryRefused) as stopped:
        org.query_many(QUERIES[:2])
    assert stopped.value.error_code == "INVALID_FIELD"
    scripted.script = [composite(good, part(1, 400, refused("QUERY_TIMEOUT")))]
    with pytest.raises(QueryTooSlow):
        org.query_many(QUERIES[:2])
    assert waits == []
    busy = part(1, 503, refused("SERVER_UNAVAILABLE"))
    scripted.script = [composite(good, busy), composite(good), Said(body=[]), composite(*all_good)]
    assert len(org.query_many(QUERIES[:2])) == 2
    assert len(waits) == 3


@pytest.mark.parametrize("action", ["reset", "truncate", "html", "status"])
def test_a_fault_on_the_way_is_waited_out(
    demo_client: Org, demo_org: RunningOrg, action: str
) -> None:
    """A composite of reads may be repeated."""
    demo.plan_faults(demo_org.path, [Fault("/services/data", 1, action)])
    assert [len(next(pages).records) for pages in demo_client.query_many(QUERIES[:2])] == [49, 15]


def test_describes_share_a_call_and_are_kept(demo_client: Org) -> None:
    """One call for all that are not known yet, none for those that are; absent ones are None."""
    names = ["Opportunity", "account", "Nonsense__c", "Contact"]
    found = demo_client.describe_many(names)
    assert demo_client.api_calls == 1
    assert list(found) == names
    assert found["Nonsense__c"] is None
    assert found["account"] is demo_client.describe("Account")
    assert demo_client.describe("Nonsense__c") is None
    assert demo_client.describe_many(names) == found
    assert demo_client.api_calls == 1
    with demo_client.another() as other:
        assert other.describe("Opportunity") == found["Opportunity"]
    with pytest.raises(ValueError, match="not a field or object name"):
        demo_client.describe_many(["x/y"])


def test_a_describe_that_fails_is_not_taken_for_absent(org: Org, scripted: ScriptedOrg) -> None:
    """Only what the org does not know is None."""
    scripted.script = [composite(part(0, 400, refused("INVALID_INPUT")))]
    with pytest.raises(QueryRefused):
        org.describe_many(["Account"])


def test_plenty_left_costs_no_call(demo_client: Org) -> None:
    """The last reply told the allowance."""
    demo_client.query_all_records(QUERIES[0])
    demo_client.check_budget(1000)
    assert demo_client.api_calls == 1


def test_an_unknown_allowance_is_asked_for_once(demo_client: Org) -> None:
    """Before the first reply /limits tells it, and its own headers from then on."""
    demo_client.check_budget(1)
    demo_client.check_budget(1)
    assert demo_client.api_calls == 1


def test_work_beyond_the_budget_is_refused(demo_client: Org, demo_org: RunningOrg) -> None:
    """Exit 6 with what is used and the limit; less work may still be begun."""
    demo.change_setting(demo_org.path, "api.daily_limit", 100)
    demo_client.query_all_records(QUERIES[0])
    with pytest.raises(UnavailableError) as stopped:
        demo_client.check_budget(60)
    assert (stopped.value.code, stopped.value.exit_code) == ("api-budget", ExitCode.UNAVAILABLE)
    for told in ("60", "100", "50%"):
        assert told in stopped.value.message
    demo_client.check_budget(40)
    with demo_client.another() as other, pytest.raises(UnavailableError):
        other.check_budget(60)


def test_an_allowance_that_cannot_be_seen_hinders_nobody(org: Org, scripted: ScriptedOrg) -> None:
    """A user without the permission, a reply without the figure: the org itself refuses."""
    for said in (Said(400, refused("FUNCTIONALITY_NOT_ENABLED")), Said(body={}), Said(body=[])):
        scripted.script = [said]
        org.check_budget(10**6)


@given(used=st.integers(0, 200), limit=st.integers(1, 200), calls=st.integers(0, 200))
def test_the_share_is_never_passed(used: int, limit: int, calls: int) -> None:
    """Allowed means within the share, whatever the numbers."""
    allowed = ApiBudget(0.8).allows(ApiUsage(used, limit, NOW), calls)
    assert allowed == (10 * (used + calls) <= 8 * limit)


def test_budgets_and_limits_are_checked() -> None:
    """A share that is none is refused; a reply that is none tells nothing."""
    for share in (0, -1, 1.5):
        with pytest.raises(ValueError, match="share"):
            ApiBudget(share)
    limits = {"DailyApiRequests": {"Max": 15000, "Remaining": 14990}}
    assert usage_from_limits(limits, NOW) == ApiUsage(10, 15000, NOW)
    odd: object
    for odd in (None, [], {"DailyApiRequests": 3}, {"DailyApiRequests": {"Max": "x"}}):
        assert usage_from_limits(odd, NOW) is None
