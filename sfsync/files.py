"""A finished file takes its place: the old one is whole until all of the new one is there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def put_in_place(finished: Path, path: Path) -> None:
    """Give a file, written and synced in the same folder, the name of `path`."""
    finished.replace(path)
    if os.name != "posix":
        return
    # Else a power cut may forget the name of a file whose bytes are safe.
    folder = os.open(path.absolute().parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
