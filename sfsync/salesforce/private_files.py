"""Files only their owner may read: created so, and refused when they are not."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from pathlib import Path

from sfsync.errors import SignInError
from sfsync.files import put_in_place

_OTHERS = 0o077
_EVERYBODY = 0o007
_POSIX = os.name == "posix"
# A link is not followed, and a pipe that nobody writes to is not waited for.
_CAREFULLY = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


def private_folder(folder: Path) -> Path:
    """`folder`, created with mode 0700 where it is missing, and its parents likewise.

    Raises:
        SignInError: others may write to it (``folder-open``), or it cannot be created.
    """
    try:
        # mkdir(parents=True) gives only the last folder its mode.
        for missing in reversed([one for one in (folder, *folder.parents) if not one.exists()]):
            missing.mkdir(mode=0o700, exist_ok=True)
        mode = folder.stat().st_mode
    except OSError as error:
        raise SignInError(
            f"Cannot create the folder {folder}: {error.strerror}",
            code="folder-unusable",
            fix="Set SFSYNC_HOME to a folder that you may write to.",
        ) from error
    if _POSIX and mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise SignInError(
            f"Other users may write to the folder {folder}.",
            code="folder-open",
            fix=f"Run: chmod 700 {folder}",
        )
    return folder


def read_private(path: Path, *, code: str, group: bool = False) -> str | None:
    """The text of `path`, None when there is no such file; its `group` may read it if so said.

    Raises:
        SignInError: with `code` when others may read it or it is a symbolic link;
            ``file-unreadable`` when it cannot be read at all.
    """
    try:
        handle = os.open(path, os.O_RDONLY | _CAREFULLY)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.EMLINK}:  # what O_NOFOLLOW meets
            raise SignInError(
                f"{path} is a symbolic link; secrets are read from plain files only.",
                code=code,
                fix="Put the file itself there.",
            ) from error
        raise _unreadable(path, error) from error
    try:
        _refuse_open_file(path, os.fstat(handle), code, _EVERYBODY if group else _OTHERS)
    except SignInError:
        os.close(handle)
        raise
    with os.fdopen(handle, encoding="utf-8") as file:
        try:
            return file.read()
        except (OSError, UnicodeDecodeError) as error:
            raise _unreadable(path, error) from None


def write_private(path: Path, text: str) -> None:
    """Replace `path` by `text` in one step; mode 0600 whatever the umask says.

    Raises:
        SignInError: the file cannot be written (``file-unwritable``).
    """
    private_folder(path.parent)
    try:
        # mkstemp creates with O_EXCL and mode 0600 in the same folder.
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            put_in_place(Path(temporary), path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise SignInError(
            f"Cannot write {path}: {error.strerror}",
            code="file-unwritable",
            fix="Free some space, or set SFSYNC_HOME to a folder that you may write to.",
        ) from error


def _refuse_open_file(path: Path, found: os.stat_result, code: str, refused: int) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise SignInError(f"{path} is not a file.", code=code, fix="Put a plain file there.")
    if _POSIX and found.st_mode & refused:
        raise SignInError(
            f"Other users can read {path} (mode {stat.S_IMODE(found.st_mode):04o}).",
            code=code,
            fix=f"Run: chmod 600 {path}",
        )


def _unreadable(path: Path, error: Exception) -> SignInError:
    reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
    return SignInError(
        f"Cannot read {path}: {reason}", code="file-unreadable", fix="Check the path and its mode."
    )
