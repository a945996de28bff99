"""Writing a result to a file: whole or not at all, for the owner's eyes, never over another."""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from sfsync.errors import NotFoundError, RefusedError, UsageError
from sfsync.files import put_in_place

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCK = 1 << 20


@dataclass
class NewFile:
    """A file while it is written; `size` and `sha256` are known when it is in its place."""

    path: Path
    stream: BinaryIO
    size: int = 0
    sha256: str = ""


def write_new_file(path: Path, content: bytes, *, force: bool) -> None:
    """Write `content` to `path`, as `new_file` does."""
    with new_file(path, force=force) as file:
        file.stream.write(content)


@contextmanager
def new_file(path: Path, *, force: bool) -> Iterator[NewFile]:
    """A new file (mode 0600) that takes its place when the block ends well, and else is gone.

    What is in the way stays until that moment; a symlink is replaced, never followed.

    Raises:
        RefusedError: `path` exists (or is a symlink) and `force` is off.
        NotFoundError: its folder does not exist.
        UsageError: nothing can be written there.
    """
    _refuse_unsuitable(path, force=force)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", dir=path.parent)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "w+b") as stream:
                file = NewFile(path, stream)
                yield file
                _complete(file)
            put_in_place(temporary, path, replaces=force)
        finally:
            temporary.unlink(missing_ok=True)
    except BrokenPipeError:
        raise
    except FileExistsError:
        # Somebody else has made one while ours was being written.
        raise _taken(path) from None
    except OSError as trouble:
        raise UsageError(
            f"{path} cannot be written: {trouble.strerror or trouble}",
            code="not-writable",
            fix="choose another place",
        ) from trouble


def refuse_existing(path: Path) -> None:
    """Raise RefusedError when there is something at `path` already."""
    if path.exists() or path.is_symlink():
        raise _taken(path)


def _taken(path: Path) -> RefusedError:
    return RefusedError(
        f"{path} exists already", code="file-exists", fix="add --force to overwrite it"
    )


def _refuse_unsuitable(path: Path, *, force: bool) -> None:
    if path.is_dir():
        raise RefusedError(f"{path} is a folder", code="file-exists")
    if not force:
        refuse_existing(path)
    if not path.parent.is_dir():
        raise NotFoundError(f"there is no folder {path.parent}", code="folder-not-found")


def _complete(file: NewFile) -> None:
    file.stream.flush()
    os.fsync(file.stream.fileno())
    file.stream.seek(0)
    digest = hashlib.sha256()
    while block := file.stream.read(_BLOCK):
        digest.update(block)
    file.sha256, file.size = digest.hexdigest(), file.stream.tell()
