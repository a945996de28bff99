"""What every report answers: rows, totals per currency, and the order of the rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sfsync.ledger.invoice_filter import require_sort_key
from sfsync.rows import Descending, SortedRows

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Order:
    """How rows are sorted and cut: a key of the rows, ``-`` before it for the other direction."""

    sort: str | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """One answer. Rows and totals are JSON objects; amounts are decimal strings.

    `rows` are cut by `limit`, `totals` never are: they are over all `count` rows. `more` are
    further keys of the result.
    """

    report: str
    by: tuple[str, ...]
    rows: Collection[Row]
    totals: list[Row]
    count: int
    more: Row = field(default_factory=dict)
    limit: int | None = None

    def as_json(self) -> Row:
        """The `result` of ``report …``."""
        found = {"report": self.report, "by": list(self.by)}
        return {**found, "rows": self.rows, "totals": self.totals, **self.more}


def ordered(
    rows: Iterable[Row],
    order: Order,
    usual: Callable[[Row], Any],
    amounts: Collection[str],
    keys: Iterable[str],
) -> SortedRows:
    """The rows sorted as asked, else as usual, and cut.

    Raises:
        UsageError: there is no such key.
    """
    if order.sort is None:
        return SortedRows(rows, usual, order.limit)
    name = order.sort.removeprefix("-").replace("-", "_")
    known = tuple(keys)
    require_sort_key(name, known)
    turned = Descending if order.sort.startswith("-") else tuple

    def asked(row: Row) -> tuple[Any, ...]:
        # What is equal stays in the usual order, in both directions.
        return turned(sort_value(row[name], number=name in amounts)), usual(row)

    return SortedRows(rows, asked, order.limit)


def sort_value(value: Any, *, number: bool = False) -> tuple[bool, Any]:  # noqa: ANN401 - any JSON value
    """A value to sort by: numbers by size, texts without regard to case, nothing last."""
    if value is None:
        return True, Decimal(0) if number else ""
    if number or isinstance(value, int):
        return False, Decimal(value)
    return False, str(value).casefold()
