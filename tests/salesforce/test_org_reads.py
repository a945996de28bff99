from __future__ import annotations

import itertools
import logging
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from sfsync import demo
from sfsync.demo.faults import Fault
from sfsync.errors import SignInError, UnavailableError
from sfsync.salesforce import soql
from sfsync.salesforce.faults import ApiVersionError, QueryRefused
from sfsync.salesforce.request import SignInRequest
from sfsync.salesforce.sign_in import sign_in
from sfsync.salesforce.stores import ACCESS_TOKEN, CLIENT_SECRET
from tests.salesforce.demo_access import DIRECT, signed_in
from tests.salesforce.memory_store import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sfsync.demo.server import RunningOrg
    from sfsync.salesforce.org import Org

DEALS = "SELECT Id, Name, Amount, Owner.Name, Account.Name FROM Opportunity ORDER BY Id"


@pytest.fixture
def org(demo_org: RunningOrg, store: MemoryStore, tmp_path: Path) -> Iterator[Org]:
    """The demo org, signed in with client credentials; retries do not wait."""
    with signed_in(demo_org, tmp_path / "home", store) as opened:
        yield opened


def test_deals_arrive_whole(org: Org) -> None:
    """Every deal once, parents as plain dicts, money exact."""
    deals = org.query_all_records(DEALS)
    assert len(deals) == org.count("SELECT COUNT() FROM Opportunity")
    assert len({deal["Id"] for deal in deals}) == len(deals)
    assert all(set(deal) == {"Id", "Name", "Amount", "Owner", "Account"} for deal in deals)
    assert all(set(deal["Owner"]) == {"Name"} for deal in deals)
    amounts = {type(deal["Amount"]) for deal in deals}
    assert amounts <= {Decimal, int, type(None)}
    assert Decimal in amounts


def test_conditions_are_built_from_checked_parts(org: Org) -> None:
    """A quoted name finds its record whatever stands in it; literals of time are understood."""
    for deal in org.query_all_records(DEALS)[:20]:
        query = soql.select(
            ["Id"],
            "Opportunity",
            where=f"Name = {soql.quote(deal['Name'])}",
            order_by=["Id"],
        )
        assert deal["Id"] in [found["Id"] for found in org.query_all_records(query)]
    tomorrow = soql.datetime_literal(datetime.now(UTC) + timedelta(days=1))
    day = soql.date_literal((datetime.now(UTC) + timedelta(days=3650)).date())
    where = f"SystemModstamp > {tomorrow} OR CloseDate > {day}"
    assert org.count(soql.count("Opportunity", where)) == 0


def test_a_long_list_of_ids_goes_by_composite(org: Org, demo_org: RunningOrg) -> None:
    """A query longer than a URL may be gets the same answer."""
    ids = [deal["Id"] for deal in org.query_all_records(DEALS)]
    filler = [f"006{number:012d}AAA" for number in range(560 - len(ids))]
    (wanted,) = soql.in_chunks([*ids, *filler], limit=1000)
    found = org.query_all_records(soql.select(["Id"], "Opportunity", where=f"Id IN {wanted}"))
    assert demo.requests_of(demo_org.path)[-1].path.endswith("/composite")
    assert {one["Id"] for one in found} == set(ids)


def test_a_describe_is_asked_once_and_finds_fields_in_any_case(
    org: Org, demo_org: RunningOrg
) -> None:
    """Standard and custom fields with type, label and relationship; cached for the client."""
    opportunity = org.describe("Opportunity")
    assert opportunity is org.describe("opportunity")
    assert opportunity is not None
    amount = opportunity.field("amount")
    assert amount is not None
    assert (amount.name, amount.type) == ("Amount", "currency")
    owner = opportunity.field("OwnerId")
    assert owner is not None
    assert (owner.relationship_name, "User" in owner.reference_to) == ("Owner", True)
    stage = opportunity.field("StageName")
    assert stage is not None
    assert "Closed Won" in stage.picklist_values
    describes = [r for r in demo.requests_of(demo_org.path) if r.path.endswith("/describe")]
    assert len(describes) == 1


def test_what_is_not_there_is_none_or_refused(org: Org) -> None:
    """An unknown object has no describe; an unknown field refuses the query by name."""
    assert org.describe("Nonsense__c") is None
    with pytest.raises(QueryRefused) as unknown_field:
        org.query_all_records("SELECT Nope__c FROM Opportunity")
    assert unknown_field.value.error_code == "INVALID_FIELD"
    assert "Nope__c" in unknown_field.value.detail
    assert "SELECT" not in unknown_field.value.message
    with pytest.raises(QueryRefused) as unknown_object:
        org.query_all_records("SELECT Id FROM Nonsense__c")
    assert unknown_object.value.error_code == "INVALID_TYPE"


def test_limits_versions_clock_and_calls(org: Org) -> None:
    """The org's own numbers, and an honest count of what was asked."""
    assert org.limits()["DailyApiRequests"]["Max"] == 15000
    assert org.versions() == demo.API_VERSIONS
    assert org.server_time is not None
    assert abs(org.server_time - datetime.now(UTC)) < timedelta(minutes=1)
    assert org.usage is not None
    assert org.usage.limit == 15000
    assert org.api_calls == 1


@pytest.mark.parametrize("action", ["reset", "truncate", "html", "status"])
def test_a_fault_on_the_way_changes_nothing_of_the_answer(
    org: Org, demo_org: RunningOrg, action: str
) -> None:
    """One cut, page or 503 later the same records are there."""
    before = org.query_all_records(DEALS)
    demo.plan_faults(demo_org.path, [Fault("/services/data", 1, action)])
    assert org.query_all_records(DEALS) == before


def test_limits_and_outages_have_their_own_words(org: Org, demo_org: RunningOrg) -> None:
    """Used-up allowance and maintenance are exit 6; both end by themselves."""
    for what, code in (("api-limit", "api-limit"), ("outage", "salesforce-unavailable")):
        demo.break_org(demo_org.path, what)
        with pytest.raises(UnavailableError) as stopped:
            org.query_all_records(DEALS)
        assert stopped.value.code == code
        demo.fix_org(demo_org.path, what)
        assert org.query_all_records(DEALS)


def test_a_version_of_the_future_is_named_at_sign_in(demo_org: RunningOrg, tmp_path: Path) -> None:
    """The setting to change and the newest version that is served."""
    request = SignInRequest(
        name="demo",
        client_id=demo.CLIENT_ID,
        login_url=demo_org.url,
        auth="client-credentials",
        client_secret=demo.CLIENT_SECRET,
        api_version="99.0",
    )
    with pytest.raises(ApiVersionError) as stopped:
        sign_in(request, tmp_path, store=MemoryStore(), network=DIRECT)
    assert demo.API_VERSIONS[-1] in stopped.value.fix


def test_a_second_client_reads_on_its_own(org: Org) -> None:
    """Another thread's client shares the sign-in, not the connections."""
    with org.another() as other:
        pages = zip(org.query(DEALS), other.query(DEALS), strict=True)
        assert all(one.records == two.records for one, two in pages)
        assert other.identity == org.identity
    assert org.query_all_records(DEALS)


def test_a_lost_sign_in_is_said(org: Org, store: MemoryStore) -> None:
    """Secrets that vanished from the store are exit 4, not a guess."""
    store.delete("demo")
    with pytest.raises(SignInError) as stopped:
        org.query_all_records(DEALS)
    assert stopped.value.code == "sign-in-lost"


def test_nothing_shows_the_tokens(
    org: Org, store: MemoryStore, demo_org: RunningOrg, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in a repr, not in a log at DEBUG, not in an error."""
    with caplog.at_level(logging.DEBUG):
        org.query_all_records(DEALS)
        demo.break_org(demo_org.path, "api-disabled")
        with pytest.raises(SignInError) as stopped:
            org.query_all_records(DEALS)
    shown = caplog.text + repr(stopped.value) + repr(org) + repr(org.identity)
    secrets = [str(store.read("demo", item)) for item in (ACCESS_TOKEN, CLIENT_SECRET)]
    tokens = itertools.chain.from_iterable(secret.split(" ")[-1:] for secret in secrets)
    assert [token for token in tokens if token in shown] == []
