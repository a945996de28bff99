"""Bars as an SVG picture that stands in a page: attributes and text, no style, no script."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from sfsync.exports.people import with_thousands

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from sfsync.exports.bars import Bar

_WIDTH, _LABELS, _VALUES, _HEIGHT, _GAP = 860, 260, 130, 18, 8
_LONGEST = 38


def bar_chart(caption: str, bars: Sequence[Bar]) -> str:
    """A figure with one bar for each label; amounts below zero go to the left of the line."""
    height = len(bars) * (_HEIGHT + _GAP) + _GAP
    scale = Scale(bars, _WIDTH - _LABELS - _VALUES)
    parts = [_bar(number, bar, scale) for number, bar in enumerate(bars)]
    zero = _LABELS + scale.zero
    return (
        f"<figure>\n<figcaption>{escape(caption)}</figcaption>\n"
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(caption)}">\n'
        f"{''.join(parts)}"
        f'<line x1="{zero:.1f}" y1="0" x2="{zero:.1f}" y2="{height}"/>\n</svg>\n</figure>\n'
    )


class Scale:
    """Where amounts lie on a line of `width`, which also holds zero."""

    def __init__(self, bars: Sequence[Bar], width: float) -> None:
        values = [float(value) for _, value in bars]
        self._least = min([0.0, *values])
        span = max([0.0, *values]) - self._least
        self._unit = width / span if span else 0.0
        self.zero = -self._least * self._unit

    def bar(self, value: Decimal) -> tuple[float, float]:
        """Where a bar begins, and its length."""
        length = abs(float(value)) * self._unit
        return (self.zero if value >= 0 else self.zero - length), length


def shortened(label: str, most: int = _LONGEST) -> str:
    """A label that leaves room for its bar; the whole stands in the table."""
    return label if len(label) <= most else f"{label[: most - 1]}…"


def _bar(number: int, bar: Bar, scale: Scale) -> str:
    label, value = bar
    top = _GAP + number * (_HEIGHT + _GAP)
    begin, length = scale.bar(value)
    middle = top + _HEIGHT * 0.75
    end = _LABELS + max(begin + length, scale.zero) + 6
    return (
        f'<text x="{_LABELS - 8}" y="{middle:.1f}" text-anchor="end">'
        f"{escape(shortened(label))}</text>"
        f'<rect x="{_LABELS + begin:.1f}" y="{top}" width="{length:.1f}" height="{_HEIGHT}"/>'
        f'<text x="{end:.1f}" y="{middle:.1f}">{with_thousands(value)}</text>\n'
    )
