"""The lines of all deals as one stream beside the deals: two sorted lists are read side by side."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from sfsync.errors import UnavailableError
from sfsync.salesforce import QueryRefused, soql
from sfsync.sync.reader import key_of

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Sequence

    from sfsync.salesforce.records import Record
    from sfsync.sync.reader import Source


class LineStream:
    """Line items by the id of their deal, read by one Bulk job while a full pass goes by Id.

    Deals and lines must come in the same order, that of the ids' characters. Where they do not, or
    where the org refuses the job and nobody insists on it, the stream is over, and whoever wants
    lines asks for them by deal.

    Args:
        field: the lines' lookup of the deal.
        condition: SOQL that leaves out lines of deals which are left out; may be empty.
        insist: an org that refuses the job is an error.
    """

    def __init__(self, field: str, condition: str, *, insist: bool) -> None:
        self._over = False
        self._field = field
        self._condition = condition
        self._insist = insist
        self._rows: Generator[Record] | None = None
        self._next: Record | None = None
        self._last = ""

    def take(
        self, lines: Source, ids: Sequence[str], wanted: Collection[str]
    ) -> dict[str, list[Record]] | None:
        """The lines of the `wanted` deals of a page; None where the stream is over.

        Args:
            lines: the line object as this thread reads it; that of the first call is used.
            ids: all deals of the page, in its order.
            wanted: those whose lines are kept.

        Raises:
            UnavailableError, QueryRefused: no Bulk job, and nothing else is wanted.
        """
        if not ids or self._over:
            return None
        try:
            found = self._up_to(lines, ids, wanted)
        except (QueryRefused, UnavailableError):
            if self._insist:
                raise
            found = None
        if found is None:
            self._over = True
        if self._over and self._rows is not None:
            self._rows.close()
        return found

    def close(self) -> None:
        """Stop reading; a job that is not read to its end is removed from the org."""
        self._over = True
        if self._rows is not None:
            # A thread that is reading still removes the job when it notices.
            with suppress(ValueError):
                self._rows.close()

    def _up_to(
        self, lines: Source, ids: Sequence[str], wanted: Collection[str]
    ) -> dict[str, list[Record]] | None:
        if self._rows is None:
            start = f"{self._field} >= {soql.quote(ids[0])}"
            condition = " AND ".join(filter(None, (start, self._condition)))
            self._rows = lines.all_of(self._field, condition)
            self._next = next(self._rows, None)
        if list(ids) != sorted(ids):
            return None
        found: dict[str, list[Record]] = {}
        while self._next is not None and (deal := key_of(self._next, self._field)) <= ids[-1]:
            if deal < self._last or self._over:
                return None
            self._last = deal
            if deal in wanted and not self._next.get("IsDeleted"):
                found.setdefault(deal, []).append(self._next)
            self._next = next(self._rows, None)
        return found
