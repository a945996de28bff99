"""A person's own SQL over the ledger: on a connection of its own that can do nothing but read."""

from __future__ import annotations

import re
import sqlite3
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfsync.ledger.sqlite_file import connect_for_reading, translated

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MOST_ROWS = 200_000
"""A query that answers more is refused: it is meant for a person or a spreadsheet."""

_MOST_BYTES = 16_000_000
_STEPS_BETWEEN_LOOKS = 10_000
_ALLOWED = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE}
_FORBIDDEN_FUNCTIONS = {"load_extension", "fts3_tokenizer", "readfile", "writefile", "edit"}
# What is wrong with the query; anything else is wrong with the file.
_OF_QUERY = {
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_AUTH,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_TOOBIG,
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_RANGE,
}
_UNNAMED = re.compile(r"^Binding \d+ has no name")


class QueryError(Exception):
    """A query that cannot be answered: a code, and a sentence without a place."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Answers:
    """What a query answered: its column names, made distinct, and its rows."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


class _Given(dict[str, str]):
    """Parameters that remember which of them the query asked for."""

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(values)
        self.asked: set[str] = set()
        self.missing: str | None = None

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return super().__getitem__(name)

    def __missing__(self, name: str) -> str:
        self.missing = name
        raise KeyError(name)


def ask(path: Path, sql: str, parameters: Mapping[str, str], *, seconds: float) -> Answers:
    """Run one SELECT.

    Args:
        path: an up-to-date ledger.
        sql: the query; parameters in it are named, ``:customer``.
        parameters: their values, bound as text.
        seconds: after which it is given up.

    Raises:
        QueryError: it is wrong, would do more than read, takes too long, or answers too much.
        LedgerError: the file is damaged.
    """
    given = _Given(parameters)
    with translated(path):
        connection = connect_for_reading(path)
        try:
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_BYTES)
            # Else SQLite refuses JSON functions in a view; the authorizer is stricter anyway.
            connection.execute("PRAGMA trusted_schema = 1")
            connection.set_authorizer(_only_reading)
            until = time.monotonic() + seconds
            connection.set_progress_handler(lambda: time.monotonic() > until, _STEPS_BETWEEN_LOOKS)
            return _answers(connection, sql, given, seconds)
        finally:
            connection.close()


def _only_reading(action: int, _what: str | None, name: str | None, *_: str | None) -> int:
    reads = action in _ALLOWED or (
        action == sqlite3.SQLITE_FUNCTION and (name or "").casefold() not in _FORBIDDEN_FUNCTIONS
    )
    return sqlite3.SQLITE_OK if reads else sqlite3.SQLITE_DENY


def _answers(connection: sqlite3.Connection, sql: str, given: _Given, seconds: float) -> Answers:
    try:
        cursor = connection.execute(sql, given)
        rows = cursor.fetchmany(MOST_ROWS + 1)
    except (sqlite3.Error, sqlite3.Warning) as error:
        raised = _query_error(error, given, seconds)
        if raised is None:
            raise
        raise raised from error
    if len(rows) > MOST_ROWS:
        message = f"it answers more than {MOST_ROWS:,} rows; add a LIMIT"
        raise QueryError("query-too-large", message)
    if unused := sorted(set(given) - given.asked):
        raise QueryError("parameter-unknown", f"the query has no parameter :{unused[0]}")
    return Answers(_distinct([name for name, *_ in cursor.description or ()]), rows)


def _query_error(
    error: sqlite3.Error | sqlite3.Warning, given: _Given, seconds: float
) -> QueryError | None:
    """The error of the query; None when it is one of the file."""
    if given.missing is not None:
        message = f"the query needs a value for :{given.missing}"
        return QueryError("parameter-missing", message)
    if _UNNAMED.match(str(error)):
        message = "a parameter is written ?; name it, as in :customer"
        return QueryError("query-invalid", message)
    if isinstance(error, (sqlite3.ProgrammingError, sqlite3.Warning, sqlite3.DataError)):
        return QueryError("query-invalid", str(error))
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_INTERRUPT:
        message = f"it was given up after {seconds:g} s"
        return QueryError("query-too-slow", message)
    if code in {sqlite3.SQLITE_AUTH, sqlite3.SQLITE_READONLY}:
        return QueryError("query-not-reading", f"it may only read ({error})")
    return QueryError("query-invalid", str(error)) if code in _OF_QUERY else None


def _distinct(names: list[str]) -> tuple[str, ...]:
    """Column names, the second of a name called ``name_2``."""
    found: list[str] = []
    for name in names:
        number, own = 1, name
        while own in found:
            number += 1
            own = f"{name}_{number}"
        found.append(own)
    return tuple(found)
