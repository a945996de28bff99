"""The SELECT list of a query without aggregates, as the shape of its records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sfsync.demo.catalogue.refusal import SoqlError
from sfsync.demo.soql.errors import pictured, unexpected_token
from sfsync.demo.soql.plan import AddressItem, ChildItem, ParentItem, RecordShape, ScalarItem
from sfsync.demo.soql.syntax import Call, Path

if TYPE_CHECKING:
    from sfsync.demo.catalogue import SObject
    from sfsync.demo.soql.plan import Item, Plan
    from sfsync.demo.soql.scope import Column, Scope
    from sfsync.demo.soql.syntax import Selected

MOST_WITH_FIELDS: Final = 200
_GROUPS: Final = frozenset({"ALL", "STANDARD", "CUSTOM"})


@dataclass(slots=True)
class _Level:
    """A record being put together: its items, and the parents below it by name."""

    sobject: str
    id_index: int
    items: list[Item | str] = field(default_factory=list)
    parents: dict[str, _Level] = field(default_factory=dict)

    def finished(self) -> RecordShape:
        items = tuple(
            ParentItem(item, self.parents[item].finished()) if isinstance(item, str) else item
            for item in self.items
        )
        return RecordShape(self.sobject, self.id_index, items)


class Selection:
    """Collects what SELECT names.

    Args:
        scope: the names of the query.
        text: the whole query, for pictures in errors.
    """

    def __init__(self, scope: Scope, text: str) -> None:
        self._scope = scope
        self._text = text
        self._columns: list[str] = []
        self._seen: set[str] = set()
        self._root = _Level(scope.root.name, self._place(f'{scope.table}."Id"'))
        self.uses_fields_function = False

    def add(self, selected: Selected, limit: int | None) -> None:
        """Add one field, or a FIELDS() function.

        Raises:
            SoqlError: an alias, a field named twice, FIELDS(ALL) without a small limit.
        """
        target = selected.target
        if isinstance(target, Call):
            self._add_group(target, limit)
            return
        if selected.alias:
            message = "only aggregate expressions use field aliasing"
            raise pictured("MALFORMED_QUERY", message, self._text, target.at)
        self._add_column(self._scope.column(target))

    def add_child(self, child: tuple[str, Plan]) -> None:
        """Add a child list under the name of its relationship."""
        name, plan = child
        self._claim(name)
        self._root.items.append(ChildItem(name, self._place("NULL"), plan))

    def finished(self) -> tuple[RecordShape, tuple[str, ...]]:
        """The shape of the records and the SQL of the row's columns."""
        return self._root.finished(), tuple(self._columns)

    def _place(self, sql: str) -> int:
        self._columns.append(sql)
        return len(self._columns) - 1

    def _claim(self, path: str) -> None:
        if path in self._seen:
            raise SoqlError("INVALID_FIELD", f"duplicate field selected: {path}")
        self._seen.add(path)

    def _add_column(self, column: Column) -> None:
        self._claim(column.path)
        level = self._root
        for depth, name in enumerate(column.relationships, 1):
            level = self._below(level, name, column.relationships[:depth])
        level.items.append(self._item(column))

    def _below(self, level: _Level, name: str, climbed: tuple[str, ...]) -> _Level:
        if name not in level.parents:
            reached = self._scope.column(Path((*climbed, "Id")))
            place = self._place(reached.operand.sql)
            level.parents[name] = _Level(reached.owner.name, place)
            level.items.append(name)
        return level.parents[name]

    def _item(self, column: Column) -> Item:
        if column.field.type == "address":
            places = tuple(self._place(sql) for sql in column.address_parts)
            return AddressItem(column.field.name, places)
        operand = column.operand
        return ScalarItem(column.field.name, self._place(operand.sql), operand.kind, operand.scale)

    def _add_group(self, call: Call, limit: int | None) -> None:
        group = call.argument.text.upper() if call.argument else ""
        if call.function != "FIELDS" or group not in _GROUPS:
            raise unexpected_token("(", self._text, call.at + len(call.function))
        if group != "STANDARD" and (limit is None or limit > MOST_WITH_FIELDS):
            message = f"The SOQL FIELDS function must have a LIMIT of at most {MOST_WITH_FIELDS}"
            raise SoqlError("MALFORMED_QUERY", message)
        self.uses_fields_function = True
        for name in _grouped(self._scope.root, group):
            self._add_column(self._scope.column(Path((name,), call.at)))


def _grouped(sobject: SObject, group: str) -> list[str]:
    return [
        found.name
        for found in sobject.fields
        if group == "ALL" or found.custom == (group == "CUSTOM")
    ]
