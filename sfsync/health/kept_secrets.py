"""Whether a token, an assertion or a private key was kept where it must not be: ledger and log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.ledger.soundness import texts_like
from sfsync.salesforce.redact import LONGEST_SECRET, SECRET_MARKS, has_secret

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sfsync.ledger.connection import Ledger

OWN_TABLES = ("config_text", "cursor", "ledger", "run")
"""What sfsync writes in words of its own; the rest may hold what somebody typed in Salesforce."""

REVOKE = "make it worthless: sfsync disconnect, then sfsync connect"
"""What to do about a secret that was kept: taking it out of the file would not help any more."""

_CHUNK = 4_000_000
_LIKE = tuple(f"*{mark}*" for mark in SECRET_MARKS)


def kept_in_ledger(ledger: Ledger, tables: Iterable[str] | None = None) -> list[str]:
    """The columns, as ``table.column``, in which such a text stands; of all tables by default."""
    found = texts_like(ledger, _LIKE, tables)
    return sorted({place for place, text in found if has_secret(text.encode())})


def kept_in_files(paths: Iterable[Path]) -> list[Path]:
    """Those of these files that hold such a text, in whatever part of them."""
    return [path for path in paths if path.is_file() and _holds(path)]


def _holds(path: Path) -> bool:
    before = b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            if has_secret(before + chunk):
                return True
            # What began in this one may end in the next.
            before = chunk[-LONGEST_SECRET:]
    return False
