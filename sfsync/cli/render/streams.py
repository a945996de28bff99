"""Streams that are not UTF-8: replace what they cannot write, and use ASCII marks on them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterable


def prepare_streams(streams: Iterable[object] = ()) -> None:
    """Make streams that are not UTF-8 replace what they cannot write, rather than fail."""
    for stream in streams or (sys.stdout, sys.stderr):
        encoding = getattr(stream, "encoding", None) or ""
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None and not is_utf8(encoding):
            reconfigure(errors="replace")


def is_utf8(encoding: str | None) -> bool:
    """Whether an encoding's name means UTF-8."""
    return (encoding or "").casefold().replace("-", "").replace("_", "") == "utf8"


def symbols(stream: TextIO) -> dict[str, str]:
    """The marks for ok, warning, failed and skipped that `stream` can write."""
    if is_utf8(stream.encoding):
        return {"ok": "✓", "warning": "!", "failed": "✗", "skipped": "–"}
    return {"ok": "ok", "warning": "!", "failed": "x", "skipped": "-"}
