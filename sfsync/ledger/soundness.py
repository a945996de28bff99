"""Whether the file is whole, in seconds; `sfsync.ledger.invariants` has the thorough look."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING

from sfsync.errors import LedgerError
from sfsync.ledger.migrations import shipped_fingerprint
from sfsync.ledger.sqlite_file import connection_that_checks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sfsync.ledger.connection import Ledger


def quick_check(ledger: Ledger) -> None:
    """Have SQLite look at every page of the file.

    Raises:
        LedgerError: the file is damaged.
    """
    with connection_that_checks(ledger.path) as connection:
        (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if said != "ok":
        raise LedgerError(
            f"{ledger.path} is damaged ({said}).",
            code="ledger-damaged",
            fix="restore it from a backup: sfsync db restore FILE",
        )


def schema_is_as_shipped(ledger: Ledger) -> bool:
    """Whether every table, index and trigger is as this version makes it."""
    return ledger.schema_fingerprint() == shipped_fingerprint()


def texts_like(
    ledger: Ledger, globs: Sequence[str], tables: Iterable[str] | None = None
) -> Iterator[tuple[str, str]]:
    """Every text that is like one of these, with its column; of all tables by default."""
    columns = ledger.rows(
        "SELECT t.name, c.name FROM sqlite_master t, pragma_table_info(t.name) c"
        " WHERE t.type = 'table' AND c.type = 'TEXT'"
        " AND (:tables IS NULL OR t.name IN (SELECT value FROM json_each(:tables)))",
        {"tables": None if tables is None else json.dumps(list(tables))},
    )
    for table, column in columns:
        like = " OR ".join(f'"{column}" GLOB ?' for _ in globs)
        for (text,) in ledger.each(f'SELECT "{column}" FROM "{table}" WHERE {like}', globs):  # noqa: S608 - names of the schema
            yield f"{table}.{column}", text


def sqlite_version() -> str:
    """The version of SQLite that this Python has."""
    return sqlite3.sqlite_version


def table_sizes(ledger: Ledger) -> dict[str, int]:
    """How many rows each table has."""
    names = ledger.rows(
        "SELECT name FROM sqlite_master WHERE type = 'table'"
        " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
    )
    return {
        name: ledger.row(f'SELECT count(*) FROM "{name}"')[0]  # noqa: S608 - names of the schema
        for (name,) in names
    }
