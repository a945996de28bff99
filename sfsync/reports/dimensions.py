"""What a report can be broken down by: customer, product, rep, region, period, any property."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple

from sfsync.errors import UsageError
from sfsync.reports.periods import month_of, quarter_of, year_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

PERIODS = ("month", "quarter", "year")
INVOICE_DIMENSIONS = ("customer", "product", "sales-rep", "region", *PERIODS)
"""What revenue can be broken down by, besides ``property:NAME``."""

_ALIASES = {"rep": "sales-rep", "sales_rep": "sales-rep"}
_PROPERTY = "property:"


class Label(NamedTuple):
    """One value of a dimension: what people read, and what tells it from others of that name."""

    text: str | None
    identity: str | None


@dataclass(frozen=True, slots=True)
class Dimension:
    """One dimension. `key` is its name in a row; `of_property` names a custom property."""

    name: str
    key: str
    of_property: str | None = None

    @property
    def is_period(self) -> bool:
        """Whether its values follow one another in time."""
        return self.name in PERIODS


def parse_dimensions(
    texts: Iterable[str], allowed: Collection[str], *, taken: Collection[str] = ()
) -> tuple[Dimension, ...]:
    """The dimensions of ``--by``: several texts, each perhaps with commas, in that order.

    Args:
        texts: what was typed, such as ``customer,property:cost_center``.
        allowed: the names that this report knows; with ``property:`` among them, any property.
        taken: keys that a row has besides; a property of that name is called ``property:NAME``.

    Raises:
        UsageError: an unknown or repeated dimension.
    """
    found: dict[str, Dimension] = {}
    for text in (part.strip() for one in texts for part in one.split(",")):
        dimension = _dimension(text, allowed, {*taken, *found})
        if dimension.name in {each.name for each in found.values()}:
            raise UsageError(f"--by names '{text}' twice", code="usage")
        found[dimension.key] = dimension
    return tuple(found.values())


def _dimension(text: str, allowed: Collection[str], taken: Collection[str]) -> Dimension:
    name = _ALIASES.get(text, text)
    if name in allowed and name != _PROPERTY:
        return Dimension(name, name.replace("-", "_"))
    prefix, colon, wanted = text.partition(":")
    if f"{prefix}{colon}" == _PROPERTY and wanted and _PROPERTY in allowed:
        clash = wanted in taken or wanted.replace("_", "-") in allowed
        return Dimension(text, text if clash else wanted, wanted)
    close = [one for one in get_close_matches(name, allowed, n=1) if one != name]
    hint = f" Did you mean '{close[0]}'?" if close else ""
    shown = [f"{one}NAME" if one == _PROPERTY else one for one in allowed]
    raise UsageError(
        f"--by does not know '{text}'.{hint}",
        code="dimension-unknown",
        fix=f"use {', '.join(shown)}",
    )


def period_label(name: str, day: str | None, fiscal_start: int) -> Label:
    """The month, quarter or year of a stored day; no label where there is no day."""
    if day is None:
        return Label(None, None)
    on = date.fromisoformat(day)
    starting = {"quarter": quarter_of, "year": year_of}
    text = starting[name](on, fiscal_start) if name in starting else month_of(on)
    return Label(text, text)


def plain_label(text: str | None) -> Label:
    """A value that is told by its text alone."""
    return Label(text, text)


def texts_of(labels: Iterable[Label]) -> Callable[[Label], str | None]:
    """How to write labels: with the identity behind it where two things have the same text."""
    known: dict[str | None, set[str | None]] = {}
    for label in labels:
        known.setdefault(label.text, set()).add(label.identity)
    return lambda label: (
        f"{label.text} ({label.identity})" if len(known[label.text]) > 1 else label.text
    )


def named(
    dimensions: Sequence[Dimension], labels: Collection[Sequence[Label]]
) -> Callable[[Sequence[Label]], dict[str, str | None]]:
    """How a row begins: its labels, written as `texts_of` writes them, by the row's keys.

    `labels` are those of all rows.
    """
    written = [texts_of({row[place] for row in labels}) for place in range(len(dimensions))]
    return lambda row: {
        dimension.key: write(label)
        for dimension, write, label in zip(dimensions, written, row, strict=True)
    }


def keys_of(dimensions: Iterable[Dimension]) -> list[str]:
    """The row keys of dimensions, as ``by`` has them."""
    return [dimension.key for dimension in dimensions]
