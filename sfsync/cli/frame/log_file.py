"""The log file: one JSON object per line, for the owner's eyes, of bounded size."""

from __future__ import annotations

import errno
import json
import logging
import os
import stat
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sfsync.cli.frame.paths import ensure_folder
from sfsync.salesforce.redact import redact

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 5_000_000
FILES = 5
"""How many files there are at most: ``sfsync.log``, ``sfsync.log.1`` and so on."""

_APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT
# A link is not followed, and a pipe that nobody reads is not waited for.
_CAREFULLY = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


class JsonLines(logging.Formatter):
    """A record as one line of JSON, with nothing secret in it.

    A record may carry `run`: that run is at work until a record carries None.

    Args:
        command: the words of the command.
    """

    def __init__(self, command: str) -> None:
        super().__init__()
        self._command = command
        self._run: int | None = None

    def format(self, record: logging.LogRecord) -> str:
        """The line; `run` is the number of the run at work, null outside of one."""
        run = getattr(record, "run", self._run)
        self._run = None if getattr(record, "ended", False) else run
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "level": record.levelname.casefold(),
            "room": record.name.removeprefix("sfsync.").partition(".")[0],
            "command": self._command,
            "run": run,
            "process": record.process,
            "message": redact(record.getMessage()),
        }
        if traceback := record.exc_text or (record.exc_info and self._traceback(record)):
            entry["traceback"] = redact(traceback)
        return json.dumps(entry)

    def _traceback(self, record: logging.LogRecord) -> str:
        return self.formatException(record.exc_info) if record.exc_info else ""


class LogFile(logging.Handler):
    """Appends to `path`, which is opened for each line: other processes may write and rotate too.

    `trouble` says why a line could not be written; the command goes on without its log.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self.trouble: OSError | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line, whole."""
        line = f"{self.format(record)}\n".encode("utf-8", "backslashreplace")
        try:
            self._append(line)
        except OSError as trouble:
            self.trouble = trouble

    def _append(self, line: bytes) -> None:
        ensure_folder(self._path.parent)
        handle = _open_plain(self._path)
        try:
            found = _private(handle)
            if found.st_size == 0 or found.st_size + len(line) <= MAX_BYTES:
                os.write(handle, line)
                return
        finally:
            os.close(handle)
        self._rotate(found)
        self._append(line)

    def _rotate(self, full: os.stat_result) -> None:
        """Move every file on by one; another process may have done it in the meantime."""
        with suppress(FileNotFoundError):
            now = self._path.stat()
            if (now.st_dev, now.st_ino) != (full.st_dev, full.st_ino):
                return
        for number in range(FILES - 1, 0, -1):
            older = self._path.with_name(f"{self._path.name}.{number}")
            newer = older.with_suffix(f".{number - 1}") if number > 1 else self._path
            with suppress(FileNotFoundError):
                newer.replace(older)


def _open_plain(path: Path) -> int:
    try:
        return os.open(path, _APPEND | _CAREFULLY, 0o600)
    except OSError as problem:
        if problem.errno in {errno.ELOOP, errno.EMLINK}:  # what O_NOFOLLOW meets
            raise OSError(problem.errno, "it is a symbolic link") from None
        raise


def _private(handle: int) -> os.stat_result:
    """What was opened: a file, and from now on its owner's alone."""
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "it is not a file")
    if found.st_mode & 0o077:
        os.fchmod(handle, 0o600)
    return found
