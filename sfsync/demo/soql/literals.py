"""Reading the literals of a query: quoted texts, dates, numbers."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Final, TypeVar

from sfsync.demo.catalogue.refusal import SoqlError

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T", date, datetime)
_ESCAPE: Final = re.compile(r"\\(u[0-9a-fA-F]{4}|.?)", re.DOTALL)
_PLAIN: Final = {
    "'": "'",
    '"': '"',
    "\\": "\\",
    **dict.fromkeys("nN", "\n"),
    **dict.fromkeys("rR", "\r"),
    **dict.fromkeys("tT", "\t"),
    **dict.fromkeys("bB", "\b"),
    **dict.fromkeys("fF", "\f"),
}
_SURROGATES: Final = range(0xD800, 0xE000)
_IN_PATTERN: Final = {**_PLAIN, "\\": r"\\", "_": r"\_", "%": r"\%"}


def read_text(raw: str) -> str:
    r"""The text between quotes, escapes read: ``\' \" \\ \n \r \t \b \f \uXXXX``.

    Raises:
        SoqlError: any other backslash.
    """
    return _unescaped(raw, _PLAIN)


def read_pattern(raw: str) -> str:
    r"""As `read_text`, for LIKE: ``\_ \%`` and a doubled backslash stay as they are."""
    return _unescaped(raw, _IN_PATTERN)


def read_day(raw: str) -> date:
    """A date.

    Raises:
        SoqlError: no such day.
    """
    return _parsed(raw, date.fromisoformat)


def read_moment(raw: str) -> datetime:
    """A date and time with its offset.

    Raises:
        SoqlError: no such moment.
    """
    return _parsed(raw.upper(), datetime.fromisoformat)


def _unescaped(raw: str, meanings: dict[str, str]) -> str:
    inner = raw[1:-1]
    if "\\" not in inner:
        return inner

    def meaning(found: re.Match[str]) -> str:
        escape = found[1]
        if len(escape) > 1:
            return _character(escape, raw)
        if escape not in meanings:
            raise _illegal(escape, raw)
        return meanings[escape]

    return _ESCAPE.sub(meaning, inner)


def _character(escape: str, raw: str) -> str:
    code = int(escape[1:], 16)
    # Half of a surrogate pair is no character; no store could keep it.
    if code in _SURROGATES or code == 0:
        raise _illegal(escape, raw)
    return chr(code)


def _illegal(escape: str, raw: str) -> SoqlError:
    return SoqlError(
        "MALFORMED_QUERY",
        f"Invalid string literal {raw}. Illegal character sequence '\\{escape}' in string literal.",
    )


def _parsed(raw: str, read: Callable[[str], _T]) -> _T:
    try:
        return read(raw)
    except ValueError:
        message = f"Invalid date: {raw}"
        raise SoqlError("MALFORMED_QUERY", message) from None
