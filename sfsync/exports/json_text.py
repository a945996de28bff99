"""JSON text in which nothing can be obeyed by a terminal, and no amount is a float."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from decimal import Decimal

from sfsync.money import plain

# Valid in JSON, but a terminal would obey them: shown as \u escapes, which parse to the same text.
_UNPRINTED = re.compile(
    "[\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff"
    "\ufff9-\ufffb\U000e0000-\U000e0fff]"
)


def encode(value: object, *, indent: int | None = None, ascii_only: bool = False) -> str:
    """JSON text: decimals and dates as strings, nothing a terminal could obey.

    With `ascii_only` other characters become escapes, for streams that cannot write them.
    """
    separators = (",", ":") if indent is None else None
    text = json.dumps(
        value, ensure_ascii=ascii_only, indent=indent, separators=separators, default=_other
    )
    return _UNPRINTED.sub(lambda found: json.dumps(found.group())[1:-1], text)


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
