"""How SQLite opens a ledger's file: pragmas that took, and its errors as ours."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from sfsync.errors import LedgerError, LockedError
from sfsync.ledger.migrations import fingerprint, shipped_fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BUSY_SECONDS = 10.0
"""How long a statement waits for another process's transaction."""

_MODE_PAUSE_SECONDS = 0.01

SCHEMA_CHANGED = "ledger-schema-changed"
"""The code of an error that comes of a table or column that is not there, or is another one."""

_NO_TEXT = "Could not decode to UTF-8"

_PRAGMAS = {
    "foreign_keys": 1,
    "recursive_triggers": 1,
    # FULL: with NORMAL a power loss may take the last commits of a WAL database.
    "synchronous": 2,
    "trusted_schema": 0,
    "cell_size_check": 1,
}


def connect(path: Path, *, read_only: bool = False, immutable: bool = False) -> sqlite3.Connection:
    """Open the file with every setting the ledger relies on, and make sure that they took.

    `immutable` takes no lock and needs no file beside it: only for a file that nobody writes.
    """
    mode = "ro" if read_only else "rw"
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}{'&immutable=1' if immutable else ''}",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        cached_statements=256,
    )
    try:
        for name, wanted in _PRAGMAS.items():
            _set_pragma(connection, name, wanted)
        if read_only:
            connection.execute("PRAGMA query_only = 1")
    except BaseException:
        connection.close()
        raise
    return connection


def _set_pragma(connection: sqlite3.Connection, name: str, wanted: int) -> None:
    connection.execute(f"PRAGMA {name} = {wanted}")
    (found,) = connection.execute(f"PRAGMA {name}").fetchone()
    if found != wanted:
        raise LedgerError(
            f"SQLite {sqlite3.sqlite_version} does not take {name} = {wanted}.",
            code="sqlite-unsuitable",
        )


def connect_for_reading(path: Path) -> sqlite3.Connection:
    """A connection that reads, also where the files that WAL needs cannot be made.

    What a killed process has left half written, before the file wrote ahead, is taken back first.
    """
    try:
        return connect(path, read_only=True)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_READONLY_ROLLBACK:
            # SQLite takes it back as soon as somebody reads who could also write.
            connect(path).close()
            return connect(path, read_only=True)
        log = path.with_name(f"{path.name}-wal")
        if os.access(path.parent, os.W_OK) or (log.exists() and log.stat().st_size):
            raise
        # Nobody can write into this folder as we are, and nothing waits outside the file itself.
        return connect(path, read_only=True, immutable=True)


def write_ahead(connection: sqlite3.Connection) -> str:
    """Have the file write ahead (WAL), and answer the journal mode that it has then.

    SQLite's own waiting does not cover the change: it refuses at once while another process
    writes, as it would where two of them open a new or a restored ledger together.
    """
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.OperationalError as error:
            if not _is_busy(error) or time.monotonic() > until:
                raise
            time.sleep(_MODE_PAUSE_SECONDS)
        else:
            return str(mode)


def copy_into(path: Path, copy: sqlite3.Connection) -> None:
    """Copy the file in one step: one state of it, whoever writes meanwhile."""
    with translated(path), closing(connect_for_reading(path)) as source:
        source.backup(copy)


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn what SQLite reports about the file into errors for people; defects pass unchanged."""
    try:
        yield
    except (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.InterfaceError):
        raise
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        raise _for_people(error, path) from error


def _for_people(error: sqlite3.DatabaseError | UnicodeDecodeError, path: Path) -> Exception:
    if _is_busy(error):
        return busy(path)
    code = _code(error)
    # What is not UTF-8 is a complaint of Python, once with the whole text that it could not read.
    no_text = isinstance(error, UnicodeDecodeError) or str(error).startswith(_NO_TEXT)
    if no_text or code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return LedgerError(
            f"{path} is damaged ({'a text in it is not UTF-8' if no_text else error}).",
            code="ledger-damaged",
            fix="restore it from a backup: sfsync db restore FILE",
        )
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY,
                sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):  # fmt: skip
        return LedgerError(
            f"{path} cannot be read or written ({error}). Nothing of this step was kept.",
            code="ledger-unwritable",
            fix="check free space and permissions, then run it again",
        )
    if code == sqlite3.SQLITE_ERROR and not _as_shipped(path):
        return LedgerError(
            f"{path} has not the tables that sfsync made ({error}).",
            code=SCHEMA_CHANGED,
            fix="restore it from a backup: sfsync db restore FILE",
        )
    return error


def busy(path: Path) -> LockedError:
    """Others kept writing for as long as one waits."""
    return LockedError(
        f"Another process has been writing to {path} for more than {BUSY_SECONDS:.0f} s.",
        code="ledger-busy",
        fix="wait until it is done, then try again",
    )


def _code(error: Exception) -> int:
    """SQLite's primary result code, 0 where there is none."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _is_busy(error: Exception) -> bool:
    return _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _as_shipped(path: Path) -> bool:
    """Whether the file has the schema of this version: if so, an error is no matter of the file."""
    try:
        connection = connect_for_reading(path)
    except sqlite3.Error:
        return True
    try:
        return fingerprint(connection) == shipped_fingerprint()
    except sqlite3.Error:
        return False
    finally:
        connection.close()


@contextmanager
def connection_that_checks(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection for `PRAGMA integrity_check`, which writes nothing; closed in the end.

    It must be one that could write: SQLite drops every CHECK from the schema of a file that it
    opens for reading only, and then finds no row that breaks one.
    """
    with translated(path):
        try:
            connection = connect(path)
        except sqlite3.OperationalError:
            connection = connect_for_reading(path)
        try:
            connection.execute("PRAGMA query_only = 1")
            yield connection
        finally:
            connection.close()
