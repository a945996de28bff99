"""Whether anything changed in an org since a run last read it: one call, however much is watched.

The cursors say what runs read, and how far. Each poll asks for the newest rows of these objects,
the overlap of a run included, because a row can commit behind a cursor. What was seen by the poll
before a good run has been read by that run, so only a row that is new since then is a change.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sfsync.salesforce import MOST_QUERIES, QueryRefused, soql
from sfsync.sync.reader import OVERLAP, key_of, stamp_of, stamp_text
from sfsync.sync.touched import WATCHED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sfsync.ledger.model import Cursor
    from sfsync.salesforce import Org
    from sfsync.salesforce.records import Page

    Rows = frozenset[tuple[str, str]]

_FIRST = ("Opportunity", "Account", "Contact")
_NEWEST = 200
"""Rows of an object that a poll looks at: a change is always among the newest."""


@dataclass(slots=True)
class Poller:
    """Remembers what it has seen of each object; holds no more than the newest rows of each.

    Args:
        org: kept open from poll to poll.
        skipped: objects that runs do not read as the config is now.
    """

    org: Org
    skipped: frozenset[str] = frozenset()
    _seen: dict[str, Rows] = field(default_factory=dict)
    _latest: dict[str, Rows] = field(default_factory=dict)
    _turn: int = 0

    def changed(self, cursors: Mapping[str, Cursor]) -> bool:
        """Whether a row is there that no poll before the last good run has seen.

        Args:
            cursors: by name, as the ledger keeps them.

        Raises:
            UnavailableError, SignInError: the org cannot be asked.
        """
        stamps = _stamps(cursors, self.skipped)
        asked = self._asked(sorted(stamps, key=_rank))
        queries = [_query(sobject, stamps[sobject]) for sobject in asked]
        answers = zip(asked, self._answers(queries), strict=True)
        self._latest.update((sobject, _rows(pages)) for sobject, pages in answers)
        return any(rows - self._seen.get(name, frozenset()) for name, rows in self._latest.items())

    def dealt_with(self) -> None:
        """A run that began after the last poll has read all that was there then."""
        self._seen.update(self._latest)
        self._latest.clear()

    @property
    def is_unsettled(self) -> bool:
        """Whether the newest row was stamped in the org's present second.

        Stamps are whole seconds: until this one is over, a row can change again and look the same.
        """
        newest = max((stamp for rows in self._latest.values() for _, stamp in rows), default="")
        now = self.org.server_time
        return now is not None and newest >= stamp_text(now)

    def _asked(self, objects: list[str]) -> list[str]:
        """All objects at first, then as many as fit one call: those that change least take turns.

        An object that a later config adds is asked for in its turn.
        """
        if len(objects) <= MOST_QUERIES or not self._seen:
            return objects
        always, seldom = objects[: MOST_QUERIES - 1], objects[MOST_QUERIES - 1 :]
        self._turn += 1
        return [*always, seldom[self._turn % len(seldom)]]

    def _answers(self, queries: Sequence[str]) -> Iterator[Iterable[Page]]:
        try:
            yield from self.org.query_many(queries, all_rows=True)
        except QueryRefused:
            # No composite resource, or an object that is gone by now: asked one by one.
            yield from map(self._alone, queries)

    def _alone(self, query: str) -> Iterable[Page]:
        try:
            return list(self.org.query(query, all_rows=True))
        except QueryRefused:
            # What the user sees no more does not change for them; a run says so if it matters.
            return ()


def _stamps(cursors: Mapping[str, Cursor], skipped: frozenset[str]) -> dict[str, str]:
    """How far each object has been read; the further one where two passes watch an object."""
    stamps: dict[str, str] = {}
    for name, cursor in cursors.items():
        sobject = name.removesuffix(WATCHED)
        if name not in skipped:
            stamps[sobject] = max(stamps.get(sobject, ""), cursor.system_modstamp)
    return stamps


def _rank(sobject: str) -> tuple[int, str]:
    """Deals first, what they read of people and products last: these change least."""
    if sobject in _FIRST:
        return _FIRST.index(sobject), sobject
    is_seldom = sobject in {"User", "Product2"}
    return len(_FIRST) + is_seldom, sobject


def _query(sobject: str, stamp: str) -> str:
    since = soql.datetime_literal(stamp_of(stamp) - OVERLAP)
    return soql.select(
        ("Id", "SystemModstamp"),
        sobject,
        where=f"SystemModstamp >= {since}",
        order_by=("SystemModstamp DESC", "Id DESC"),
        limit=_NEWEST,
    )


def _rows(pages: Iterable[Page]) -> Rows:
    return frozenset(
        (record["Id"], key_of(record, "SystemModstamp"))
        for page in pages
        for record in page.records
    )
