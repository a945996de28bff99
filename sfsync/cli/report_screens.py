"""How the answers of `sfsync report …` are listed and drawn."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from sfsync.cli.render.tables import Chart, Column, Kind, Table, named

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sfsync.cli.context import Context
    from sfsync.reports.answer import Report, Row
    from sfsync.reports.dimensions import Dimension

_HEADINGS = {"sales_rep": "Rep", "currency": "Cur."}
_MONEY = {"revenue", "total", "amount", "balance"}
_KINDS = {
    **dict.fromkeys(("invoices", "days"), Kind.INTEGER),
    **dict.fromkeys(("date", "document_date", "due_date"), Kind.DATE),
    **dict.fromkeys(("status", "currency", "invoice", "kind", "opportunity", "bucket"), Kind.CODE),
    **dict.fromkeys(_MONEY, Kind.MONEY),
    "share": Kind.PERCENT,
}
_CHARTED = ("revenue", "total")
_DECIMAL = re.compile(r"-?\d+(?:\.\d+)?", re.ASCII)
_BUCKET = re.compile(r"days_(?:(\d+)_(\d+)|over_(\d+))|not_due")


# What a narrow terminal does without, for each report.
_WIDE: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("revenue", "allocation"), ("kind", "description", "opportunity")),
    "aging": ("invoices", "document_date", "bucket"),
}


def answer(
    context: Context, report: Report, keys: Sequence[str], by: Sequence[Dimension] = ()
) -> None:
    """Write a report; `keys` are the keys of its rows in the order of the columns."""
    terminal = context.draws_columns
    table = table_of(report, keys, by, terminal=terminal)
    context.emit(f"report_{report.report}", report.as_json(), table=table)


def answer_saved(context: Context, report: Report, columns: Sequence[str]) -> None:
    """Write the answer of a saved query; what a column holds is told by its name and values."""
    kept = tuple(_saved_column(name, columns, report.rows) for name in columns)
    table = Table(kept, tuple(columns), report.rows, empty="no rows")
    context.emit("report_run", report.as_json(), table=table)


def _saved_column(name: str, columns: Sequence[str], rows: Sequence[Row]) -> Column:
    values = [row[name] for row in rows if row[name] is not None]
    if values and all(isinstance(value, int) for value in values):
        return Column(name, name, Kind.INTEGER)
    if values and all(isinstance(value, (int, float)) for value in values):
        return Column(name, name, Kind.NUMBER)
    column = named(name)
    if column.kind is Kind.MONEY and all(_DECIMAL.fullmatch(str(value)) for value in values):
        return replace(column, currency="currency" if "currency" in columns else None)
    return column if column.kind is Kind.DATE else Column(name, name)


def table_of(
    report: Report, keys: Sequence[str], by: Sequence[Dimension], *, terminal: bool
) -> Table:
    """The table of a report; on a terminal the currency stands beside each amount."""
    amounts = sum(_kind(key) is Kind.MONEY for key in keys)
    # One amount has its currency beside it; several share a column for it.
    beside = terminal and amounts == 1
    columns = tuple(
        replace(column_of(key, by), wide=key in _WIDE[report.report])
        for key in keys
        if not (beside and key == "currency")
    )
    return Table(
        columns,
        tuple(keys),
        report.rows,
        total=report.count,
        limit=len(report.rows) if len(report.rows) < report.count else None,
        empty="nothing to report",
        chart=_chart(keys, by),
        title=_title(report),
        totals=_totals(report, keys),
    )


def _totals(report: Report, keys: Sequence[str]) -> list[Row]:
    """The totals under the columns of the rows: of records, what is open is their balance."""
    if "balance" not in keys:
        return report.totals
    return [{**row, "balance": row["total"]} for row in report.totals]


_TITLES = {
    "revenue": "Recognised revenue",
    "allocation": "Allocation of recognised revenue",
    "aging": "Receivables on {as_of}",
}


def _title(report: Report) -> str:
    """What the report answers, by what, in one line."""
    title = _TITLES[report.report].format_map(report.more)
    words = [key.removeprefix("property:").replace("_", " ") for key in report.by]
    return f"{title} by {', '.join(words)}" if words else title


def column_of(key: str, by: Iterable[Dimension]) -> Column:
    """The column of a key: a dimension says what has no value."""
    for dimension in by:
        if dimension.key == key:
            kind = Kind.CODE if dimension.is_period else Kind.TEXT
            word = key.removeprefix("property:").replace("_", " ")
            return Column(key, _heading(key), kind, absent=f"(no {word})")
    kind = _kind(key)
    currency = "currency" if kind is Kind.MONEY else None
    return Column(key, _heading(key), kind, currency, sparse=bool(_BUCKET.fullmatch(key)))


def _kind(key: str) -> Kind:
    return Kind.MONEY if _BUCKET.fullmatch(key) else _KINDS.get(key, Kind.TEXT)


def _heading(key: str) -> str:
    if found := _BUCKET.fullmatch(key):
        first, last, over = found.groups()
        return f"Over {over}" if over else f"{first}–{last}" if last else "Not due"
    words = key.removeprefix("property:").replace("_", " ")
    return _HEADINGS.get(key) or words[:1].upper() + words[1:]


def _chart(keys: Sequence[str], by: Sequence[Dimension]) -> Chart | None:
    value = next((key for key in _CHARTED if key in keys), None)
    if value is None or not by:
        return None
    return Chart(tuple(dimension.key for dimension in by), value)
