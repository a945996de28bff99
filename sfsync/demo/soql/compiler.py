"""A parsed query and a catalogue to a `Plan`; here an org refuses what it does not know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NoReturn

from sfsync.demo.catalogue.refusal import SoqlError
from sfsync.demo.soql.aggregates import Aggregates
from sfsync.demo.soql.conditions import Conditions
from sfsync.demo.soql.errors import no_such_child, no_such_type, pictured, unexpected_token
from sfsync.demo.soql.plan import ChildItem, Plan, RecordShape
from sfsync.demo.soql.scope import Scope
from sfsync.demo.soql.selection import Selection
from sfsync.demo.soql.syntax import Call, Path, Query, Selected

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, tzinfo

    from sfsync.demo.catalogue import Catalogue, Field, SObject
    from sfsync.demo.soql.conditions import Sql
    from sfsync.demo.soql.scope import Operand
    from sfsync.demo.soql.syntax import OrderTerm, SemiJoin, Target

MOST_OFFSET: Final = 2000


@dataclass(frozen=True, slots=True)
class Compiler:
    """Compiles the queries of one request.

    Args:
        catalogue: what the user sees.
        text: the whole query.
        now: the moment of the query.
        zone: the user's time zone.
        all_rows: whether deleted records are found too.
    """

    catalogue: Catalogue
    text: str
    now: datetime
    zone: tzinfo
    all_rows: bool

    def plan(self, query: Query) -> Plan:
        """The plan of a whole query.

        Raises:
            SoqlError: what the org refuses.
        """
        root = self.catalogue.sobject(query.source.text)
        if root is None:
            raise no_such_type(query.source.text, self.text, query.source.at)
        return self._plan(query, Scope(self.catalogue, self.text, root, query.alias))

    def _plan(self, query: Query, scope: Scope, parent: str = "") -> Plan:
        _check_limits(query)
        aggregates = Aggregates(scope, self.text, query)
        if parent and (aggregates.is_count or aggregates.is_needed):
            _refuse("only root queries support aggregate expressions")
        if aggregates.is_count:
            return self._counting(query, scope)
        if aggregates.is_needed:
            return self._aggregated(query, scope, aggregates)
        return self._listing(query, scope, parent)

    def _counting(self, query: Query, scope: Scope) -> Plan:
        if query.order_by or query.group_by:
            _refuse("COUNT() can be used neither with ORDER BY nor with GROUP BY")
        where = self._where(query, scope)
        return Plan(
            sobject=scope.root.name,
            shape=RecordShape(scope.root.name, None, ()),
            columns=("1",),
            source=scope.from_sql,
            where=where,
            order=(),
            limit=query.limit,
            offset=query.offset or 0,
            is_count=True,
        )

    def _aggregated(self, query: Query, scope: Scope, aggregates: Aggregates) -> Plan:
        shape, columns = aggregates.shape()
        group = tuple(column.operand.sql for column in aggregates.grouped())
        where = self._where(query, scope)
        conditions = self._conditions(scope, aggregates.operand)
        having = conditions.sql(query.having) if query.having else ("", [])
        order = tuple(_order_sql(term, aggregates.sorted(term.target)) for term in query.order_by)
        return Plan(
            sobject=scope.root.name,
            shape=shape,
            columns=columns,
            source=scope.from_sql,
            where=where,
            order=(*order, *group),
            group=group,
            having=having,
            limit=query.limit,
            offset=query.offset or 0,
            is_aggregate=True,
        )

    def _listing(self, query: Query, scope: Scope, parent: str) -> Plan:
        if query.having:
            raise unexpected_token("having", self.text, self.text.lower().index("having"))
        selection = Selection(scope, self.text)
        for item in query.select:
            if isinstance(item, Query):
                selection.add_child(self._child(item, scope))
            else:
                selection.add(item, query.limit)
        where = self._where(query, scope)
        order = [_order_sql(term, self._sortable(scope, term.target)) for term in query.order_by]
        order.append(f'{scope.table}."Id"')
        shape, columns = selection.finished()
        return Plan(
            sobject=scope.root.name,
            shape=shape,
            columns=columns,
            source=scope.from_sql,
            where=where,
            order=tuple(order),
            limit=query.limit,
            offset=query.offset or 0,
            parent=parent,
            uses_fields_function=selection.uses_fields_function,
            children=tuple(item for item in shape.items if isinstance(item, ChildItem)),
        )

    def _child(self, query: Query, scope: Scope) -> tuple[str, Plan]:
        found = self._child_of(scope, query.source)
        if found is None:
            raise no_such_child(query.source.parts[-1], self.text, query.source.at)
        child, lookup = found
        inner = Scope(self.catalogue, self.text, child, query.alias, table="c")
        plan = self._plan(query, inner, parent=f'c."{lookup.name}"')
        return lookup.child or "", plan

    def _child_of(self, scope: Scope, source: Path) -> tuple[SObject, Field] | None:
        wanted = source.parts[-1].lower()
        for child in self.catalogue.sobjects:
            for field in child.fields:
                ours = scope.root.name in field.refers_to
                if ours and field.child and field.child.lower() == wanted:
                    return child, field
        return None

    def _where(self, query: Query, scope: Scope) -> Sql:
        terms: list[str] = []
        parameters: list[object] = []
        everything = self.catalogue.everything[scope.root.name.lower()]
        if not self.all_rows and everything.field("IsDeleted"):
            terms.append(f'{scope.table}."IsDeleted" = 0')
        if query.where:
            conditions = self._conditions(scope, lambda target: self._filterable(scope, target))
            sql, parameters = conditions.sql(query.where)
            terms.append(sql)
        return " AND ".join(terms), parameters

    def _conditions(self, scope: Scope, operand: Callable[[Target], Operand]) -> Conditions:
        return Conditions(
            self.text,
            self.now,
            self.zone,
            operand,
            lambda join: self._semi_join(scope, join),
        )

    def _filterable(self, scope: Scope, target: Target) -> Operand:
        if isinstance(target, Call):
            raise unexpected_token("(", self.text, target.at + len(target.function))
        column = scope.column(target)
        if column.field.type == "address":
            message = "Address fields can only be filtered using Distance expressions"
            raise pictured("INVALID_FIELD", message, self.text, target.at)
        if not column.field.filterable:
            message = f"field '{column.field.name}' can not be filtered in a query call"
            raise pictured("INVALID_FIELD", message, self.text, target.at)
        return column.operand

    def _sortable(self, scope: Scope, target: Target) -> Operand:
        if isinstance(target, Call):
            raise unexpected_token("(", self.text, target.at + len(target.function))
        column = scope.column(target)
        if not column.field.sortable:
            message = f"field '{column.field.name}' can not be sorted in a query call"
            raise pictured("MALFORMED_QUERY", message, self.text, target.at)
        return column.operand

    def _semi_join(self, scope: Scope, join: SemiJoin) -> Sql:
        outer = self._filterable(scope, join.target)
        inner = self.catalogue.sobject(join.query.source.text)
        if inner is None:
            raise no_such_type(join.query.source.text, self.text, join.query.source.at)
        if scope.table.startswith("s"):
            _refuse("Nesting of semi join sub-selects is not supported")
        if inner.name == scope.root.name:
            _refuse("The inner and outer selects should not be on the same object type")
        joined = Scope(self.catalogue, self.text, inner, join.query.alias, table="s")
        wanted = self._joined_field(joined, join, outer)
        where, parameters = self._where(join.query, joined)
        parts = [f"{wanted.sql} IS NOT NULL", *([where] if where else [])]
        inside = f"SELECT {wanted.sql} {joined.from_sql} WHERE {' AND '.join(parts)}"
        found = f"({outer.sql} IS NOT NULL AND {outer.sql} IN ({inside}))"
        return f"NOT {found}" if join.negated else found, parameters

    def _joined_field(self, scope: Scope, join: SemiJoin, outer: Operand) -> Operand:
        selected = join.query.select
        only = selected[0] if len(selected) == 1 else None
        plain = not (join.query.group_by or join.query.having or join.query.order_by)
        if not isinstance(only, Selected) or not isinstance(only.target, Path) or not plain:
            _refuse("Semi join sub-selects must select a single field")
        if join.query.limit is not None or join.query.offset is not None:
            _refuse("Semi join sub-selects can have neither LIMIT nor OFFSET")
        wanted = scope.column(only.target).operand
        if {wanted.kind, outer.kind} != {"id"}:
            message = "Semi join sub-selects can only compare id and reference fields"
            raise pictured("MALFORMED_QUERY", message, self.text, join.target.at)
        return wanted


def _check_limits(query: Query) -> None:
    if query.offset is not None and query.offset > MOST_OFFSET:
        message = f"Maximum SOQL offset allowed is {MOST_OFFSET}"
        raise SoqlError("NUMBER_OUTSIDE_VALID_RANGE", message)


def _order_sql(term: OrderTerm, operand: Operand) -> str:
    sql = f"fold({operand.sql})" if operand.kind == "text" else operand.sql
    nulls = "LAST" if term.nulls_last else "FIRST"
    return f"{sql} {'DESC' if term.descending else 'ASC'} NULLS {nulls}"


def _refuse(message: str) -> NoReturn:
    raise SoqlError("MALFORMED_QUERY", message)
