"""The pattern of invoice numbers: ``INV-{year}-{seq:05}``."""

from __future__ import annotations

import re

from sfsync.config.kinds import Text, UnfitError
from sfsync.config.problems import shown
from sfsync.config.scalars import TEXT_SCHEMA

MAX_NUMBER_LENGTH = 40

_PATTERN = re.compile(r"(?:[A-Za-z0-9 /_.#-]|\{year\}|\{month\}|\{seq(?::0?\d{1,2})?\})+")
_SEQUENCE = re.compile(r"\{seq(?::0?(\d{1,2}))?\}")
_EXAMPLE = 'write e.g. "INV-{year}-{seq:05}"'


def _parse_numbering(value: str, key: str) -> str:
    sequences = _SEQUENCE.findall(value)
    if len(sequences) != 1:
        raise UnfitError("C119", f"'{key}' must contain {{seq}} once: {shown(value)}", _EXAMPLE)
    if not _PATTERN.fullmatch(value) or value != value.strip():
        hint = "letters, digits, - / _ . #, {year}, {month} and {seq:05} are allowed"
        raise UnfitError("C119", f"'{key}' cannot be {shown(value)}", hint)
    if value.upper().startswith("D-"):
        raise UnfitError("C119", f"'{key}' begins like a draft's number (D-)", _EXAMPLE)
    if _longest(value, int(sequences[0] or 1)) > MAX_NUMBER_LENGTH:
        hint = f"at most {MAX_NUMBER_LENGTH} characters"
        raise UnfitError("C119", f"'{key}' makes numbers that are too long: {shown(value)}", hint)
    return value


def _longest(value: str, width: int) -> int:
    digits = "0" * max(width, 10)
    filled = value.replace("{year}", "2026").replace("{month}", "01")
    return len(_SEQUENCE.sub(digits, filled))


numbering = Text("a numbering such as INV-{year}-{seq:05}", _parse_numbering, TEXT_SCHEMA)
