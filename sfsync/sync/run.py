"""What one run carries from page to page: the org, the ledger, the rules, and the tally."""

from __future__ import annotations

import gc
import logging
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from sfsync.ledger.model import Outcome
from sfsync.sync.reader import Transport

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from sfsync.ledger import Ledger
    from sfsync.ledger.model import RecordOutcome
    from sfsync.salesforce import Org
    from sfsync.sync.failures import Failure
    from sfsync.sync.pipeline import WriteBehind
    from sfsync.sync.rules import Rules

_log = logging.getLogger("sfsync.sync")
PLAN = "plan"
"""The trigger of a run that is a rehearsal."""

Tally = Counter[tuple[str, Outcome]]
"""How many records of each sObject had which outcome."""

OBJECTS = ("accounts", "contacts", "opportunities")
"""What a run may be restricted to, in the order in which they are synced."""


class Progress(Protocol):
    """Told how a run goes, for a person who watches; never decides anything."""

    def phase(self, name: str, total: int | None) -> None:
        """A phase begins: its name, and how many records it has, where that is known."""

    def advance(self, records: int) -> None:
        """So many records more have been read and written."""


class Silence:
    """A progress that nobody watches."""

    def phase(self, name: str, total: int | None) -> None:
        """Say nothing."""

    def advance(self, records: int) -> None:
        """Say nothing."""


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """What a run is asked to do.

    `trigger` is manual, schedule, watch, retry, resync or plan. `only` restricts the objects.
    With `opportunity_ids` just those deals are read. `since` reads what changed since then, and
    like `opportunity_ids` moves no cursor. `resync` brings back what was deleted or reversed here.
    `transport` is how full passes are read.
    """

    trigger: str = "manual"
    full: bool = False
    only: frozenset[str] = frozenset(OBJECTS)
    opportunity_ids: tuple[str, ...] = ()
    since: datetime | None = None
    allow_empty: bool = False
    resync: bool = False
    transport: Transport = Transport.AUTO

    @property
    def whole(self) -> bool:
        """Whether it asks for all that has changed, so that the schedule is answered by it."""
        return self.only == frozenset(OBJECTS) and not self.opportunity_ids and self.since is None

    @property
    def selection(self) -> str:
        """The request in words, as the history keeps it; empty for a whole run."""
        parts = []
        if self.full:
            parts.append("full")
        if self.only != frozenset(OBJECTS):
            parts.append("only " + ", ".join(name for name in OBJECTS if name in self.only))
        if self.opportunity_ids:
            parts.append("opportunities " + ", ".join(self.opportunity_ids))
        if self.since is not None:
            parts.append(f"since {self.since:%Y-%m-%dT%H:%M:%SZ}")
        return "; ".join(parts)


@dataclass(slots=True)
class Run:
    """One run at work.

    `unmatched` holds the accounts that were decided in this run and have no customer, with the
    reason where there is one, so that no account is read or counted twice. `behind` has pages
    written meanwhile, where there are many.
    """

    run_id: int
    org: Org
    ledger: Ledger
    rules: Rules
    progress: Progress
    request: SyncRequest
    tally: Tally = field(default_factory=Counter)
    unmatched: dict[str, Failure | None] = field(default_factory=dict)
    behind: WriteBehind | None = None

    def settle(self) -> None:
        """Wait for the page that is being written; the ledger may then be written here."""
        if self.behind is not None:
            self.behind.settle()

    @property
    def passes_accounts(self) -> bool:
        """Whether this run reads accounts for their own sake."""
        return "accounts" in self.request.only and self.rules.settings.accounts.sync

    def count(self, outcomes: Iterable[RecordOutcome]) -> None:
        """Add a page's outcomes to the tally."""
        if _log.isEnabledFor(logging.DEBUG):
            outcomes = list(outcomes)
            for one in outcomes:
                if one.code is not None:
                    found = (one.sobject, one.salesforce_id, one.outcome.value, one.code)
                    _log.debug("%s %s %s: %s", *found)
        self.tally.update((outcome.sobject, outcome.outcome) for outcome in outcomes)


_ALLOCATIONS_OF_A_PAGE = 100_000


@contextmanager
def rare_collections() -> Iterator[None]:
    """Look for cycles once a page, not hundreds of times: records have none, and are many."""
    before = gc.get_threshold()
    gc.set_threshold(_ALLOCATIONS_OF_A_PAGE, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
