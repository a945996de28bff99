"""Copies of the ledger by SQLite's own means: made while others write, whole or not at all."""

from __future__ import annotations

import glob
import os
import sqlite3
import tempfile
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sfsync.errors import LedgerError, NotFoundError, RefusedError, UsageError
from sfsync.files import put_in_place
from sfsync.ledger.audit import head
from sfsync.ledger.connection import Ledger, open_ledger_read_only
from sfsync.ledger.files import file_version, refuse_unsuitable
from sfsync.ledger.invariants import check_ledger
from sfsync.ledger.migrations import schema_version
from sfsync.ledger.sqlite_file import (
    BUSY_SECONDS,
    busy,
    connect,
    copy_into,
    translated,
    write_ahead,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfsync.ledger.connection import LedgerIdentity

KEPT = 5
"""How many backups made before a migration are kept."""

_STEP = 16
"""Pages that are put back in one step; any ledger has more, so that none is done with the first."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was made and found sound."""

    path: Path
    size: int
    head: str


def backup_folder(path: Path) -> Path:
    """Where backups of the ledger at `path` go when nobody says where."""
    return path.absolute().parent / "backups"


def default_target(path: Path, word: str = "") -> Path:
    """A name that no backup has: the ledger's, the UTC time, and why it was made."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    suffix = f"-{word}" if word else ""
    return backup_folder(path) / f"{path.stem}-{stamp}{suffix}.db"


def back_up(path: Path, target: Path, *, force: bool = False) -> Backup:
    """Copy the ledger at `path` to `target` (0600) and check the copy.

    Args:
        path: the ledger; others may read and write it meanwhile.
        target: the new file.
        force: whether a file that is there may be replaced.

    Raises:
        RefusedError: `target` exists and `force` is off.
        NotFoundError: there is no ledger, or no such folder.
        LedgerError: the ledger is not sound, foreign or newer; nothing was written.
        UsageError: nothing can be written there.
    """
    open_ledger_read_only(path).close()
    if target.is_dir() or (target.exists() and target.samefile(path)):
        raise UsageError(f"{target} cannot be the backup.", code="not-writable")
    with _new_copy(path, target, force=force) as copy, open_ledger_read_only(copy) as ledger:
        size = copy.stat().st_size
        if findings := check_ledger(ledger):
            raise LedgerError(
                f"The ledger breaks {len(findings)} of its rules; no backup was kept.",
                code="ledger-damaged",
                fix="sfsync db verify",
            )
        newest = head(ledger)
    # It may have been pruned by now: whoever made a later one keeps so many and no more.
    return Backup(target, size, newest)


def keep_copy(path: Path, word: str) -> Path:
    """Copy a ledger as it is, sound or not, among its backups; where the copy is.

    Raises:
        LedgerError: SQLite cannot read it.
    """
    target = default_target(path, word)
    make_backup_folder(path)
    with _new_copy(path, target, force=False):
        pass
    return target


def make_backup_folder(path: Path) -> None:
    """Make sure that the folder of the backups is there, for its owner alone."""
    backup_folder(path).mkdir(mode=0o700, exist_ok=True)


def prune(path: Path, keep: int, word: str = "") -> list[Path]:
    """Delete the oldest backups with a default name and this word; those that are gone."""
    stamp = "[0-9]" * 8 + "T" + "[0-9]" * 12 + "Z"
    suffix = f"-{word}" if word else ""
    found = sorted(backup_folder(path).glob(f"{glob.escape(path.stem)}-{stamp}{suffix}.db"))
    old = found[: max(len(found) - keep, 0)]
    for one in old:
        one.unlink(missing_ok=True)
    return old


@contextmanager
def _new_copy(path: Path, target: Path, *, force: bool) -> Iterator[Path]:
    """A private copy beside `target` that takes its place when the block ends well."""
    if not force:
        _refuse_existing(target)
    if not target.absolute().parent.is_dir():
        raise NotFoundError(f"There is no folder {target.parent}.", code="folder-not-found")
    try:
        # mkstemp makes it 0600; SQLite itself would make it 0644.
        handle, name = tempfile.mkstemp(prefix=f".{target.name[:100]}.", dir=target.parent)
        os.close(handle)
        copy = Path(name)
        try:
            _copy(path, copy)
            yield copy
            put_in_place(copy, target, replaces=force)
        finally:
            for each in (copy, *(copy.with_name(copy.name + end) for end in ("-wal", "-shm"))):
                each.unlink(missing_ok=True)
    except FileExistsError:
        # Somebody else has made one while ours was being written.
        raise _taken(target) from None
    except OSError as trouble:
        raise UsageError(
            f"{target} cannot be written: {trouble.strerror or trouble}.",
            code="not-writable",
            fix="choose another place",
        ) from trouble


def _copy(path: Path, copy: Path) -> None:
    with translated(path), closing(sqlite3.connect(copy, isolation_level=None)) as target:
        copy_into(path, target)
        # Without a journal beside it, so that the file alone is the whole backup.
        target.execute("PRAGMA journal_mode = DELETE")
    with copy.open("rb+") as file:
        os.fsync(file.fileno())


def _refuse_existing(target: Path) -> None:
    if target.exists() or target.is_symlink():
        raise _taken(target)


def _taken(target: Path) -> RefusedError:
    return RefusedError(
        f"{target} exists already.", code="file-exists", fix="add --force to overwrite it"
    )


def require_restorable(source: Path, current: Path, *, force: bool) -> None:
    """Refuse a file that must not take the place of the ledger at `current`.

    Raises:
        NotFoundError: there is no such file.
        LedgerError: foreign, newer, not sound, or of another org (unless `force`).
    """
    refuse_unsuitable(source, create=False)
    if current.exists() and current.samefile(source):
        raise UsageError(f"{source} is the ledger itself.", code="usage")
    wanted = _sound_identity(source)
    if not current.exists():
        return
    refuse_unsuitable(current, create=True)
    try:
        with _as_read(current) as ledger:
            present = ledger.identity
    except LedgerError as error:
        if error.code != "ledger-damaged":
            raise
        # What cannot be read cannot be compared: replacing it is what a restore is for.
        return
    if force:
        return
    if (present.demo, present.org_id) != (wanted.demo, wanted.org_id) and present.org_id:
        raise LedgerError(
            f"{source} is the ledger of {wanted.org_name or 'no org yet'}, the present one that"
            f" of {present.org_name}.",
            code="ledger-of-another-org",
            fix="add --force if that is what you want",
        )


def _sound_identity(source: Path) -> LedgerIdentity:
    """Whose the ledger at `source` is; one of this version has to keep all its rules."""
    with _as_read(source) as found:
        if file_version(source) == schema_version() and (findings := check_ledger(found)):
            raise LedgerError(
                f"{source} breaks {len(findings)} of the ledger's rules; nothing was changed.",
                code="ledger-damaged",
                fix="choose another backup",
            )
        return found.identity


@contextmanager
def _as_read(source: Path) -> Iterator[Ledger]:
    """A backup for reading, of whatever schema, without making a file beside it."""
    with translated(source):
        connection = connect(source, read_only=True, immutable=not _has_log(source))
    with Ledger(source, connection, actor="", clock=lambda: datetime.now(UTC)) as ledger:
        yield ledger


def _has_log(source: Path) -> bool:
    log = source.with_name(f"{source.name}-wal")
    return log.exists() and log.stat().st_size > 0


def put_back(source: Path, current: Path) -> Path | None:
    """Make the ledger at `current` what `source` is; where the replaced one is kept, if any.

    Through SQLite, in one transaction: who has the ledger open sees the old state or the new one,
    and a kill leaves the old one.

    Raises:
        LockedError: others kept writing to it.
    """
    if not current.exists() or not current.stat().st_size:
        return _swap(source, current)
    replacing = _Replacing(current)
    try:
        with translated(current), _as_source(source) as backup, closing(connect(current)) as target:
            # Else nobody could read it while it is replaced, not even to keep it.
            write_ahead(target)
            backup.backup(target, pages=_STEP, progress=replacing.look)
    except LedgerError as error:
        if error.code != "ledger-damaged":
            raise
        return _swap(source, current)
    return replacing.kept


@contextmanager
def _as_source(source: Path) -> Iterator[sqlite3.Connection]:
    with closing(connect(source, read_only=True, immutable=not _has_log(source))) as connection:
        yield connection


class _Replacing:
    """What is done beside the replacement of a ledger; `kept` is where its last state is."""

    def __init__(self, current: Path) -> None:
        self.kept: Path | None = None
        self._current = current
        self._until = time.monotonic() + BUSY_SECONDS

    def look(self, status: int, _remaining: int, _total: int) -> None:
        """Keep the present state once nobody else can write; give up when others keep writing.

        SQLite alone would wait for ever.
        """
        if status not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            # A state kept before the first step would lack what is written until that step.
            self.kept = self.kept or keep_copy(self._current, "replaced")
        elif time.monotonic() > self._until:
            raise busy(self._current)


def _swap(source: Path, current: Path) -> Path | None:
    """Put the backup in the place of what SQLite cannot read, or of nothing; where that is kept.

    The files beside it go with it, also where it has gone itself: SQLite would carry over into the
    backup what waits in them.
    """
    beside = [current.with_name(current.name + end) for end in ("-wal", "-shm", "-journal")]
    found = [one for one in (*beside, current) if one.exists() and one.stat().st_size]
    kept = default_target(current, "replaced")
    if found:
        make_backup_folder(current)
    for one in found:
        one.replace(kept.with_name(kept.name + one.name.removeprefix(current.name)))
    with _new_copy(source, current, force=True):
        pass
    return kept if current in found else None
