"""Stdout and stderr: spelled where they are not UTF-8, filled where closed, said where full."""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sfsync.errors import SfsyncError

if TYPE_CHECKING:
    from collections.abc import Iterator

_STDERR = 2

_IN_ASCII = "sfsync-in-ascii"
_SPELLED = ["ok", "x", "-", "-", "->", "<-", "...", "*", ">=", "<=", "x", "-"]
_LIKENESS = dict(zip("✓✗–—→←…·≥≤×─", _SPELLED, strict=True))
"""Our own signs on screens, in ASCII."""


def _no_reader(*_given: object) -> int:
    """Fail as a pipe does whose reader has gone."""
    raise BrokenPipeError(errno.EPIPE, "stdout is closed")


class _NoByteReader(io.BytesIO):
    write = _no_reader


class _NoReader(io.StringIO):
    """What stands for a stdout that was closed before the program began."""

    encoding = "utf-8"
    buffer = _NoByteReader()
    write = _no_reader


class OutputError(SfsyncError):
    """Where the output goes takes no more of it, for example because a disk is full."""


@contextmanager
def writing() -> Iterator[None]:
    """Say what keeps the output from being written; a reader that went away is no trouble."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as trouble:
        raise OutputError(
            f"the output cannot be written: {trouble.strerror}", code="output-unwritable"
        ) from trouble


def prepare_streams() -> None:
    """Make streams that are not UTF-8 replace what they cannot write, rather than fail."""
    _fill_closed()
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None and not is_utf8(stream.encoding):
            codecs.register_error(_IN_ASCII, _in_ascii)
            reconfigure(errors=_IN_ASCII)


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    """What stands for characters that a stream cannot write: a likeness, or a question mark."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lost = error.object[error.start : error.end]
    return "".join(_LIKENESS.get(character, "?") for character in lost), error.end


def _fill_closed() -> None:
    """Put something in the place of streams that were closed before the program began."""
    if None not in (sys.stdin, sys.stdout, sys.stderr):
        return
    # Their numbers must be taken: else the next file that is opened, the ledger, becomes stdout.
    while os.open(os.devnull, os.O_RDWR) <= _STDERR:
        continue
    nowhere = Path(os.devnull)
    sys.stdin = sys.stdin or nowhere.open(encoding="utf-8")
    sys.stdout = sys.stdout or _NoReader()
    sys.stderr = sys.stderr or nowhere.open("w", encoding="utf-8")


def is_utf8(encoding: str | None) -> bool:
    """Whether an encoding's name means UTF-8."""
    return (encoding or "").casefold().replace("-", "").replace("_", "") == "utf8"
