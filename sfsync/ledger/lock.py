"""One run at a time: a kernel lock on a file beside the ledger, freed when its holder dies."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sfsync.errors import LedgerError, LockedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def run_lock(path: Path, wait: float = 0) -> Iterator[None]:
    """Hold the right to run a sync into the ledger at `path`; posting does not need it.

    Args:
        path: the ledger; the lock is ``<path>.lock``, mode 0600.
        wait: seconds to wait for another run to end.

    Raises:
        LockedError: another run still held it after `wait` seconds.
        LedgerError: the lock's file cannot be used: no permission, a folder, a symbolic link.
    """
    from filelock import FileLock, Timeout  # noqa: PLC0415 - start-up time

    # 0600: filelock's own default would let everybody read the file.
    lock = FileLock(f"{path}.lock", timeout=wait, mode=0o600)
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
            f"{path}.lock cannot be used as a lock: {problem.strerror}.",
            code="ledger-unwritable",
            fix="remove it, or mend its permissions",
        ) from None
    try:
        yield
    finally:
        lock.release()
