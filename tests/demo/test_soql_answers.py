"""What queries find, against the same questions asked of plain Python rows."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.demo.soql import run
from sfsync.demo.soql.dates import span_of
from sfsync.demo.store import OrgStore
from tests.demo.soql_text import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# 22 November in UTC, still the 21st in New York.
NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
ZONE = "America/New_York"
ACCOUNTS: list[dict[str, Any]] = [
    {"Name": "Acme", "Industry": "Banking", "AnnualRevenue": 1000, "NumberOfEmployees": 5},
    {"Name": "ACME", "Industry": "banking", "AnnualRevenue": 2000, "NumberOfEmployees": None},
    {"Name": "Øre 100%", "Industry": None, "AnnualRevenue": None, "NumberOfEmployees": 7},
    {"Name": "a_b", "Industry": "Retail", "AnnualRevenue": -5, "NumberOfEmployees": 5},
    {"Name": "It's\\ok", "Industry": "Energy", "AnnualRevenue": 90000000, "NumberOfEmployees": 0},
]
DEALS: list[dict[str, Any]] = [
    {"Name": "d0", "CloseDate": "2026-11-21", "Amount": "100.10", "account": 0},
    {"Name": "D1", "CloseDate": "2026-11-20", "Amount": "99.99", "account": 0},
    {"Name": "d2", "CloseDate": "2026-10-31", "Amount": None, "account": 1},
    {"Name": "d3", "CloseDate": "2025-12-31", "Amount": "0", "account": None},
    {"Name": "d4", "CloseDate": "2026-12-01", "Amount": "-3.5", "account": 4},
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrgStore]:
    """Five accounts, five deals, three lines."""
    with OrgStore.create(tmp_path_factory.mktemp("soql") / "org.db") as made:
        user = {"Username": "d@x.y", "FirstName": "Dana", "LastName": "Reyes", "Email": "d@x.y"}
        made.insert("User", user)
        accounts = made.insert_many("Account", ACCOUNTS)
        deals = [
            made.insert("Opportunity", _deal(place, row, accounts), stamp=_stamp(place))
            for place, row in enumerate(DEALS)
        ]
        product = made.insert("Product2", {"Name": "Setup", "Family": "Services"})
        book = made.insert("Pricebook2", {"Name": "Standard"})
        entry = {"Product2Id": product, "Pricebook2Id": book, "UnitPrice": 10}
        line = {"PricebookEntryId": made.insert("PricebookEntry", entry)}
        lines = [(deals[0], 1), (deals[0], 2), (deals[1], 3)]
        made.insert_many(
            "OpportunityLineItem",
            [{**line, "OpportunityId": deal, "Quantity": count} for deal, count in lines],
            stamp=_stamp(9),
        )
        yield made


def _deal(place: int, row: dict[str, Any], accounts: list[str]) -> dict[str, Any]:
    account = None if row["account"] is None else accounts[row["account"]]
    values = {key: value for key, value in row.items() if key != "account"}
    return {**values, "StageName": f"S{place % 2}", "AccountId": account}


def _stamp(place: int) -> datetime:
    return datetime(2026, 11, 20 + place // 2, 4 * (place % 2) + 2, tzinfo=UTC)


def ask(store: OrgStore, text: str, **more: Any) -> list[tuple[Any, ...]]:
    """The rows of a query, without the id that stands first in every row of records."""
    result = run(store, text, now=NOW, time_zone=ZONE, **more)
    rows = list(result.rows)
    if "window" not in more:
        assert result.total == len(rows) or result.is_count
    return rows if result.is_aggregate else [row[1:] for row in rows]


def names(store: OrgStore, condition: str, sobject: str = "Account") -> list[str]:
    """The names of the records that a condition finds, in the order of their ids."""
    return [row[0] for row in ask(store, f"SELECT Name FROM {sobject} WHERE {condition}")]  # noqa: S608 (SOQL, not SQL)


@pytest.mark.parametrize(
    ("condition", "keeps"),
    [
        ("Name = 'acme'", lambda row: row["Name"].lower() == "acme"),
        ("Name != 'acme'", lambda row: row["Name"].lower() != "acme"),
        ("Industry <> 'Banking'", lambda row: (row["Industry"] or "").lower() != "banking"),
        ("Industry = null", lambda row: row["Industry"] is None),
        ("Industry = ''", lambda row: row["Industry"] is None),
        ("Industry != null", lambda row: row["Industry"] is not None),
        ("NOT Industry = 'Banking'", lambda row: (row["Industry"] or "").lower() != "banking"),
        ("NOT NumberOfEmployees > 5", lambda row: not (row["NumberOfEmployees"] or 0) > 5),
        ("Name = 'øRE 100%'", lambda row: row["Name"] == "Øre 100%"),
        ("Name LIKE 'ØRE%'", lambda row: row["Name"] == "Øre 100%"),
        ("Name LIKE '%100\\%'", lambda row: row["Name"].endswith("100%")),
        ("Name LIKE 'a\\_b'", lambda row: row["Name"] == "a_b"),
        ("Name LIKE 'a__e'", lambda row: row["Name"].lower() == "acme"),
        ("Name = 'It\\'s\\\\ok'", lambda row: row["Name"] == "It's\\ok"),
        ("Name LIKE '%\\\\ok'", lambda row: row["Name"].endswith("\\ok")),
        ("Name > 'acme'", lambda row: row["Name"].lower() > "acme"),
        ("Name IN ('ACME', 'øre 100%')", lambda row: row["Name"] in {"Acme", "ACME", "Øre 100%"}),
        ("Industry NOT IN ('Banking')", lambda row: (row["Industry"] or "").lower() != "banking"),
        ("Industry IN (null, 'retail')", lambda row: row["Industry"] in {None, "Retail"}),
        ("Industry NOT IN (null, 'retail')", lambda row: row["Industry"] not in {None, "Retail"}),
        ("AnnualRevenue = 9e7", lambda row: row["AnnualRevenue"] == 90000000),
        ("AnnualRevenue > 999.5", lambda row: (row["AnnualRevenue"] or 0) > 999.5),
        ("AnnualRevenue < -4.5", lambda row: (row["AnnualRevenue"] or 0) < -4.5),
        ("AnnualRevenue = 1000.5", lambda _: False),
        ("AnnualRevenue != 1000.5", lambda _: True),
        ("AnnualRevenue < 1e300", lambda row: row["AnnualRevenue"] is not None),
        ("AnnualRevenue IN (1000, 2000.0, 1.5)", lambda row: row["AnnualRevenue"] in {1000, 2000}),
        (
            "(Industry = 'Retail' OR Name LIKE 'acm%') AND (NOT AnnualRevenue < 1500)",
            lambda row: row["Name"] == "ACME",
        ),
    ],
)
def test_conditions_find_what_python_finds(
    store: OrgStore,
    condition: str,
    keeps: Callable[[dict[str, Any]], bool],
) -> None:
    """Each operator finds the rows that the same test on plain rows finds."""
    assert names(store, condition) == [row["Name"] for row in ACCOUNTS if keeps(row)]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("CloseDate = TODAY", ["d0"]),
        ("CloseDate = YESTERDAY", ["D1"]),
        ("CloseDate = THIS_MONTH", ["d0", "D1"]),
        ("CloseDate < THIS_MONTH", ["d2", "d3"]),
        ("CloseDate >= LAST_MONTH", ["d0", "D1", "d2", "d4"]),
        ("CloseDate = LAST_YEAR", ["d3"]),
        ("CloseDate = NEXT_N_DAYS:10", ["d4"]),
        ("CloseDate = LAST_N_DAYS:1", ["d0", "D1"]),
        ("CloseDate > TODAY", ["d4"]),
        ("CloseDate != THIS_YEAR", ["d3"]),
        ("CloseDate IN (TODAY, 2026-10-31)", ["d0", "d2"]),
        ("CloseDate >= 2026-11-20 AND CloseDate <= 2026-11-21", ["d0", "D1"]),
        ("CreatedDate = TODAY", ["d3", "d4"]),
        ("CreatedDate < 2026-11-19T21:00:01-05:00", ["d0"]),
        ("Account.Name = 'ACME' AND Owner.Name = 'dana reyes'", ["d0", "D1", "d2"]),
        ("Account.Name = null", ["d3"]),
        ("Id IN (SELECT OpportunityId FROM OpportunityLineItem WHERE Quantity > 2)", ["D1"]),
        ("Id NOT IN (SELECT OpportunityId FROM OpportunityLineItem)", ["d2", "d3", "d4"]),
        ("AccountId NOT IN (SELECT Id FROM Account WHERE Name = 'acme')", ["d3", "d4"]),
    ],
)
def test_dates_parents_and_semi_joins(store: OrgStore, condition: str, found: list[str]) -> None:
    """Date literals count days of the user's zone; parents and semi-joins reach other objects."""
    assert names(store, condition, "Opportunity") == found


def test_ids_of_15_and_18_characters_are_one(store: OrgStore) -> None:
    """Both forms find the record; another case of the 15 does not."""
    whole = store.ids("Account")[0]
    assert names(store, f"Id = '{whole}'") == names(store, f"Id = '{whole[:15]}'") == ["Acme"]
    assert names(store, f"Id = '{whole[:15].swapcase()}'") == []


def test_order_limit_offset_and_window(store: OrgStore) -> None:
    """Text sorts without case, nulls come first unless said otherwise, ties go by id."""
    by_industry = "SELECT Name FROM Account ORDER BY Industry"
    assert [row[0] for row in ask(store, by_industry)] == [
        "Øre 100%",
        "Acme",
        "ACME",
        "It's\\ok",
        "a_b",
    ]
    last = ask(store, f"{by_industry} DESC NULLS LAST, AnnualRevenue DESC LIMIT 3 OFFSET 1")
    assert last == [("It's\\ok",), ("ACME",), ("Acme",)]
    assert ask(store, f"{by_industry} LIMIT 3", window=(2, 10)) == [("ACME",)]
    assert ask(store, by_industry, window=(1, 2)) == [("Acme",), ("ACME",)]
    result = run(store, f"{by_industry} LIMIT 3", now=NOW, time_zone=ZONE, window=(2, 10))
    assert result.total == 3


def test_aggregates(store: OrgStore) -> None:
    """COUNT, SUM, MIN, MAX, AVG, COUNT_DISTINCT, GROUP BY and HAVING over the rows."""
    assert run(store, "SELECT COUNT() FROM Opportunity", now=NOW, time_zone=ZONE).total == 5
    everything = "COUNT(Amount), SUM(Amount), MIN(CloseDate) f, AVG(NumberOfEmployees) a"
    text = f"SELECT {everything.split(', AVG', maxsplit=1)[0]} FROM Opportunity"  # noqa: S608 (SOQL, not SQL)
    assert ask(store, text) == [(4, 3000 + 3000 + 0 - 350, "2025-12-31")]
    assert ask(store, "SELECT AVG(NumberOfEmployees) a FROM Account") == [(17 / 4,)]
    assert ask(store, "SELECT COUNT_DISTINCT(NumberOfEmployees) FROM Account") == [(3,)]
    grouped = (
        "SELECT Account.Name, COUNT(Id) n, MAX(Amount) FROM Opportunity "
        "GROUP BY Account.Name HAVING COUNT(Id) > 1 AND MAX(Amount) >= 30 ORDER BY COUNT(Id) DESC"
    )
    result = run(store, grouped, now=NOW, time_zone=ZONE)
    assert [column.name for column in result.columns] == ["Name", "n", "expr0"]
    assert list(result.rows) == [("Acme", 2, 3000)]
    assert ask(store, "SELECT Name FROM Account GROUP BY Name ORDER BY Name LIMIT 1") == [("a_b",)]


def test_child_queries(store: OrgStore) -> None:
    """Children come with their own condition, order and limit, for each parent by itself."""
    text = (
        "SELECT Name, (SELECT Quantity, PricebookEntry.Product2.Family FROM OpportunityLineItems "
        "WHERE Quantity > 0 ORDER BY Quantity DESC LIMIT 1) FROM Opportunity o "
        "WHERE o.CloseDate = THIS_MONTH"
    )
    (_, first), (_, second) = ask(store, text)
    assert [row[1] for row in first] == [200]
    assert [row[1] for row in second] == [300]
    assert first[0][4] == "Services"


def test_deleted_records_are_found_only_when_asked(store: OrgStore) -> None:
    """A deleted record is in queryAll alone."""
    gone = store.insert("Account", {"Name": "Gone"})
    store.delete("Account", gone)
    text = "SELECT Name FROM Account WHERE Name = 'Gone'"
    assert ask(store, text) == []
    assert ask(store, text, all_rows=True) == [("Gone",)]


@pytest.mark.parametrize(
    ("name", "count", "first", "after"),
    [
        ("this_week", None, date(2026, 11, 15), date(2026, 11, 22)),
        ("NEXT_QUARTER", None, date(2027, 1, 1), date(2027, 4, 1)),
        ("LAST_FISCAL_YEAR", None, date(2025, 1, 1), date(2026, 1, 1)),
        ("LAST_90_DAYS", None, date(2026, 8, 23), date(2026, 11, 22)),
        ("LAST_N_MONTHS", 2, date(2026, 9, 1), date(2026, 11, 1)),
        ("NEXT_N_QUARTERS", 1, date(2027, 1, 1), date(2027, 4, 1)),
        ("N_DAYS_AGO", 3, date(2026, 11, 18), date(2026, 11, 19)),
        ("N_YEARS_AGO", 1, date(2025, 1, 1), date(2026, 1, 1)),
    ],
)
def test_spans_of_date_literals(name: str, count: int | None, first: date, after: date) -> None:
    """A literal is a span of days as the reference has it; 21 November 2026 is a Saturday."""
    assert span_of(name, count, date(2026, 11, 21)) == (first, after)


def test_a_long_list_is_read_and_answered(store: OrgStore) -> None:
    """A thousand ids, a query of 20,000 characters, are no trouble."""
    listed = ", ".join(f"'0015g000000{place:04d}'" for place in range(1, 1001))
    text = f"SELECT Name FROM Account WHERE Id IN ({listed})"  # noqa: S608 (SOQL, not SQL)
    assert len(ask(store, text)) == 5


_TEXTS = st.sampled_from(["Acme", "acme", "Øre 100%", "øre 100%", "a_b", "zzz", "It's\\ok"])
_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda one, other: one == other,
    "!=": lambda one, other: one != other,
    "<": lambda one, other: one is not None and one < other,
    ">=": lambda one, other: one is not None and one >= other,
}
_Asked = tuple[str, "Callable[[dict[str, Any]], bool]"]


@st.composite
def _leaves(draw: st.DrawFn) -> _Asked:
    sign = draw(st.sampled_from(sorted(_SIGNS)))
    if draw(st.booleans()):
        wanted = draw(_TEXTS)
        return f"Name {sign} {quoted(wanted)}", lambda row: _SIGNS[sign](
            row["Name"].lower(),
            wanted.lower(),
        )
    field = draw(st.sampled_from(["AnnualRevenue", "NumberOfEmployees"]))
    number = draw(st.decimals(-10, 3000, places=1))
    return f"{field} {sign} {number}", lambda row: _SIGNS[sign](
        None if row[field] is None else Decimal(row[field]),
        number,
    )


def _combined(inner: st.SearchStrategy[_Asked]) -> st.SearchStrategy[_Asked]:
    several = st.lists(inner, min_size=2, max_size=3)
    return st.one_of(
        inner.map(lambda one: (f"NOT ({one[0]})", lambda row: not one[1](row))),
        several.map(
            lambda many: (
                " AND ".join(f"({text})" for text, _ in many),
                lambda row: all(keeps(row) for _, keeps in many),
            ),
        ),
        several.map(
            lambda many: (
                " OR ".join(f"({text})" for text, _ in many),
                lambda row: any(keeps(row) for _, keeps in many),
            ),
        ),
    )


@settings(max_examples=150, deadline=None)
@given(st.recursive(_leaves(), _combined, max_leaves=6))
def test_random_conditions_find_what_python_finds(store: OrgStore, asked: _Asked) -> None:
    """A condition made at random finds the rows that a Python filter finds."""
    text, keeps = asked
    assert names(store, text) == [row["Name"] for row in ACCOUNTS if keeps(row)]
