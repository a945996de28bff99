"""Values of a row: found by path, and read as what their column says they are."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from sfsync.exports.inert import escaped
from sfsync.exports.json_text import encode

if TYPE_CHECKING:
    from collections.abc import Mapping


def value_at(row: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401 - any JSON value
    """The value at a dotted path; None when a part is missing."""
    if path in row:
        return row[path]
    value: Any = row
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def text_of(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """A value in words, unaltered: the same as in JSON, empty for null."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, (list, tuple)) and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    return encode(value).strip('"')


def raw(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """A value as one line of plain text: the same words as in JSON, inert, empty for null."""
    return escaped(text_of(value))


def decimal_of(value: Any) -> Decimal | None:  # noqa: ANN401 - any JSON value
    """The number that a value is; None where it is none."""
    if value is None or isinstance(value, bool):
        return None
    try:
        number = Decimal(value)
    except (InvalidOperation, TypeError, ValueError):
        return None
    return number if number.is_finite() else None


def date_of(value: Any) -> date | None:  # noqa: ANN401 - any JSON value
    """The day that a value is; None where it is none."""
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        return None
