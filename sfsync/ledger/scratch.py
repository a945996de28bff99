"""A throw-away copy of the ledger, for finding out what a sync would do."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sfsync.errors import NotFoundError
from sfsync.ledger.connection import open_ledger, open_ledger_read_only
from sfsync.ledger.sqlite_file import copy_into
from sfsync.rows import NoRoomError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def scratch_copy(path: Path, *, demo: bool = False) -> Iterator[Path]:
    """The path of a consistent private copy that is gone afterwards; the original is only read.

    Where there is no ledger at `path` yet, or none that was ever completed, the copy is a fresh one
    (`demo` says of which sort).

    Raises:
        NoRoomError: there is no folder for temporary files.
    """
    with _temporary_folder() as folder:
        copy = Path(folder) / "ledger.db"
        try:
            open_ledger_read_only(path).close()
        except NotFoundError:
            open_ledger(copy, demo=demo).close()
        else:
            _back_up(path, copy)
        yield copy


def _temporary_folder() -> tempfile.TemporaryDirectory[str]:
    try:
        return tempfile.TemporaryDirectory(prefix="sfsync-plan-")
    except OSError as trouble:
        raise NoRoomError(
            f"There is no folder for temporary files: {trouble.strerror}.",
            code="no-room",
            fix="name one that this user may write to in TMPDIR",
        ) from trouble


def _back_up(path: Path, copy: Path) -> None:
    os.close(os.open(copy, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with closing(sqlite3.connect(copy)) as target:
        copy_into(path, target)
