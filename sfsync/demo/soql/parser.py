"""SOQL text to a `Query`, with an LALR parser made from ``soql.lark``."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from lark import Lark, Token, Transformer, UnexpectedInput, UnexpectedToken

from sfsync.demo.catalogue.refusal import SoqlError
from sfsync.demo.soql.errors import unexpected_token
from sfsync.demo.soql.literals import read_day, read_moment, read_pattern, read_text
from sfsync.demo.soql.syntax import (
    And,
    Call,
    Comparison,
    Day,
    Flag,
    InList,
    Moment,
    Not,
    Null,
    Number,
    Or,
    OrderTerm,
    Path,
    Pattern,
    Query,
    Selected,
    SemiJoin,
    Text,
    Word,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfsync.demo.soql.syntax import Condition, Target, Value

LONGEST_QUERY: Final = 100_000
"""Characters a query may have."""
_BIGGEST_COUNT: Final = 2**31 - 1


def parse(text: str) -> Query:
    """Read a query.

    Raises:
        SoqlError: it is not SOQL, in the org's words.
    """
    if len(text) > LONGEST_QUERY:
        raise SoqlError("MALFORMED_QUERY", "SOQL statement is too long")
    if not text.strip():
        raise SoqlError("MALFORMED_QUERY", "SOQL statements cannot be empty or null")
    try:
        query: Query = _parser().parse(text)  # type: ignore[assignment]  # the transformer's result
    except UnexpectedToken as error:
        ended = error.token.type == "$END"
        place = len(text.rstrip()) if ended else error.token.start_pos
        raise unexpected_token(str(error.token), text, place) from None
    except UnexpectedInput as error:
        at: int = error.pos_in_stream  # type: ignore[assignment]  # lark declares it as None
        raise unexpected_token(text[at], text, at) from None
    return query


@cache
def _parser() -> Lark:
    grammar = files("sfsync.demo.soql").joinpath("soql.lark").read_text("utf-8")
    return Lark(grammar, parser="lalr", maybe_placeholders=False, transformer=_Syntax())


def _word(token: Token) -> Word:
    name, _, count = str(token).partition(":")
    return Word(name, int(count) if count else None)


_READERS: Final[dict[str, Callable[[Token], Value]]] = {
    "STRING": lambda token: Text(read_text(token)),
    "NUMBER": lambda token: Number(_number(token)),
    "DATETIME": lambda token: Moment(read_moment(token)),
    "DATE": lambda token: Day(read_day(token)),
    "TRUE": lambda _: Flag(True),
    "FALSE": lambda _: Flag(False),
    "NULL": lambda _: Null(),
    "DAYS_RANGE": _word,
    "WORD": _word,
}


def _number(token: Token) -> Decimal:
    try:
        return Decimal(token)
    except InvalidOperation:
        message = f"numeric value out of range: {token}"
        raise SoqlError("MALFORMED_QUERY", message) from None


def _value(token: Token) -> Value:
    return _READERS[token.type](token)


def _path(token: Token) -> Path:
    return Path(tuple(token.split(".")), token.start_pos or 0)


class _Syntax(Transformer[Token, Query]):
    """Builds the syntax tree; each method is named after the rule it reads."""

    def start(self, parts: list[Query]) -> Query:
        return parts[0]

    def query(self, parts: list[Any]) -> Query:
        select, _, (source, alias), *clauses = parts[1:]
        return Query(select, source, alias, at=parts[0].start_pos, **dict(clauses))

    def select_list(self, parts: list[Selected | Query]) -> tuple[Selected | Query, ...]:
        return tuple(parts)

    def selected_field(self, parts: list[Token]) -> Selected:
        return Selected(_path(parts[0]), str(parts[1]) if parts[1:] else None)

    def selected_call(self, parts: list[Any]) -> Selected:
        return Selected(parts[0], str(parts[1]) if parts[1:] else None)

    def sub_query(self, parts: list[Query]) -> Query:
        return parts[0]

    def call(self, parts: list[Token]) -> Call:
        argument = _path(parts[1]) if parts[1:] else None
        return Call(parts[0].upper(), argument, parts[0].start_pos or 0)

    def source(self, parts: list[Token]) -> tuple[Path, str | None]:
        return _path(parts[0]), str(parts[1]) if parts[1:] else None

    def where_clause(self, parts: list[Any]) -> tuple[str, Condition]:
        return "where", parts[1]

    def having_clause(self, parts: list[Any]) -> tuple[str, Condition]:
        return "having", parts[1]

    def and_terms(self, parts: list[Any]) -> And:
        return And(tuple(parts[::2]))

    def or_terms(self, parts: list[Any]) -> Or:
        return Or(tuple(parts[::2]))

    def not_term(self, parts: list[Any]) -> Not:
        return Not(parts[1])

    def comparison(self, parts: list[Any]) -> Comparison:
        target, operator, value = parts
        return Comparison(target, "!=" if operator == "<>" else str(operator), _value(value))

    def like(self, parts: list[Any]) -> Comparison:
        return Comparison(parts[0], "LIKE", Pattern(read_pattern(parts[2])))

    def in_list(self, parts: list[Any]) -> InList:
        target, negated, *values = parts
        return InList(target, tuple(map(_value, values)), negated)

    def semi_join(self, parts: list[Any]) -> SemiJoin:
        target, negated, query = parts
        return SemiJoin(target, query, negated)

    def in_operator(self, parts: list[Token]) -> bool:
        return len(parts) > 1

    def path(self, parts: list[Token]) -> Path:
        return _path(parts[0])

    def group_clause(self, parts: list[Any]) -> tuple[str, tuple[Path, ...]]:
        return "group_by", tuple(parts[2:])

    def order_clause(self, parts: list[Any]) -> tuple[str, tuple[OrderTerm, ...]]:
        return "order_by", tuple(parts[2:])

    def order_term(self, parts: list[Any]) -> OrderTerm:
        target: Target = parts[0]
        kinds = {token.type for token in parts[1:]}
        nulls_last = "LAST" in kinds if "NULLS" in kinds else None
        return OrderTerm(target, "DESC" in kinds, nulls_last)

    def limit_clause(self, parts: list[Token]) -> tuple[str, int]:
        return "limit", _count(parts[1])

    def offset_clause(self, parts: list[Token]) -> tuple[str, int]:
        return "offset", _count(parts[1])


def _count(token: Token) -> int:
    count = int(token)
    if count > _BIGGEST_COUNT:
        raise SoqlError("MALFORMED_QUERY", f"numeric value out of range: {token}")
    return count
