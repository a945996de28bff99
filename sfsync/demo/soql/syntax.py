"""A query as the parser reads it: its words, not yet their meaning.

`at` is where something stands in the text, counted from 0; it takes no part in comparison.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime
    from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Path:
    """A field, with the relationships on the way to it: ``Account.Owner.Name``."""

    parts: tuple[str, ...]
    at: int = field(default=0, compare=False)

    @property
    def text(self) -> str:
        """The path as it was written."""
        return ".".join(self.parts)


@dataclass(frozen=True, slots=True)
class Call:
    """A function over a field: ``SUM(Amount)``, ``COUNT()``; `function` is in upper case."""

    function: str
    argument: Path | None
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Text:
    """A quoted text, its escapes read."""

    value: str


@dataclass(frozen=True, slots=True)
class Pattern:
    """The text of a LIKE: ``%`` and ``_`` are wild unless a backslash stands before them."""

    value: str


@dataclass(frozen=True, slots=True)
class Number:
    """A number."""

    value: Decimal


@dataclass(frozen=True, slots=True)
class Day:
    """A date."""

    value: date


@dataclass(frozen=True, slots=True)
class Moment:
    """A date and time with its offset."""

    value: datetime


@dataclass(frozen=True, slots=True)
class Flag:
    """``true`` or ``false``."""

    value: bool


@dataclass(frozen=True, slots=True)
class Null:
    """``null``."""


@dataclass(frozen=True, slots=True)
class Word:
    """A bare word: a date literal (``TODAY``, ``LAST_N_DAYS:30``) or a forgotten quote."""

    name: str
    count: int | None = None


Value = Text | Pattern | Number | Day | Moment | Flag | Null | Word
Target = Path | Call


@dataclass(frozen=True, slots=True)
class Comparison:
    """``Amount >= 500``; `operator` is one of ``= != < <= > >= LIKE``."""

    target: Target
    operator: str
    value: Value


@dataclass(frozen=True, slots=True)
class InList:
    """``StageName NOT IN ('A', 'B')``."""

    target: Target
    values: tuple[Value, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class SemiJoin:
    """``Id IN (SELECT OpportunityId FROM OpportunityLineItem)``."""

    target: Target
    query: Query
    negated: bool = False


@dataclass(frozen=True, slots=True)
class And:
    """Terms that all hold."""

    terms: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Terms of which one holds."""

    terms: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """A term that does not hold."""

    term: Condition


Condition = Comparison | InList | SemiJoin | And | Or | Not


@dataclass(frozen=True, slots=True)
class Selected:
    """A field or a function of the SELECT list, with its alias."""

    target: Target
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class OrderTerm:
    """One term of ORDER BY; `nulls_last` is None where the query does not say."""

    target: Target
    descending: bool = False
    nulls_last: bool | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """A whole query, or a sub-query."""

    select: tuple[Selected | Query, ...]
    source: Path
    alias: str | None = None
    where: Condition | None = None
    group_by: tuple[Path, ...] = ()
    having: Condition | None = None
    order_by: tuple[OrderTerm, ...] = ()
    limit: int | None = None
    offset: int | None = None
    at: int = field(default=0, compare=False)
