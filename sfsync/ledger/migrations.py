"""The schema and how a ledger gets to it: numbered migrations of plain SQL files."""

from __future__ import annotations

import hashlib
import sqlite3
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlite_utils import Database, Migrations

APPLICATION_ID = 0x5346_5359
"""``SFSY`` in the file's header: how a ledger is told from any other SQLite file."""

MIGRATIONS: dict[str, tuple[str, ...]] = {
    "001": (
        "001-parties.sql",
        "001-documents.sql",
        "001-documents-rules.sql",
        "001-journal.sql",
        "001-payments.sql",
        "001-images.sql",
        "001-sync.sql",
        "001-views.sql",
        "001-auto-post.sql",
    ),
}
"""Each migration's SQL files in order; a released one is never edited."""


def schema_version() -> int:
    """The version of the schema that this program makes and reads."""
    return len(MIGRATIONS)


# sqlite-utils makes this table itself, but without STRICT.
_MIGRATIONS_TABLE = """
    CREATE TABLE IF NOT EXISTS _sqlite_migrations (
        id INTEGER PRIMARY KEY,
        migration_set TEXT NOT NULL,
        name TEXT NOT NULL,
        applied_at TEXT NOT NULL,
        UNIQUE (migration_set, name)
    ) STRICT
"""


def statements(migration: str) -> Iterator[str]:
    """The SQL statements of a migration, one by one.

    `executescript` would commit the transaction that a migration runs in.
    """
    folder = resources.files("sfsync.ledger") / "schema"
    for name in MIGRATIONS[migration]:
        statement = ""
        for line in (folder / name).read_text(encoding="utf-8").splitlines(keepends=True):
            statement += line
            if sqlite3.complete_statement(statement):
                yield statement
                statement = ""


def migrate(
    connection: sqlite3.Connection, *, demo: bool, now: str, tell: Callable[[int], None]
) -> None:
    """Bring the schema to `schema_version()` in one transaction; a second process waits for it.

    Args:
        connection: in autocommit mode.
        demo: whether a ledger that is new is one for demo data.
        now: UTC time, written into a new ledger.
        tell: called with the version before, inside the transaction, where that was not 0.
    """
    # Start-up time: sqlite-utils takes 150 ms, and most commands find nothing to migrate.
    from sqlite_utils import Database  # noqa: PLC0415 - start-up time

    connection.execute("BEGIN IMMEDIATE")
    try:
        (before,) = connection.execute("PRAGMA user_version").fetchone()
        connection.execute(_MIGRATIONS_TABLE)
        _registry().apply(Database(connection, execute_plugins=False))
        connection.execute(
            "INSERT INTO ledger (id, demo, created_at)"
            " SELECT 1, ?, ? WHERE NOT EXISTS (SELECT 1 FROM ledger)",
            (demo, now),
        )
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        if 0 < before < schema_version():
            tell(before)
        connection.execute(f"PRAGMA user_version = {schema_version()}")
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _registry() -> Migrations:
    from sqlite_utils import Migrations  # noqa: PLC0415 - start-up time

    registry = Migrations("sfsync")

    def register(migration: str) -> None:
        def run(database: Database) -> None:
            for statement in statements(migration):
                database.conn.execute(statement)

        registry(name=migration)(run)

    for migration in MIGRATIONS:
        register(migration)
    return registry


def fingerprint(connection: sqlite3.Connection) -> str:
    """SHA-256 of every table, index and trigger: shows a dropped or altered one."""
    rows = connection.execute(
        "SELECT type, name, tbl_name, sql FROM sqlite_master"
        " WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type, name"
    ).fetchall()
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def shipped_fingerprint() -> str:
    """What `fingerprint` answers for a ledger as this version makes it."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        connection.execute(_MIGRATIONS_TABLE)
        for migration in MIGRATIONS:
            for statement in statements(migration):
                connection.execute(statement)
        return fingerprint(connection)
    finally:
        connection.close()
