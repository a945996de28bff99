"""A SOQL condition and a report's SQL: only what keeps them apart from the query around them.

Whether a condition is right is for the org to say, and a report runs on a read-only connection;
here it is made sure that a condition cannot end the brackets it is put into.
"""

from __future__ import annotations

import re

from sfsync.config.kinds import Text, UnfitError
from sfsync.config.problems import shown

MAX_CONDITION = 4000
MAX_QUERY = 20_000

_PIECE = re.compile(r"'(?:[^'\\]|\\.)*'|[^'()]+|[()']", re.DOTALL)
_CLAUSES = re.compile(
    r"^\s*where\b|\b(?:order\s+by|group\s+by|having|limit|offset|for\s+(?:view|reference|update)"
    r"|all\s+rows|with\s+\w+|using\s+scope|update\s+(?:tracking|viewstat))\b|;|--|/\*",
    re.IGNORECASE,
)
_SELECT = re.compile(r"\s*(select|with|values)\b", re.IGNORECASE)


def _parse_condition(value: str, key: str) -> str:
    if len(value) > MAX_CONDITION:
        raise UnfitError("C124", f"'{key}' is longer than {MAX_CONDITION:,} characters")
    depth = 0
    for piece in _PIECE.findall(value):
        _refuse_piece(piece, depth, key)
        depth += {"(": 1, ")": -1}.get(piece, 0)
    if depth:
        raise UnfitError("C124", f"'{key}' has a bracket that is not closed", "add )")
    return value


def _refuse_piece(piece: str, depth: int, key: str) -> None:
    if piece == ")" and depth == 0:
        raise UnfitError("C124", f"'{key}' closes a bracket that it did not open", "remove )")
    if piece == "'":
        raise UnfitError("C124", f"'{key}' has a quote that is not closed", "add '")
    clause = None if piece.startswith("'") or depth else _CLAUSES.search(piece)
    if clause:
        hint = "give the condition alone, e.g. Type != 'Renewal'"
        raise UnfitError("C124", f"'{key}' holds {shown(clause[0].strip())}", hint)


condition = Text("a SOQL condition", _parse_condition, {"type": "string"})


def _parse_query(value: str, key: str) -> str:
    if len(value) > MAX_QUERY or not _SELECT.match(value):
        raise UnfitError("C123", f"'{key}' must be one SELECT statement", "begin with select")
    return value


query = Text("a SELECT statement", _parse_query, {"type": "string"})
