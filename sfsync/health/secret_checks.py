"""Check of `doctor`: whether a token or key was written where it must not be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.errors import SfsyncError
from sfsync.health.findings import ok, warning

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sfsync.health.findings import Finding, Surroundings


def secret_files(around: Surroundings) -> Iterator[Finding]:
    """Whether ledger and log are free of secrets; every byte of them is looked at."""
    from sfsync.health.kept_secrets import REVOKE, kept_in_files  # noqa: PLC0415 - start-up time

    logs = [path for folder in around.folders for path in sorted(folder.glob("log/sfsync.log*"))]
    found = kept_in_files(dict.fromkeys([*logs, *_files_of(around.ledger)]))
    for path in found:
        where = "" if path in logs else _where(around.ledger)
        yield warning("secrets", f"{path} holds what looks like a token or a key{where}", REVOKE)
    if not found:
        yield ok("secrets", "neither the ledger nor the log holds a token or a key")


def _files_of(ledger: Path | None) -> list[Path]:
    return [ledger, ledger.with_name(f"{ledger.name}-wal")] if ledger else []


def _where(ledger: Path | None) -> str:
    from sfsync.health.kept_secrets import kept_in_ledger  # noqa: PLC0415 - start-up time
    from sfsync.ledger.connection import open_ledger_read_only  # noqa: PLC0415 - as above

    if ledger is None:
        return ""
    try:
        with open_ledger_read_only(ledger) as opened:
            places = kept_in_ledger(opened)
    except SfsyncError:
        return ""
    return f": {', '.join(places)}" if places else ": in pages that are no longer used"
