"""How a pass reads an object, and which passes a run makes by the cursors of earlier ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sfsync.ledger import history
from sfsync.ledger.model import Cursor
from sfsync.sync.reader import OVERLAP, WIDE_OVERLAP, Transport, key_of, stamp_of, stamp_text
from sfsync.sync.touched import WATCHED, watch_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime, timedelta

    from sfsync.salesforce.records import Page
    from sfsync.sync.reader import Source
    from sfsync.sync.run import Run


@dataclass(frozen=True, slots=True)
class Pass:
    """How one object is read in this run.

    `cursor` is where an earlier run stopped, None at the first read. `started` is the server's
    time when this run began, from which the pass after a full one starts. A pass over a chosen
    time (`moves_cursor` false) leaves the cursor where it is; a `wide` one looks back further.
    A full pass that is not the first one reads `deleted` rows too: its cursor jumps past them.
    `transport` is how a full pass is read.
    """

    source: Source
    cursor: Cursor | None
    full: bool
    started: str
    moves_cursor: bool = True
    wide: bool = False
    deleted: bool = False
    transport: Transport = Transport.AUTO

    def pages(self, first: Iterator[Page] | None = None) -> Iterator[tuple[Page, Cursor | None]]:
        """The pages of the pass, each with the cursor that its transaction stores.

        `first` is the answer to `first_query`, where that was asked together with others.
        """
        for page, cursor in self._full() if self.full else self._changed(first):
            yield page, cursor if self.moves_cursor else None

    def first_query(self) -> str:
        """The query with which an incremental pass begins."""
        return self.source.changed_query(self._known(), self._overlap)

    @property
    def _overlap(self) -> timedelta:
        return WIDE_OVERLAP if self.wide else OVERLAP

    def _known(self) -> Cursor:
        if self.cursor is None:
            raise ValueError("an incremental pass needs a cursor")
        return self.cursor

    @property
    def _interrupted(self) -> Cursor | None:
        """Where an earlier full pass has stopped; None when this one starts anew."""
        return self.cursor if self.cursor is not None and self.cursor.full else None

    @property
    def resumed_after(self) -> str:
        """The last id that an interrupted full pass has read; empty when it starts anew."""
        return self._interrupted.salesforce_id if self._interrupted else ""

    def closing(self) -> Cursor | None:
        """The cursor that ends a full pass; an incremental one has moved its own."""
        if not self.full:
            return None
        return Cursor(self.source.sobject, self.closing_stamp, "")

    @property
    def closing_stamp(self) -> str:
        """The server's time when a full pass first began."""
        # A resumed pass must look back to when it first began, not to when it was taken up again.
        return self._interrupted.system_modstamp if self._interrupted else self.started

    def _full(self) -> Iterator[tuple[Page, Cursor]]:
        for page in self.source.all_by_id(
            self.resumed_after, deleted=self.deleted, transport=self.transport
        ):
            last = page.records[-1]["Id"]
            yield page, Cursor(self.source.sobject, self.closing_stamp, last, full=True)

    def _changed(self, first: Iterator[Page] | None) -> Iterator[tuple[Page, Cursor]]:
        position = self._known()
        for page in self.source.changed_since(position, self._overlap, first):
            if not page.records:
                continue
            last = page.records[-1]
            # Never beyond the server's own time: one row stamped in the future would hide the rest.
            stamp = min(key_of(last, "SystemModstamp"), self.started)
            if (stamp, last["Id"]) > (position.system_modstamp, position.salesforce_id):
                position = Cursor(self.source.sobject, stamp, last["Id"])
            yield page, position


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
