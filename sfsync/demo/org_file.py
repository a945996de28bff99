"""The SQLite file of an org: its connections, transactions, tables and settings.

One connection serves one thread at a time; idle ones are kept for the next caller. The file is in
WAL mode, so several processes can read while one writes.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from sfsync.demo.catalogue.catalogue import STANDARD
from sfsync.demo.catalogue.fields import ID_TYPES, NUMBER_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sfsync.demo.catalogue.fields import Field
    from sfsync.demo.catalogue.sobject import SObject

_BUSY_SECONDS: Final = 30.0
DELETED_WITH: Final = "_deleted_with"
"""Column that names the record whose deletion took this one along."""
SETTINGS_SCHEMA: Final = (
    "CREATE TABLE _setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
    "CREATE TABLE _serial (sobject TEXT PRIMARY KEY, next INTEGER NOT NULL) STRICT",
)
_ORG_ID: Final = "org.id"
_INDEXED: Final = ("SystemModstamp",)


def column_type(field: Field) -> str:
    """The SQLite type of a field's column."""
    whole = NUMBER_TYPES | {"int", "boolean"}
    return "INTEGER" if field.type in whole else "TEXT"


def table_statements(sobject: SObject) -> list[str]:
    """The statements that make the table of `sobject` and its indexes."""
    columns = [
        f'"{field.name}" {column_type(field)}' + (" PRIMARY KEY" if field.type == "id" else "")
        for field in sobject.fields
        if field.type != "address"
    ]
    columns.append(f"{DELETED_WITH} TEXT")
    made = [f'CREATE TABLE "{sobject.name}" ({", ".join(columns)}) STRICT']
    made += [
        f'CREATE INDEX "{sobject.name}_{field.name}" ON "{sobject.name}" ("{field.name}", "Id")'
        for field in sobject.fields
        if field.name in _INDEXED or (field.child and field.type in ID_TYPES)
    ]
    return made


def fold(text: str | None) -> str | None:
    """Text as queries compare it: without case."""
    return None if text is None else text.lower()


class OrgFile:
    """Connections to one org file.

    Args:
        path: the file; it is made when it is missing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._all: list[sqlite3.Connection] = []
        self._mine = threading.local()

    def make_tables(self, org_id: str) -> None:
        """Make every table of a new file, and write down the id of its org."""
        with self.transaction() as connection:
            for statement in SETTINGS_SCHEMA:
                connection.execute(statement)
            for sobject in STANDARD:
                for statement in table_statements(sobject):
                    connection.execute(statement)
            self.set_setting(_ORG_ID, org_id)

    @property
    def org_id(self) -> str:
        """The id of the org, 18 characters; it never changes."""
        return str(self.get_setting(_ORG_ID))

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """A connection for the time of the block: the thread's own inside a transaction."""
        held: sqlite3.Connection | None = getattr(self._mine, "connection", None)
        if held is not None:
            yield held
            return
        with self._lock:
            taken = self._idle.pop() if self._idle else None
        taken = taken or self._connect()
        try:
            yield taken
        finally:
            with self._lock:
                self._idle.append(taken)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write inside the block: kept together, or not at all. A nested block joins the outer."""
        if getattr(self._mine, "connection", None) is not None:
            yield self._mine.connection
            return
        with self.connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            self._mine.connection = connection
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            else:
                connection.execute("COMMIT")
            finally:
                self._mine.connection = None

    def get_setting(self, key: str, default: Any = None) -> Any:  # noqa: ANN401 (JSON values)
        """The JSON value kept under `key`, or `default`."""
        with self.connection() as connection:
            row = connection.execute("SELECT value FROM _setting WHERE key = ?", (key,)).fetchone()
        return default if row is None else json.loads(row[0])

    def set_setting(self, key: str, value: object) -> None:
        """Keep a JSON value under `key`."""
        statement = (
            "INSERT INTO _setting (key, value) VALUES (?, ?) "
            "ON CONFLICT (key) DO UPDATE SET value = excluded.value"
        )
        with self.transaction() as connection:
            connection.execute(statement, (key, json.dumps(value)))

    def reserve(self, sobject: str, count: int) -> int:
        """Take `count` serial numbers of an sObject; the first of them is returned."""
        statement = (
            "INSERT INTO _serial (sobject, next) VALUES (?, 1 + ?) "
            "ON CONFLICT (sobject) DO UPDATE SET next = next + ? RETURNING next"
        )
        with self.transaction() as connection:
            taken = connection.execute(statement, (sobject, count, count)).fetchone()
        return int(taken[0]) - count

    def close(self) -> None:
        """Close every connection; the file can be opened again."""
        with self._lock:
            connections, self._all, self._idle = self._all, [], []
        for connection in connections:
            connection.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path,
            timeout=_BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.create_function("fold", 1, fold, deterministic=True)
        with self._lock:
            self._all.append(connection)
        return connection
