"""How the answers of `sfsync report …` are listed and drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.cli.render.tables import Chart, Column, Kind, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sfsync.cli.context import Context
    from sfsync.reports.answer import Report
    from sfsync.reports.dimensions import Dimension

_HEADINGS = {"sales_rep": "Rep", "share": "Share"}
_MONEY = {"revenue", "total", "amount"}
_CHARTED = ("revenue",)


def answer(
    context: Context, report: Report, keys: Sequence[str], by: Sequence[Dimension] = ()
) -> None:
    """Write a report; `keys` are the keys of its rows in the order of the columns."""
    terminal = context.for_terminal and not context.flags.fields
    table = table_of(report, keys, by, terminal=terminal)
    context.emit(f"report_{report.report}", report.as_json(), table=table)


def table_of(
    report: Report, keys: Sequence[str], by: Sequence[Dimension], *, terminal: bool
) -> Table:
    """The table of a report; on a terminal the currency stands beside each amount."""
    columns = tuple(column_of(key, by) for key in keys if not (terminal and key == "currency"))
    return Table(
        columns,
        tuple(keys),
        report.rows,
        total=report.count,
        limit=len(report.rows) if len(report.rows) < report.count else None,
        empty="nothing to report",
        chart=_chart(keys, by),
        totals=report.totals,
    )


def column_of(key: str, by: Iterable[Dimension]) -> Column:
    """The column of a key: a dimension says what has no value."""
    for dimension in by:
        if dimension.key == key:
            kind = Kind.CODE if dimension.is_period else Kind.TEXT
            word = key.removeprefix("property:").replace("_", " ")
            return Column(key, _heading(key), kind, absent=f"(no {word})")
    kind = _kind(key)
    currency = "currency" if kind is Kind.MONEY else None
    return Column(key, _heading(key), kind, currency)


def _kind(key: str) -> Kind:
    if key in _MONEY:
        return Kind.MONEY
    kinds = {"invoices": Kind.INTEGER, "share": Kind.PERCENT, "date": Kind.DATE}
    codes = {"status", "currency", "invoice", "kind", "opportunity"}
    return Kind.CODE if key in codes else kinds.get(key, Kind.TEXT)


def _heading(key: str) -> str:
    words = key.removeprefix("property:").replace("_", " ")
    return _HEADINGS.get(key) or words[:1].upper() + words[1:]


def _chart(keys: Sequence[str], by: Sequence[Dimension]) -> Chart | None:
    value = next((key for key in _CHARTED if key in keys), None)
    if value is None or not by:
        return None
    return Chart(tuple(dimension.key for dimension in by), value)
