"""Running a plan over the store: totals, rows, child lists."""

from __future__ import annotations

import json
import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from sfsync.demo.catalogue.refusal import SoqlError
from sfsync.demo.soql.plan import AddressItem, ParentItem, ScalarItem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sfsync.demo.org_file import OrgFile
    from sfsync.demo.soql.plan import ChildItem, Plan, RecordShape
    from sfsync.demo.soql.syntax import Query

Row = tuple[Any, ...]
"""One row as the plan's shape reads it: stored values, and lists of rows for child queries."""

_CHUNK: Final = 2000


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a flat result: its path (``Owner.Name``) and how its values are kept."""

    name: str
    kind: str


@dataclass(frozen=True)
class Result:
    """A query that was understood; reading `rows` or `total` runs it.

    Args:
        file: the org's file.
        query: the query as parsed.
        plan: the query as compiled.
        window: the first row and how many of them `rows` yields; all, when None.
    """

    file: OrgFile
    query: Query
    plan: Plan
    window: tuple[int, int] | None = None

    @property
    def sobject(self) -> str:
        """The sObject of FROM."""
        return self.plan.sobject

    @property
    def is_count(self) -> bool:
        """Whether it is ``SELECT COUNT()``: a total without rows."""
        return self.plan.is_count

    @property
    def is_aggregate(self) -> bool:
        """Whether its rows are aggregates."""
        return self.plan.is_aggregate

    @property
    def has_children(self) -> bool:
        """Whether it has child sub-queries."""
        return bool(self.plan.children)

    @property
    def has_compound(self) -> bool:
        """Whether it selects a compound address."""
        return _has_compound(self.plan.shape)

    @property
    def has_fields_function(self) -> bool:
        """Whether it uses FIELDS()."""
        return self.plan.uses_fields_function

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of a flat result in the order of SELECT; child lists are left out."""
        return tuple(_flattened(self.plan.shape, ""))

    @cached_property
    def total(self) -> int:
        """How many rows the whole query has, whatever the window."""
        body, parameters = self.plan.body
        limit = -1 if self.plan.limit is None else self.plan.limit
        counted = "SELECT 1" if not self.plan.is_aggregate else f"SELECT {self.plan.columns[0]}"
        sql = f"SELECT COUNT(*) FROM ({counted} {body} LIMIT ? OFFSET ?)"  # noqa: S608 (names of the catalogue)
        with _refusing(), self.file.connection() as connection:
            row = connection.execute(sql, [*parameters, limit, self.plan.offset]).fetchone()
        return int(row[0])

    @property
    def rows(self) -> Iterator[Row]:
        """The rows of the window, in the query's order."""
        if self.plan.is_count:
            return
        body, parameters = self.plan.body
        order = f" ORDER BY {', '.join(self.plan.order)}" if self.plan.order else ""
        sql = f"SELECT {', '.join(self.plan.columns)} {body}{order} LIMIT ? OFFSET ?"
        with _refusing(), self.file.connection() as connection:
            cursor = connection.execute(sql, [*parameters, *self._limits()])
            while rows := cursor.fetchmany(_CHUNK):
                yield from self._with_children(rows, connection)

    def _limits(self) -> tuple[int, int]:
        most = -1 if self.plan.limit is None else self.plan.limit
        if self.window is None:
            return most, self.plan.offset
        start, size = self.window
        left = size if most < 0 else max(min(size, most - start), 0)
        return left, self.plan.offset + start

    def _with_children(self, rows: list[Row], connection: sqlite3.Connection) -> list[Row]:
        return fill_children(self.plan, rows, connection)


def fill_children(plan: Plan, rows: list[Row], connection: sqlite3.Connection) -> list[Row]:
    """The rows with their child lists in the places kept for them."""
    id_index = plan.shape.id_index
    if not plan.children or id_index is None:
        return rows
    filled = [list(row) for row in rows]
    parents = [row[id_index] for row in rows]
    for item in plan.children:
        lists = _children(item, parents, connection)
        for row in filled:
            row[item.index] = lists.get(row[id_index], [])
    return [tuple(row) for row in filled]


def _children(
    item: ChildItem,
    parents: Sequence[str],
    connection: sqlite3.Connection,
) -> dict[str, list[Row]]:
    plan = item.plan
    body, parameters = plan.body
    joined = "AND" if plan.where[0] else "WHERE"
    sql = (
        f"SELECT {', '.join(plan.columns)}, {plan.parent} {body} "  # noqa: S608 (names of the catalogue)
        f"{joined} {plan.parent} IN (SELECT value FROM json_each(?)) "
        f"ORDER BY {', '.join(plan.order)}"
    )
    found = connection.execute(sql, [*parameters, json.dumps(parents)]).fetchall()
    by_parent: dict[str, list[Row]] = {}
    for row in fill_children(plan, found, connection):
        by_parent.setdefault(row[-1], []).append(row)
    end = None if plan.limit is None else plan.offset + plan.limit
    return {parent: rows[plan.offset : end] for parent, rows in by_parent.items()}


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        # SQLite has limits of its own, and an org refuses such queries too.
        if "too large" in str(error) or "too many" in str(error) or "overflow" in str(error):
            raise SoqlError("QUERY_TOO_COMPLICATED", "Query is too complicated") from error
        raise


def _has_compound(shape: RecordShape) -> bool:
    return any(
        isinstance(item, AddressItem)
        or (isinstance(item, ParentItem) and _has_compound(item.record))
        for item in shape.items
    )


def _flattened(shape: RecordShape, prefix: str) -> Iterator[Column]:
    for item in shape.items:
        if isinstance(item, ParentItem):
            yield from _flattened(item.record, f"{prefix}{item.name}.")
        elif isinstance(item, ScalarItem):
            yield Column(prefix + item.name, item.kind)
        elif isinstance(item, AddressItem):
            yield Column(prefix + item.name, "address")
