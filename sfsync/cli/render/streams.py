"""Streams that are not UTF-8 spell what they cannot write; those that are closed are filled."""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
from pathlib import Path

_STDERR = 2

_IN_ASCII = "sfsync-in-ascii"
_SPELLED = ["ok", "x", "-", "-", "->", "<-", "...", "*", ">=", "<=", "x", "-"]
_LIKENESS = dict(zip("✓✗–—→←…·≥≤×─", _SPELLED, strict=True))
"""Our own signs on screens, in ASCII."""


class _NoReader(io.StringIO):
    """What stands for a stdout that was closed before the program began."""

    encoding = "utf-8"

    def write(self, _text: str) -> int:
        """Fail as a pipe does whose reader has gone."""
        raise BrokenPipeError(errno.EPIPE, "stdout is closed")


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
