"""Record ids: 15 case-sensitive characters, and the 18 that survive a change of case.

The three extra characters hold the case of the fifteen, five bits each (the API's own rule).
"""

from __future__ import annotations

import re
import secrets
from typing import Final

_CASE_CODES: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SERIAL_DIGITS: Final = 9
_POD: Final = "5g0"
_ORG_PREFIX: Final = "00DDEMO"
_SHORT_LENGTH: Final = 15
_SHORT: Final = re.compile(r"[A-Za-z0-9]{15}")
_LONG: Final = re.compile(r"[A-Za-z0-9]{15}[A-Za-z0-5]{3}")
_CHUNK: Final = 5


def to_18(record_id: str) -> str | None:
    """The 18-character form of an id of 15 or 18 characters; None when it is no id.

    An 18-character id is accepted in any case: its last three characters tell the true one.
    """
    if _SHORT.fullmatch(record_id):
        return record_id + _suffix(record_id)
    if _LONG.fullmatch(record_id):
        return _recased(record_id[:15], record_id[15:].upper())
    return None


def make_id(prefix: str, serial: int) -> str:
    """The id of the `serial`-th record of the sObject with key prefix `prefix`.

    Ids of one sObject sort as their serials do.
    """
    digits = []
    for _ in range(_SERIAL_DIGITS):
        serial, digit = divmod(serial, len(_DIGITS))
        digits.append(_DIGITS[digit])
    short = prefix + _POD + "".join(reversed(digits))
    return short + _suffix(short)


def new_org_id() -> str:
    """An id for a new demo org: it begins with ``00DDEMO``."""
    return random_id(_ORG_PREFIX)


def random_id(prefix: str) -> str:
    """A new id that begins with `prefix`; the rest is random."""
    short = prefix + random_letters(_SHORT_LENGTH - len(prefix))
    return short + _suffix(short)


def random_letters(count: int) -> str:
    """Letters and digits that say nothing."""
    return "".join(secrets.choice(_DIGITS) for _ in range(count))


def _suffix(short: str) -> str:
    return "".join(_case_code(short[at : at + _CHUNK]) for at in range(0, len(short), _CHUNK))


def _case_code(chunk: str) -> str:
    return _CASE_CODES[sum(1 << at for at, letter in enumerate(chunk) if "A" <= letter <= "Z")]


def _recased(short: str, suffix: str) -> str | None:
    letters = []
    for at, letter in enumerate(short):
        upper = _CASE_CODES.index(suffix[at // _CHUNK]) >> (at % _CHUNK) & 1
        letters.append(letter.upper() if upper else letter.lower())
    whole = "".join(letters)
    # A digit cannot be upper case: such a suffix belongs to no id.
    return whole + suffix if _suffix(whole) == suffix else None
