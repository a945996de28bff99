"""A table on paper: headings on every page, totals below, bars where a picture says more."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING

from sfsync.exports.bars import Bars
from sfsync.exports.lettering import Lettering, compose, inert, one_line
from sfsync.exports.paper import A4, ACCENT, DIM, MILLIMETRE, SHADE, Paper, Sheet
from sfsync.exports.people import shown, total_cells, with_thousands
from sfsync.exports.svg import Scale, shortened
from sfsync.exports.table import Kind, Totals, Written, total_label

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import BinaryIO

    from sfsync.exports.bars import Bar
    from sfsync.exports.table import ExportTable, Row

_MARGIN = 12 * MILLIMETRE
_MEASURED = 300
_SIZES = (7.5, 6.5, 5.5)
_GAP, _LEAD, _PAD = 9.0, 1.28, 2.5
_WIDEST, _LONG_WORD = 190.0, 84.0
_PAGES = ((A4[1], A4[0]), (A4[0] * 2, A4[1]), (A4[1] * 2, A4[0] * 2))
_BAR = 13.0


class PaperTable:
    """A table being set, page by page."""

    def __init__(
        self, table: ExportTable, stream: BinaryIO, lettering: Lettering, first: Sequence[Row]
    ) -> None:
        self._table, self._lettering = table, lettering
        self._names = [inert(column.heading) for column in table.columns]
        self._cells_of = [self._texts(row) for row in first]
        self._size, self._widths, (width, height) = self._layout()
        self._headings = self._wrapped(self._names, bold=True, heading=True)
        self._heading_shown = False
        sheet = Sheet(width, height, _MARGIN)
        self._paper = Paper(
            stream, sheet, lettering, title=table.title, foot=_foot(table), begin=self._begin
        )

    # ------------------------------------------------------------------ layout

    def _texts(self, row: Row) -> list[str]:
        return [shown(compose(column.value(row)), column.kind) for column in self._table.columns]

    def _layout(self) -> tuple[float, list[float], tuple[float, float]]:
        """The first size of letters and page on which every column has room."""
        for page in _PAGES:
            for size in _SIZES:
                wanted = [self._natural(place, size) for place in range(len(self._table.columns))]
                inner = page[0] - 2 * _MARGIN - _GAP * (len(wanted) - 1)
                widths = _fitted(wanted, inner)
                if widths is not None:
                    return size, widths, page
        # More columns than any page holds side by side: every one gets its share of the widest.
        count = max(len(self._table.columns), 1)
        share = (_PAGES[-1][0] - 2 * _MARGIN) / count - _GAP
        return _SIZES[-1], [share] * count, _PAGES[-1]

    def _natural(self, place: int, size: float) -> tuple[float, float]:
        """How wide a column wants to be, and how narrow it can be."""
        column, width = self._table.columns[place], self._lettering.width
        heading = width(self._names[place], size, bold=True)
        # In bold, as in the totals: numbers and codes are never broken.
        bold = column.kind is not Kind.TEXT
        texts = [cells[place] for cells in self._cells_of]
        widest = max((width(text, size, bold=bold) for text in texts), default=0.0)
        if place == 0 and any(each.summed for each in self._table.columns):
            widest = max(widest, width(total_label({"currency": "WWW"}), size, bold=True))
        if bold:
            # A total has more digits than what it is the sum of.
            most = max(heading, widest + (width("00,", size) if column.summed else 0.0))
            return most, most
        words = (word for text in texts for word in text.split(" "))
        word = max((width(each, size) for each in words), default=0.0)
        return max(heading, min(widest, _WIDEST)), max(heading, min(word, _LONG_WORD))

    def _wrapped(
        self, texts: Sequence[str], *, bold: bool = False, heading: bool = False
    ) -> list[list[str]]:
        columns = zip(texts, self._widths, self._table.columns, strict=True)
        return [
            [one_line(text)]
            if column.kind.is_numeric and not heading
            else self._lettering.wrapped(text, self._size, width, bold=bold)
            for text, width, column in columns
        ]

    # ------------------------------------------------------------------ pages

    def _begin(self, paper: Paper) -> None:
        margin = paper.sheet.margin
        if paper.page == 1:
            paper.text(margin, paper.top, one_line(inert(self._table.title)), 14, bold=True)
            paper.top += 22
            for label, text in self._table.facts:
                self._fact(paper, label, text)
            paper.top += 8
        if self._heading_shown or paper.page == 1:
            self._heading(paper)

    def _fact(self, paper: Paper, label: str, text: str) -> None:
        margin = paper.sheet.margin
        paper.text(margin, paper.top, label, 7.5, color=DIM)
        for line in self._lettering.paragraphs(text, 7.5, paper.sheet.inner - 90):
            paper.text(margin + 90, paper.top, line, 7.5)
            paper.top += 10.5

    def _heading(self, paper: Paper) -> None:
        self._heading_shown = True
        lines = max((len(each) for each in self._headings), default=1)
        height = lines * self._size * _LEAD + 2 * _PAD
        paper.box(paper.sheet.margin, paper.top, paper.sheet.inner, height, SHADE)
        paper.top += _PAD
        self._draw(paper, self._headings, lines, bold=True)
        paper.top += _PAD * 2

    def add(self, row: Row) -> None:
        """Set one record; one that is longer than a page goes on on the next."""
        self._set(self._wrapped(self._texts(row)), bold=False)
        self._paper.rule(self._paper.sheet.margin, self._paper.top, self._paper.sheet.inner)

    def _set(self, cells: list[list[str]], *, bold: bool) -> None:
        paper, lead = self._paper, self._size * _LEAD
        left = max((len(cell) for cell in cells), default=1)
        whole_page = int((paper.sheet.height - 2 * paper.sheet.margin) / lead) // 2
        while left:
            fits = int((paper.room - 2 * _PAD) / lead)
            if fits < min(left, whole_page):
                paper.next_page()
                continue
            drawn = min(left, fits)
            paper.top += _PAD
            self._draw(paper, cells, drawn, bold=bold)
            paper.top += _PAD
            cells = [cell[drawn:] for cell in cells]
            left -= drawn

    def _draw(self, paper: Paper, cells: list[list[str]], lines: int, *, bold: bool) -> None:
        x = paper.sheet.margin
        for column, cell, width in zip(self._table.columns, cells, self._widths, strict=True):
            for number, text in enumerate(cell[:lines]):
                top = paper.top + number * self._size * _LEAD
                if column.kind.is_numeric:
                    # Set smaller rather than broken: half a number reads as another one.
                    own = self._lettering.width(text, self._size, bold=bold)
                    size = self._size * min(1.0, width / own) if own else self._size
                    paper.text_right(x + width, top, text, size, bold=bold)
                else:
                    paper.text(x, top, text, self._size, bold=bold)
            x += width + _GAP
        paper.top += lines * self._size * _LEAD

    def finish(self, written: Written, totals: Totals, bars: Bars) -> None:
        """Totals and charts, then the whole document."""
        if not written.rows:
            self._paper.text(self._paper.sheet.margin, self._paper.top, "no rows", 7.5, color=DIM)
            self._paper.top += 12
        for row in totals:
            self._set(self._wrapped(total_cells(self._table, row), bold=True), bold=True)
        self._heading_shown = False
        self._line_below(f"{written.rows:,} {'row' if written.rows == 1 else 'rows'}")
        for caption, drawn in bars:
            self._chart(caption, drawn)
        self._paper.finish()

    def _line_below(self, text: str) -> None:
        if self._paper.room < 2 * _LEAD * self._size:
            self._paper.next_page()
        self._paper.top += 4
        self._paper.text(self._paper.sheet.margin, self._paper.top, text, 7.5, color=DIM)
        self._paper.top += 16

    # ------------------------------------------------------------------ charts

    def _chart(self, caption: str, bars: Sequence[Bar]) -> None:
        paper, margin = self._paper, self._paper.sheet.margin
        if paper.room < len(bars) * _BAR + 30:
            paper.next_page()
        paper.text(margin, paper.top, one_line(inert(caption)), 10, bold=True)
        paper.top += 18
        labels, values = 190.0, 110.0
        scale = Scale(bars, min(paper.sheet.inner, 700) - labels - values)
        for label, value in bars:
            begin, length = scale.bar(value)
            short = one_line(shortened(label, 40))
            paper.text_right(margin + labels - 6, paper.top, short, 7)
            paper.box(margin + labels + begin, paper.top, max(length, 0.3), _BAR - 4, ACCENT)
            end = margin + labels + max(begin + length, scale.zero) + 5
            paper.text(end, paper.top, with_thousands(value), 7)
            paper.top += _BAR
        paper.top += 14


def write_paper(table: ExportTable, stream: BinaryIO, font: Path | None = None) -> Written:
    """Write the table as a PDF.

    Raises:
        UsageError: `font` cannot be used.
    """
    written, lettering = Written(), Lettering(font)
    totals, bars = Totals(table), Bars(table)
    rows = iter(table.rows)
    first = list(islice(rows, _MEASURED))
    paper = PaperTable(table, stream, lettering, first)
    for row in chain(first, rows):
        paper.add(row)
        totals.add(row)
        bars.add(row)
        written.rows += 1
    paper.finish(written, totals, bars)
    written.warnings += lettering.warnings()
    return written


def _fitted(wanted: list[tuple[float, float]], inner: float) -> list[float] | None:
    """The columns within `inner` points: texts give way, as long as their words stay whole."""
    over = sum(most for most, _ in wanted) - inner
    room = sum(most - least for most, least in wanted)
    if over > room:
        return None
    share = max(over, 0.0) / room if room else 0.0
    return [most - share * (most - least) for most, least in wanted]


def _foot(table: ExportTable) -> list[str]:
    facts = dict(table.facts)
    head = facts.get("Audit head")
    return [table.title, f"audit head {head}"] if head else [table.title]
