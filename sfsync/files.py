"""A finished file takes its place: the old one is whole until all of the new one is there."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def put_in_place(finished: Path, path: Path, *, replaces: bool = True) -> None:
    """Give a file, written and synced in the same folder, the name of `path`.

    Without `replaces` never over what another process has put there meanwhile.

    Raises:
        FileExistsError: there is something at `path`, which may not be replaced.
    """
    if replaces:
        finished.replace(path)
    else:
        _take_free_name(finished, path)
    _keep_names(path)


def _take_free_name(finished: Path, path: Path) -> None:
    try:
        # Unlike a renaming it replaces nothing.
        os.link(finished, path)
    except FileExistsError:
        raise
    except OSError:
        # A file system on which a file has but one name.
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from None
        finished.replace(path)
    else:
        finished.unlink()


def _keep_names(path: Path) -> None:
    if os.name != "posix":
        return
    # Else a power cut may forget the name of a file whose bytes are safe.
    folder = os.open(path.absolute().parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
