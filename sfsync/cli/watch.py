"""`sfsync sync watch`: looking for changes and syncing them, until it is stopped."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sfsync.cli.orgs import open_org_for
from sfsync.cli.telling import telling
from sfsync.cli.watch_screen import WatchScreen
from sfsync.errors import ConfigError, UsageError
from sfsync.ledger import history, pages
from sfsync.ledger.lock import run_lock
from sfsync.schedule import overdue_after
from sfsync.sync import SyncRequest, run_sync
from sfsync.sync.polling import Poller
from sfsync.sync.watching import Rhythm, beats

if TYPE_CHECKING:
    from pathlib import Path

    from sfsync.cli.context import Context
    from sfsync.config.settings import Settings
    from sfsync.salesforce import Org

_SHORTEST = 1.0
_A_STAMP = 1.0
"""Seconds that Salesforce tells apart: its stamps have no fractions."""

_CALLS_OF_A_RUN = 20
"""API calls that a run may need: without so many left in the allowance none begins."""


def run_watch(context: Context, every: float | None, during: float | None) -> None:
    """Watch until the time is over, or a signal or something that does not pass by itself.

    Raises:
        UsageError: the interval is too short.
        SignInError, ConfigError, LedgerError, RefusedError: as a run; only a person can help.
    """
    settings = context.settings()
    interval = settings.schedule.poll_every.total_seconds() if every is None else every
    if interval < _SHORTEST:
        raise UsageError(f"--every is at least {_SHORTEST:g}s", code="usage", fix="--every 60s")
    with open_org_for(context, settings) as org:
        said = WatchScreen(context, org, interval)
        watch = Watch(context, org, settings, said)
        try:
            for beat in beats(watch.step, Rhythm(interval, during)):
                said.tell(beat)
        finally:
            said.clear()
    said.finish()


class Watch:
    """What one interval looks at and does: the files as they are then, one open org.

    The lock and the ledger are held only while a run is at work.
    """

    def __init__(self, context: Context, org: Org, settings: Settings, said: WatchScreen) -> None:
        self._context = context
        self._org = org
        self._settings = settings
        self._said = said
        self._poller = Poller(org, _not_read(settings))
        self._file = context.config_path()
        self._stamp = _stamp_of(self._file)
        self._must = True
        self._rechecks: frozenset[str] = frozenset()

    def step(self) -> int | None:
        """Look, and run if there may be something to do; the number of the run.

        There may always be at the beginning, and after whatever kept an earlier step from its end.
        """
        with telling(self._context) as tick:
            must, self._must = self._must, True
            self._org.check_budget(_CALLS_OF_A_RUN)
            # Each is asked, whatever the others say: they note what they have seen.
            number = self._run() if any([self._reload(), self._look(), must]) else None
            tick.run, self._must = number, False
            return number

    def _run(self) -> int:
        context = self._context
        if self._poller.is_unsettled:
            # A change in the rest of this second would look like what was seen already.
            time.sleep(_A_STAMP)
        with (
            run_lock(context.ledger_path()),
            context.open_ledger(create=True, demo=self._org.identity.is_demo) as ledger,
            self._org.another() as org,
        ):
            self._said.running()
            asked = SyncRequest(trigger="watch")
            number = run_sync(org, ledger, self._settings, asked, warn=self._said.warn)
            self._rechecks = frozenset(pages.opportunities_to_recheck(ledger))
            self._said.ran(history.show_run(ledger, number, ()).summary)
        self._poller.dealt_with()
        return number

    def _look(self) -> bool:
        ledger = self._context.finished_ledger()
        if ledger is None:
            return True
        with ledger:
            cursors = history.cursors(ledger)
            good = history.schedule_answered(ledger).good
            # Only what a person has decided meanwhile: what a run leaves, the next one leaves too.
            decided = set(pages.opportunities_to_recheck(ledger)) - self._rechecks
        return any([self._poller.changed(cursors), bool(decided), self._is_silent_for_long(good)])

    def _is_silent_for_long(self, good: str | None) -> bool:
        """Whether monitoring would soon take a quiet org for a sync that has stopped."""
        allowed = overdue_after(self._settings.schedule)
        if allowed is None or good is None:
            return False
        return datetime.now(UTC) - datetime.fromisoformat(good) >= allowed / 2

    def _reload(self) -> bool:
        """Take up a mapping file that was edited; while it is invalid the earlier one counts."""
        from sfsync.config import load  # noqa: PLC0415 - start-up time

        if (stamp := _stamp_of(self._file)) == self._stamp:
            return False
        self._stamp = stamp
        try:
            found = load(self._file)
        except ConfigError as error:
            self._said.warn(f"{error.message}; going on with the one before")
            return False
        if (found.connection, found.ledger) != (self._settings.connection, self._settings.ledger):
            self._said.warn(f"{self._file} names another org or ledger: start the watch anew")
            return False
        self._settings = found
        self._poller.skipped = _not_read(found)
        return True


def _not_read(settings: Settings) -> frozenset[str]:
    """The cursors of objects that no run reads for their own sake as the config is."""
    synced = {"Account": settings.accounts.sync, "Contact": settings.contacts.sync}
    return frozenset(name for name, is_read in synced.items() if not is_read)


def _stamp_of(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_mtime_ns, found.st_size
