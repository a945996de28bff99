"""JSON text in which nothing can be obeyed by a terminal, and no amount is a float."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from sfsync.money import plain
from sfsync.rows import KeptRows, Rows, SortedRows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Valid in JSON, but a terminal would obey them: shown as \u escapes, which parse to the same text.
_UNPRINTED = re.compile(
    "[\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff"
    "\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_IN_MEMORY, _BLOCK, _TOGETHER = 1 << 22, 1 << 16, 200


def encode(value: object, *, indent: int | None = None, ascii_only: bool = False) -> str:
    """JSON text: decimals and dates as strings, nothing a terminal could obey.

    With `ascii_only` other characters become escapes, for streams that cannot write them.
    """
    text = _encoder(indent, ascii_only).encode(value)
    return _UNPRINTED.sub(lambda found: json.dumps(found.group())[1:-1], text)


@cache
def _encoder(indent: int | None, ascii_only: bool) -> json.JSONEncoder:  # noqa: FBT001 - a key
    separators = (",", ":") if indent is None else None
    return json.JSONEncoder(
        ensure_ascii=ascii_only, indent=indent, separators=separators, default=_other
    )


@dataclass(frozen=True, slots=True)
class Style:
    """How a document is written: `indent` as in `encode`, None for one line."""

    indent: int | None = None
    ascii_only: bool = False

    def between(self, depth: int) -> str:
        """What stands between two values at a depth."""
        return "" if self.indent is None else "\n" + " " * (self.indent * depth)

    def text(self, value: object, depth: int) -> str:
        """A value, indented to its depth."""
        text = encode(value, indent=self.indent, ascii_only=self.ascii_only)
        return text if self.indent is None else text.replace("\n", self.between(depth))


class JsonText:
    """JSON text that waits, in a file when it is long, until its document is written."""

    def __init__(self, pieces: Iterable[str]) -> None:
        import tempfile  # noqa: PLC0415 - start-up time

        self._file = tempfile.SpooledTemporaryFile(  # noqa: SIM115 - as long as we live
            _IN_MEMORY, "w+", encoding="utf-8", newline=""
        )
        found = iter(pieces)
        # Many at once: each write looks how long the text has become.
        while some := "".join(islice(found, _TOGETHER)):
            self._file.write(some)

    def __del__(self) -> None:
        # What could not be written is not wanted any more.
        with suppress(OSError):
            self._file.close()

    def __iter__(self) -> Iterator[str]:
        self._file.seek(0)
        return iter(lambda: self._file.read(_BLOCK), "")


_LISTS = (Rows, KeptRows, SortedRows)


def pieces(value: Any, style: Style, depth: int = 0) -> Iterator[str]:  # noqa: ANN401 - any JSON value
    """The text that `encode` makes, while the rows inside `value` come."""
    if isinstance(value, JsonText):
        yield from value
    elif isinstance(value, _LISTS):
        yield from _list_pieces(value, style, depth)
    elif _has_rows(value):
        yield from _object_pieces(value, style, depth)
    else:
        yield style.text(value, depth)


def settled(value: Any, style: Style, depth: int = 0) -> Any:  # noqa: ANN401 - any JSON value
    """The same value with its rows taken, as text that waits."""
    if isinstance(value, _LISTS):
        return JsonText(_list_pieces(value, style, depth))
    if _has_rows(value):
        return {name: settled(one, style, depth + 1) for name, one in value.items()}
    return value


def _has_rows(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    return value.__class__ is dict and any(
        isinstance(one, (*_LISTS, JsonText)) or _has_rows(one) for one in value.values()
    )


def _list_pieces(rows: Iterable[Any], style: Style, depth: int) -> Iterator[str]:
    before, between = "[", style.between(depth + 1)
    for row in rows:
        yield before + between
        yield from pieces(row, style, depth + 1)
        before = ","
    yield "[]" if before == "[" else style.between(depth) + "]"


def _object_pieces(value: dict[str, Any], style: Style, depth: int) -> Iterator[str]:
    before, colon = "{", ":" if style.indent is None else ": "
    for name, one in value.items():
        yield f"{before}{style.between(depth + 1)}{encode(name)}{colon}"
        yield from pieces(one, style, depth + 1)
        before = ","
    yield style.between(depth) + "}"


def utc(moment: datetime | None) -> str | None:
    """A time as JSON has it: ``2026-11-22T08:31:07Z``."""
    if moment is None:
        return None
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _other(value: object) -> str:
    if isinstance(value, datetime):
        return utc(value) or ""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return plain(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
