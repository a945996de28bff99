"""Excel: typed cells, no formula and no link, the same bytes for the same rows.

The first sheet holds the rows and nothing else, so that other programs can read it; charts and what
the file says of itself follow on sheets of their own.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sfsync.exports.bars import Bars
from sfsync.exports.inert import escaped
from sfsync.exports.table import Kind, Totals, Written, total_label
from sfsync.exports.values import date_of, decimal_of, raw, text_of, value_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from sfsync.exports.table import Column, ExportTable, Row

MOST_CHARACTERS = 32_767
"""What a cell holds, in UTF-16 units."""
MOST_ROWS = 1_000_000
"""How many rows go on one sheet; more go on a further one."""

_MEASURED = 2_000
_LEAST_WIDTH, _MOST_WIDTH = 8, 60
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
# Excel counts days from here, and counts right from March 1900 on.
_DAY_ZERO, _FIRST_DAY = date(1899, 12, 30), date(1900, 3, 1)
# What the name of a sheet may not hold, and how long it is with room for a number behind it.
_FORBIDDEN, _MOST_NAME = re.compile(r"[][:*?/\\']"), 27
_BAR_HEIGHT, _BAR_SPACE = 15, 140


class Workbook:
    """One workbook being written; `add` for each row, then `close`."""

    def __init__(self, table: ExportTable, stream: BinaryIO, folder: str) -> None:
        import xlsxwriter  # noqa: PLC0415 - start-up time

        self.written = Written()
        self._table = table
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
                   "tmpdir": folder}  # fmt: skip
        self._book = xlsxwriter.Workbook(stream, options)
        created = (table.created or _EPOCH).replace(tzinfo=None)
        self._book.set_properties({"title": table.title, "created": created})
        self._formats: dict[str, Any] = {}
        self._bold = self._book.add_format({"bold": True})
        head = {"bold": True, "bottom": 1, "bg_color": "#E8EDF3"}
        self._heads = [
            self._book.add_format({**head, "align": "right" if column.kind.is_numeric else "left"})
            for column in table.columns
        ]
        self._totals = Totals(table)
        self._bars = Bars(table)
        self._sheets: list[_Sheet] = []

    def add(self, row: Row) -> None:
        """Write one record."""
        if not self._sheets or self._sheets[-1].rows == MOST_ROWS:
            self._begin_sheet()
        sheet = self._sheets[-1]
        sheet.rows += 1
        for place, column in enumerate(self._table.columns):
            length = self._cell(sheet.sheet, sheet.rows, place, column, column.value(row))
            if sheet.rows <= _MEASURED and length > sheet.widths[place]:
                sheet.widths[place] = length
        self._totals.add(row)
        self._bars.add(row)
        self.written.rows += 1

    def close(self) -> Written:
        """Finish the sheets and write the file."""
        if not self._sheets:
            self._begin_sheet()
        for sheet in self._sheets:
            self._finish_sheet(sheet)
        if self._table.chart is not None:
            self._draw_charts()
        self._write_facts()
        self._book.close()
        return self.written

    def release(self) -> None:
        """Close the files in which the sheets wait, also of a book that is given up."""
        for sheet in self._book.worksheets():
            sheet._opt_close()  # noqa: SLF001 - the library closes them with a whole book only

    # ------------------------------------------------------------------ the rows

    def _begin_sheet(self) -> None:
        number = len(self._sheets) + 1
        name = _FORBIDDEN.sub("-", self._table.title)
        name = name if len(name) <= _MOST_NAME else name[: _MOST_NAME - 1] + "…"
        sheet = self._sheet(name if number == 1 else f"{name} {number}")
        columns = self._table.columns
        for place, column in enumerate(columns):
            self._text(sheet, 0, place, column.heading, self._heads[place])
        widths = [
            min(max(len(column.heading) + 3, _LEAST_WIDTH), _MOST_WIDTH) for column in columns
        ]
        self._sheets.append(_Sheet(sheet, widths))

    def _sheet(self, name: str) -> Any:  # noqa: ANN401 - xlsxwriter has no types
        sheet = self._book.add_worksheet(name)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        return sheet

    def _finish_sheet(self, sheet: _Sheet) -> None:
        last = len(self._table.columns) - 1
        sheet.sheet.freeze_panes(1, 0)
        if last >= 0:
            sheet.sheet.autofilter(0, 0, sheet.rows, last)
        if self._table.chart is not None and sheet is self._sheets[-1]:
            self._total_rows(sheet)
        for place, width in enumerate(sheet.widths):
            sheet.sheet.set_column(place, place, min(width + 1, _MOST_WIDTH))
        sheet.sheet.repeat_rows(0)

    def _total_rows(self, sheet: _Sheet) -> None:
        columns = self._table.columns
        for number, row in enumerate(self._totals, start=sheet.rows + 2):
            if columns and value_at(row, columns[0].field) is None:
                self._text(sheet.sheet, number, 0, total_label(row), self._bold)
            for place, column in enumerate(columns):
                self._cell(sheet.sheet, number, place, column, value_at(row, column.field))

    def _cell(self, sheet: Any, row: int, place: int, column: Column, value: Any) -> int:  # noqa: ANN401 - xlsxwriter has no types; any JSON value
        """Write one value as what its column says it is; how wide it is."""
        if value is None:
            return 0
        if column.kind.is_numeric:
            number = decimal_of(value)
            if number is not None:
                self._number(sheet, row, place, number, column.kind)
                # With room for the commas.
                return len(str(value)) * 4 // 3
        elif column.kind is Kind.DATE:
            day = date_of(value)
            if day is not None:
                self._day(sheet, row, place, day)
                return len("2026-11-22")
        return self._text(sheet, row, place, text_of(value), None)

    def _number(self, sheet: Any, row: int, place: int, number: Decimal, kind: Kind) -> None:  # noqa: ANN401 - as above
        # A hundredth of it: Excel's percent format multiplies what it shows.
        shown = number / 100 if kind is Kind.PERCENT else number
        _taken(sheet.write_number(row, place, float(shown), self._style(kind, number)))

    def _day(self, sheet: Any, row: int, place: int, day: date) -> None:  # noqa: ANN401 - as above
        if day < _FIRST_DAY:
            self._text(sheet, row, place, day.isoformat(), None)
            return
        _taken(sheet.write_number(row, place, (day - _DAY_ZERO).days, self._format("yyyy-mm-dd")))

    def _text(self, sheet: Any, row: int, place: int, text: str, style: Any) -> int:  # noqa: ANN401 - as above
        shown, whole = _fitting(escaped(text))
        if not whole:
            self.written.warnings.append(
                f"the text in row {row + 1}, column {place + 1} of the workbook is cut: "
                f"a cell holds {MOST_CHARACTERS:,} characters"
            )
        _taken(sheet.write_string(row, place, shown, style))
        return len(shown)

    def _style(self, kind: Kind, number: Decimal, align: str = "") -> Any:  # noqa: ANN401 - as above
        if kind is Kind.INTEGER:
            return self._format("0", align)
        decimals = max(-int(number.as_tuple().exponent), 0)
        places = f".{'0' * decimals}" if decimals else ""
        if kind is Kind.PERCENT:
            return self._format(f"0{places}%", align)
        if kind is Kind.NUMBER:
            return self._format("General", align)
        return self._format(f"#,##0{places}", align)

    def _format(self, shape: str, align: str = "") -> Any:  # noqa: ANN401 - as above
        key = shape + align
        if key not in self._formats:
            self._formats[key] = self._book.add_format({"num_format": shape, "align": align})
        return self._formats[key]

    # ------------------------------------------------------------------ the other sheets

    def _draw_charts(self) -> None:
        sheet = self._sheet("Chart")
        sheet.set_column(0, 0, 36)
        sheet.set_column(1, 1, 18)
        row = 0
        for caption, bars in self._bars:
            self._text(sheet, row, 0, caption, self._bold)
            for number, (label, amount) in enumerate(bars, start=row + 1):
                self._text(sheet, number, 0, label, None)
                _taken(
                    sheet.write_number(number, 1, float(amount), self._style(Kind.MONEY, amount))
                )
            self._chart(sheet, caption, row, len(bars))
            # Room for the picture, whose rows are as high as those of the sheet.
            row += max(len(bars), (len(bars) * _BAR_HEIGHT * 2 + _BAR_SPACE) // 20) + 3

    def _chart(self, sheet: Any, title: str, row: int, bars: int) -> None:  # noqa: ANN401 - as above
        chart = self._book.add_chart({"type": "bar"})
        last = row + bars
        chart.add_series(
            {
                "categories": ["Chart", row + 1, 0, last, 0],
                "values": ["Chart", row + 1, 1, last, 1],
                "gap": 60,
                "fill": {"color": "#2F6DA8"},
            }
        )
        chart.set_title({"name": title, "name_font": {"size": 11}, "overlay": False})
        chart.set_legend({"none": True})
        # Low: beside the picture, not over bars that go to the left.
        chart.set_y_axis({"reverse": True, "label_position": "low"})
        chart.set_x_axis({"num_format": "#,##0", "major_gridlines": {"visible": True}})
        chart.set_size({"width": 760, "height": bars * _BAR_HEIGHT * 2 + _BAR_SPACE})
        sheet.insert_chart(row, 3, chart)

    def _write_facts(self) -> None:
        sheet = self._sheet("About")
        sheet.set_column(0, 0, 24)
        sheet.set_column(1, 1, 84, self._book.add_format({"align": "left"}))
        self._text(sheet, 0, 0, self._table.title, self._bold)
        facts = [*self._table.facts, ("Rows", f"{self.written.rows:,}")]
        for number, (label, text) in enumerate(facts, start=2):
            self._text(sheet, number, 0, label, None)
            self._text(sheet, number, 1, text, None)
        number = len(facts) + 3
        for row in self._totals:
            for label, column in self._sums(row):
                self._text(sheet, number, 0, label, self._bold)
                amount = decimal_of(value_at(row, column.field)) or Decimal(0)
                style = self._style(column.kind, amount, align="left")
                _taken(sheet.write_number(number, 1, float(amount), style))
                number += 1
        self._sheets[0].sheet.activate()

    def _sums(self, row: Row) -> Iterator[tuple[str, Column]]:
        """What each number in a row of sums is the sum of."""
        named = [c for c in self._table.columns if not c.kind.is_numeric]
        of = " ".join(raw(value) for c in named if (value := value_at(row, c.field)) is not None)
        currency = raw(value_at(row, "currency"))
        for column in self._table.columns:
            if column.kind.is_numeric and value_at(row, column.field) is not None:
                words = of if currency in of.split() else f"{currency} {of}".strip()
                yield f"Sum of {column.heading} {words}".strip(), column


class _Sheet:
    """A sheet of rows: how many it has, and how wide its columns must be."""

    def __init__(self, sheet: Any, widths: list[int]) -> None:  # noqa: ANN401 - xlsxwriter has no types
        self.sheet = sheet
        self.widths = widths
        self.rows = 0


def _fitting(text: str) -> tuple[str, bool]:
    """`text` as far as a cell holds it, ending in words when it is cut; whether it is whole."""
    if len(text) <= MOST_CHARACTERS // 2:
        return text, True
    units = text.encode("utf-16-le")
    if len(units) // 2 <= MOST_CHARACTERS:
        return text, True
    end = f" … [cut here: {len(text):,} characters]"
    kept = units[: 2 * (MOST_CHARACTERS - len(end))].decode("utf-16-le", "ignore")
    return kept + end, False


def _taken(code: int) -> None:
    if code:
        raise RuntimeError(f"XlsxWriter refused a cell: {code}")


def write_workbook(table: ExportTable, stream: BinaryIO) -> Written:
    """Write the table as an Excel workbook; what waits in files until its end is then gone."""
    import tempfile  # noqa: PLC0415 - start-up time

    from xlsxwriter.exceptions import FileCreateError  # noqa: PLC0415 - as above

    with tempfile.TemporaryDirectory(prefix="sfsync-") as folder:
        book = Workbook(table, stream, folder)
        try:
            for row in table.rows:
                book.add(row)
            return book.close()
        except FileCreateError as trouble:
            # The library's word for an OSError, such as a disk that is full.
            raise trouble.args[0] from None
        finally:
            book.release()
