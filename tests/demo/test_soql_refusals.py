"""What an org refuses, in its own words."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sfsync.demo.catalogue import Features
from sfsync.demo.soql import SoqlError, parse, run
from sfsync.demo.store import OrgStore
from tests.demo.soql_text import queries, query_text

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
COLUMN = (
    "If you are attempting to use a custom field, be sure to append the '__c' after the custom "
    "field name. Please reference your WSDL or the describe call for the appropriate names."
)
RELATIONSHIP = (
    "If you are attempting to use a custom relationship, be sure to append the '__r' after the "
    "custom relationship name. Please reference your WSDL or the describe call for the "
    "appropriate names."
)
ENTITY = (
    "If you are attempting to use a custom object, be sure to append the '__c' after the entity "
    "name. Please reference your WSDL or the describe call for the appropriate names."
)
FROM = "FROM Opportunity"
CRITERION = "value of filter criterion for field '{}' must be of type {} and {} enclosed in quotes"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrgStore]:
    """An empty org."""
    with OrgStore.create(tmp_path_factory.mktemp("soql") / "org.db") as made:
        yield made


def refusal(store: OrgStore, text: str) -> SoqlError:
    """What the org answers to a query it does not take."""
    with pytest.raises(SoqlError) as refused:
        list(run(store, text, now=NOW, time_zone="UTC").rows)
    return refused.value


def test_the_picture_of_an_unknown_column(store: OrgStore) -> None:
    """Code and text of an unknown field are those of a live org, to the letter."""
    refused = refusal(store, "SELECT Id, Foo FROM Account")
    assert refused.error_code == "INVALID_FIELD"
    assert refused.message == (
        "\nSELECT Id, Foo FROM Account\n           ^\nERROR at Row:1:Column:12\n"
        f"No such column 'Foo' on entity 'Account'. {COLUMN}"
    )


@pytest.mark.parametrize(
    ("text", "picture"),
    [
        (
            "select Id, ProductCode from Product2 where ProductCode = 3999",
            (
                "\nProductCode from Product2 where ProductCode = 3999\n"
                "                                ^\nERROR at Row:1:Column:44\n"
            ),
        ),
        (
            "SELECT Id, Dispenser__c, Answer__c, Audit_Question__c, X, Y, Z FROM Account",
            (
                "\nSELECT Id, Dispenser__c, Answer__c, Audit_Question__c\n"
                "           ^\nERROR at Row:1:Column:12\n"
            ),
        ),
        (
            "SELECT Id\nFROM Accountz LIMIT 2",
            "\nFROM Accountz LIMIT 2\n     ^\nERROR at Row:2:Column:6\n",
        ),
        (
            "SELECT Id, FROM Account",
            "\nSELECT Id, FROM Account\n          ^\nERROR at Row:1:Column:11\n",
        ),
    ],
)
def test_the_picture_shows_where(store: OrgStore, text: str, picture: str) -> None:
    """About thirty characters on either side, whole words, and a caret, as live orgs draw it."""
    assert refusal(store, text).message.startswith(picture)


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        (
            f"SELECT Foo.Name {FROM}",
            "INVALID_FIELD",
            f"Didn't understand relationship 'Foo' in field path. {RELATIONSHIP}",
        ),
        (
            f"SELECT Account.Foo {FROM}",
            "INVALID_FIELD",
            f"No such column 'Foo' on entity 'Account'. {COLUMN}",
        ),
        (
            f"SELECT Id {FROM} WHERE Foo = 1",
            "INVALID_FIELD",
            f"No such column 'Foo' on entity 'Opportunity'. {COLUMN}",
        ),
        ("SELECT Id FROM Foo", "INVALID_TYPE", f"sObject type 'Foo' is not supported. {ENTITY}"),
        (
            "SELECT Id FROM CurrencyType",
            "INVALID_TYPE",
            f"sObject type 'CurrencyType' is not supported. {ENTITY}",
        ),
        (
            f"SELECT (SELECT Id FROM Foos) {FROM}",  # noqa: S608 (SOQL, not SQL)
            "INVALID_TYPE",
            f"Didn't understand relationship 'Foos' in FROM part of query call. {RELATIONSHIP}",
        ),
        (
            f"SELECT Id {FROM} WHERE CloseDate > '2026-01-01'",
            "INVALID_FIELD",
            CRITERION.format("CloseDate", "date", "should not be"),
        ),
        (
            f"SELECT Id {FROM} WHERE CloseDate > 2026-01-01T00:00:00Z",
            "INVALID_FIELD",
            CRITERION.format("CloseDate", "date", "should not be"),
        ),
        (
            f"SELECT Id {FROM} WHERE SystemModstamp > 2026-01-01",
            "INVALID_FIELD",
            CRITERION.format("SystemModstamp", "dateTime", "should not be"),
        ),
        (
            f"SELECT Id {FROM} WHERE Name = 5",
            "INVALID_FIELD",
            CRITERION.format("Name", "string", "should be"),
        ),
        (
            f"SELECT Id {FROM} WHERE Name = Acme",
            "INVALID_FIELD",
            CRITERION.format("Name", "string", "should be"),
        ),
        (
            f"SELECT Id {FROM} WHERE Name IN ('a', 5)",
            "INVALID_FIELD",
            CRITERION.format("Name", "string", "should be"),
        ),
        (
            f"SELECT Id {FROM} WHERE Amount = '5'",
            "INVALID_FIELD",
            CRITERION.format("Amount", "double", "should not be"),
        ),
        (
            f"SELECT Id {FROM} WHERE IsWon = 'true'",
            "INVALID_FIELD",
            CRITERION.format("IsWon", "boolean", "should not be"),
        ),
        (
            f"SELECT Id {FROM} WHERE CloseDate = LAST_N_DAYS:99999",
            "INVALID_FIELD",
            CRITERION.format("CloseDate", "date", "should not be"),
        ),
        (
            f"SELECT Id {FROM} WHERE Description = 'x'",
            "INVALID_FIELD",
            "field 'Description' can not be filtered in a query call",
        ),
        (
            "SELECT Id FROM Account WHERE BillingAddress = 'x'",
            "INVALID_FIELD",
            "Address fields can only be filtered using Distance expressions",
        ),
        (
            f"SELECT Id {FROM} ORDER BY Description",
            "MALFORMED_QUERY",
            "field 'Description' can not be sorted in a query call",
        ),
        (
            f"SELECT Name, COUNT(Id) {FROM}",
            "MALFORMED_QUERY",
            "Field must be grouped or aggregated: Name",
        ),
        (
            f"SELECT SUM(Name) {FROM}",
            "MALFORMED_QUERY",
            "field Name does not support aggregate operator SUM",
        ),
        (
            f"SELECT Amount {FROM} GROUP BY Amount",
            "MALFORMED_QUERY",
            "field 'Amount' can not be grouped in a query call",
        ),
        (
            f"SELECT Name n {FROM}",
            "MALFORMED_QUERY",
            "only aggregate expressions use field aliasing",
        ),
        (
            "SELECT (SELECT COUNT(Id) FROM Contacts) FROM Account",
            "MALFORMED_QUERY",
            "only root queries support aggregate expressions",
        ),
        (f"SELECT Id, Name, id {FROM}", "INVALID_FIELD", "duplicate field selected: Id"),
        (
            f"SELECT Id, FIELDS(ALL) {FROM} LIMIT 200",
            "INVALID_FIELD",
            "duplicate field selected: Id",
        ),
        (
            f"SELECT FIELDS(ALL) {FROM}",
            "MALFORMED_QUERY",
            "The SOQL FIELDS function must have a LIMIT of at most 200",
        ),
        (
            f"SELECT FIELDS(CUSTOM) {FROM} LIMIT 201",
            "MALFORMED_QUERY",
            "The SOQL FIELDS function must have a LIMIT of at most 200",
        ),
        (
            f"SELECT Id {FROM} WHERE Id = 'xyz'",
            "INVALID_QUERY_FILTER_OPERATOR",
            "invalid ID field: xyz",
        ),
        (
            f"SELECT Id {FROM} WHERE AccountId IN ('xyz')",
            "INVALID_QUERY_FILTER_OPERATOR",
            "invalid ID field: xyz",
        ),
        (
            f"SELECT Id {FROM} WHERE Id LIKE '006%'",
            "INVALID_QUERY_FILTER_OPERATOR",
            "invalid operator on id field",
        ),
        (
            f"SELECT Id {FROM} WHERE IsWon > true",
            "INVALID_QUERY_FILTER_OPERATOR",
            "invalid operator on boolean field",
        ),
        (
            f"SELECT Id {FROM} OFFSET 2001",
            "NUMBER_OUTSIDE_VALID_RANGE",
            "Maximum SOQL offset allowed is 2000",
        ),
        (
            f"SELECT Id {FROM} LIMIT 99999999999",
            "MALFORMED_QUERY",
            "numeric value out of range: 99999999999",
        ),
        (
            f"SELECT Id {FROM} WHERE Id IN (SELECT Id FROM Opportunity)",  # noqa: S608 (SOQL, not SQL)
            "MALFORMED_QUERY",
            "The inner and outer selects should not be on the same object type",
        ),
        (
            f"SELECT Id {FROM} WHERE IsWon = true AND Amount > 1 OR Amount < 0",
            "MALFORMED_QUERY",
            "unexpected token: 'OR'",
        ),
        (
            f"SELECT Id {FROM} WHERE NOT IsWon = true AND Amount > 1",
            "MALFORMED_QUERY",
            "unexpected token: 'AND'",
        ),
        (f"SELECT Id {FROM} WHERE", "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
        (f"SELECT Id {FROM} LIMIT -5", "MALFORMED_QUERY", "unexpected token: '-5'"),
        (f"SELECT Id {FROM} /* all */", "MALFORMED_QUERY", "unexpected token: '/'"),
        (f"SELECT Id {FROM};", "MALFORMED_QUERY", "unexpected token: ';'"),
        (f"SELECT * {FROM}", "MALFORMED_QUERY", "unexpected token: '*'"),
        (f"SELECT Id {FROM} WHERE Name = 'it's'", "MALFORMED_QUERY", "unexpected token: 's'"),
        (
            f"SELECT Id {FROM} WHERE Name = 'a\\q'",
            "MALFORMED_QUERY",
            "Invalid string literal 'a\\q'. Illegal character sequence '\\q' in string literal.",
        ),
        (
            f"SELECT Id {FROM} WHERE Name = 'a\\%'",
            "MALFORMED_QUERY",
            "Invalid string literal 'a\\%'. Illegal character sequence '\\%' in string literal.",
        ),
        (f"SELECT Id {FROM} WHERE Name IN ()", "MALFORMED_QUERY", "unexpected token: ')'"),
        ("", "MALFORMED_QUERY", "SOQL statements cannot be empty or null"),
        (
            "SELECT Id FROM Account WHERE " + "(" * 30 + "Name = 'x'" + ")" * 29,
            "MALFORMED_QUERY",
            "unexpected token: '<EOF>'",
        ),
    ],
)
def test_a_refusal_has_its_code_and_text(
    store: OrgStore,
    text: str,
    code: str,
    message: str,
) -> None:
    """Each thing an org refuses is refused with its errorCode and its text."""
    refused = refusal(store, text)
    assert refused.error_code == code
    assert re.sub(r"(?s)^\n.*?\nERROR at Row:\d+:Column:\d+\n", "", refused.message) == message


def test_a_hidden_field_is_refused_like_an_unknown_one(store: OrgStore) -> None:
    """Field-level security answers as if the field were not there."""
    unknown = refusal(store, "SELECT Id, Amounts FROM Opportunity").message
    store.set_features(Features(hidden_fields=frozenset({"Opportunity.Amount"})))
    hidden = refusal(store, "SELECT Id, Amount  FROM Opportunity")
    store.set_features(Features())
    assert hidden.error_code == "INVALID_FIELD"
    assert hidden.message.replace("Amount ", "Amounts") == unknown.replace("'Amounts'", "'Amount'")


@settings(max_examples=150, deadline=None)
@given(queries)
def test_what_is_printed_is_read_back(query: object) -> None:
    """A query written out and parsed again is the same query."""
    assert parse(query_text(query)) == query  # type: ignore[arg-type]  # hypothesis builds Queries


_words = st.sampled_from(
    [
        *("SELECT", "Id", ",", "FROM", "Account", "WHERE", "(", ")", "Name", "=", "'a'", "IN"),
        *("NOT", "AND", "OR", "COUNT(", "LIMIT", "5", "null", "GROUP BY", "'", "\\", "LIKE"),
        *("TODAY", "x:1"),
    ],
)


@settings(max_examples=200, deadline=None)
@example("SELECT Id FROM Account WHERE Name LIKE '\x00'")
@example("SELECT Id FROM Account WHERE " + "NOT (" * 900 + "Name = 'x'" + ")" * 900)
@example("SELECT Id FROM Account WHERE " + " AND ".join(["Name = 'x'"] * 3000))  # noqa: S608 (SOQL, not SQL)
@example("SELECT Id FROM Account WHERE NumberOfEmployees > 1e999999999")
@example("SELECT Id FROM Account WHERE AnnualRevenue IN (1e-999999, 1e9999)")
@example("SELECT Id FROM Account WHERE CreatedDate > 0001-01-01T00:00:00+14:00")
@example("SELECT Id FROM Account WHERE CreatedDate = LAST_N_YEARS:9999")
@example("SELECT Id FROM Account WHERE Name = '\\ud800'")
@given(st.text(max_size=40) | st.lists(_words, max_size=14).map(" ".join))
def test_any_text_is_answered_or_refused(store: OrgStore, text: str) -> None:
    """Whatever is asked, the org answers it or refuses it; it never breaks."""
    try:
        found = run(store, text, now=NOW, time_zone="UTC")
        rows, total = list(found.rows), found.total
    except SoqlError:
        return
    # The org is empty: only an aggregate without groups has a row.
    assert len(rows) == total == int(found.is_aggregate and not found.query.group_by)
