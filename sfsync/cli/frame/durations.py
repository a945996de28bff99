"""Lengths of time as people write them on a command line: ``60s``, ``5m``, ``8h``."""

from __future__ import annotations

import re

from sfsync.errors import UsageError

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_LENGTH = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)([smhd]?)", re.ASCII)


def seconds_of(option: str, text: str) -> float:
    """The seconds in a length of time; without a unit they are seconds.

    Raises:
        UsageError: it is none.
    """
    found = _LENGTH.fullmatch(text)
    if found is None:
        raise UsageError(
            f"{option}: '{text}' is not a time", code="usage", fix="write it as 60s, 5m or 8h"
        )
    return float(found[1]) * _UNITS[found[2]]
