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
# On a phone the label stands above its bar.
_PHONE, _ROW, _THIN = 340, 36, 10


def bar_chart(caption: str, bars: Sequence[Bar]) -> str:
    """A figure with one bar for each label; amounts below zero go to the left of the line.

    It holds two pictures, of which the page shows one: for a desk and paper, and for a phone.
    """
    wide, narrow = Scale(bars, _WIDTH - _LABELS - _VALUES), Scale(bars, _PHONE)
    height = len(bars) * (_HEIGHT + _GAP) + _GAP
    named = f'role="img" aria-label="{escape(caption)}"'
    return (
        f"<figure>\n<figcaption>{escape(caption)}</figcaption>\n"
        + _picture(
            f'class="wide" viewBox="0 0 {_WIDTH} {height}" {named}',
            [_bar(number, bar, wide) for number, bar in enumerate(bars)],
            _LABELS + wide.zero,
            height,
        )
        + _picture(
            f'class="narrow" viewBox="0 0 {_PHONE} {len(bars) * _ROW}" aria-hidden="true"',
            [_thin_bar(number, bar, narrow) for number, bar in enumerate(bars)],
            narrow.zero,
            len(bars) * _ROW,
        )
        + "</figure>\n"
    )


def _picture(attributes: str, parts: Sequence[str], zero: float, height: int) -> str:
    line = f'<line x1="{zero:.1f}" y1="0" x2="{zero:.1f}" y2="{height}"/>'
    return (
        f'<svg {attributes} preserveAspectRatio="xMinYMin meet">\n{"".join(parts)}{line}\n</svg>\n'
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


def _thin_bar(number: int, bar: Bar, scale: Scale) -> str:
    label, value = bar
    top = number * _ROW
    begin, length = scale.bar(value)
    return (
        f'<text x="0" y="{top + 14}">{escape(shortened(label, 30))}</text>'
        f'<text x="{_PHONE}" y="{top + 14}" text-anchor="end">{with_thousands(value)}</text>'
        f'<rect x="{begin:.1f}" y="{top + 19}" width="{length:.1f}" height="{_THIN}"/>\n'
    )
