"""A syntax tree back to SOQL, for round trips, and trees at random."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from hypothesis import strategies as st

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
    from sfsync.demo.soql.syntax import (
        Condition,
        Target,
        Value,
    )


def quoted(text: str) -> str:
    """A text as a SOQL literal."""
    for raw, escaped in (("\\", "\\\\"), ("'", "\\'"), ("\n", "\\n"), ("\r", "\\r")):
        text = text.replace(raw, escaped)
    return f"'{text}'"


def value_text(value: Value) -> str:
    """A literal as SOQL."""
    match value:
        case Text(text):
            return quoted(text)
        case Pattern(text):
            return "'" + text.replace("'", "\\'") + "'"
        case Number(number):
            return format(number, "f")
        case Day(day):
            return day.isoformat()
        case Moment(moment):
            return moment.isoformat()
        case Flag(flag):
            return str(flag).lower()
        case Word(name, count):
            return name if count is None else f"{name}:{count}"
    return "NULL"


def target_text(target: Target) -> str:
    """A field or a function as SOQL."""
    if isinstance(target, Path):
        return target.text
    return f"{target.function}({target.argument.text if target.argument else ''})"


def condition_text(condition: Condition, *, inner: bool = False) -> str:
    """A condition as SOQL, in parentheses where it stands inside another."""
    match condition:
        case And(terms) | Or(terms):
            word = " AND " if isinstance(condition, And) else " OR "
            whole = word.join(condition_text(term, inner=True) for term in terms)
        case Not(term):
            whole = f"NOT {condition_text(term, inner=True)}"
        case Comparison(target, operator, value):
            return f"{target_text(target)} {operator} {value_text(value)}"
        case InList(target, values, negated):
            listed = ", ".join(value_text(value) for value in values)
            return f"{target_text(target)} {'NOT ' * negated}IN ({listed})"
        case SemiJoin(target, query, negated):
            return f"{target_text(target)} {'NOT ' * negated}IN ({query_text(query)})"
    return f"({whole})" if inner else whole


def order_text(term: OrderTerm) -> str:
    """A term of ORDER BY as SOQL."""
    nulls = {None: "", True: " NULLS LAST", False: " NULLS FIRST"}[term.nulls_last]
    return f"{target_text(term.target)}{' DESC' * term.descending}{nulls}"


def query_text(query: Query) -> str:
    """A query as SOQL."""
    items = [
        f"({query_text(item)})"
        if isinstance(item, Query)
        else f"{target_text(item.target)} {item.alias or ''}".strip()
        for item in query.select
    ]
    parts = [f"SELECT {', '.join(items)} FROM {query.source.text} {query.alias or ''}".strip()]  # noqa: S608 (SOQL, not SQL)
    if query.where:
        parts.append(f"WHERE {condition_text(query.where)}")
    if query.group_by:
        parts.append("GROUP BY " + ", ".join(path.text for path in query.group_by))
    if query.having:
        parts.append(f"HAVING {condition_text(query.having)}")
    if query.order_by:
        parts.append("ORDER BY " + ", ".join(order_text(term) for term in query.order_by))
    parts += [f"LIMIT {query.limit}"] * (query.limit is not None)
    parts += [f"OFFSET {query.offset}"] * (query.offset is not None)
    return " ".join(parts)


names = st.sampled_from(["Id", "Name", "Amount", "Foo__c", "Group1", "Lastly", "INx", "A_1"])
aliases = st.none() | st.sampled_from(["a", "total", "x1"])
paths = st.lists(names, min_size=1, max_size=4).map(lambda parts: Path(tuple(parts)))
calls = st.builds(Call, st.sampled_from(["COUNT", "SUM", "MAX"]), st.none() | paths)
targets: st.SearchStrategy[Target] = paths | calls
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
values: st.SearchStrategy[Value] = st.one_of(
    st.builds(Text, texts),
    st.builds(Number, st.decimals(-(10**12), 10**12, places=3).map(lambda n: n + Decimal(0))),
    st.builds(Day, st.dates(date(1000, 1, 1))),
    st.builds(
        Moment,
        st.datetimes(datetime(1000, 1, 2), timezones=st.just(UTC)),  # noqa: DTZ001 (hypothesis wants it naive)
    ),
    st.builds(Flag, st.booleans()),
    st.just(Null()),
    st.just(Word("TODAY")),
    st.builds(Word, st.just("LAST_N_DAYS"), st.integers(0, 400)),
)
patterns = st.lists(st.sampled_from(["a", "%", "_", r"\%", r"\_", r"\\", "'", "é"]), max_size=6)
comparisons = st.builds(
    Comparison,
    targets,
    st.sampled_from(["=", "!=", "<", "<=", ">", ">="]),
    values,
) | st.builds(
    Comparison,
    targets,
    st.just("LIKE"),
    patterns.map(lambda parts: Pattern("".join(parts))),
)
in_lists = st.builds(
    InList,
    targets,
    st.lists(values, min_size=1, max_size=4).map(tuple),
    st.booleans(),
)


def _joined(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.builds(And, several) | st.builds(Or, several) | st.builds(Not, inner)


plain: st.SearchStrategy[Condition] = comparisons | in_lists
conditions: st.SearchStrategy[Condition] = st.recursive(plain, _joined, max_leaves=6)
selected = st.builds(Selected, targets, aliases)
orders = st.builds(OrderTerm, targets, st.booleans(), st.none() | st.booleans())


def _queries(inner: st.SearchStrategy[Query]) -> st.SearchStrategy[Query]:
    joins = st.builds(SemiJoin, targets, inner, st.booleans())
    return st.builds(
        Query,
        st.lists(selected | inner, min_size=1, max_size=3).map(tuple),
        paths,
        aliases,
        st.none() | conditions | joins,
        st.lists(paths, max_size=2).map(tuple),
        st.none() | conditions,
        st.lists(orders, max_size=2).map(tuple),
        st.none() | st.integers(0, 2000),
        st.none() | st.integers(0, 2000),
    )


simple = st.builds(Query, st.lists(selected, min_size=1, max_size=2).map(tuple), paths)
queries: st.SearchStrategy[Query] = _queries(simple)
