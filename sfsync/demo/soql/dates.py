"""Date literals (``TODAY``, ``LAST_N_DAYS:30``) as spans of days.

A span begins on its first day and ends before its last. Weeks begin on Sunday, fiscal quarters
and years are calendar ones. Source: SOQL reference, "Date Formats and Date Literals".
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

Span = tuple[date, date]
"""The first day and the day after the last."""

_DAY: Final = timedelta(days=1)
_NAMED: Final[dict[str, tuple[str, int]]] = {
    "TODAY": ("DAY", 0),
    "YESTERDAY": ("DAY", -1),
    "TOMORROW": ("DAY", 1),
    **{
        f"{word}_{unit}": (unit.removeprefix("FISCAL_"), step)
        for word, step in (("LAST", -1), ("THIS", 0), ("NEXT", 1))
        for unit in ("WEEK", "MONTH", "QUARTER", "YEAR", "FISCAL_QUARTER", "FISCAL_YEAR")
    },
}
_COUNTED: Final = re.compile(
    r"(LAST|NEXT)_N_(?:FISCAL_)?(DAY|WEEK|MONTH|QUARTER|YEAR)S"
    r"|N_(?:FISCAL_)?(DAY|WEEK|MONTH|QUARTER|YEAR)S_AGO",
)
_NINETY: Final = 90
FARTHEST: Final = 9999
"""The most units a counted literal may reach."""


def span_of(name: str, count: int | None, today: date) -> Span | None:
    """The days a literal stands for, seen from `today`; None when it is no date literal.

    Raises:
        OverflowError: it reaches beyond the calendar.
    """
    name = name.upper()
    if count is None:
        return _named(name, today)
    found = _COUNTED.fullmatch(name)
    if found is None or count > FARTHEST:
        return None
    if found[3]:
        return _nth(found[3], today, -count)
    return _run(found[1], found[2], today, count)


def _named(name: str, today: date) -> Span | None:
    if name == "LAST_90_DAYS":
        return _run("LAST", "DAY", today, _NINETY)
    if name == "NEXT_90_DAYS":
        return _run("NEXT", "DAY", today, _NINETY)
    if name not in _NAMED:
        return None
    unit, step = _NAMED[name]
    return _nth(unit, today, step)


def _nth(unit: str, today: date, step: int) -> Span:
    return _start(unit, today, step), _start(unit, today, step + 1)


def _run(direction: str, unit: str, today: date, count: int) -> Span:
    if direction == "NEXT":
        return _start(unit, today, 1), _start(unit, today, count + 1)
    # The last N days include today; the last N weeks, months and so on leave out the present one.
    end = 1 if unit == "DAY" else 0
    return _start(unit, today, -count), _start(unit, today, end)


def _start(unit: str, today: date, step: int) -> date:
    return _STARTS[unit](today, step)


def _month(today: date, step: int) -> date:
    months = today.year * 12 + today.month - 1 + step
    if not 12 <= months < 120000:  # noqa: PLR2004 (years 1 to 9999, in months)
        raise OverflowError("beyond the calendar")
    return date(months // 12, months % 12 + 1, 1)


def _week(today: date, step: int) -> date:
    return today - timedelta(days=today.isoweekday() % 7) + timedelta(weeks=step)


def _quarter(today: date, step: int) -> date:
    return _month(today, step * 3 - (today.month - 1) % 3)


_STARTS: Final[dict[str, Callable[[date, int], date]]] = {
    "DAY": lambda today, step: today + step * _DAY,
    "WEEK": _week,
    "MONTH": _month,
    "QUARTER": _quarter,
    "YEAR": lambda today, step: _month(today.replace(month=1), step * 12),
}
