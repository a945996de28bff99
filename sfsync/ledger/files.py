"""The ledger's file: private from its first byte, and judged before SQLite opens it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sfsync.errors import LedgerError, NotFoundError
from sfsync.ledger.migrations import APPLICATION_ID, schema_version

if TYPE_CHECKING:
    from pathlib import Path

_SQLITE_MAGIC = b"SQLite format 3\x00"
_ANOTHER = "name another file: --ledger FILE, or SFSYNC_LEDGER"


def create_private(path: Path) -> None:
    """Make sure that the file is there and that it, and every folder made for it, is private."""
    missing = [folder for folder in path.absolute().parents if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)
    try:
        # Created before SQLite opens it: SQLite would make it 0644, and -wal and -shm follow it.
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)


def refuse_unsuitable(path: Path, *, create: bool) -> None:
    """Judge the file by its first bytes, so that one that is not ours is never opened."""
    if path.exists() and not path.is_file() and not path.is_dir():
        raise LedgerError(f"{path} is not a file.", code="ledger-foreign", fix=_ANOTHER)
    try:
        with path.open("rb") as file:
            header = file.read(100)
    except FileNotFoundError:
        if create:
            return
        raise NotFoundError(
            f"There is no ledger at {path}.", code="ledger-missing", fix="sfsync sync --now"
        ) from None
    except OSError as error:
        raise LedgerError(
            f"{path} cannot be read: {error.strerror}.", code="ledger-unwritable"
        ) from error
    if not header:
        if create:
            return
        raise NotFoundError(f"{path} is empty.", code="ledger-missing", fix="sfsync sync --now")
    if header[:16] != _SQLITE_MAGIC or int.from_bytes(header[68:72], "big") != APPLICATION_ID:
        raise LedgerError(
            f"{path} is not an sfsync ledger. It was not touched.",
            code="ledger-foreign",
            fix=_ANOTHER,
        )
    version = int.from_bytes(header[60:64], "big")
    if version > schema_version():
        raise newer(path, version)


def is_unfinished(path: Path) -> bool:
    """Whether no ledger was ever completed here: no file, or one whose creation was killed."""
    if not path.exists() or not path.stat().st_size:
        return True
    # Only while it is created has a ledger such a journal: later it is in WAL mode.
    return path.with_name(f"{path.name}-journal").exists()


def file_version(path: Path) -> int:
    """The schema version that a ledger's header tells, without opening it as a database."""
    with path.open("rb") as file:
        return int.from_bytes(file.read(64)[60:64], "big")


def newer(path: Path, version: int) -> LedgerError:
    """The error for a file that a later version of sfsync has written."""
    return LedgerError(
        f"{path} was written by a newer sfsync (schema {version}, this one knows"
        f" {schema_version()}). It was not touched.",
        code="ledger-newer",
        fix="upgrade sfsync",
    )
