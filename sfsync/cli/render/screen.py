"""Drawing on a terminal: tables, pairs and lines, all foreign text through `safe`.

Where there is no terminal the same is written as unwrapped lines with tabs between the values.

Commands draw with these functions only; none hands a bare `str` to rich.
"""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.panel import Panel
from rich.style import Style
from rich.table import Table as RichTable
from rich.text import Text

from sfsync.cli.render.bars import bars_of
from sfsync.cli.render.console import UNBOUNDED
from sfsync.cli.render.tables import ROWS_SHOWN, Kind, raw, shown_value, value_at
from sfsync.cli.render.text import safe, with_thousands

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rich.console import Console

    from sfsync.cli.render.tables import Column, Table

_T = TypeVar("_T")

WIDE = 100
"""From this many columns on, the wide columns of a table are shown."""

_HANGING = 4
_GAP = 2
_LEAST_TEXT = 8
# Below this a text is no longer worth a column that can be done without.
_READABLE_TEXT = 18
_TEXT_WIDTH = 32
_FRAME = 4
_AMOUNTS = {"total", "amount", "unit_price"}

_LEFT = {Kind.TEXT, Kind.CODE, Kind.DATE}

_ADDRESS = re.compile(r"https?://[\x21-\x7e]+")

_MARKS = {"ok": "✓", "warning": "!", "failed": "✗", "skipped": "–"}
_STYLES = {
    "ok": "green",
    "posted": "green",
    "paid": "green",
    "partly credited": "yellow",
    "partly paid": "yellow",
    "overdue": "red",
    "voided": "dim",
    "draft": "yellow",
    "partial": "yellow",
    "running": "yellow",
    "interrupted": "yellow",
    "drifted": "yellow",
    "warning": "yellow",
    "failed": "red",
    "deleted": "dim",
    "skipped": "dim",
}


def draw_table(console: Console, table: Table, columns: Sequence[Column]) -> None:
    """Draw the rows a terminal gets, and say how many more there are."""
    rows, shown = iter(table.rows), table.limit or rows_shown(console)
    drawn = [table.drawn(row) for row in islice(rows, shown)]
    if not drawn:
        line(console, table.empty)
        return
    visible = _once([c for c in columns if _is_shown(c, drawn, console.width)])
    while (
        not _fits(console, visible, (*drawn, *table.totals), text=_READABLE_TEXT)
        and (last := next((one for one in reversed(visible) if one.wide), None)) is not None
    ):
        visible.remove(last)
    if table.title:
        line(console, table.title, style="bold")
    if _fits(console, visible, (*drawn, *table.totals)):
        _draw_grid(console, table, visible, drawn)
    else:
        _draw_cards(console, table, visible, drawn)
    count = len(drawn) + sum(1 for _ in rows)
    more = max(table.total or 0, count) - len(drawn)
    if more > 0:
        line(console, f"{more:,} more (--limit N shows more; a pipe gets all)")


def _draw_grid(
    console: Console, table: Table, columns: Sequence[Column], rows: Sequence[Mapping[str, Any]]
) -> None:
    """The rows under their headings, perhaps with bars; below a line what they add up to."""
    grid = _grid(columns)
    room = console.width - _width(columns, (*rows, *table.totals), most=_TEXT_WIDTH)
    bars = bars_of(console, table.chart, rows, room - _GAP)
    if bars:
        grid.add_column("", no_wrap=True)
    for place, row in enumerate(rows):
        grid.add_row(*(cell(row, column) for column in columns), *bars[place : place + 1])
    if table.totals:
        grid.add_section()
    for place, row in enumerate(table.totals):
        grid.add_row(*_total_cells(row, columns, first=place == 0), style="bold")
    console.print(grid)


def _total_cells(row: Mapping[str, Any], columns: Sequence[Column], *, first: bool) -> list[Text]:
    """The sums under their columns; the first column says that they are the total."""
    cells = [cell(row, replace(column, absent="")) for column in columns]
    if first and not cells[0].plain:
        cells[0] = Text("Total")
    return cells


def _fits(
    console: Console,
    columns: Sequence[Column],
    rows: Sequence[Mapping[str, Any]],
    *,
    text: int = _LEAST_TEXT,
) -> bool:
    """Whether no figure has to be cut; texts give way down to `text` columns."""
    return _width(columns, rows, most=text) <= console.width


def _width(columns: Sequence[Column], rows: Sequence[Mapping[str, Any]], *, most: int) -> int:
    """The width of a grid whose text columns take at most `most`."""
    widths = []
    for column in columns:
        found = max((cell_len(cell(row, column).plain) for row in rows), default=0)
        full = max(found, cell_len(column.heading))
        widths.append(min(full, max(most, _least(column))) if column.kind is Kind.TEXT else full)
    return sum(widths) + _GAP * (len(widths) - 1)


def _draw_cards(
    console: Console, table: Table, columns: Sequence[Column], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Each row as lines of heading and value: where a table has no room, nothing is cut."""
    headings = [column.heading for column in columns]
    cards = [[cell(row, column) for column in columns] for row in rows]
    totals = table.totals
    cards += [_total_cells(row, columns, first=place == 0) for place, row in enumerate(totals)]
    for cells in cards:
        draw_pairs(console, [each for each in zip(headings, cells, strict=True) if each[1].plain])
        line(console, "")


def draw_rows(
    console: Console, columns: Sequence[Column], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Draw a part of a screen as a table: every row, every column."""
    if is_plain(console):
        _tabbed(console, [column.heading for column in columns])
        for row in rows:
            _tabbed(console, [cell(row, column).plain for column in columns])
        return
    grid = _grid(columns)
    for row in rows:
        grid.add_row(*(cell(row, column) for column in columns))
    console.print(grid)


def draw_pairs(console: Console, pairs: Sequence[tuple[str, Any]]) -> None:
    """Draw label and value per line; values that are empty are left out."""
    if is_plain(console):
        for label, value in pairs:
            if value not in (None, ""):
                shown = value.plain if isinstance(value, Text) else raw(value)
                _tabbed(console, [safe(label), shown])
        return
    given = [(safe(label), value) for label, value in pairs if value not in (None, "")]
    labels = max((cell_len(label) for label, _ in given), default=0)
    for label, value in given:
        text = value if isinstance(value, Text) else Text(raw(value))
        if _has_long_word(text.plain, console.width - labels - 2):
            _unwrapped(
                console, Text.assemble((label + " " * (labels - cell_len(label) + 2), "dim"), text)
            )
            continue
        grid = RichTable.grid(padding=(0, 2))
        grid.add_column(no_wrap=True, min_width=labels)
        grid.add_column(overflow="fold")
        grid.add_row(Text(label, style="dim"), text)
        console.print(grid)


def _has_long_word(text: str, width: int) -> bool:
    """Whether a path, a hash or an id is wider: broken over lines, nobody could copy it."""
    return any(word.isascii() and len(word) > width for word in text.split())


def line(console: Console, text: str, *, style: str = "", url: str | None = None) -> None:
    """Print one line of text, perhaps linked to its Salesforce record.

    On a terminal it is wrapped between words, and what follows the first line is indented.
    """
    whole = linked(text, url, style=style)
    body = safe(text).lstrip(" ")
    indent = len(whole.plain) - len(body)
    if is_plain(console) or cell_len(whole.plain) <= console.width:
        _unwrapped(console, whole)
        return
    hanging = indent + _HANGING
    for number, part in enumerate(_wrapped(body, console.width - hanging)):
        shown = " " * (hanging if number else indent) + part
        _unwrapped(console, Text(shown, style=whole.style))


def some(console: Console, items: Sequence[_T]) -> Sequence[_T]:
    """What is shown of a list that is told line by line: a terminal gets the first of it."""
    return items[: rows_shown(console)]


def rows_shown(console: Console) -> int | None:
    """How many of many rows are drawn: a pipe or a file gets all, which is None."""
    return None if is_plain(console) else ROWS_SHOWN


def say_more(console: Console, items: Sequence[object]) -> None:
    """Say how many of a list `some` has left out."""
    more = len(items) - len(some(console, items))
    if more > 0:
        line(console, f"{more:,} more (--json gets all)")


def draw_framed(console: Console, title: str, draw: Callable[[Console], None]) -> None:
    """Draw what `draw` draws inside a frame; without a terminal there is no frame."""
    if is_plain(console):
        draw(console)
        return
    width = console.width
    console.width = width - _FRAME
    try:
        with console.capture() as captured:
            draw(console)
    finally:
        console.width = width
    inside = Text.from_ansi(captured.get().rstrip("\n"))
    console.print(Panel(inside, title=Text(safe(title)), title_align="left"))


def is_plain(console: Console) -> bool:
    """Whether the console is a pipe or a file: no columns, no wrapping, no padding."""
    return console.width >= UNBOUNDED


def draw_changes(
    console: Console, changes: Mapping[str, Sequence[Any]], *, indent: str = "    "
) -> None:
    """Draw each field's value before and after, a line each."""
    for name, (before, after) in changes.items():
        line(console, f"{indent}{name}: {_changed(name, before)} → {_changed(name, after)}")


def _changed(name: str, value: Any) -> str:  # noqa: ANN401 - any JSON value
    if value is None or value == "":
        return "(empty)"
    shown = raw(value)
    return with_thousands(shown) if name.rpartition(".")[2] in _AMOUNTS else shown


def _tabbed(console: Console, values: Sequence[str]) -> None:
    # The console itself would turn the tabs into spaces.
    console.file.write("\t".join(values) + "\n")


def _unwrapped(console: Console, text: Text) -> None:
    # Any other overflow would cut the line, and with it the end of a command to be typed.
    console.print(text, soft_wrap=True, overflow="ignore")


def _wrapped(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` columns; a word that is longer stays whole."""
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if not lines[-1] or cell_len(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def mark(word: str) -> str:
    """The mark for ok, warning, failed or skipped; a stream that cannot write it spells it."""
    return _MARKS[word]


def linked(text: str, url: str | None, *, style: str = "") -> Text:
    """Text that opens in the browser; an address that is not plain http(s) is dropped."""
    address = url if url and _ADDRESS.fullmatch(url) else None
    shown = Style.parse(style) + Style(link=address)
    return Text(safe(text), style=shown, no_wrap=True, overflow="ellipsis")


def cell(row: Mapping[str, Any], column: Column) -> Text:
    """One value of a row as a terminal shows it."""
    value = shown_value(row, column)
    if column.kind in _LEFT:
        text = raw(value)
        if column.wraps:
            return Text(text, overflow="fold")
        url = value_at(row, column.link) if column.link else None
        return linked(text, url, style=_STYLES.get(text, ""))
    if value is None or (column.sparse and not Decimal(value)):
        return Text("")
    shown = with_thousands(str(value)) + (" %" if column.kind is Kind.PERCENT else "")
    currency = value_at(row, column.currency) if column.currency else None
    return Text(safe(f"{shown} {currency}" if currency else shown))


def _is_shown(column: Column, rows: Sequence[Mapping[str, Any]], width: int) -> bool:
    if column.wide and width < WIDE:
        return False
    # A column without a heading is there for the few rows that have something to say.
    return bool(column.heading) or any(value_at(row, column.field) for row in rows)


def _once(columns: Sequence[Column]) -> list[Column]:
    """The columns, without the currency beside amounts where it has a column of its own."""
    names = {column.field for column in columns}
    return [replace(one, currency=None) if one.currency in names else one for one in columns]


def _grid(columns: Sequence[Column]) -> RichTable:
    grid = RichTable(
        box=SIMPLE_HEAD,
        pad_edge=False,
        show_edge=False,
        collapse_padding=True,
        header_style="bold",
    )
    for column in columns:
        heading = Text(safe(column.heading))
        # Rich shrinks only the columns that may wrap; their cells are cut, not wrapped.
        may_shrink = column.kind is Kind.TEXT
        justify: Literal["left", "right"] = "left" if column.kind in _LEFT else "right"
        grid.add_column(heading, justify=justify, no_wrap=not may_shrink, min_width=_least(column))
    return grid


def _least(column: Column) -> int:
    # Rich shrinks text columns first, down to nothing; a heading stays readable.
    return min(len(column.heading), _LEAST_TEXT)
