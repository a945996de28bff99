"""Lists: which fields a row has, and which of them a person sees.

Rows are the JSON objects of the result, so that every format says the same; a field is a dotted
path into one (``customer.name``).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from sfsync.cli.render.text import safe
from sfsync.errors import UsageError
from sfsync.exports.table import Chart, Kind
from sfsync.exports.values import text_of, value_at
from sfsync.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

__all__ = ["ALL_ROWS", "ROWS_SHOWN", "Chart", "Column", "Kind", "Row", "Table", "flattened",
           "named", "picked", "raw", "shown_value", "value_at"]  # fmt: skip

ROWS_SHOWN = 50
"""How many rows of a list a terminal shows unless --limit says otherwise."""

ALL_ROWS = sys.maxsize
"""The limit of a list that a terminal shows whole."""

Row = dict[str, Any]


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
    **dict.fromkeys(("salesforce_id", "opportunity"), Kind.CODE),
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


def as_is(row: Row) -> Row:
    """The row that a terminal shows where a list has no more to say there."""
    return row


@dataclass(frozen=True, slots=True)
class Table:
    """A list with the columns a person sees.

    Args:
        columns: what a terminal shows unless --fields says otherwise.
        piped: what every other place gets: a pipe, a file; the same columns when there are none.
        fields: every field that --fields may name; ``properties.*`` stands for any property.
        rows: the rows at hand, or `Rows` that come one by one and are handed out once.
        limit: how many rows the person asked for, or `ALL_ROWS`; a terminal shows 50 otherwise.
        total: how many rows there are, when more than are at hand.
        empty: what to say when there are none.
        chart: how the rows can be drawn; None for a plain list.
        title: what the list answers, for a terminal and a document; a pipe has none.
        totals: sums of the rows, one for each currency, under the same fields; a terminal and a
            document show them below the rows, a pipe does not.
        adds_up: whether the sum of the amounts of the rows means something; of a list in which
            one row takes another one back it does not, and a document shows none.
        drawn: what a terminal shows in place of a row; its `columns` may name what only that has.
    """

    columns: tuple[Column, ...]
    fields: tuple[str, ...]
    rows: Collection[Row] | Rows = field(default_factory=tuple)
    limit: int | None = None
    total: int | None = None
    empty: str = "nothing to show"
    chart: Chart | None = None
    title: str = ""
    totals: Sequence[Row] = ()
    adds_up: bool = True
    drawn: Callable[[Row], Row] = as_is
    piped: tuple[Column, ...] = ()

    @property
    def plain_columns(self) -> tuple[Column, ...]:
        """The columns of a pipe or a file: of each row as it is, and not as it is drawn."""
        return self.piped or self.columns

    @property
    def count(self) -> int:
        """How many rows there are; of `Rows`, how many have been handed out."""
        return self.rows.count if isinstance(self.rows, Rows) else len(self.rows)

    def chosen(self, names: Sequence[str]) -> tuple[Column, ...]:
        """The columns that --fields asks for.

        Raises:
            UsageError: there is no such field.
        """
        usual = {column.field: column for column in self.plain_columns}
        return tuple(usual.get(name) or named(self._known(name)) for name in names)

    def _known(self, name: str) -> str:
        stem = name.partition(".")[0]
        whole = f"{name}."
        if name in self.fields or f"{stem}.*" in self.fields:
            return name
        if any(one.startswith(whole) for one in self.fields):
            return name
        close = get_close_matches(name, self.fields, n=1)
        hint = f" Did you mean '{close[0]}'?" if close else ""
        raise UsageError(
            f"there is no field '{name}'.{hint}",
            code="unknown-field",
            fix="--fields help lists them",
        )


def raw(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """A value as one line of a terminal: the same words as in JSON, inert, empty for null."""
    return safe(text_of(value))


def shown_value(row: Mapping[str, Any], column: Column) -> Any:  # noqa: ANN401 - any JSON value
    """The value of a column, or what stands for one that is missing; a record by its name."""
    value = value_at(row, column.field)
    if isinstance(value, dict) and "name" in value:
        value = value["name"]
    return (column.absent or None) if value is None else value


def picked(rows: Iterable[Row], columns: Sequence[Column]) -> Iterator[Row]:
    """Rows reduced to the chosen fields, under their dotted names."""
    return ({column.field: value_at(row, column.field) for column in columns} for row in rows)


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
