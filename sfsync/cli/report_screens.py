"""How the answers of `sfsync report …` are listed and drawn."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from sfsync.cli.render.tables import Chart, Column, Kind, Table, named

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from rich.console import Console

    from sfsync.cli.context import Context
    from sfsync.reports.answer import Report, Row
    from sfsync.reports.dimensions import Dimension

_HEADINGS = {"sales_rep": "Rep", "currency": "Cur.", "name": "Deal", "close_date": "Closes"}
_STEPS = ("open", "weighted", "booked", "draft", "billed", "recognised", "collected", "gap")
_MONEY = {"revenue", "total", "amount", "balance", *_STEPS}
_KINDS = {
    **dict.fromkeys(("invoices", "days", "deals", "without_amount"), Kind.INTEGER),
    **dict.fromkeys(("date", "document_date", "due_date", "close_date"), Kind.DATE),
    **dict.fromkeys(("status", "currency", "invoice", "kind", "opportunity", "bucket"), Kind.CODE),
    "reason": Kind.CODE,
    **dict.fromkeys(_MONEY, Kind.MONEY),
    "share": Kind.PERCENT,
}
_CHARTED = ("revenue", "total", "amount", "booked")
_DECIMAL = re.compile(r"-?\d+(?:\.\d+)?", re.ASCII)
_BUCKET = re.compile(r"days_(?:(\d+)_(\d+)|over_(\d+))|not_due")


# What a narrow terminal does without, for each report.
_WIDE: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("revenue", "allocation"), ("kind", "description", "opportunity")),
    "aging": ("invoices", "document_date", "bucket"),
    "pipeline": (
        *("account", "close_date", "opportunity", "message"),
        *("weighted", "draft", "recognised", "collected"),
    ),
    "uninvoiced": ("opportunity", "sales_rep", "stage", "message", "account"),
}


def answer(
    context: Context,
    report: Report,
    keys: Sequence[str],
    by: Sequence[Dimension] = (),
    *,
    below: Collection[Row] = (),
) -> None:
    """Write a report; `keys` are the keys of its rows in the order of the columns.

    `below` are the gaps that a terminal shows under the table.
    """
    table = table_of(report, keys, by)
    context.emit(
        f"report_{report.report}",
        report.as_json(),
        table=table,
        screen=(lambda console: _draw_both(console, table, _gap_table(below))) if below else None,
    )


def _draw_both(console: Console, table: Table, gaps: Table) -> None:
    from sfsync.cli.render.screen import draw_table, line  # noqa: PLC0415 - start-up time

    draw_table(console, table, table.columns)
    line(console, "")
    draw_table(console, gaps, gaps.columns)


def _gap_table(gaps: Collection[Row]) -> Table:
    """What makes the difference between booked and billed, summed up by reason."""
    sums: dict[tuple[str, str], tuple[set[str], list[Decimal]]] = {}
    for gap in gaps:
        known = [] if gap["amount"] is None else [Decimal(gap["amount"])]
        deals, amounts = sums.setdefault((gap["currency"], gap["reason"]), (set(), []))
        deals.add(gap["opportunity"])
        amounts += known
    rows = [
        {
            "reason": reason,
            "currency": currency,
            "deals": len(deals),
            "amount": str(sum(amounts)) if amounts else None,
        }
        for (currency, reason), (deals, amounts) in sorted(sums.items())
    ]
    columns = (
        Column("reason", "Reason", Kind.CODE),
        Column("deals", "Deals", Kind.INTEGER),
        Column("amount", "Amount", Kind.MONEY, "currency"),
    )
    title = "Booked less billed, by reason (each of them: sfsync report pipeline --gaps)"
    return Table(columns, (), rows, title=title, chart=Chart(("reason",), "amount"))


def answer_saved(context: Context, report: Report, columns: Sequence[str]) -> None:
    """Write the answer of a saved query; what a column holds is told by its name and values."""
    kept = tuple(_saved_column(name, columns, report.rows) for name in columns)
    table = Table(kept, tuple(columns), report.rows, empty="no rows")
    context.emit("report_run", report.as_json(), table=table)


def _saved_column(name: str, columns: Sequence[str], rows: Collection[Row]) -> Column:
    values = [row[name] for row in rows if row[name] is not None]
    if values and all(isinstance(value, int) for value in values):
        return Column(name, name, Kind.INTEGER)
    if values and all(isinstance(value, (int, float)) for value in values):
        return Column(name, name, Kind.NUMBER)
    column = named(name)
    if column.kind is Kind.MONEY and all(_DECIMAL.fullmatch(str(value)) for value in values):
        return replace(column, currency="currency" if "currency" in columns else None)
    return column if column.kind is Kind.DATE else Column(name, name)


def table_of(report: Report, keys: Sequence[str], by: Sequence[Dimension]) -> Table:
    """The table of a report; on a terminal a single amount has its currency beside it."""
    columns = tuple(replace(column_of(key, by), wide=key in _WIDE[report.report]) for key in keys)
    beside = sum(column.kind is Kind.MONEY for column in columns) == 1
    return Table(
        tuple(one for one in columns if not (beside and one.field == "currency")),
        tuple(keys),
        report.rows,
        total=report.count,
        limit=report.limit,
        empty="nothing to report",
        chart=_chart(keys, by),
        title=_title(report),
        totals=_totals(report, keys),
        piped=columns,
    )


def _totals(report: Report, keys: Sequence[str]) -> list[Row]:
    """The totals under the columns of the rows: records call what is summed by other names."""
    names = [("balance", "total"), ("amount", "gap")]
    return [
        {**row, **{own: row[name] for own, name in names if own in keys and name in row}}
        for row in report.totals
    ]


_TITLES = {
    "revenue": "Recognised revenue",
    "allocation": "Allocation of recognised revenue",
    "aging": "Receivables on {as_of}",
    "pipeline": "Pipeline",
    "uninvoiced": "Won deals without an invoice",
}


def _title(report: Report) -> str:
    """What the report answers, by what, in one line."""
    title = _TITLES[report.report].format_map(report.more)
    words = [key.removeprefix("property:").replace("_", " ") for key in report.by]
    by = f" by {', '.join(words)}" if words else ""
    synced = report.more.get("synced_at")
    return f"{title}{by}{f', as of the last sync at {synced}' if synced else ''}"


def column_of(key: str, by: Iterable[Dimension]) -> Column:
    """The column of a key: a dimension says what has no value."""
    for dimension in by:
        if dimension.key == key:
            kind = Kind.CODE if dimension.is_period else Kind.TEXT
            word = key.removeprefix("property:").replace("_", " ")
            return Column(key, _heading(key), kind, absent=f"(no {word})")
    kind = _kind(key)
    currency = "currency" if kind is Kind.MONEY else None
    return Column(key, _heading(key), kind, currency, sparse=_is_sparse(key))


def _is_sparse(key: str) -> bool:
    """Whether most rows have nothing there: one of many steps, or of many spans of time."""
    return key in _STEPS or _BUCKET.fullmatch(key) is not None


def _kind(key: str) -> Kind:
    return Kind.MONEY if _BUCKET.fullmatch(key) else _KINDS.get(key, Kind.TEXT)


def _heading(key: str) -> str:
    if found := _BUCKET.fullmatch(key):
        first, last, over = found.groups()
        return f"Over {over}" if over else f"{first}-{last}" if last else "Not due"
    words = key.removeprefix("property:").replace("_", " ")
    return _HEADINGS.get(key) or words[:1].upper() + words[1:]


def _chart(keys: Sequence[str], by: Sequence[Dimension]) -> Chart | None:
    value = next((key for key in _CHARTED if key in keys), None)
    if value is None or not by:
        return None
    return Chart(tuple(dimension.key for dimension in by), value)
