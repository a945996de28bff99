"""An org and a ledger whose time stands still until somebody moves it, for the state machine."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from sfsync import demo
from sfsync.cli.posting import rules_of
from sfsync.config import demo_template, load_text
from sfsync.demo.faults import Fault
from sfsync.demo.oauth.grants import expire_sessions
from sfsync.demo.state import opened
from sfsync.demo.store import OrgStore
from sfsync.ledger import history, open_ledger
from sfsync.salesforce import LocatorLost, open_org
from sfsync.salesforce.records import Page
from sfsync.salesforce.request import DEFAULT_API_VERSION
from sfsync.salesforce.retry import RetryPolicy
from sfsync.sync import Silence, run_sync
from tests.browser import sign_in_by_browser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from sfsync.demo.server import RunningOrg
    from sfsync.ledger import Ledger
    from sfsync.ledger.history import RunDetail
    from sfsync.salesforce import Org
    from sfsync.sync import SyncRequest

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
READS = f"/services/data/v{DEFAULT_API_VERSION}/"

# A window that moves with the calendar would change what passes although nothing changed.
SETTINGS = load_text(
    demo_template().replace("last_days: 365 ", "from: 2020-01-01 "), "mappings.yaml"
)
POSTING = rules_of(SETTINGS)


@dataclass
class Clock:
    """One time for the org, its server, the runs and the ledger."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        """The present time."""
        return self.now

    def tick(self, seconds: float) -> None:
        """Let time go on."""
        self.now += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Conditions:
    """How a run goes: its page size, what goes wrong, and what happens meanwhile.

    Each page of deals but the first begins with the last `repeated` of the one before. `lost` says
    after how many pages the query's locator is dead; `meanwhile` is called once, after
    `meanwhile_after` pages were written.
    """

    page_size: int = 2000
    repeated: int = 0
    attempts: int = 5
    faults: tuple[Fault, ...] = ()
    lost: tuple[int, ...] = ()
    meanwhile: Callable[[], None] | None = None
    meanwhile_after: int = 1


class SmallPages:
    """An org that answers the same records in smaller pages, and loses locators between them."""

    def __init__(self, org: Org, conditions: Conditions) -> None:
        self._org = org
        self._how = conditions
        self._size = conditions.page_size
        self._lost = set(conditions.lost)
        self._pages = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._org, name)

    def query(self, soql: str, **options: Any) -> Iterator[Page]:
        """As `Org.query`, in pages of the wanted size."""
        repeated = self._how.repeated if " FROM Opportunity " in soql else 0
        return self._cut(self._org.query(soql, **options), repeated)

    def query_many(self, soqls: Sequence[str], **options: Any) -> list[Iterator[Page]]:
        """As `Org.query_many`, in pages of the wanted size."""
        return [self._cut(pages) for pages in self._org.query_many(soqls, **options)]

    def read_ahead(self, read: Callable[[Org], Any]) -> Any:
        """As `Org.read_ahead`, in pages of the wanted size."""
        return self._org.read_ahead(lambda org: read(cast("Org", SmallPages(org, self._how))))

    def _cut(self, pages: Iterator[Page], repeated: int = 0) -> Iterator[Page]:
        for page in pages:
            records = page.records
            for start in range(0, max(len(records), 1), self._size):
                if start:
                    self._pages += 1
                    if self._pages in self._lost:
                        raise LocatorLost("the locator is gone", code="locator-lost")
                first = max(start - repeated, 0)
                yield Page(records[first : start + self._size], page.total)


class Meanwhile(Silence):
    """Does something in the middle of a run, between two pages."""

    def __init__(self, conditions: Conditions) -> None:
        self._left = conditions.meanwhile_after
        self._action = conditions.meanwhile

    def advance(self, records: int) -> None:
        """A page was written."""
        del records
        self._left -= 1
        if self._left == 0 and self._action is not None:
            self._action()


class World:
    """An org that answers HTTP, an account of it, and a ledger; put back to the start at will."""

    def __init__(self, server: RunningOrg, clock: Clock, folder: Path) -> None:
        self.server = server
        self.clock = clock
        self.folder = folder
        self._template = folder / "template.db"
        self._signed_in = folder / "signed-in"
        self.home = folder / "home"
        self.connection = sign_in_by_browser(server, self._signed_in)
        _copy(server.path, self._template)

    @property
    def ledger_path(self) -> Path:
        """The ledger of the runs under test."""
        return self.folder / "ledger.db"

    def restart(self) -> None:
        """The org as it was seeded, the sign-in as it was given, and no ledger."""
        self.clock.now = NOON
        _copy(self._template, self.server.path)
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.copytree(self._signed_in, self.home)
        remove_ledger(self.ledger_path)

    @contextmanager
    def store(self) -> Iterator[OrgStore]:
        """The org's records, to change them as people in Salesforce do."""
        with OrgStore.open(self.server.path, clock=self.clock) as store:
            yield store

    @contextmanager
    def ledger(self, path: Path | None = None) -> Iterator[Ledger]:
        """The ledger under test, or another one."""
        with open_ledger(path or self.ledger_path, demo=True, clock=self.clock) as ledger:
            yield ledger

    def sync(
        self,
        request: SyncRequest | None = None,
        conditions: Conditions | None = None,
        path: Path | None = None,
    ) -> RunDetail:
        """One run, and what the history says of it."""
        how = conditions or Conditions()
        policy = RetryPolicy(attempts=how.attempts, base=0.001)
        self.forget_faults()
        demo.plan_faults(self.server.path, how.faults)
        with (
            open_org(self.connection, self.home, policy=policy) as org,
            self.ledger(path) as ledger,
        ):
            paged = cast("Org", SmallPages(org, how))
            run_id = run_sync(
                paged, ledger, SETTINGS, request, clock=self.clock, progress=Meanwhile(how)
            )
            return history.show_run(ledger, run_id)

    def forget_faults(self) -> None:
        """Faults that no request has met yet meet none."""
        with opened(self.server.path) as state:
            state.write("DELETE FROM wire_fault")

    def expire_sessions(self) -> None:
        """Every access token is spent; refresh tokens are good."""
        with opened(self.server.path) as state:
            expire_sessions(state)


@contextmanager
def new_world(folder: Path) -> Iterator[World]:
    """A seeded org on loopback, signed in to."""
    clock = Clock()
    path = folder / "org.db"
    demo.create_org(path, clock=clock)
    with demo.serve(path, clock=clock) as server:
        yield World(server, clock, folder)


def rows_of(store: OrgStore, sobject: str) -> list[dict[str, Any]]:
    """Every record of an object that is not deleted, by id."""
    return [dict(store.get(sobject, one)) for one in store.ids(sobject)]


def remove_ledger(path: Path) -> None:
    """Delete a ledger and what SQLite keeps beside it."""
    for suffix in ("", "-wal", "-shm", ".lock"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def faults_left(org: Path) -> int:
    """How many planned faults have struck nobody yet."""
    with opened(org) as state:
        (count,) = state.row("SELECT count(*) FROM wire_fault") or (0,)
        return int(count)


def faults_at(places: Iterable[tuple[int, str, str]]) -> tuple[Fault, ...]:
    """Faults of reads: at the nth, an action, and its value."""
    return tuple(Fault(READS, nth, action, value) for nth, action, value in places)


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as here, closing(sqlite3.connect(target)) as there:
        here.backup(there)
