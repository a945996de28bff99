"""Putting a backup in the place of the ledger, and telling of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfsync.ledger.audit import append_event, head
from sfsync.ledger.backups import put_back, require_restorable
from sfsync.ledger.connection import open_ledger
from sfsync.ledger.lock import run_lock

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did; `kept` is where the replaced ledger is, None when there was none."""

    path: Path
    source: Path
    kept: Path | None
    head: str


def restore(source: Path, path: Path, *, force: bool = False) -> Restored:
    """Make the ledger at `path` what the backup `source` is.

    The replaced ledger is kept among the backups, and the trail of the restored one goes on with
    an event that names both.

    Raises:
        LedgerError: the backup is foreign, newer, not sound, or of another org (unless `force`).
        LockedError: a sync is running, or others keep writing.
        NotFoundError: there is no such backup.
    """
    require_restorable(source, path, force=force)
    with source.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    with run_lock(path):
        kept = put_back(source, path)
        with open_ledger(path, create=False) as ledger:
            with ledger.transaction():
                append_event(
                    ledger,
                    "ledger.restore",
                    "ledger",
                    before={"kept": kept and kept.name},
                    after={"backup": source.name, "sha256": digest},
                )
            return Restored(path, source, kept, head(ledger))
