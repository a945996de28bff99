"""What a table is to every format: columns with kinds, rows that come one by one, and its facts."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from sfsync.exports.values import decimal_of, value_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime
    from decimal import Decimal

Row = dict[str, Any]
"""A record as JSON has it; amounts are decimal strings."""


class Kind(Enum):
    """What the values of a column are.

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

    @property
    def is_numeric(self) -> bool:
        """Whether the values are written as numbers, to the right."""
        return self.value in _NUMERIC


_NUMERIC = frozenset({"integer", "number", "money", "percent"})


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the dotted path into a row, what stands above it, and its kind.

    `currency` is the path of the currency of an amount; `summed` amounts are totalled, one total
    for each currency. `absent` is said, outside JSON, where there is no value.
    """

    field: str
    heading: str
    kind: Kind = Kind.TEXT
    currency: str | None = None
    summed: bool = False
    absent: str = ""

    def value(self, row: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON value
        """The value in a row, or what stands for one that is missing."""
        found = value_at(row, self.field)
        return (self.absent or None) if found is None else found


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars: the fields that name one, the field that is its length, and what may be compared.

    Bars of different `group` (the currency) never share a scale.
    """

    label: tuple[str, ...]
    value: str
    group: str | None = "currency"


@dataclass(frozen=True, slots=True)
class ExportTable:
    """A table on its way into a file.

    Args:
        schema: the name of its JSON document: ``export_invoices``.
        title: what it is, for people.
        columns: what each row shows; JSON formats write whole rows.
        rows: consumed once.
        facts: what the file says of itself: filter, run, time, audit head.
        created: the time of the data, which the file carries as its own.
        chart: bars that say more than the rows; None for a plain list.
        totals: sums of the rows under the same fields; None: each summed column is added up.
        status: the exit code that its JSON document carries.
    """

    schema: str
    title: str
    columns: tuple[Column, ...]
    rows: Iterable[Row]
    facts: tuple[tuple[str, str], ...] = ()
    created: datetime | None = None
    chart: Chart | None = None
    totals: tuple[Row, ...] | None = None
    status: int = 0


@dataclass(slots=True)
class Written:
    """What became of a table: how many rows, and what a person should know about the file."""

    rows: int = 0
    warnings: list[str] = field(default_factory=list)


class Totals:
    """Rows of sums: those that the table brings, or one for each currency, fed row by row."""

    def __init__(self, table: ExportTable) -> None:
        self._given = table.totals
        self._columns = [column for column in table.columns if column.summed and column.currency]
        self._sums: dict[str, dict[str, Decimal]] = {}
        self._currency = next((column.currency or "" for column in self._columns), "")

    def add(self, row: Mapping[str, Any]) -> None:
        """Count one row in."""
        if self._given is not None:
            return
        for column in self._columns:
            amount = decimal_of(value_at(row, column.field))
            if amount is None:
                continue
            currency = str(value_at(row, column.currency or "") or "")
            sums = self._sums.setdefault(currency, {})
            sums[column.field] = sums[column.field] + amount if column.field in sums else amount

    def __iter__(self) -> Iterator[Row]:
        """The rows, by currency."""
        if self._given is not None:
            yield from self._given
            return
        for currency, sums in sorted(self._sums.items()):
            yield {self._currency: currency, **sums}


def total_label(row: Mapping[str, Any]) -> str:
    """What a row of sums is called: with its currency."""
    return f"Total {value_at(row, 'currency') or ''}".strip()
