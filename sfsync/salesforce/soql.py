"""SOQL built from parts: every value quoted, every name checked.

Literals follow the SOQL and SOSL reference ("Quoted String Escape Sequences", "Date Formats").
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

MAX_IN_LIST = 200
"""Ids in one IN list: quoted and URL-encoded they take 27 bytes each of a 16 kB request line."""

_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*){0,5}", re.ASCII)
_ESCAPES = str.maketrans(
    {
        "\\": "\\\\",
        "'": "\\'",
        '"': '\\"',
        "\n": "\\n",
        "\r": "\\r",
        "\t": "\\t",
        "\b": "\\b",
        "\f": "\\f",
        "\0": "\\u0000",
    }
)


def quote(text: str) -> str:
    """`text` as a SOQL string literal, in single quotes."""
    return f"'{text.translate(_ESCAPES)}'"


def datetime_literal(moment: datetime) -> str:
    """`moment` as ``2026-01-31T00:00:00Z``, in UTC, cut to the second (SOQL's own precision).

    Raises:
        ValueError: `moment` has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone cannot be compared with an org's clock")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def date_literal(day: date) -> str:
    """`day` as ``2026-01-31``."""
    return day.strftime("%Y-%m-%d") if isinstance(day, datetime) else day.isoformat()


def identifier(path: str) -> str:
    """`path` itself, when it is a field, object or parent path of at most six names.

    Raises:
        ValueError: `path` holds anything else.
    """
    if not _IDENTIFIER.fullmatch(path):
        raise ValueError(f"{path!r} is not a field or object name")
    return path


def in_chunks(ids: Iterable[str], limit: int = MAX_IN_LIST) -> Iterator[str]:
    """IN lists such as ``('006…','006…')`` of at most `limit` ids, each id once, in order."""
    distinct = list(dict.fromkeys(ids))
    for start in range(0, len(distinct), limit):
        yield f"({','.join(quote(one) for one in distinct[start : start + limit])})"


def select(
    fields: Sequence[str],
    sobject: str,
    *,
    where: str | None = None,
    order_by: Sequence[str] = (),
    limit: int | None = None,
) -> str:
    """A SELECT over checked names.

    Args:
        fields: field paths; a repeated one (in any case) is asked for once, as SOQL demands.
        sobject: the object's API name.
        where: a condition, taken as it is: build it from `quote` and the literals.
        order_by: field paths, each perhaps followed by `` DESC`` or `` ASC``.
        limit: the largest number of rows.

    Raises:
        ValueError: no field, or something that is not a name.
    """
    if not fields:
        raise ValueError("a query needs at least one field")
    distinct: dict[str, str] = {}
    for field in fields:
        distinct.setdefault(identifier(field).casefold(), field)
    parts = [f"SELECT {', '.join(distinct.values())} FROM {identifier(sobject)}"]  # noqa: S608 - every name is checked
    if where:
        parts.append(f"WHERE {where}")
    if order_by:
        parts.append(f"ORDER BY {', '.join(_ordering(one) for one in order_by)}")
    if limit is not None:
        parts.append(f"LIMIT {limit:d}")
    return " ".join(parts)


def count(sobject: str, where: str | None = None) -> str:
    """``SELECT COUNT() FROM …``: its reply has a total and no records."""
    condition = f" WHERE {where}" if where else ""
    return f"SELECT COUNT() FROM {identifier(sobject)}{condition}"  # noqa: S608 - every name is checked


def _ordering(text: str) -> str:
    name, _, direction = text.partition(" ")
    if direction not in {"", "ASC", "DESC"}:
        raise ValueError(f"{text!r} is not an ordering")
    return f"{identifier(name)} {direction}".rstrip()
