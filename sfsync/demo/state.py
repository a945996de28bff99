"""What the org remembers about its callers, in the same file as its rows.

Codes, tokens, query locators, Bulk jobs and the request log live here, so that several processes
can serve one file at once and a token issued by one is known to the others.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sfsync.demo.store import OrgStore

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from sfsync.demo.org_file import OrgFile

_SCHEMA = """
CREATE TABLE IF NOT EXISTS wire_code (
    code TEXT PRIMARY KEY, client_id TEXT NOT NULL, redirect_uri TEXT NOT NULL,
    scope TEXT NOT NULL, user_id TEXT NOT NULL, challenge TEXT NOT NULL,
    issued_at INTEGER NOT NULL, approval TEXT) STRICT;
CREATE TABLE IF NOT EXISTS wire_approval (
    id TEXT PRIMARY KEY, client_id TEXT NOT NULL, user_id TEXT NOT NULL, scope TEXT NOT NULL,
    issued_at INTEGER NOT NULL, revoked INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE IF NOT EXISTS wire_refresh (
    token TEXT PRIMARY KEY, approval TEXT NOT NULL REFERENCES wire_approval (id),
    used INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE IF NOT EXISTS wire_session (
    token TEXT PRIMARY KEY, approval TEXT REFERENCES wire_approval (id),
    client_id TEXT NOT NULL, user_id TEXT NOT NULL, scope TEXT NOT NULL,
    issued_at INTEGER NOT NULL, revoked INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE IF NOT EXISTS wire_locator (
    id TEXT PRIMARY KEY, session TEXT NOT NULL, query TEXT NOT NULL, all_rows INTEGER NOT NULL,
    batch INTEGER NOT NULL, issued_at INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS wire_job (
    id TEXT PRIMARY KEY, user_id TEXT NOT NULL, version TEXT NOT NULL, operation TEXT NOT NULL,
    object TEXT NOT NULL, query TEXT NOT NULL, delimiter TEXT NOT NULL, line_ending TEXT NOT NULL,
    state TEXT NOT NULL, polls INTEGER NOT NULL DEFAULT 0, header TEXT NOT NULL DEFAULT '',
    records INTEGER NOT NULL DEFAULT 0, created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS wire_job_row (
    job TEXT NOT NULL, no INTEGER NOT NULL, csv TEXT NOT NULL, PRIMARY KEY (job, no))
    STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS wire_request (
    seq INTEGER PRIMARY KEY, at TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL,
    status INTEGER NOT NULL, detail TEXT) STRICT;
CREATE TABLE IF NOT EXISTS wire_usage (
    hour INTEGER PRIMARY KEY, calls INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS wire_fault (
    no INTEGER PRIMARY KEY, path TEXT NOT NULL, remaining INTEGER NOT NULL, action TEXT NOT NULL,
    value TEXT) STRICT;
"""


class WireState:
    """Statements on the tables of the wire.

    Each takes the file's connection of this thread, so that it joins a transaction of the store
    where one is open instead of waiting for it.

    Args:
        file: the connections to the org's file.
    """

    def __init__(self, file: OrgFile) -> None:
        self._file = file

    def rows(self, statement: str, values: Sequence[object] = ()) -> list[sqlite3.Row]:
        """The rows that a statement answers."""
        with self._file.connection() as connection:
            cursor = connection.cursor()
            cursor.row_factory = sqlite3.Row
            return cursor.execute(statement, values).fetchall()

    def row(self, statement: str, values: Sequence[object] = ()) -> sqlite3.Row | None:
        """The first row that a statement answers."""
        found = self.rows(statement, values)
        return found[0] if found else None

    def write(self, statement: str, values: Sequence[object] = ()) -> int:
        """Run a statement that writes; the number of rows it touched."""
        with self._file.connection() as connection:
            return connection.execute(statement, values).rowcount

    def write_many(self, statement: str, values: Iterable[Sequence[object]]) -> None:
        """Run a statement once for each set of values, all or none."""
        with self._file.transaction() as connection:
            connection.executemany(statement, values)

    def transaction(self) -> AbstractContextManager[sqlite3.Connection]:
        """Hold the write lock for a group of statements; roll back unless the block ends well."""
        return self._file.transaction()

    @property
    def org_id(self) -> str:
        """The id of the org."""
        return self._file.org_id

    def prepare(self) -> None:
        """Make the tables of the wire where they are missing."""
        with self._file.transaction() as connection:
            for statement in _SCHEMA.split(";")[:-1]:
                connection.execute(statement)


@contextmanager
def opened(path: Path) -> Iterator[WireState]:
    """The tables of the wire of the org in a file; they are made where they are missing."""
    with OrgStore.open(path) as store:
        wire = WireState(store.file)
        wire.prepare()
        yield wire
