"""Every report, as a file: the rows and sums of its JSON, to the minor unit."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from tests.exports import file_readers as read
from tests.reports.conftest import filled

if TYPE_CHECKING:
    from pathlib import Path

    from tests.reports.conftest import Books

REPORTS = (
    "revenue --by customer,month", "revenue --by product --rows",
    "revenue --by region --all --rows",
    "allocation --by property:cost_center", "pipeline --by sales-rep", "pipeline --rows",
    "pipeline --gaps", "uninvoiced", "aging", "aging --by region --rows",
)  # fmt: skip


def same(row: dict[str, Any], found: dict[str, Any]) -> None:
    """Each value in a file is that of the row; a sign or a text stands for what is missing."""
    for name, value in row.items():
        if value is None:
            assert not found[name] or found[name].startswith("("), name
        elif str(value).lstrip("-").replace(".", "", 1).isdecimal():
            assert Decimal(str(found[name])) == Decimal(str(value)), name
        else:
            assert str(found[name]) in {value, f"'{value}"}, name


def check(books: Books, folder: Path, words: str) -> None:
    """CSV and Excel hold each row of the JSON in its order; the workbook has its totals."""
    result = books.report(*words.split())
    argv = ("report", *words.split(), "--force")
    for kind in ("csv", "xlsx"):
        assert books.run(*argv, "-o", str(folder / f"a.{kind}")).status == 0
    records = read.csv_records(folder / "a.csv")
    assert len(records) == len(result["rows"]) > 0
    for row, record in zip(result["rows"], records, strict=True):
        same({name: row[name] for name in record}, record)
    cells = read.sheet_records(folder / "a.xlsx")[: len(records)]
    for record, cell in zip(records, cells, strict=True):
        numbers = [
            Decimal(text) for text in record.values() if text.replace(".", "", 1).isdecimal()
        ]
        shown = [Decimal(str(one)) for one in cell.values() if isinstance(one, (int, float))]
        assert {one for one in shown if one > 0} <= set(numbers) | {one / 100 for one in numbers}
    for total in result["totals"]:
        for name in ("revenue", "booked", "billed", "total", "amount"):
            if name in total and result["rows"] and name in result["rows"][0]:
                own = [row for row in result["rows"] if row["currency"] == total["currency"]]
                kept = [row for row in own if row.get("status") == total.get("status")]
                amounts = [Decimal(row[name]) for row in kept if row[name] is not None]
                if words not in OTHER_TOTALS:
                    assert sum(amounts) == Decimal(total[name]), (words, name)


OTHER_TOTALS = {"aging --by region --rows"}
"""Whose records have an amount that is not what is summed up: the invoice's own."""


@pytest.mark.parametrize("words", REPORTS)
def test_a_file_has_the_rows_of_the_report(many: Books, tmp_path: Path, words: str) -> None:
    """300 invoices in four currencies."""
    check(many, tmp_path, words)


def test_a_file_says_the_day_and_what_its_bars_measure(many: Books, tmp_path: Path) -> None:
    """Receivables are of a day, and a pipeline has seven amounts to draw."""
    wanted = {
        "aging --as-of 2026-09-30": ("Aging on 2026-09-30 by customer", ", total USD"),
        "pipeline": ("Pipeline by stage", "Pipeline by stage, booked USD"),
        "revenue --by region": ("Revenue by region", "Revenue by region USD"),
    }
    for words, said in wanted.items():
        path = tmp_path / "a.html"
        assert many.run("report", *words.split(), "-o", str(path), "--force").status == 0
        text = path.read_text(encoding="utf-8")
        assert [one for one in said if one not in text] == []
    path = tmp_path / "a.html"
    assert many.run("report", "aging", "-o", str(path), "--force").status == 0
    day = many.report("aging")["as_of"]
    assert f"<h1>Aging on {day} by customer</h1>" in path.read_text(encoding="utf-8")


def test_an_allocation_is_revenue_with_shares(many: Books) -> None:
    """The same rows, each with its part of its currency in percent; the parts are a hundred."""
    check_allocation(many)


def check_allocation(books: Books) -> None:
    """Rows of revenue with a share that lies within a hundredth of its own quotient."""
    revenue = books.report("revenue", "--by", "property:cost_center")
    result = books.report("allocation", "--by", "property:cost_center")
    bare = [{name: row[name] for name in row if name != "share"} for row in result["rows"]]
    assert bare == revenue["rows"]
    whole = {row["currency"]: Decimal(row["revenue"]) for row in revenue["totals"]}
    shares: dict[str, Decimal] = defaultdict(Decimal)
    for row in result["rows"]:
        quotient = 100 * Decimal(row["revenue"]) / whole[row["currency"]]
        assert abs(Decimal(row["share"]) - quotient) <= Decimal("0.01")
        shares[row["currency"]] += Decimal(row["share"])
    assert set(shares.values()) == {Decimal(100)}


@pytest.mark.long
def test_every_report_of_thousands_as_a_file(tmp_path: Path) -> None:
    """5,000 invoices in four currencies."""
    books = filled(tmp_path, 5_000)
    check_allocation(books)
    for words in REPORTS:
        check(books, tmp_path, words)
