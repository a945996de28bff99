from __future__ import annotations

import json
import re
import shlex
import sqlite3
import subprocess
import sys
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from sfsync.ledger import open_ledger
from sfsync.ledger.invariants import check_ledger
from tests.ledger.ledger_books import content, fill, line, new_ledger
from tests.reports.conftest import Books

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.command_line import Done

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs" / "sql.md").read_text(encoding="utf-8")
DATASETTE = yaml.safe_load((ROOT / "examples" / "datasette.yaml").read_text(encoding="utf-8"))
HEAD = (
    "version: 1\nconnection: {name: a, type: demo}\nopportunities: {map: {customer: AccountId,"
    " total: Amount, description: Name, document_date: CloseDate}}\n"
)
PARAMETERS = {"customer": "C-0003", "number": "INV-2025-00001", "day": "2026-06-30"}


def ask(books: Books, sql: str) -> list[dict[str, Any]]:
    """The answer to a query on a plain connection, as other tools have it."""
    connection = sqlite3.connect(books.path)
    connection.row_factory = sqlite3.Row
    try:
        return [dict(row) for row in connection.execute(sql, PARAMETERS)]
    finally:
        connection.close()


def documented_queries() -> Iterator[str]:
    """Every query that docs/sql.md, its YAML, and the examples show."""
    yield from re.findall(r"```sql\n(.*?)```", DOCS, re.DOTALL)
    for block in re.findall(r"```yaml\n(.*?)```", DOCS, re.DOTALL):
        yield from (each["sql"] for each in yaml.safe_load(block)["reports"].values())
    example = (ROOT / "examples" / "mappings.yaml").read_text(encoding="utf-8")
    template = re.search(r"sql: (select .*)$", example, re.MULTILINE)
    assert template is not None
    yield template[1]
    yield from (each["sql"] for each in DATASETTE["databases"]["acme"]["queries"].values())


@pytest.mark.parametrize("sql", list(documented_queries()))
def test_every_documented_query_answers(many: Books, sql: str) -> None:
    """It runs as it stands; only a demo without open deals answers nothing to one of them."""
    assert ask(many, sql) or "FROM deals" in sql


@pytest.mark.parametrize("line", re.findall(r"^\$ sqlite-utils (.*)$", DOCS, re.MULTILINE))
def test_every_documented_command_of_sqlite_utils_answers(many: Books, line: str) -> None:
    """The very command line, with the ledger in place of acme.db."""
    words = [str(many.path) if word == "acme.db" else word for word in shlex.split(line)]
    command = [sys.executable, "-m", "sqlite_utils", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert len(done.stdout.splitlines()) > 1


def test_the_documented_columns_are_those_of_the_views(many: Books) -> None:
    """Names and order; every view that the ledger has for people is documented."""
    rows = re.findall(r"^\| `(\w+)` \| .* \| `([\w, ]+)` \|$", DOCS, re.MULTILINE)
    documented = {name: columns.split(", ") for name, columns in rows}
    views = [row["name"] for row in ask(many, "SELECT name FROM sqlite_master WHERE type = 'view'")]
    assert documented == {
        name: [row["name"] for row in ask(many, f"PRAGMA table_info({name})")]
        for name in views
        if name != "document_balance"
    }
    assert set(DATASETTE["databases"]["acme"]["tables"]) == set(documented) - {"currency_unit"}


def test_the_views_say_what_the_reports_say(many: Books) -> None:
    """Revenue by month and what is owed, from the views' minor units and from the program."""
    revenue: dict[tuple[str, str], int] = defaultdict(int)
    for row in ask(many, "SELECT * FROM revenue"):
        revenue[row["month"], row["currency"]] += row["revenue_minor"]
        assert Decimal(row["revenue"]).scaleb(row["exponent"]) == row["revenue_minor"]
    units = {"JPY": 1, "USD": 100, "EUR": 100, "KWD": 1000}
    rows = many.report("revenue", "--by", "month")["rows"]
    assert revenue == {
        (row["month"], row["currency"]): int(Decimal(row["revenue"]) * units[row["currency"]])
        for row in rows
    }
    owed = ask(
        many, "SELECT currency, sum(balance_minor) AS minor FROM customers_balance GROUP BY 1"
    )
    assert {row["currency"]: row["minor"] for row in owed if row["minor"]} == {
        row["currency"]: int(Decimal(row["total"]) * units[row["currency"]])
        for row in many.report("aging", "--as-of", "2026-11-22")["totals"]
    }


def test_the_amounts_of_the_views_are_those_of_the_lists(many: Books) -> None:
    """Every document's total and balance as text, with the decimals of its currency."""
    listed = json.loads(many.run("invoice", "list", "--json").out)["result"]
    found = {row["draft"]: row for row in ask(many, "SELECT * FROM invoices")}
    for row in listed:
        view = found[row["draft"]]
        assert (view["total"], view["balance"]) == (row["total"], row["balance"])
        assert json.loads(view["properties"]) == row["properties"]
    journal = ask(many, "SELECT * FROM journal")
    for row in journal:
        text = row["debit"] or f"-{row['credit']}"
        assert Decimal(text).scaleb(row["exponent"]) == row["amount_minor"]
        assert (row["debit"] is None) != (row["credit"] is None)


def test_a_line_without_a_unit_price_has_none_in_its_view(tmp_path: Path) -> None:
    """Null, as in the lists: nothing is not nought."""
    path = tmp_path / "books.db"
    with new_ledger(path) as ledger:
        priced = line(10_050)._replace(quantity=Decimal("1.5"))
        fill(ledger, 1, content(line(10_000)._replace(unit_price=None), priced))
    books = Books(path, None)  # type: ignore[arg-type]  # nothing is compared with it
    assert ask(books, "SELECT quantity, unit_price FROM invoice_lines ORDER BY no") == [
        {"quantity": "1", "unit_price": None},
        {"quantity": "1.5", "unit_price": "100.5"},
    ]


def test_views_do_not_disturb_the_check_of_the_ledger(many: Books) -> None:
    """The schema with its views is the one that is shipped; a dropped view is found."""
    with open_ledger(many.path, create=False) as ledger:
        assert check_ledger(ledger) == []


def saved(books: Books, folder: Path, sql: str, *argv: str) -> Done:
    """Run a query that the mapping file keeps as ``mine``."""
    entry = json.dumps({"mine": {"sql": sql}})
    (folder / "mappings.yaml").write_text(f"{HEAD}reports:\n  {entry}\n", encoding="utf-8")
    return books.run("report", "run", "mine", *argv)


@pytest.mark.parametrize("view", list(DATASETTE["databases"]["acme"]["tables"]))
def test_a_saved_query_can_read_every_view(many: Books, tmp_path: Path, view: str) -> None:
    """On the program's own strict connection too; the text of properties is JSON."""
    sql = f"SELECT * FROM {view}"  # noqa: S608 - names from the metadata
    rows = saved(many, tmp_path, sql, "--json").document["result"]["rows"]
    assert rows == ask(many, sql)
    assert all(isinstance(json.loads(row.get("properties", "{}")), dict) for row in rows)


def test_a_saved_query_answers_with_typed_columns(many: Books, tmp_path: Path) -> None:
    """Rows as JSON objects, a second column of a name under another, parameters bound as text."""
    sql = (
        "SELECT customer, currency, balance_minor, customer FROM customers_balance"
        " WHERE customer = :customer ORDER BY currency"
    )
    done = saved(many, tmp_path, sql, "--param", "customer=C-0003", "--json")
    assert done.document["schema"] == "sfsync.report_run.v1"
    result = done.document["result"]
    assert (result["report"], result["by"], result["totals"]) == ("mine", [], [])
    assert [list(row) for row in result["rows"]] == [
        ["customer", "currency", "balance_minor", "customer_2"]
    ] * len(result["rows"])
    assert {row["customer_2"] for row in result["rows"]} == {"C-0003"}
    piped = saved(many, tmp_path, sql, "--param", "customer=' OR 1=1 --").out
    assert piped == ""


@pytest.mark.parametrize(
    "sql",
    [
        "WITH x AS (SELECT 1) INSERT INTO customer (id) SELECT * FROM x",
        "WITH x AS (SELECT 1) DELETE FROM document",
        "WITH x AS (SELECT 1) UPDATE document SET total_minor = 0",
        "SELECT load_extension('/tmp/x.so')",
        "SELECT * FROM pragma_journal_mode('delete')",
        "SELECT 1; DROP TABLE document",
        "SELECT 1; ATTACH '/tmp/other.db' AS other",
        "SELECT nothing FROM invoices",
        "SELECT * FROM invoices WHERE customer = ?",
        "SELECT zeroblob(1000000000)",
        "WITH",
    ],
)
def test_a_saved_query_can_only_read(many: Books, tmp_path: Path, sql: str) -> None:
    """Anything else is exit 5 with the place of the query, and the ledger is untouched."""
    before = many.path.read_bytes()
    done = saved(many, tmp_path, sql, "--json")
    assert done.status == 5
    problem = done.document["error"]["problems"][0]
    assert (problem["file"], problem["line"]) == ("mappings.yaml", 5)
    assert problem["message"].startswith("report 'mine': ")
    said = saved(many, tmp_path, sql).err
    assert "mappings.yaml:5:" in said
    assert many.path.read_bytes() == before


def test_a_saved_query_that_never_ends_is_given_up(many: Books, tmp_path: Path) -> None:
    """After --timeout, with exit 11; so is one that answers without end."""
    sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT "
    slow = saved(many, tmp_path, f"{sql}count(*) FROM n", "--timeout", "0.2", "--json")
    assert (slow.status, slow.document["error"]["code"]) == (11, "query-too-slow")
    large = saved(many, tmp_path, f"{sql}i FROM n", "--json")
    assert (large.status, large.document["error"]["code"]) == (11, "query-too-large")


def test_parameters_are_all_needed_and_all_known(many: Books, tmp_path: Path) -> None:
    """A missing or an unknown one is exit 2, and named."""
    sql = "SELECT number FROM invoices WHERE customer = :customer"
    missing = saved(many, tmp_path, sql, "--json")
    assert (missing.status, missing.document["error"]["code"]) == (2, "parameter-missing")
    assert missing.document["error"]["fix"] == "add --param customer=VALUE"
    given = ["--param", "customer=C-0003", "--param", "custmer=C-0004"]
    unknown = saved(many, tmp_path, sql, *given, "--json")
    assert (unknown.status, unknown.document["error"]["code"]) == (2, "parameter-unknown")


def test_a_column_name_cannot_hijack_a_terminal(many: Books, tmp_path: Path) -> None:
    """Its control characters are shown, as those of values are."""
    done = start_on_terminal(many, tmp_path, "SELECT 1 AS \"a\u009b31m\", char(27) || '[2J' AS b")
    assert "\x9b" not in done.out
    assert "\x1b[2J" not in done.out
    assert "a\\x9b31m" in done.out


def start_on_terminal(books: Books, folder: Path, sql: str) -> Done:
    """The same on a terminal."""
    saved(books, folder, sql)
    return books.run("report", "run", "mine", terminal=True)


def test_a_report_that_is_not_there(many: Books, tmp_path: Path) -> None:
    """Exit 9, with the names of those that are."""
    saved(many, tmp_path, "SELECT 1")
    done = many.run("report", "run", "lat", "--json")
    assert done.status == 9
    assert "there are: mine" in done.document["error"]["message"]
