"""Checks of the ledger's file: that it opens and is sound, and what it stands on."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sfsync.errors import ExitCode, LedgerError, LockedError, NotFoundError, SfsyncError
from sfsync.health.findings import Finding, Verdict, failed, ok, skipped, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfsync.health.findings import Check, Surroundings

_MOUNTS = Path("/proc/self/mounts")
_NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "ncpfs"}
)
_NETWORK_FUSE = ("fuse.sshfs", "fuse.rclone", "fuse.s3fs", "fuse.glusterfs", "fuse.davfs")

_MEGABYTE = 1024 * 1024
_TOO_LITTLE = 20 * _MEGABYTE
_LITTLE = 500 * _MEGABYTE


def _ledger(around: Surroundings) -> Iterator[Finding]:
    from sfsync.ledger.connection import open_ledger_read_only  # noqa: PLC0415 - start-up time
    from sfsync.ledger.soundness import quick_check, schema_is_as_shipped  # noqa: PLC0415 - as above

    if around.ledger is None:
        yield skipped("ledger", "needs a valid config, or --ledger")
        return
    try:
        with open_ledger_read_only(around.ledger) as ledger:
            name = ledger.identity.org_name or "no org yet"
            quick_check(ledger)
            as_shipped = schema_is_as_shipped(ledger)
    except NotFoundError:
        yield ok("ledger", f"{around.ledger} will be made by the first sync")
        return
    except SfsyncError as error:
        yield failed("ledger", error)
        return
    yield ok("ledger", f"{around.ledger} opens and is whole ({name})")
    if as_shipped:
        yield ok("schema", "tables, indexes and triggers are as they were shipped")
    else:
        yield Finding(
            "schema",
            Verdict.FAILED,
            "tables, indexes or triggers differ from what this version makes",
            "sfsync db verify, then a backup: sfsync db restore FILE",
            ExitCode.LEDGER,
        )


def _lock(around: Surroundings) -> Iterator[Finding]:
    from sfsync.ledger.lock import lock_file, run_lock  # noqa: PLC0415 - start-up time

    if around.ledger is None:
        return
    if not lock_file(around.ledger).exists():
        yield ok("lock", "no run is at work")
        return
    try:
        with run_lock(around.ledger):
            yield ok("lock", "no run is at work")
    except LockedError:
        yield ok("lock", "a run is at work at this moment")
    except LedgerError as error:
        yield failed("lock", error)


def _disk(around: Surroundings) -> Iterator[Finding]:
    folder = _standing_on(around.ledger)
    if around.ledger is None or folder is None:
        return
    free = shutil.disk_usage(folder).free
    size = around.ledger.stat().st_size if around.ledger.exists() else 0
    said = f"{free // _MEGABYTE:,} MB free where the ledger is ({size // _MEGABYTE:,} MB)"
    fix = f"free some space on the disk of {folder}"
    if free < _TOO_LITTLE:
        yield Finding("disk", Verdict.FAILED, said, fix, ExitCode.LEDGER)
    elif free < max(_LITTLE, 2 * size):
        yield warning("disk", f"only {said}", fix)
    else:
        yield ok("disk", said)


def _file_system(around: Surroundings) -> Iterator[Finding]:
    """SQLite's locks and its write-ahead log do not work over a network."""
    folder = _standing_on(around.ledger)
    if folder is None:
        return
    kind = file_system(folder)
    if kind is None:
        yield skipped("file-system", f"not known on {sys.platform}")
    elif kind in _NETWORK or kind.startswith(_NETWORK_FUSE):
        yield warning(
            "file-system",
            f"the ledger is on a network file system ({kind}), where SQLite can lose data",
            "move it to a disk of this machine: ledger.path, or --ledger",
        )
    else:
        yield ok("file-system", f"the ledger is on a disk of this machine ({kind})")


def _standing_on(ledger: Path | None) -> Path | None:
    """The nearest folder of the ledger that exists."""
    if ledger is None:
        return None
    return next((one for one in ledger.absolute().parents if one.is_dir()), None)


def file_system(folder: Path, mounts: Path = _MOUNTS) -> str | None:
    """The type of the file system that holds `folder`; None where the system does not say."""
    try:
        rows = [line.split() for line in mounts.read_text().splitlines()]
    except OSError:
        return None
    here = folder.resolve()
    found = [
        (len(place.parts), kind)
        for _, mounted, kind, *_ in rows
        if here.is_relative_to(place := Path(_unescaped(mounted)))
    ]
    # Of two mounts on one place the later one is seen.
    return max(reversed(found), key=lambda one: one[0])[1] if found else None


def _unescaped(mounted: str) -> str:
    r"""A path of the mounts file, which writes blanks as ``\\040``."""
    for escape, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        mounted = mounted.replace(escape, character)
    return mounted


LEDGER_CHECKS: tuple[Check, ...] = (_ledger, _lock, _disk, _file_system)
"""The checks of this file, in order."""
