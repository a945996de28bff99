"""Which passes a run makes over an object, from the cursors that earlier runs have left."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sfsync.ledger import history
from sfsync.ledger.model import Cursor
from sfsync.sync.passes import Pass
from sfsync.sync.reader import OVERLAP, stamp_of, stamp_text
from sfsync.sync.touched import WATCHED, watch_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from sfsync.sync.reader import Source
    from sfsync.sync.run import Run


def _believable(cursors: Mapping[str, Cursor], started: str) -> dict[str, Cursor]:
    """Those that do not lie beyond the org's own time: the others would hide what changed."""
    latest = stamp_text(stamp_of(started) + OVERLAP)
    return {name: one for name, one in cursors.items() if one.system_modstamp <= latest}


@dataclass(frozen=True, slots=True)
class PassPlanner:
    """Decides for each object whether it is read whole, and from when what changed is read."""

    run: Run
    cursors: Mapping[str, Cursor]
    started: str
    wide: bool

    @classmethod
    def of(cls, run: Run, now: datetime) -> PassPlanner:
        """Plan the passes of a run from the ledger's cursors.

        The first run of a day looks back further, for rows that committed later than any
        transaction should take.
        """
        started = stamp_text(run.org.server_time or now)
        earlier = list(history.list_runs(run.ledger, 2))[1:]
        wide = bool(earlier) and earlier[0].started_at[:10] != started[:10]
        return cls(run, _believable(history.cursors(run.ledger), started), started, wide)

    def passes(self, source: Source) -> Iterator[Pass]:
        """The passes over an object: one, and after a resumed full one what changed meanwhile."""
        first = self.one_pass(source)
        yield first
        closing = first.closing()
        if closing is not None and first.resumed_after:
            yield Pass(source, closing, full=False, started=self.started)

    def again(self) -> PassPlanner:
        """The same plan with the cursors as they are by now."""
        return replace(self, cursors=_believable(history.cursors(self.run.ledger), self.started))

    def one_pass(self, source: Source) -> Pass:
        """The pass over an object: whole at first, on request, and when the rules changed."""
        request = self.run.request
        if request.since is not None:
            since = Cursor(source.sobject, stamp_text(request.since), "")
            return Pass(source, since, full=False, started=self.started, moves_cursor=False)
        cursor = self.cursors.get(source.sobject)
        digest = self.run.rules.settings.evaluation_digest
        if request.full or (cursor is not None and cursor.rules != digest):
            cursor = None
        full = cursor is None or cursor.full
        return Pass(
            source,
            cursor,
            full=full,
            started=self.started,
            wide=self.wide,
            deleted=full and self._complete,
            transport=request.transport,
        )

    def watch(self, source: Source) -> Pass:
        """The pass over an object that deals depend on; only what changed, never the whole."""
        if self.run.request.since is not None:
            return self.one_pass(source)
        cursor = self.cursors.get(watch_name(source.sobject))
        if cursor is None:
            start = Cursor(source.sobject, self.started, "")
            return Pass(source, start, full=False, started=self.started)
        return Pass(source, cursor, full=False, started=self.started, wide=self.wide)

    @property
    def _complete(self) -> bool:
        """Whether an earlier run has read every deal: only then can one have been deleted since."""
        return any(name.endswith(WATCHED) for name in self.cursors)
