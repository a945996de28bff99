"""Bulk reads of the demo org: the same records as over REST, whatever happens on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sfsync import demo
from sfsync.demo.faults import Fault
from sfsync.salesforce import bulk_csv, soql
from sfsync.salesforce.faults import QueryRefused
from tests.salesforce.demo_access import signed_in
from tests.salesforce.memory_store import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sfsync.demo.server import RunningOrg
    from sfsync.salesforce.org import Org
    from sfsync.salesforce.records import Page, Record

JOBS = "/services/data/v67.0/jobs/query"
DEALS = "SELECT Id, Name, Amount, CloseDate, AccountId, Account.Name FROM Opportunity ORDER BY Id"
READ = (
    "Opportunity", "OpportunityLineItem", "Account", "Contact", "User", "Product2",
    "OpportunityStage", "CurrencyType",
)  # fmt: skip


@pytest.fixture
def org(demo_org: RunningOrg, tmp_path: Path) -> Iterator[Org]:
    """The demo org, signed in."""
    with signed_in(demo_org, tmp_path / "home", MemoryStore()) as opened:
        yield opened


@pytest.fixture
def small_replies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Results in replies of 20 rows, pages of 8."""
    monkeypatch.setattr(bulk_csv, "MOST_ROWS", 20)
    monkeypatch.setattr(bulk_csv, "BATCH", 8)


def records_of(pages: Iterator[Page]) -> list[Record]:
    """All records of all pages."""
    return [record for page in pages for record in page.records]


def asked(demo_org: RunningOrg) -> list[str]:
    """What was asked of jobs: method, and whether of a job, its results or the list."""
    return [
        f"{r.method} {'results' if r.path.endswith('/results') else 'job'}"
        for r in demo.requests_of(demo_org.path)
        if "/jobs/query" in r.path
    ]


def typed(record: Record) -> dict[str, Any]:
    """A record with the type of each value, which == alone does not tell (1, 1.0 and True)."""
    return {
        name: typed(value) if isinstance(value, dict) else (type(value), value)
        for name, value in record.items()
    }


def every_column(org: Org, sobject: str) -> list[str]:
    """Every field that both transports know, and those of each parent."""
    described = org.describe(sobject)
    assert described is not None
    columns: list[str] = []
    for field in described.fields.values():
        if field.type == "address":
            continue
        columns.append(field.name)
        is_lookup = field.relationship_name is not None and field.reference_to
        parent = org.describe(field.reference_to[0]) if is_lookup else None
        inner = parent.fields.values() if parent else ()
        columns += [f"{field.relationship_name}.{x.name}" for x in inner if x.type != "address"]
    return columns


@pytest.mark.parametrize("sobject", READ)
def test_bulk_and_rest_cannot_be_told_apart(org: Org, sobject: str) -> None:
    """Every field and parent field of every object, deleted rows too: equal, types as well."""
    query = soql.select(every_column(org, sobject), sobject, order_by=["Id"])
    over_rest = records_of(org.query(query, all_rows=True))
    over_bulk = records_of(org.bulk_query(query, all_rows=True))
    assert over_rest
    assert [typed(one) for one in over_bulk] == [typed(one) for one in over_rest]


def test_names_are_spelled_as_rest_spells_them(org: Org) -> None:
    """SOQL in any case answers the same records; grandparents too, and none where there is none."""
    query = (
        "select id, ACCOUNTID, ownerid, account.owner.name, Owner.Manager.Name, account.parent.name"
        " from opportunity order by id"
    )
    assert records_of(org.bulk_query(query)) == org.query_all_records(query)


@pytest.mark.usefixtures("small_replies")
def test_pages_are_at_most_2000_and_know_the_total(org: Org) -> None:
    """Replies and pages end in different places; every row comes once, the job is removed."""
    pages = list(org.bulk_query(DEALS))
    assert [len(page.records) for page in pages] == [8, 8, 4, 8, 8, 4, 8, 1]
    assert {page.total for page in pages} == {49}
    assert records_of(iter(pages)) == org.query_all_records(DEALS)


def test_a_job_is_removed_when_it_has_been_read(org: Org, demo_org: RunningOrg) -> None:
    """Made, polled twice, read, deleted; nothing of it stays in the org."""
    assert len(records_of(org.bulk_query(DEALS))) == 49
    assert asked(demo_org) == ["POST job", "GET job", "GET job", "GET results", "DELETE job"]


def test_an_empty_answer_is_one_empty_page(org: Org) -> None:
    """As over REST."""
    nothing = f"{DEALS.removesuffix(' ORDER BY Id')} WHERE Name = 'nobody'"
    assert [(page.records, page.total) for page in org.bulk_query(nothing)] == [([], 0)]


@pytest.mark.usefixtures("small_replies")
@pytest.mark.parametrize("thrown", [GeneratorExit, KeyboardInterrupt, RuntimeError])
def test_a_job_not_read_to_its_end_is_removed(
    org: Org, demo_org: RunningOrg, thrown: type[BaseException]
) -> None:
    """Whoever stops early, for whatever reason, leaves nothing in the org."""
    pages: Any = org.bulk_query(DEALS)
    next(pages)
    with pytest.raises(thrown):
        pages.throw(thrown)
    assert asked(demo_org)[-1] == "DELETE job"
    assert org.query_all_records(DEALS)


def test_ctrl_c_while_the_org_works_aborts_the_job(demo_org: RunningOrg, tmp_path: Path) -> None:
    """The wait is interrupted, the job aborted and removed."""

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    with signed_in(demo_org, tmp_path, MemoryStore(), sleep=interrupted) as org:
        with pytest.raises(KeyboardInterrupt):
            next(org.bulk_query(DEALS))
        assert asked(demo_org) == ["POST job", "GET job", "PATCH job", "DELETE job"]


@pytest.mark.parametrize("action", ["reset", "truncate", "html", "status"])
@pytest.mark.parametrize("nth", [1, 2, 3, 4, 5, 6])
def test_a_fault_at_any_step_changes_nothing_of_the_answer(
    org: Org, demo_org: RunningOrg, action: str, nth: int
) -> None:
    """Making, polling, reading, removing: one cut, page or 503, the same records."""
    before = org.query_all_records(DEALS)
    org.describe_many(["Opportunity", "Account"])
    demo.plan_faults(demo_org.path, [Fault(JOBS, nth, action)])
    assert records_of(org.bulk_query(DEALS)) == before


def test_what_bulk_has_not_is_refused_by_name(org: Org) -> None:
    """The org's own words, exit 5, and no job."""
    with pytest.raises(QueryRefused) as compound:
        next(org.bulk_query("SELECT Id, BillingAddress FROM Account"))
    assert "compound" in compound.value.detail
    with pytest.raises(QueryRefused) as unknown:
        next(org.bulk_query("SELECT Nope__c FROM Account"))
    assert unknown.value.error_code == "INVALID_FIELD"


@pytest.mark.usefixtures("small_replies")
def test_other_queries_may_run_between_two_pages(org: Org) -> None:
    """The stream and the questions of its reader share a client."""
    rest = {one["Id"]: one for one in org.query_all_records(DEALS)}
    for page in org.bulk_query(DEALS):
        (wanted,) = soql.in_chunks([record["Id"] for record in page.records])
        found = org.query_all_records(DEALS.replace(" ORDER", f" WHERE Id IN {wanted} ORDER"))
        assert [rest[record["Id"]] for record in page.records] == found
