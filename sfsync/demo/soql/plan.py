"""What a query comes down to: SQL, and the shape of the records it yields."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sfsync.demo.soql.conditions import Sql


@dataclass(frozen=True, slots=True)
class ScalarItem:
    """A plain value: its place in the row and how it is kept (`Operand.kind`, `scale`)."""

    name: str
    index: int
    kind: str
    scale: int = 0


@dataclass(frozen=True, slots=True)
class AddressItem:
    """A compound address: the places of its eight parts, in the order of `ADDRESS_PARTS`."""

    name: str
    indexes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ParentItem:
    """A parent record; the whole of it is null where the place of its id is."""

    name: str
    record: RecordShape


@dataclass(frozen=True, slots=True)
class ChildItem:
    """A child list: at `index` stands a list of the child plan's rows."""

    name: str
    index: int
    plan: Plan


Item = ScalarItem | AddressItem | ParentItem | ChildItem


@dataclass(frozen=True, slots=True)
class RecordShape:
    """A record: the place of its id in the row, and its items in the order of SELECT.

    `id_index` is None for the rows of an aggregate.
    """

    sobject: str
    id_index: int | None
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A compiled query. `parent` is the SQL of the parent's id, for a child query alone."""

    sobject: str
    shape: RecordShape
    columns: tuple[str, ...]
    source: str
    where: Sql
    order: tuple[str, ...]
    group: tuple[str, ...] = ()
    having: Sql = ("", [])
    limit: int | None = None
    offset: int = 0
    parent: str = ""
    is_count: bool = False
    is_aggregate: bool = False
    uses_fields_function: bool = False
    children: tuple[ChildItem, ...] = field(default=())

    @property
    def body(self) -> Sql:
        """FROM to HAVING, with its parameters."""
        where, parameters = self.where
        having, more = self.having
        parts = [self.source, f"WHERE {where}" if where else ""]
        parts += [f"GROUP BY {', '.join(self.group)}" if self.group else ""]
        parts += [f"HAVING {having}" if having else ""]
        return " ".join(part for part in parts if part), [*parameters, *more]
