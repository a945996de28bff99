"""One run at a time: a kernel lock on a file beside the ledger, freed when its holder dies."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sfsync.errors import LedgerError, LockedError

if TYPE_CHECKING:
    from collections.abc import Iterator


def lock_file(path: Path) -> Path:
    """``<ledger>.lock``: one for a ledger, by whatever symbolic links somebody comes to it."""
    # Not Path.resolve: a link to itself is for others to refuse.
    return Path(f"{os.path.realpath(path)}.lock")


@contextmanager
def run_lock(path: Path, wait: float = 0) -> Iterator[None]:
    """Hold the right to run a sync into the ledger at `path`; posting does not need it.

    Args:
        path: the ledger; the lock is `lock_file`, mode 0600.
        wait: seconds to wait for another run to end.

    Raises:
        LockedError: another run still held it after `wait` seconds.
        LedgerError: the lock's file cannot be used: no permission, a folder, a symbolic link.
    """
    from filelock import FileLock, Timeout  # noqa: PLC0415 - start-up time

    # 0600: filelock's own default would let everybody read the file.
    file = lock_file(path)
    lock = FileLock(file, timeout=wait, mode=0o600)
    try:
        lock.acquire()
    except Timeout:
        raise LockedError(
            f"Another sfsync run is at work on {path}.",
            code="ledger-locked",
            fix="wait for it to end, or use --lock-wait 60s",
        ) from None
    except OSError as problem:
        raise LedgerError(
            f"{file} cannot be used as a lock: {problem.strerror}.",
            code="ledger-unwritable",
            fix="remove it, or mend its permissions",
        ) from None
    try:
        yield
    finally:
        lock.release()
