"""COUNT, SUM, MIN, MAX, AVG and GROUP BY."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sfsync.demo.catalogue.refusal import SoqlError
from sfsync.demo.soql.errors import pictured, unexpected_token
from sfsync.demo.soql.plan import RecordShape, ScalarItem
from sfsync.demo.soql.scope import Operand
from sfsync.demo.soql.syntax import Call, Query, Selected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfsync.demo.soql.plan import Item
    from sfsync.demo.soql.scope import Column, Scope
    from sfsync.demo.soql.syntax import Path, Target

_FUNCTIONS: Final = frozenset({"COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX"})
_ARITHMETIC: Final = frozenset({"SUM", "AVG"})
_NUMERIC: Final = frozenset({"number", "int"})


@dataclass(frozen=True, slots=True)
class Aggregates:
    """The aggregate side of one query.

    Args:
        scope: the names of the query.
        text: the whole query, for pictures in errors.
        query: the query itself.
    """

    scope: Scope
    text: str
    query: Query

    @property
    def is_count(self) -> bool:
        """Whether the query is a bare ``SELECT COUNT()``."""
        calls = [call for call in self._calls() if call.argument is None]
        if not calls:
            return False
        if len(self.query.select) > 1 or calls[0].function != "COUNT":
            raise unexpected_token(")", self.text, self.text.index(")", calls[0].at))
        return True

    @property
    def is_needed(self) -> bool:
        """Whether the query groups or aggregates at all."""
        return bool(self.query.group_by) or any(self._calls())

    def grouped(self) -> list[Column]:
        """The fields of GROUP BY.

        Raises:
            SoqlError: a field that cannot be grouped.
        """
        return [self._groupable(path) for path in self.query.group_by]

    def shape(self) -> tuple[RecordShape, tuple[str, ...]]:
        """The shape of the rows and the SQL of their columns.

        Raises:
            SoqlError: a field neither grouped nor aggregated, a function on the wrong field.
        """
        items: list[Item] = []
        columns: list[str] = []
        unnamed = 0
        for place, selected in enumerate(self.query.select):
            if isinstance(selected, Query):
                raise _malformed("Aggregate queries cannot have child sub-queries")
            operand = self.sorted(selected.target)
            name = selected.alias or operand.name
            if isinstance(selected.target, Call) and not selected.alias:
                name, unnamed = f"expr{unnamed}", unnamed + 1
            items.append(ScalarItem(name, place, operand.kind, operand.scale))
            columns.append(operand.sql)
        _refuse_repeated([item.name for item in items])
        return RecordShape("AggregateResult", None, tuple(items)), tuple(columns)

    def sorted(self, target: Target) -> Operand:
        """What a term of SELECT or ORDER BY is: grouped, or aggregated.

        Raises:
            SoqlError: neither of the two.
        """
        if isinstance(target, Call):
            return self.operand(target)
        aliased = self._aliased(target)
        if aliased is not None:
            return self.operand(aliased)
        column = self.scope.column(target)
        if column.path not in {grouped.path for grouped in self.grouped()}:
            message = f"Field must be grouped or aggregated: {target.text}"
            raise pictured("MALFORMED_QUERY", message, self.text, target.at)
        return column.operand

    def operand(self, target: Target) -> Operand:
        """What a term of HAVING is: an aggregate, or a grouped field.

        Raises:
            SoqlError: a function on a field that does not take it, a field not grouped.
        """
        if not isinstance(target, Call):
            return self.sorted(target)
        if target.function not in _FUNCTIONS or target.argument is None:
            raise unexpected_token("(", self.text, target.at + len(target.function))
        column = self.scope.column(target.argument)
        inner = column.operand
        wrong = target.function in _ARITHMETIC and inner.kind not in _NUMERIC
        if wrong or not column.field.aggregatable:
            message = f"field {inner.name} does not support aggregate operator {target.function}"
            raise pictured("MALFORMED_QUERY", message, self.text, target.argument.at)
        return _applied(target.function, inner)

    def _calls(self) -> Iterator[Call]:
        for selected in self.query.select:
            target = selected.target if isinstance(selected, Selected) else None
            if isinstance(target, Call) and target.function != "FIELDS":
                yield target

    def _aliased(self, path: Path) -> Call | None:
        for selected in self.query.select:
            if (
                isinstance(selected, Selected)
                and (selected.alias or "").lower() == path.text.lower()
            ):
                return selected.target if isinstance(selected.target, Call) else None
        return None

    def _groupable(self, path: Path) -> Column:
        column = self.scope.column(path)
        if not column.field.groupable:
            message = f"field '{column.field.name}' can not be grouped in a query call"
            raise pictured("MALFORMED_QUERY", message, self.text, path.at)
        return column


def _applied(function: str, inner: Operand) -> Operand:
    if function in {"COUNT", "COUNT_DISTINCT"}:
        distinct = "DISTINCT " if function == "COUNT_DISTINCT" else ""
        return Operand(f"COUNT({distinct}{inner.sql})", "int", function, "int")
    if function == "AVG":
        exact = f"(AVG({inner.sql}) / 1e{inner.scale})"
        return Operand(exact, "real", function, "double")
    folded = " COLLATE NOCASE" if inner.kind == "text" else ""
    sql = f"{function}({inner.sql}{folded})"
    return Operand(sql, inner.kind, inner.name, inner.soap_type, inner.scale)


def _refuse_repeated(names: list[str]) -> None:
    for place, name in enumerate(names):
        if name in names[:place]:
            raise _malformed(f"duplicate alias: {name}")


def _malformed(message: str) -> SoqlError:
    return SoqlError("MALFORMED_QUERY", message)
