"""Writing a result to a file: whole or not at all, for the owner's eyes, never over another."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from sfsync.errors import NotFoundError, RefusedError, UsageError


def write_new_file(path: Path, content: bytes, *, force: bool) -> None:
    """Write `content` to `path` (mode 0600), by a temporary file that takes its place at once.

    Raises:
        RefusedError: `path` exists (or is a symlink) and `force` is off.
        NotFoundError: its folder does not exist.
        UsageError: nothing can be written there.
    """
    if path.is_dir():
        raise RefusedError(f"{path} is a folder", code="file-exists")
    if (path.exists() or path.is_symlink()) and not force:
        raise RefusedError(
            f"{path} exists already", code="file-exists", fix="add --force to overwrite it"
        )
    if not path.parent.is_dir():
        raise NotFoundError(f"there is no folder {path.parent}", code="folder-not-found")
    try:
        _write_in_place(path, content)
    except OSError as trouble:
        raise UsageError(
            f"{path} cannot be written: {trouble.strerror}",
            code="not-writable",
            fix="choose another place",
        ) from trouble


def _write_in_place(path: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
