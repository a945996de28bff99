"""Bars beside the figures of a list, as long as the amounts are; only on a terminal."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rich.text import Text

from sfsync.cli.render.console import UNBOUNDED
from sfsync.cli.render.streams import is_utf8
from sfsync.cli.render.tables import value_at

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from sfsync.cli.render.tables import Chart

_MOST, _LEAST = 24, 8
# Eighths of a character, so that close amounts differ.
_EIGHTHS = "▏▎▍▌▋▊▉█"
_FULL, _NEGATIVE = "█", "░"
_PLAIN_FULL, _PLAIN_NEGATIVE = "#", "-"


def bars_of(
    console: Console, chart: Chart | None, rows: Sequence[Mapping[str, Any]], room: int
) -> list[Text]:
    """A bar for each row; none where there is no chart, no terminal, or too little room."""
    width = min(room, _MOST)
    if chart is None or console.width >= UNBOUNDED or width < _LEAST:
        return []
    values = [Decimal(value_at(row, chart.value) or 0) for row in rows]
    groups = [value_at(row, chart.group) if chart.group else None for row in rows]
    longest: dict[Any, Decimal] = {}
    for group, value in zip(groups, values, strict=True):
        longest[group] = max(longest.get(group, Decimal(0)), abs(value))
    smooth = is_utf8(console.encoding)
    return [
        Text(bar(value, longest[group], width, smooth=smooth), style="cyan")
        for group, value in zip(groups, values, strict=True)
    ]


def bar(value: Decimal, longest: Decimal, width: int, *, smooth: bool) -> str:
    """A bar of at most `width` characters; a negative amount is hatched, anything at all shows."""
    if not value or not longest:
        return ""
    eighths = max(1, int(abs(value) / longest * width * 8))
    whole, rest = divmod(eighths, 8)
    if value < 0:
        return (_NEGATIVE if smooth else _PLAIN_NEGATIVE) * max(1, whole)
    if not smooth:
        return _PLAIN_FULL * max(1, whole)
    return _FULL * whole + (_EIGHTHS[rest - 1] if rest else "")
