"""Drawing on a terminal: tables, pairs and lines, all foreign text through `safe`.

Commands draw with these functions only; none hands a bare `str` to rich.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from rich.box import SIMPLE_HEAD
from rich.style import Style
from rich.table import Table as RichTable
from rich.text import Text

from sfsync.cli.render.streams import symbols
from sfsync.cli.render.tables import ROWS_SHOWN, Kind, raw, value_at
from sfsync.cli.render.text import safe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from sfsync.cli.render.tables import Column, Table

WIDE = 100
"""From this many columns on, the wide columns of a table are shown."""

_LEFT = {Kind.TEXT, Kind.CODE}

_ADDRESS = re.compile(r"https?://[\x21-\x7e]+")

_STYLES = {
    "ok": "green",
    "posted": "green",
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
    if not table.rows:
        line(console, table.empty)
        return
    shown = table.limit or ROWS_SHOWN
    visible = [c for c in columns if _is_shown(c, table, console.width)]
    grid = _grid(visible)
    for row in table.rows[:shown]:
        grid.add_row(*(cell(row, column) for column in visible))
    console.print(grid)
    more = max(table.total or 0, len(table.rows)) - min(shown, len(table.rows))
    if more > 0:
        line(console, f"{more:,} more (--limit N shows more; a pipe gets all)")


def draw_rows(
    console: Console, columns: Sequence[Column], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Draw a part of a screen as a table: every row, every column."""
    grid = _grid(columns)
    for row in rows:
        grid.add_row(*(cell(row, column) for column in columns))
    console.print(grid)


def draw_pairs(console: Console, pairs: Sequence[tuple[str, Any]]) -> None:
    """Draw label and value per line; values that are empty are left out."""
    grid = RichTable.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for label, value in pairs:
        if value not in (None, ""):
            text = value if isinstance(value, Text) else Text(raw(value))
            grid.add_row(Text(safe(label), style="dim"), text)
    console.print(grid)


def line(console: Console, text: str, *, style: str = "", url: str | None = None) -> None:
    """Print one line of text, perhaps linked to its Salesforce record."""
    console.print(linked(text, url, style=style), soft_wrap=True, overflow="fold")


def mark(console: Console, word: str) -> str:
    """The mark for ok, warning, failed or skipped that the console can write."""
    return symbols(console.file)[word]  # type: ignore[arg-type]  # rich types it IO[str]; it is the stream we gave


def linked(text: str, url: str | None, *, style: str = "") -> Text:
    """Text that opens in the browser; an address that is not plain http(s) is dropped."""
    address = url if url and _ADDRESS.fullmatch(url) else None
    shown = Style.parse(style) + Style(link=address)
    return Text(safe(text), style=shown, no_wrap=True, overflow="ellipsis")


def cell(row: Mapping[str, Any], column: Column) -> Text:
    """One value of a row as a terminal shows it."""
    value = value_at(row, column.field)
    if column.kind in {Kind.TEXT, Kind.CODE}:
        text = raw(value)
        url = value_at(row, column.link) if column.link else None
        return linked(text, url, style=_STYLES.get(text, ""))
    if value is None:
        return Text("")
    shown = with_thousands(str(value))
    currency = value_at(row, column.currency) if column.currency else None
    return Text(safe(f"{shown} {currency}" if currency else shown))


def with_thousands(number: str) -> str:
    """``1234567.50`` as ``1,234,567.50``."""
    whole, point, decimals = number.partition(".")
    sign = "-" if whole.startswith("-") else ""
    digits = whole.removeprefix("-")
    return f"{sign}{int(digits):,}{point}{decimals}" if digits.isdecimal() else number


def _is_shown(column: Column, table: Table, width: int) -> bool:
    if column.wide and width < WIDE:
        return False
    # A column without a heading is there for the few rows that have something to say.
    return bool(column.heading) or any(value_at(row, column.field) for row in table.rows)


def _grid(columns: Sequence[Column]) -> RichTable:
    grid = RichTable(
        box=SIMPLE_HEAD,
        pad_edge=False,
        show_edge=False,
        collapse_padding=True,
        header_style="bold",
    )
    for column in columns:
        heading = Text(column.heading)
        # Rich shrinks only the columns that may wrap; their cells are cut, not wrapped.
        may_shrink = column.kind is Kind.TEXT
        justify: Literal["left", "right"] = "left" if column.kind in _LEFT else "right"
        grid.add_column(heading, justify=justify, no_wrap=not may_shrink, min_width=_least(column))
    return grid


def _least(column: Column) -> int:
    # Rich shrinks text columns first, down to nothing; a heading stays readable.
    return min(len(column.heading), 8)
