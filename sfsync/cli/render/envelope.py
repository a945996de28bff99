"""The JSON document: one per command, on success and on failure."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sfsync.errors import ConfigError
from sfsync.money import plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sfsync.errors import SfsyncError

# Valid in JSON, but a terminal would obey them: shown as \u escapes, which parse to the same text.
_UNPRINTED = re.compile(
    "[\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff"
    "\ufff9-\ufffb\U000e0000-\U000e0fff]"
)


def success(
    schema_name: str, status: int, result: object, warnings: Sequence[str]
) -> dict[str, Any]:
    """The document of a command that answered (status 0, 3 or 10)."""
    return {
        "schema": f"sfsync.{schema_name}.v1",
        "status": status,
        "result": result,
        "warnings": list(warnings),
    }


def failure(
    error: SfsyncError,
    status: int,
    warnings: Sequence[str],
    details: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The document of a command that failed; config errors carry every problem.

    `details` are what the command has to say besides, such as each refused invoice.
    """
    detail: dict[str, Any] = {
        "code": error.code,
        "message": error.message,
        "fix": error.fix or None,
    }
    detail |= details or {}
    if isinstance(error, ConfigError):
        detail["problems"] = [
            {
                "code": problem.code,
                "file": problem.file,
                "line": problem.line,
                "column": problem.column,
                "message": problem.message,
                "suggestion": problem.suggestion or None,
            }
            for problem in error.problems
        ]
    return {
        "schema": "sfsync.error.v1",
        "status": status,
        "error": detail,
        "warnings": list(warnings),
    }


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
