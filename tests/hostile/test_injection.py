"""Values are values: none becomes a part of a query, neither of SQLite's nor of Salesforce's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.demo.soql import SoqlError, parse
from sfsync.ledger.connection import Ledger
from tests.cli.command_line import start
from tests.hostile.inert import DOCUMENTED, cases, drawn
from tests.hostile.lying_org import Liar, lying_gateway

if TYPE_CHECKING:
    from tests.cli.command_line import Sfsync

MARK = "Zq7x"
PIECES = [
    "'",
    '"',
    "`",
    "\\",
    "\\'",
    "''",
    ";",
    "--",
    "/*",
    "*/",
    "(",
    ")",
    "%",
    "_",
    "?",
    ":a",
    "$1",
    " ",
    "\n",
    "\t",
    " OR 1=1",
    " OR Id != ''",
    " UNION SELECT * FROM ledger",
    "); DROP TABLE document;",
    "' OR Name LIKE '%",
    "') OR (Id != '",
    " LIMIT 1",
    "=",
    ",",
    "[",
    "]",
    "{",
    "}",
    "$",
    ".",
    "é",
    "0",
]
values = st.tuples(
    st.lists(st.sampled_from(PIECES), max_size=4).map("".join),
    st.lists(st.sampled_from(PIECES), max_size=4).map("".join),
).map(lambda around: around[0] + MARK + around[1])

FILTERS = [
    "--status",
    "--customer",
    "--from",
    "--to",
    "--min",
    "--max",
    "--rep",
    "--region",
    "--sort",
]
LINES = [
    *(("invoice", "list", name, "{}") for name in FILTERS),
    ("invoice", "list", "--property", "{}=x"),
    ("invoice", "list", "--property", "x={}"),
    ("invoice", "show", "{}"),
    ("invoice", "hold", "{}", "--note", "{}"),
    ("invoice", "hold", "D-000001", "--note", "{}"),
    ("invoice", "post", "{}", "--yes"),
    ("customer", "add", "{}", "--external-id", "{}"),
    ("customer", "show", "{}"),
    ("customer", "edit", "C-0001", "--name", "{}"),
    ("contact", "show", "{}"),
    ("contact", "list", "--customer", "{}"),
    ("product", "show", "{}"),
    ("explain", "{}"),
    ("opportunity", "show", "{}"),
    ("opportunity", "ignore", "{}", "--reason", "{}", "--yes"),
    ("history", "show", "{}"),
    ("audit", "list", "--action", "{}"),
    ("audit", "show", "{}"),
    ("report", "revenue", "--by", "{}"),
    ("report", "revenue", "--by", "property:{}"),
    ("report", "revenue", "--customer", "{}"),
    ("report", "aging", "--customer", "{}"),
    ("report", "allocation", "--by", "{}"),
    ("report", "run", "{}"),
    ("journal", "show", "{}"),
    ("journal", "list", "--account", "{}"),
    ("payment", "add", "D-000001", "1", "--reference", "{}"),
    ("payment", "list", "--sort", "{}"),
    ("invoice", "list", "--fields", "{}"),
]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The text of every statement that the ledger is given."""
    texts: list[str] = []

    def spied(name: str) -> None:
        real = getattr(Ledger, name)

        def call(ledger: Ledger, sql: str, *rest: Any) -> Any:
            texts.append(sql)
            return real(ledger, sql, *rest)

        monkeypatch.setattr(Ledger, name, call)

    for name in ("rows", "row", "each", "execute", "insert", "execute_many"):
        spied(name)
    return texts


def sql_cases(books: Sfsync, asked: list[str], count: int) -> None:
    """So many command lines with a hostile value."""
    assert books("invoice", "list").status == 0
    assert asked

    @drawn(count)
    @given(st.sampled_from(LINES), values)
    def answer(line: tuple[str, ...], value: str) -> None:
        asked.clear()
        done = start([word.replace("{}", value) for word in line])
        assert done.status in DOCUMENTED, (line, value, done)
        assert [sql for sql in asked if MARK.casefold() in sql.casefold()] == [], (line, value)

    answer()


def test_no_argument_becomes_a_part_of_sql(books: Sfsync, asked: list[str]) -> None:
    """Every filter, key, name and note is bound, never pasted."""
    sql_cases(books, asked, 40)


@pytest.mark.long
def test_a_thousand_arguments_are_no_part_of_sql(books: Sfsync, asked: list[str]) -> None:
    """The same of a thousand."""
    sql_cases(books, asked, cases(1000))


class Listener(Liar):
    """Tells the truth, and remembers the queries that it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.queries: list[str] = []

    def heard(self, request: Any) -> None:
        """Keep the queries of one request, also those in its body."""
        # The composite request has its queries' addresses in its body.
        urls = [request.full_path, *_texts(request.get_json(silent=True))]
        for url in urls:
            self.queries += parse_qs(urlsplit(url).query).get("q", [])


def _texts(node: Any) -> list[str]:
    if isinstance(node, dict):
        node = list(node.values())
    if isinstance(node, list):
        return [text for one in node for text in _texts(one)]
    return [node] if isinstance(node, str) else []


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Listener:
    """The demo org with an ear for queries."""
    found = Listener()
    real = lying_gateway(found)

    class Hearing(real):  # type: ignore[valid-type, misc]
        def _answer(self, exchange: Any) -> Any:
            found.heard(exchange.request)
            return super()._answer(exchange)

    monkeypatch.setattr("sfsync.demo.server.Gateway", Hearing)
    return found


Shape = tuple[object, ...]
REFUSED: Shape = ("what the org refuses",)


def _shape(text: str) -> tuple[Shape, frozenset[str]]:
    """What of a query is no condition: its object, order and limits; and its fields."""
    try:
        query = parse(text)
    except SoqlError:
        # Only the look whether a condition is right may be wrong.
        return (REFUSED if text.startswith(LOOK) else (text,)), frozenset()
    order = tuple((_name(term.target), term.descending) for term in query.order_by)
    shape = (query.source.text, query.alias, order, query.group_by, query.limit, query.offset)
    return shape, frozenset(_name(item) for item in query.select)


def _name(item: Any) -> str:
    target = getattr(item, "target", item)
    return str(getattr(target, "text", target))


LOOK = "SELECT Id FROM Opportunity WHERE ("


CONFIG = Path("mappings.yaml")
SETTINGS = [
    ("stages: [Closed Won]", "stages: [{}]"),
    ("stages: [Closed Won]", "stages: [Closed Won, {}]"),
    ("stages: [Closed Won]", "stages: [Closed Won]\n    where: {}"),
    ("from: Account.BillingCountry", "from: {}"),
    ("from: Amount", "from: {}"),
]


def soql_cases(books: Sfsync, listener: Listener, count: int) -> None:
    """So many configs with a hostile value."""
    assert books("sync", "plan").status in {0, 3}
    # Another mapping has everything read.
    assert books("sync", "plan", "--full").status in {0, 3}
    plain = CONFIG.read_text(encoding="utf-8")
    honest: dict[Shape, frozenset[str]] = {REFUSED: frozenset()}
    for text in [*listener.queries, f"{LOOK}Name = 'x') LIMIT 1"]:
        shape, fields = _shape(text)
        honest[shape] = honest.get(shape, frozenset()) | fields
    assert len(honest) > 3
    usable = [(old, new) for old, new in SETTINGS if old in plain]
    assert len(usable) >= 3, plain
    quoted = values.map(lambda text: "'" + text.replace("'", "''").replace("\n", "\n\n") + "'")
    conditions = values.map(lambda text: f"\"Name != '{MARK}' AND {text}\"")

    @drawn(count)
    @given(st.sampled_from(usable), quoted | conditions)
    def answer(change: tuple[str, str], value: str) -> None:
        old, new = change
        CONFIG.write_text(plain.replace(old, new.replace("{}", value), 1), encoding="utf-8")
        listener.queries.clear()
        done = start(["sync", "plan"])
        assert done.status in DOCUMENTED, (change, value, done)
        for text in listener.queries:
            shape, fields = _shape(text)
            assert fields <= honest.get(shape, frozenset()), (change, value, text)
            assert shape in honest, (change, value, text)

    answer()


def test_no_setting_changes_the_shape_of_soql(books: Sfsync, listener: Listener) -> None:
    """Stages, conditions and fields: refused, or the fields, object, order and limit stay."""
    soql_cases(books, listener, 10)


@pytest.mark.long
def test_a_thousand_settings_do_not_change_the_shape_of_soql(
    books: Sfsync, listener: Listener
) -> None:
    """The same of a thousand."""
    soql_cases(books, listener, cases(1000))
