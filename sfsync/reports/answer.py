"""What every report answers: rows, totals per currency, and the order of the rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sfsync.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Order:
    """How rows are sorted and cut: a key of the rows, ``-`` before it for the other direction."""

    sort: str | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """One answer. Rows and totals are JSON objects; amounts are decimal strings.

    `rows` are cut by a limit, `totals` never are: they are over all `count` rows. `more` are
    further keys of the result.
    """

    report: str
    by: tuple[str, ...]
    rows: list[Row]
    totals: list[Row]
    count: int
    more: Row = field(default_factory=dict)

    def as_json(self) -> Row:
        """The `result` of ``report …``."""
        found = {"report": self.report, "by": list(self.by)}
        return {**found, "rows": self.rows, "totals": self.totals, **self.more}


def ordered(
    rows: Sequence[Row],
    order: Order,
    usual: Callable[[Row], Any],
    amounts: Collection[str],
    keys: Iterable[str],
) -> list[Row]:
    """The rows sorted as asked, else as usual, and cut.

    Raises:
        UsageError: there is no such key.
    """
    if order.sort is None:
        return sorted(rows, key=usual)[: order.limit]
    name = order.sort.removeprefix("-").replace("-", "_")
    known = tuple(keys)
    if name not in known:
        raise UsageError(
            f"Cannot sort by '{name}'.",
            code="sort-unknown",
            fix=f"sort by one of: {', '.join(known)}, with - before it to turn it round",
        )
    # Sorting is stable: what is equal stays in the usual order, in both directions.
    found = sorted(rows, key=usual)
    found.sort(
        key=lambda row: sort_value(row[name], number=name in amounts),
        reverse=order.sort.startswith("-"),
    )
    return found[: order.limit]


def sort_value(value: Any, *, number: bool = False) -> tuple[bool, Any]:  # noqa: ANN401 - any JSON value
    """A value to sort by: numbers by size, texts without regard to case, nothing last."""
    if value is None:
        return True, Decimal(0) if number else ""
    if number or isinstance(value, int):
        return False, Decimal(value)
    return False, str(value).casefold()
