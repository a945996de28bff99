"""How values read on paper and on a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfsync.exports.table import Kind, total_label
from sfsync.exports.values import decimal_of, raw, value_at

if TYPE_CHECKING:
    from decimal import Decimal

    from sfsync.exports.table import ExportTable, Row


def shown(value: Any, kind: Kind) -> str:  # noqa: ANN401 - any JSON value
    """A value as a person reads it, inert: ``1,234.50``, ``45.5 %``, ``2026-11-22``."""
    number = decimal_of(value) if kind.is_numeric else None
    if number is None:
        return raw(value)
    return f"{with_thousands(number)} %" if kind is Kind.PERCENT else with_thousands(number)


def with_thousands(number: Decimal) -> str:
    """``1234567.50`` as ``1,234,567.50``: every digit, never an exponent."""
    return format(number, ",f")


def total_cells(table: ExportTable, row: Row) -> list[str]:
    """A row of sums as texts; the first cell says what it is where it has no value of its own."""
    cells = [shown(value_at(row, column.field), column.kind) for column in table.columns]
    if cells and not cells[0]:
        cells[0] = total_label(row)
    return cells
