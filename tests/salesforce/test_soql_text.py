from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.salesforce import soql

LITERAL = re.compile(r"'(?:[^'\\]|\\[\\'\"nrtbf]|\\u[0-9A-Fa-f]{4})*'")


def unquote(literal: str) -> str:
    """Read a SOQL literal back, by the escapes of the reference."""
    named = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}

    def meaning(found: re.Match[str]) -> str:
        escape = found[1]
        return chr(int(escape[1:], 16)) if escape[0] == "u" else named.get(escape, escape)

    return re.sub(r"\\(u[0-9A-Fa-f]{4}|.)", meaning, literal[1:-1])


@settings(deadline=None)
@given(st.text(max_size=60))
def test_every_text_is_one_literal_and_reads_back(text: str) -> None:
    """No text ends its literal early, and none is changed by being quoted."""
    literal = soql.quote(text)
    assert LITERAL.fullmatch(literal)
    assert unquote(literal) == text


def test_literals_of_time() -> None:
    """Moments are UTC to the second, days are as they are."""
    moment = datetime(2026, 1, 31, 1, 30, 0, 999_999, tzinfo=timezone(timedelta(hours=2)))
    assert soql.datetime_literal(moment) == "2026-01-30T23:30:00Z"
    assert soql.datetime_literal(datetime(2026, 1, 31, tzinfo=UTC)) == "2026-01-31T00:00:00Z"
    assert soql.date_literal(date(2026, 1, 31)) == "2026-01-31"


def test_a_moment_without_a_zone_is_refused() -> None:
    """A naive moment would silently mean local time."""
    with pytest.raises(ValueError, match="time zone"):
        soql.datetime_literal(datetime(2026, 1, 31))  # noqa: DTZ001 - the point of the test


@pytest.mark.parametrize("path", ["Id", "Owner.Name", "A__r.B__r.C__c", "a.b.c.d.e.f"])
def test_names_pass(path: str) -> None:
    """Fields, relationships and custom names are identifiers."""
    assert soql.identifier(path) == path


@pytest.mark.parametrize(
    "path", ["", "1a", "a b", "a.", ".a", "a'--", "a.b.c.d.e.f.g", "Námé", "a\n", "COUNT()"]
)
def test_everything_else_is_no_name(path: str) -> None:
    """What could change the structure of a query is refused."""
    with pytest.raises(ValueError, match="not a field"):
        soql.identifier(path)


def test_a_select_is_put_together() -> None:
    """Fields once each in order, then condition, order and limit."""
    text = soql.select(
        ["Id", "Name", "id", "Owner.Name"],
        "Opportunity",
        where="IsWon = true",
        order_by=["SystemModstamp", "Id DESC"],
        limit=5,
    )
    assert text == (
        "SELECT Id, Name, Owner.Name FROM Opportunity WHERE IsWon = true"
        " ORDER BY SystemModstamp, Id DESC LIMIT 5"
    )
    assert soql.count("Account") == "SELECT COUNT() FROM Account"


@pytest.mark.parametrize(
    ("fields", "order"), [([], []), (["Id"], ["Id; DROP"]), (["Id", "x y"], [])]
)
def test_a_select_of_nonsense_is_refused(fields: list[str], order: list[str]) -> None:
    """No fields, no foreign ordering, no text where a name belongs."""
    with pytest.raises(ValueError, match=r"field|ordering"):
        soql.select(fields, "Opportunity", order_by=order)


def test_in_lists_stay_short_enough_for_a_url() -> None:
    """Ids come once each, in order, at most 200 a list."""
    ids = [f"006{number:012d}AAA" for number in range(450)]
    chunks = list(soql.in_chunks([*ids, *ids]))
    assert [chunk.count(",") + 1 for chunk in chunks] == [200, 200, 50]
    assert chunks[0].startswith(f"('{ids[0]}','{ids[1]}',")
    assert list(soql.in_chunks([])) == []
