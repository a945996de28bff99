"""How an org is read: whole and by id, by what changed, or by named ids; page by page.

A full pass goes by Id, so that the lines of a page of deals are one range; over REST, or by a Bulk
job where there is much to read. An incremental pass is a keyset over (SystemModstamp, Id) with an
overlap, because a stamp is set before its row commits and rows can therefore appear behind a
cursor. All survive a lost query locator: the next query starts after the last row that was read.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING

from sfsync.errors import UnavailableError
from sfsync.salesforce import LocatorLost, QueryRefused, soql

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from sfsync.ledger.model import Cursor
    from sfsync.salesforce import Org
    from sfsync.salesforce.records import Page, Record

    _Query = Callable[[Record | None], str]
    _Ask = Callable[[str], Iterator[Page]]

OVERLAP = timedelta(minutes=10)
"""How far an incremental pass looks back: the longest transaction that Salesforce allows."""

WIDE_OVERLAP = timedelta(hours=26)
"""How far the first incremental pass of a day looks back: a day and some clock to spare."""

_MAX_RESTARTS = 5
_ID_LENGTH = 18

BULK_FROM = 500_000
"""Beyond so many rows a Bulk job costs the org's API allowance less than pages of 2,000 do."""


class Transport(Enum):
    """How a full pass is read; `AUTO` goes by how much there is."""

    AUTO = "auto"
    REST = "rest"
    BULK = "bulk"


@dataclass(frozen=True, slots=True)
class Source:
    """One object of an org and the fields read of it."""

    org: Org
    sobject: str
    columns: tuple[str, ...]

    def only(self, *columns: str) -> Source:
        """The same object, reading just these fields."""
        return replace(self, columns=columns)

    def all_by_id(
        self, after: str = "", *, deleted: bool = False, transport: Transport = Transport.AUTO
    ) -> Iterator[Page]:
        """Every row by Id, starting after the id `after`; `deleted` ones too where asked for."""
        # Thousands of pages may lie ahead: one comes while another is decided and written.
        rest = self._rest(all_rows=deleted, prefetch=True)
        if transport is not Transport.BULK:
            for page in self._by_id(rest, after):
                yield page
                after = page.records[-1]["Id"]
                if goes_by_bulk(transport, page.total):
                    break
            else:
                return
        bulk = self._by_id(self._bulk(all_rows=deleted), after)
        if transport is Transport.BULK:
            yield from bulk
        else:
            yield from _unless_refused(bulk, self._by_id(rest, after))

    def _by_id(self, ask: _Ask, after: str) -> Iterator[Page]:
        def query(row: Record | None) -> str:
            start = after if row is None else row["Id"]
            where = f"Id > {soql.quote(start)}" if start else None
            return soql.select(self.columns, self.sobject, where=where, order_by=("Id",))

        return _pages(ask, query)

    def all_of(self, field: str, condition: str) -> Generator[Record]:
        """The rows that meet a condition in the order of the lookup `field`, by a Bulk job.

        Raises:
            UnavailableError, QueryRefused: also where the org has no Bulk API.
        """

        def query(row: Record | None) -> str:
            beyond = "" if row is None else _beyond(field, row)
            where = " AND ".join(filter(None, (condition, beyond)))
            return soql.select(
                self.columns, self.sobject, where=where or None, order_by=(field, "Id")
            )

        for page in _pages(self._bulk(all_rows=False), query):
            yield from page.records

    def changed_since(
        self, cursor: Cursor, overlap: timedelta = OVERLAP, first: Iterator[Page] | None = None
    ) -> Iterator[Page]:
        """Every row that changed since the cursor less the overlap, deleted rows among them.

        `first` is the answer to `changed_query`, where it was asked together with others.
        """

        def query(last: Record | None) -> str:
            if last is None:
                return self.changed_query(cursor, overlap)
            return self._ordered(_after(last))

        return _pages(self._rest(all_rows=True), query, first=first)

    def changed_query(self, cursor: Cursor, overlap: timedelta = OVERLAP) -> str:
        """The query for what changed since the cursor less the overlap."""
        start = soql.datetime_literal(stamp_of(cursor.system_modstamp) - overlap)
        return self._ordered(f"SystemModstamp >= {start}")

    def _ordered(self, where: str) -> str:
        return soql.select(
            self.columns, self.sobject, where=where, order_by=("SystemModstamp", "Id")
        )

    def by_ids(self, ids: Sequence[str]) -> Iterator[Page]:
        """The rows of these ids, deleted ones among them, in chunks that fit a query."""
        for chunk in soql.in_chunks(ids):
            yield from self.where(f"Id IN {chunk}", all_rows=True)

    def where(
        self, condition: str, order_by: Sequence[str] = ("Id",), *, all_rows: bool = False
    ) -> Iterator[Page]:
        """The rows that meet a condition; small reads that are simply repeated when cut short."""
        query = soql.select(self.columns, self.sobject, where=condition, order_by=order_by)
        for attempt in range(_MAX_RESTARTS):
            try:
                pages = list(self.org.query(query, all_rows=all_rows))
            except LocatorLost:
                if attempt == _MAX_RESTARTS - 1:
                    raise
            else:
                yield from map(_keyed, pages)
                return

    def _rest(self, *, all_rows: bool, prefetch: bool = False) -> _Ask:
        return partial(self.org.query, all_rows=all_rows, prefetch=prefetch)

    def _bulk(self, *, all_rows: bool) -> _Ask:
        return partial(self.org.bulk_query, all_rows=all_rows)


def goes_by_bulk(transport: Transport, rows: int) -> bool:
    """Whether so many rows are read by a Bulk job."""
    return transport is Transport.BULK or (transport is Transport.AUTO and rows > BULK_FROM)


def _unless_refused(bulk: Iterator[Page], rest: Iterator[Page]) -> Iterator[Page]:
    """What `bulk` answers; where the org refuses it, what `rest` does, which asks only then."""
    try:
        first = next(bulk, None)
    except (QueryRefused, UnavailableError):
        yield from rest
        return
    if first is not None:
        yield first
    yield from bulk


def stamp_of(text: str) -> datetime:
    """A SystemModstamp (``2026-01-01T00:00:00.000+0000``) as an aware UTC datetime."""
    return datetime.fromisoformat(text).astimezone(UTC)


def stamp_text(moment: datetime) -> str:
    """A moment in the form in which an org writes SystemModstamp, so that the two compare."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def _after(last: Record) -> str:
    stamp = soql.datetime_literal(stamp_of(key_of(last, "SystemModstamp")))
    return (
        f"(SystemModstamp = {stamp} AND Id > {soql.quote(last['Id'])}) OR SystemModstamp > {stamp}"
    )


def _beyond(field: str, row: Record) -> str:
    key, last = soql.quote(key_of(row, field)), soql.quote(row["Id"])
    return f"({field} > {key} OR ({field} = {key} AND Id > {last}))"


def _pages(ask: _Ask, query: _Query, first: Iterator[Page] | None = None) -> Iterator[Page]:
    last: Record | None = None
    restarts = 0
    while True:
        try:
            answer = first or ask(query(last))
            first = None
            for page in answer:
                if page.records:
                    yield _keyed(page)
                    last = page.records[-1]
                    restarts = 0
        except LocatorLost:
            # The locator died with its session or its two days: go on after the last row.
            restarts += 1
            if restarts > _MAX_RESTARTS:
                raise
        else:
            return


def _keyed(page: Page) -> Page:
    """The page, whose ids, if it has any, are those of records: nothing else is ever a key.

    Raises:
        UnavailableError: an id is none.
    """
    for record in page.records:
        told = record.get("Id")
        if told is not None and len(told) != _ID_LENGTH:
            raise _no_answer(f"has a record with the Id '{told:.20}'")
    return page


def key_of(record: Record, field: str) -> str:
    """The text of a field without which a record has no place.

    Raises:
        UnavailableError: the answer lacks it, so it is not what was asked for.
    """
    value = record.get(field)
    if isinstance(value, str) and value:
        return value
    raise _no_answer(f"lacks {field} of the record {record.get('Id')}")


def _no_answer(what: str) -> UnavailableError:
    return UnavailableError(
        f"Salesforce's answer {what}.",
        code="bad-reply",
        fix="Try again; a proxy between here and Salesforce may have answered.",
    )


def ids_of(records: Iterable[Mapping[str, Any]]) -> list[str]:
    """The ids of records, in their order."""
    return [record["Id"] for record in records]
