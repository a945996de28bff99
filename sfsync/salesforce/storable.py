"""Text of a reply that no file can hold, made storable without loss of the rest."""

from __future__ import annotations

import re
from typing import Any

_UNSTORABLE = re.compile("[\ud800-\udfff\0]")
_REPLACEMENT = "\ufffd"


def storable(value: Any) -> Any:  # noqa: ANN401 - parsed JSON is of any type
    """Parsed JSON `value` with U+FFFD for each half of a surrogate pair and each NUL.

    JSON can spell both as escapes. UTF-8 has no form for the first, and SQLite's functions take the
    second for the end of the text.
    """
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, list):
        return [storable(one) for one in value]
    if isinstance(value, dict):
        return {storable_text(key): storable(one) for key, one in value.items()}
    return value


def storable_text(text: str) -> str:
    """`text` as `storable` leaves it."""
    return _UNSTORABLE.sub(_REPLACEMENT, text)
