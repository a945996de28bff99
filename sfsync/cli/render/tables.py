"""Lists: which fields a row has, and the same rows as TSV, CSV, Markdown or JSON lines.

Rows are the JSON objects of the result, so that every format says the same; a field is a dotted
path into one (``customer.name``).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from enum import Enum
from typing import TYPE_CHECKING, Any

from sfsync.cli.render.envelope import encode
from sfsync.cli.render.text import safe
from sfsync.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROWS_SHOWN = 50
"""How many rows of a list a terminal shows unless --limit says otherwise."""

Row = dict[str, Any]


class Kind(Enum):
    """What a column holds: text gives way on a narrow terminal, all else is never cut.

    The values are those of JSON: an integer is an int, a number, an amount of money and a percent
    (45.5 is 45.5 %) are decimal strings, a date is ``2026-11-22``; each may be null.
    """

    TEXT = "text"
    CODE = "code"
    DATE = "date"
    INTEGER = "integer"
    NUMBER = "number"
    MONEY = "money"
    PERCENT = "percent"


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Args:
        field: dotted path into the row.
        heading: what stands above it on a terminal.
        kind: what the values are; `named` knows it for the fields that many lists share.
        currency: the field that holds the currency of an amount.
        link: the field that holds the address of the Salesforce record.
        wide: left out on terminals narrower than 100 columns, and wherever figures need the room.
        sparse: an amount of zero is left blank on a terminal.
        wraps: a long text goes on in the next line of its cell, and is never cut.
        absent: what to say, outside JSON, where there is no value; nothing by default.
    """

    field: str
    heading: str
    kind: Kind = Kind.TEXT
    currency: str | None = None
    link: str | None = None
    wide: bool = False
    sparse: bool = False
    wraps: bool = False
    absent: str = ""


_KINDS = {
    **dict.fromkeys(("document_date", "due_date", "close_date", "posting_date", "date"), Kind.DATE),
    **dict.fromkeys(("no", "run", "invoices", "deals", "lines", "tries"), Kind.INTEGER),
    **dict.fromkeys(("quantity", "unit_price"), Kind.NUMBER),
    **dict.fromkeys(("total", "amount", "balance", "expected_revenue", "revenue"), Kind.MONEY),
    **dict.fromkeys(("probability", "discount", "share"), Kind.PERCENT),
}


def named(field_name: str) -> Column:
    """The column of a field whose name is also its heading, of the kind that the name tells."""
    kind = _KINDS.get(field_name.rpartition(".")[2], Kind.TEXT)
    return Column(field_name, field_name, kind, "currency" if kind is Kind.MONEY else None)


@dataclass(frozen=True, slots=True)
class Chart:
    """How the rows of a table can be drawn: a bar for each.

    Args:
        label: the field that names a bar; several are read one after the other.
        value: the field that is its length, of kind money or integer.
        group: the field whose values are not comparable, such as the currency: bars of one scale
            for each of its values.
    """

    label: tuple[str, ...]
    value: str
    group: str | None = "currency"


@dataclass(frozen=True, slots=True)
class Table:
    """A list with the columns a person sees.

    Args:
        columns: what a terminal and TSV show unless --fields says otherwise.
        fields: every field that --fields may name; ``properties.*`` stands for any property.
        rows: the rows at hand.
        limit: how many rows the person asked for; a terminal shows 50 otherwise.
        total: how many rows there are, when more than are at hand.
        empty: what to say when there are none.
        chart: how the rows can be drawn; None for a plain list.
        title: what the list answers, for a terminal and a document; a pipe has none.
        totals: sums of the rows, one for each currency, under the same fields; a terminal and a
            document show them below the rows, a pipe does not.
    """

    columns: tuple[Column, ...]
    fields: tuple[str, ...]
    rows: Sequence[Row] = field(default_factory=tuple)
    limit: int | None = None
    total: int | None = None
    empty: str = "nothing to show"
    chart: Chart | None = None
    title: str = ""
    totals: Sequence[Row] = ()

    def chosen(self, names: Sequence[str]) -> tuple[Column, ...]:
        """The columns that --fields asks for, or the usual ones.

        Raises:
            UsageError: there is no such field.
        """
        if not names:
            return self.columns
        usual = {column.field: column for column in self.columns}
        return tuple(usual.get(name) or named(self._known(name)) for name in names)

    def _known(self, name: str) -> str:
        stem = name.partition(".")[0]
        if name in self.fields or f"{stem}.*" in self.fields:
            return name
        close = get_close_matches(name, self.fields, n=1)
        hint = f" Did you mean '{close[0]}'?" if close else ""
        raise UsageError(
            f"there is no field '{name}'.{hint}",
            code="unknown-field",
            fix="--fields help lists them",
        )


def value_at(row: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401 - any JSON value
    """The value at a dotted path; None when a part is missing."""
    if path in row:
        return row[path]
    value: Any = row
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def raw(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """A value as one line of plain text: the same words as in JSON, inert, empty for null."""
    if value is None:
        return ""
    if isinstance(value, str):
        return safe(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, (Decimal, date)):
        return encode(value).strip('"')
    if isinstance(value, (list, tuple)) and all(isinstance(one, str) for one in value):
        return safe(", ".join(value))
    return safe(encode(value))


def picked(rows: Iterable[Row], columns: Sequence[Column]) -> list[Row]:
    """Rows reduced to the chosen fields, under their dotted names."""
    return [{column.field: value_at(row, column.field) for column in columns} for row in rows]


def flattened(value: Any, prefix: str = "") -> list[tuple[str, Any]]:  # noqa: ANN401 - any JSON value
    """The leaves of a JSON value with their dotted paths; list items count from 1."""
    if isinstance(value, dict) and value:
        pairs = list(value.items())
    elif isinstance(value, list) and value:
        pairs = [(str(number), item) for number, item in enumerate(value, start=1)]
    else:
        return [(prefix, None if value in ({}, []) else value)]
    return [
        leaf
        for name, item in pairs
        for leaf in flattened(item, f"{prefix}.{name}" if prefix else str(name))
    ]


Grid = tuple[Sequence[str], Iterable[Sequence[Any]]]
"""Headings, and rows of values."""


def grid_of(table: Table) -> Grid:
    """The columns of every row."""
    columns = table.columns
    headings = [column.field for column in columns]
    return headings, ([shown_value(row, column) for column in columns] for row in table.rows)


def shown_value(row: Mapping[str, Any], column: Column) -> Any:  # noqa: ANN401 - any JSON value
    """The value of a column, or what stands for one that is missing."""
    value = value_at(row, column.field)
    return (column.absent or None) if value is None else value


def as_tsv(grid: Grid) -> str:
    """One record per line, tab between values, no heading."""
    return "".join("\t".join(map(raw, row)) + "\n" for row in grid[1])


def as_csv(grid: Grid) -> str:
    """Comma-separated with a heading; texts that a spreadsheet would calculate get a ``'``."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(grid[0])
    writer.writerows([_unformulated(value) for value in row] for row in grid[1])
    return out.getvalue()


def as_markdown(grid: Grid) -> str:
    """A Markdown table."""
    headings, rows = grid
    lines = [_markdown_row(headings), _markdown_row(["---"] * len(headings))]
    return "\n".join([*lines, *(_markdown_row(row) for row in rows)]) + "\n"


def as_json_lines(rows: Iterable[Any]) -> str:
    """One JSON value per line."""
    return "".join(encode(row) + "\n" for row in rows)


GRID_WRITERS: dict[str, Callable[[Grid], str]] = {
    "tsv": as_tsv,
    "csv": as_csv,
    "md": as_markdown,
}


def _unformulated(value: Any) -> str:  # noqa: ANN401 - any JSON value
    text = raw(value)
    if text[:1] in {"=", "+", "-", "@"} and not _is_number(text):
        return "'" + text
    return text


def _is_number(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).isdecimal()


def _markdown_row(values: Sequence[Any]) -> str:
    cells = (raw(value).replace("\\", "\\\\").replace("|", "\\|") for value in values)
    return "| " + " | ".join(cells) + " |"
