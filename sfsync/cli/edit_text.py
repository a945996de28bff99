"""A draft as a text that a person edits: a value a line."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from sfsync.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

_ENTRY = re.compile(r"([^:\s][^:]*):(?:\s(.*))?")


def as_text(draft: str, values: Mapping[str, str]) -> str:
    """The text that a person edits: a value a line."""
    lines = [
        f"# {draft}. Change values, save, and leave the editor; # begins a comment.",
        "# What you change stays as you set it, whatever Salesforce says later.",
        "# A line's amount follows from quantity, unit_price and discount unless you change it;",
        "# the total is the sum of the lines. A customer is its number: sfsync customer list",
        "",
    ]
    group = ""
    for name, value in values.items():
        begins = ".".join(name.split(".")[:2]) if name.startswith("line.") else ""
        if begins != group:
            lines.append("")
        group = begins
        lines.append(f"{name}: {_written(value)}".rstrip())
    return "\n".join(lines) + "\n"


def _written(value: str) -> str:
    # Quoted only where a line of plain text would read back as something else.
    plain = value.isprintable() and value == value.strip() and not value.startswith('"')
    return value if plain else json.dumps(value, ensure_ascii=True)


def values_of(content: bytes) -> dict[str, str]:
    """The values of an edited text, by name.

    Raises:
        UsageError: it is no such text any more; the message names the line.
    """
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise _broken("The text is not UTF-8") from None
    values: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        entry = _ENTRY.fullmatch(line.strip())
        if entry is None:
            raise _broken(f"Line {number} is not of the form 'name: value'")
        if entry[1] in values:
            raise _broken(f"Line {number} names '{entry[1]}' again")
        values[entry[1]] = _unquoted((entry[2] or "").strip(), number)
    if not values:
        raise _broken("Nothing is left of the text")
    return values


def _unquoted(value: str, number: int) -> str:
    if not value.startswith('"'):
        return value
    try:
        found = json.loads(value)
    except ValueError:
        raise _broken(f"Line {number} has a quotation mark that is not closed") from None
    return str(found)


def _broken(what: str) -> UsageError:
    return UsageError(
        f"{what}; nothing was changed.",
        code="text-broken",
        fix="edit it again; each line reads: name: value",
    )
