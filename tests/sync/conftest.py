from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from sfsync.config import demo_template, load_text
from sfsync.demo.store import OrgStore
from sfsync.ledger import history, open_ledger
from sfsync.salesforce import open_org
from sfsync.salesforce.retry import RetryPolicy
from sfsync.sync import run_sync
from sfsync.sync.rules import Rules
from tests.browser import sign_in_by_browser
from tests.sync.world import new_world, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from decimal import Decimal
    from pathlib import Path

    from sfsync.config.settings import Settings
    from sfsync.demo.server import RunningOrg
    from sfsync.ledger import Ledger
    from sfsync.ledger.history import RunDetail
    from sfsync.salesforce import Connection, Org
    from sfsync.sync import SyncRequest
    from tests.sync.world import World

BASE = """\
version: 1
connection: {name: acme, type: demo}
ledger: {currency: USD}
"""

RulesOf = Callable[..., Rules]


@pytest.fixture
def rules_of() -> RulesOf:
    """Compile rules from a config text that needs no connection of its own."""

    def compile_rules(
        text: str = "",
        *,
        today: date = date(2026, 11, 22),
        rates: Mapping[str, Decimal] | None = None,
    ) -> Rules:
        settings = load_text(BASE + text, "mappings.yaml")
        return Rules.compile(settings, today=today, rates=rates or {}, read_lines=True)

    return compile_rules


@pytest.fixture(scope="module")
def one_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One org for the tests of a file; each puts it back to its seed."""
    with new_world(tmp_path_factory.mktemp("world")) as made:
        yield made


@dataclass(frozen=True)
class Workplace:
    """A demo org that was signed in to, and the place of a ledger."""

    server: RunningOrg
    connection: Connection
    folder: Path

    @property
    def ledger_path(self) -> Path:
        """Where the ledger is."""
        return self.folder / "ledger.db"

    @contextmanager
    def org(self, attempts: int = 5) -> Iterator[Org]:
        """The org, as one run opens it; each read is tried so many times."""
        policy = RetryPolicy(attempts=attempts, base=0.01)
        with open_org(self.connection, self.folder, policy=policy) as org:
            yield org

    def deals(self) -> list[dict[str, Any]]:
        """Every opportunity of the org that is not deleted, with its values."""
        with OrgStore.open(self.server.path) as store:
            return rows_of(store, "Opportunity")

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        """The ledger, created when it is not there."""
        with open_ledger(self.ledger_path, demo=True) as ledger:
            yield ledger

    def sync(
        self, settings: Settings | None = None, request: SyncRequest | None = None
    ) -> RunDetail:
        """One run, and what the history says of it."""
        with self.org() as org, self.ledger() as ledger:
            run_id = run_sync(org, ledger, settings or demo_settings(), request)
            return history.show_run(ledger, run_id)


def demo_settings(text: str | None = None) -> Settings:
    """The settings of the demo, or of another config text."""
    return load_text(demo_template() if text is None else BASE + text, "mappings.yaml")


@pytest.fixture
def workplace(demo_org: RunningOrg, tmp_path: Path) -> Workplace:
    """A seeded demo org, signed in to over HTTP."""
    folder = tmp_path / "home"
    return Workplace(demo_org, sign_in_by_browser(demo_org, folder), folder)
