"""Many rows with few steps of SQLite: inserted, or found by their keys.

`executemany` takes Python's lock back after each row, so that a thread that decides the next page
and one that writes this page would wait for each other at every row. One statement of many rows is
a single step, in which other threads run.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

    Parameters = Sequence[object] | Mapping[str, object]

_ROWS = (256, 32, 4)
"""Rows to a statement: twenty columns of the most stay below SQLite's 32,766 variables."""

_VALUES = re.compile(r"\s*INSERT INTO .*VALUES (?P<row>\((\?|'\w+')(, (\?|'\w+'))*\))", re.DOTALL)


def ids_json(values: Iterable[object]) -> str:
    """Keys as one JSON parameter for ``json_each``: SQLite caps variables at 32,766."""
    return json.dumps(list(values))


def write_many(connection: sqlite3.Connection, sql: str, parameters: Iterable[Parameters]) -> None:
    """Run one writing statement for many rows; plain inserts many rows at a time.

    Args:
        connection: in a transaction.
        sql: the statement for one row.
        parameters: the values of each row.
    """
    rows = list(parameters)
    start = 0
    for size in _ROWS:
        many = _for_many(sql, size) if len(rows) - start >= size else None
        while many is not None and len(rows) - start >= size:
            connection.execute(many, tuple(chain.from_iterable(rows[start : start + size])))
            start += size
    if rows[start:]:
        connection.executemany(sql, rows[start:])


@lru_cache(maxsize=64)
def _for_many(sql: str, rows: int) -> str | None:
    """The statement for so many rows; None where it is no insert of placeholders alone."""
    found = _VALUES.match(sql)
    if found is None:
        return None
    start, end = found.span("row")
    return sql[:start] + ", ".join([found["row"]] * rows) + sql[end:]
