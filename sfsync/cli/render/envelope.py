"""The JSON document: one per command, on success and on failure."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from sfsync.cli.render.streams import is_utf8
from sfsync.errors import ConfigError
from sfsync.exports.json_text import Style, pieces, settled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sfsync.errors import SfsyncError


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


def settled_result(result: object) -> Any:  # noqa: ANN401 - any JSON value
    """A result with its rows taken, for a document whose warnings are not known yet.

    Nothing of it is on stdout then: should a row fail, the document tells of that instead.
    """
    return settled(result, _style(), depth=1)


def stdout_pieces(document: Mapping[str, Any]) -> Iterator[str]:
    """A document as stdout gets it: on one line, save that a person gets it indented."""
    yield from pieces(dict(document), _style())
    yield "\n"


def _style() -> Style:
    return Style(2 if sys.stdout.isatty() else None, not is_utf8(sys.stdout.encoding))
