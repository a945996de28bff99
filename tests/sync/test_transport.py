"""A full pass over REST and by Bulk jobs: the same ledger, whatever is refused on the way."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from sfsync import demo
from sfsync.demo.faults import Fault
from sfsync.errors import UnavailableError
from sfsync.salesforce import QueryRefused, bulk_csv
from sfsync.sync import SyncRequest, Transport, reader
from sfsync.sync.line_stream import LineStream
from tests.sync.twin import contents
from tests.sync.world import READS, Conditions, faults_left, remove_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfsync.salesforce.records import Record
    from sfsync.sync.reader import Source
    from tests.sync.twin import Contents
    from tests.sync.world import World

REST = SyncRequest(transport=Transport.REST)
BULK = SyncRequest(transport=Transport.BULK)


@pytest.fixture
def world(one_world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The org as it was seeded, no ledger; results of jobs in replies of 20 rows, pages of 8."""
    monkeypatch.setattr(bulk_csv, "MOST_ROWS", 20)
    monkeypatch.setattr(bulk_csv, "BATCH", 8)
    one_world.restart()
    return one_world


def ledger_after(world: World, request: SyncRequest, **conditions: Any) -> Contents:
    """What a new ledger holds after one run."""
    path = world.folder / f"{request.transport.value}.db"
    remove_ledger(path)
    world.sync(request, Conditions(page_size=8, **conditions), path)
    assert faults_left(world.server.path) == 0
    with world.ledger(path) as ledger:
        return contents(ledger)


def jobs(world: World, method: str) -> list[str]:
    """Requests about jobs since the org began."""
    return [
        one.path
        for one in demo.requests_of(world.server.path)
        if "/jobs/query" in one.path and one.method == method
    ]


def test_both_transports_write_the_same_ledger(world: World) -> None:
    """Customers, drafts, lines, products, memory and audit trail are equal; no job is left."""
    over_rest = ledger_after(world, REST)
    before = len(jobs(world, "POST"))
    assert ledger_after(world, BULK) == over_rest
    # Accounts, contacts, deals and lines.
    assert len(jobs(world, "POST")) - before == 4
    assert len(jobs(world, "DELETE")) == len(jobs(world, "POST"))


def test_much_goes_by_bulk_and_little_over_rest(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which it is goes by the number of rows of each object; the ledger is the same."""
    over_rest = ledger_after(world, REST)
    before = len(jobs(world, "POST"))
    assert ledger_after(world, SyncRequest()) == over_rest
    assert len(jobs(world, "POST")) == before
    monkeypatch.setattr(reader, "BULK_FROM", 40)
    assert ledger_after(world, SyncRequest()) == over_rest
    assert len(jobs(world, "POST")) - before == 2


def test_an_org_that_refuses_jobs_is_read_over_rest(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody asked for Bulk by name, so the run goes on without it."""
    over_rest = ledger_after(world, REST)
    monkeypatch.setattr(reader, "BULK_FROM", 40)
    faults = tuple(Fault(f"{READS}jobs", nth, "status", "403") for nth in (1, 2))
    assert ledger_after(world, SyncRequest(), faults=faults) == over_rest


def test_bulk_by_name_is_bulk_or_nothing(world: World) -> None:
    """Who insists on Bulk is told that the org refuses it."""
    with pytest.raises((QueryRefused, UnavailableError)):
        ledger_after(world, BULK, faults=(Fault(f"{READS}jobs", 1, "status", "403"),))


def test_an_interrupted_run_leaves_no_job_behind(world: World) -> None:
    """Ctrl-C aborts and removes the jobs under way; the next run converges."""
    over_rest = ledger_after(world, REST)

    def stop() -> None:
        raise KeyboardInterrupt

    made, removed = len(jobs(world, "POST")), len(jobs(world, "DELETE"))
    # Accounts and contacts are six pages of eight.
    how = Conditions(page_size=8, meanwhile=stop, meanwhile_after=8)
    with pytest.raises(KeyboardInterrupt):
        world.sync(BULK, how)
    # A reading thread that cannot be stopped at once removes its job a little later.
    deadline = time.monotonic() + 20
    while len(jobs(world, "DELETE")) - removed < 4 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(jobs(world, "POST")) - made == len(jobs(world, "DELETE")) - removed == 4
    world.sync(BULK, Conditions(page_size=8))
    with world.ledger() as ledger:
        after = contents(ledger)
    kept = ("document", "document_line", "opportunity", "customer", "contact")
    for name in kept:
        assert len(after[name]) == len(over_rest[name])


class Rows:
    """A line object that answers these rows."""

    def __init__(self, rows: list[Record]) -> None:
        self.rows = rows

    def all_of(self, field: str, condition: str) -> Iterator[Record]:
        """The rows, as they stand."""
        del field, condition
        yield from self.rows


def line(deal: str, number: int = 1) -> Record:
    """A line item of a deal."""
    return {"Id": f"{deal}-{number}", "OpportunityId": deal}


def taken(stream: LineStream, rows: Any, *ids: str) -> dict[str, list[str]] | None:
    """The ids of the lines of each deal."""
    source: Source = rows
    found = stream.take(source, ids, ids)
    if found is None:
        return None
    return {deal: [one["Id"] for one in lines] for deal, lines in found.items()}


def test_lines_are_handed_out_page_by_page() -> None:
    """Lines of deals that nobody asks for are passed over, those of later pages kept."""
    stream = LineStream("OpportunityId", "", insist=True)
    rows = Rows([line("a"), line("b"), line("b", 2), line("c"), line("e"), line("x")])
    assert taken(stream, rows, "b", "d") == {"b": ["b-1", "b-2"]}
    assert taken(stream, rows, "e", "f") == {"e": ["e-1"]}
    assert taken(stream, rows, "x") == {"x": ["x-1"]}


@pytest.mark.parametrize(("rows", "ids"), [(["b", "a", "c"], ("a", "c")), (["a", "B"], ("a", "B"))])
def test_a_stream_in_another_order_is_given_up(rows: list[str], ids: tuple[str, ...]) -> None:
    """No line is lost where an org sorts ids in its own way: lines are then asked for by deal."""
    stream = LineStream("OpportunityId", "", insist=True)
    source = Rows([line(one) for one in rows])
    assert taken(stream, source, *ids) is None
    assert taken(stream, source, "z") is None


def test_a_run_stops_before_it_uses_up_the_api_allowance(world: World) -> None:
    """It says so with exit 6, keeps what it has read, and goes on when the allowance is back."""
    over_rest = ledger_after(world, REST)
    used = len(demo.requests_of(world.server.path, "/services/data/"))
    demo.change_setting(world.server.path, "api.daily_limit", int((used + 30) / 0.8))
    # Forty-nine deals in pages of two: some fifty calls are to come.
    with pytest.raises(UnavailableError) as stopped:
        world.sync(REST, Conditions(page_size=2))
    assert stopped.value.code == "api-budget"
    with world.ledger() as ledger:
        assert len(contents(ledger)["customer"]) == len(over_rest["customer"])
    demo.change_setting(world.server.path, "api.daily_limit", 15_000)
    world.sync(REST)
    with world.ledger() as ledger:
        assert len(contents(ledger)["document"]) == len(over_rest["document"])
