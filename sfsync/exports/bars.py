"""The bars of a chart: gathered while rows go by, one scale for each currency."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfsync.exports.values import decimal_of, raw, value_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from decimal import Decimal

    from sfsync.exports.table import ExportTable

MOST = 25
"""How many bars one chart has: the largest, in the order of the rows."""

Bar = tuple[str, "Decimal"]


class Bars:
    """What a chart draws; fed row by row, and never larger than a few times `MOST`."""

    def __init__(self, table: ExportTable) -> None:
        self._title, self._chart = _said(table), table.chart
        self._groups: dict[str, list[tuple[int, str, Decimal]]] = {}
        self._counts: dict[str, int] = {}

    def add(self, row: Mapping[str, Any]) -> None:
        """Take in the bar of one row; a row without a value has none."""
        chart = self._chart
        value = None if chart is None else decimal_of(value_at(row, chart.value))
        if chart is None or value is None:
            return
        group = raw(value_at(row, chart.group)) if chart.group else ""
        label = " · ".join(raw(value_at(row, name)) or "(none)" for name in chart.label)
        bars = self._groups.setdefault(group, [])
        self._counts[group] = self._counts.get(group, 0) + 1
        bars.append((self._counts[group], label, value))
        if len(bars) >= 4 * MOST:
            self._groups[group] = _largest(bars)

    def __iter__(self) -> Iterator[tuple[str, list[Bar]]]:
        """The caption and the bars of each group that is drawn, by its name."""
        for group, bars in sorted(self._groups.items()):
            drawn = [(label, value) for _, label, value in _largest(bars)]
            title, count = f"{self._title} {group}".strip(), self._counts[group]
            whole = count == len(drawn)
            yield title if whole else f"{title}: the {len(drawn)} largest of {count:,}", drawn


def _said(table: ExportTable) -> str:
    """What the bars show: the title, and what is measured where that does not say it."""
    value = None if table.chart is None else table.chart.value
    heading = next((one.heading for one in table.columns if one.field == value), "").casefold()
    if not heading or heading in table.title.casefold():
        return table.title
    return f"{table.title}, {heading}"


def _largest(bars: list[tuple[int, str, Decimal]]) -> list[tuple[int, str, Decimal]]:
    return sorted(sorted(bars, key=lambda bar: (-abs(bar[2]), bar[0]))[:MOST])
