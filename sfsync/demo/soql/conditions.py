"""WHERE and HAVING to SQL.

SOQL knows two truth values: ``!=`` and NOT also find what is empty. So every comparison here
yields 0 or 1, never NULL.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, time
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING, Final

from sfsync.demo.ids import to_18
from sfsync.demo.org_file import fold
from sfsync.demo.soql.dates import span_of
from sfsync.demo.soql.errors import pictured
from sfsync.demo.soql.syntax import (
    And,
    Comparison,
    Day,
    Flag,
    InList,
    Moment,
    Not,
    Null,
    Number,
    Or,
    Pattern,
    SemiJoin,
    Text,
    Word,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, tzinfo

    from sfsync.demo.catalogue.refusal import SoqlError
    from sfsync.demo.soql.dates import Span
    from sfsync.demo.soql.scope import Operand
    from sfsync.demo.soql.syntax import Condition, Target, Value

Sql = tuple[str, list[object]]
"""SQL and its parameters."""

_LARGEST: Final = 2**63 - 1
_QUOTED: Final = frozenset({"text", "id"})
_ORDERINGS: Final = frozenset({"<", "<=", ">", ">="})
_WHOLE_DIGITS: Final = 19


@dataclass(frozen=True, slots=True)
class Conditions:
    """Compiles conditions for one query.

    Args:
        text: the whole query, for pictures in errors.
        now: the moment of the query, for date literals.
        zone: the user's time zone, for date literals.
        operand: finds what a field or function is; refuses what cannot be filtered.
        semi_join: compiles the query inside an IN.
    """

    text: str
    now: datetime
    zone: tzinfo
    operand: Callable[[Target], Operand]
    semi_join: Callable[[SemiJoin], Sql]

    def sql(self, condition: Condition) -> Sql:
        """The SQL of a condition.

        Raises:
            SoqlError: a name, an operator or a literal that does not fit.
        """
        match condition:
            case And(terms) | Or(terms):
                joined = " AND " if isinstance(condition, And) else " OR "
                parts = [self.sql(term) for term in terms]
                return (
                    "(" + joined.join(sql for sql, _ in parts) + ")",
                    [parameter for _, parameters in parts for parameter in parameters],
                )
            case Not(term):
                sql, parameters = self.sql(term)
                return f"NOT ({sql})", parameters
            case SemiJoin():
                return self.semi_join(condition)
            case InList():
                return self._in_list(condition)
        return self._comparison(condition)

    def _comparison(self, condition: Comparison) -> Sql:
        operand = self.operand(condition.target)
        operator, value = condition.operator, condition.value
        if isinstance(value, Pattern):
            return self._like(operand, value, condition.target)
        self._check_operator(operand, operator, condition.target)
        if isinstance(value, Null) or value == Text(""):
            return _with_null(operand, operator)
        if isinstance(value, Word) and operand.kind in {"date", "datetime"}:
            span = self._span(value, operand, condition.target)
            return _with_span(operand, operator, *self._bounds(span, operand.kind))
        parameter = self._parameter(operand, value, condition.target)
        if isinstance(parameter, Decimal):
            return _with_number(operand, operator, parameter)
        return _with_value(operand, operator, parameter)

    def _in_list(self, condition: InList) -> Sql:
        operand = self.operand(condition.target)
        exact = [value for value in condition.values if not isinstance(value, Null)]
        if any(isinstance(value, Word) for value in exact):
            return self._as_comparisons(condition)
        wanted = [
            self._parameter(operand, value, condition.target)
            for value in exact
            if value != Text("")
        ]
        takes_null = len(wanted) < len(condition.values)
        subject, listed = _comparable(operand, wanted)
        found = f"{subject} IN (SELECT value FROM json_each(?))"  # noqa: S608 (names of the catalogue)
        present = f"({operand.sql} IS NOT NULL AND {found})"
        whole = f"({operand.sql} IS NULL OR {found})" if takes_null else present
        return f"NOT {whole}" if condition.negated else whole, [json.dumps(listed)]

    def _as_comparisons(self, condition: InList) -> Sql:
        terms = tuple(Comparison(condition.target, "=", value) for value in condition.values)
        return self.sql(Not(Or(terms)) if condition.negated else Or(terms))

    def _like(self, operand: Operand, value: Pattern, target: Target) -> Sql:
        if operand.kind != "text":
            message = f"invalid operator on {operand.soap_type.lower()} field"
            raise pictured("INVALID_QUERY_FILTER_OPERATOR", message, self.text, target.at)
        subject, pattern = operand.sql, value.value
        if not pattern.isascii():
            subject, pattern = f"fold({subject})", pattern.lower()
        matched = f"({operand.sql} IS NOT NULL AND {subject} LIKE ? ESCAPE '\\')"
        return matched, [pattern]

    def _check_operator(self, operand: Operand, operator: str, target: Target) -> None:
        if operand.kind == "boolean" and operator in _ORDERINGS:
            message = "invalid operator on boolean field"
            raise pictured("INVALID_QUERY_FILTER_OPERATOR", message, self.text, target.at)

    def _parameter(self, operand: Operand, value: Value, target: Target) -> str | int | Decimal:
        match operand.kind, value:
            case "text", Text(text):
                return text
            case "id", Text(text):
                return self._id(text, target)
            case "boolean", Flag(flag):
                return int(flag)
            case (("number" | "int" | "real"), Number(number)):
                return number
            case "date", Day(day):
                return day.isoformat()
            case "datetime", Moment(moment):
                return _moment_text(moment, self.text, target)
        raise self._wrong_type(operand, target)

    def _wrong_type(self, operand: Operand, target: Target) -> SoqlError:
        quotes = "should be" if operand.kind in _QUOTED else "should not be"
        message = (
            f"value of filter criterion for field '{operand.name}' must be of type "
            f"{operand.soap_type} and {quotes} enclosed in quotes"
        )
        return pictured("INVALID_FIELD", message, self.text, target.at)

    def _id(self, text: str, target: Target) -> str:
        whole = to_18(text)
        if whole is None:
            message = f"invalid ID field: {text}"
            raise pictured("INVALID_QUERY_FILTER_OPERATOR", message, self.text, target.at)
        return whole

    def _span(self, word: Word, operand: Operand, target: Target) -> Span:
        try:
            span = span_of(word.name, word.count, self.now.astimezone(self.zone).date())
        except OverflowError:
            span = None
        if span is None:
            raise self._wrong_type(operand, target)
        return span

    def _bounds(self, span: Span, kind: str) -> tuple[str, str]:
        if kind == "date":
            return span[0].isoformat(), span[1].isoformat()
        start, end = (self._midnight(day) for day in span)
        return start, end

    def _midnight(self, day: date) -> str:
        local = datetime.combine(day, time(), self.zone)
        return local.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _moment_text(moment: datetime, text: str, target: Target) -> str:
    try:
        inside = moment.astimezone(UTC)
    except OverflowError:
        message = f"Invalid date time: {moment.isoformat()}"
        raise pictured("MALFORMED_QUERY", message, text, target.at) from None
    # Kept to the second; a fraction sorts after the second it belongs to, as text too.
    return inside.replace(tzinfo=None).isoformat()


def _comparable(operand: Operand, values: list[str | int | Decimal]) -> tuple[str, list[object]]:
    """The SQL and the values that compare without case where the operand is text."""
    numbers = [value for value in values if isinstance(value, Decimal)]
    if operand.kind == "real":
        return operand.sql, [float(number) for number in numbers]
    if numbers:
        between = [_neighbours(number, operand.scale) for number in numbers]
        return operand.sql, [low for low, high in between if low == high]
    if operand.kind != "text":
        return operand.sql, list(values)
    texts = [str(value) for value in values]
    if all(text.isascii() for text in texts):
        return f"{operand.sql} COLLATE NOCASE", list(texts)
    return f"fold({operand.sql})", [fold(text) for text in texts]


def _with_null(operand: Operand, operator: str) -> Sql:
    if operator == "=":
        return f"{operand.sql} IS NULL", []
    return (f"{operand.sql} IS NOT NULL" if operator == "!=" else "0"), []


def _with_value(operand: Operand, operator: str, value: str | int) -> Sql:
    subject, (wanted,) = _comparable(operand, [value])
    if operator in {"=", "!="}:
        return f"{subject} {'IS' if operator == '=' else 'IS NOT'} ?", [wanted]
    if operand.kind == "text":
        # NOCASE folds ASCII alone; an order needs every letter folded.
        subject, wanted = f"fold({operand.sql})", fold(str(wanted))
    return f"({subject} {operator} ? AND {operand.sql} IS NOT NULL)", [wanted]


def _with_span(operand: Operand, operator: str, start: str, end: str) -> Sql:
    inside = f"({operand.sql} >= ? AND {operand.sql} < ? AND {operand.sql} IS NOT NULL)"
    if operator in {"=", "!="}:
        return inside if operator == "=" else f"NOT {inside}", [start, end]
    compared = {"<": ("<", start), "<=": ("<", end), ">": (">=", end), ">=": (">=", start)}
    sign, bound = compared[operator]
    return f"({operand.sql} {sign} ? AND {operand.sql} IS NOT NULL)", [bound]


def _with_number(operand: Operand, operator: str, number: Decimal) -> Sql:
    if operand.kind == "real":
        return f"({operand.sql} {operator} ? AND {operand.sql} IS NOT NULL)", [float(number)]
    low, high = _neighbours(number, operand.scale)
    if operator in {"=", "!="}:
        if low != high:
            return ("0" if operator == "=" else "1"), []
        return f"{operand.sql} {'IS' if operator == '=' else 'IS NOT'} ?", [low]
    bound = high if operator in {"<", ">="} else low
    return f"({operand.sql} {operator} ? AND {operand.sql} IS NOT NULL)", [bound]


def _neighbours(number: Decimal, scale: int) -> tuple[int, int]:
    """The stored numbers at or below and at or above `number`, within what SQLite holds."""
    if number and number.adjusted() + scale >= _WHOLE_DIGITS:
        beyond = _LARGEST if number > 0 else -_LARGEST
        return beyond, beyond
    exact = number.scaleb(scale)
    return (
        int(exact.to_integral_value(rounding=ROUND_FLOOR)),
        int(exact.to_integral_value(rounding=ROUND_CEILING)),
    )
