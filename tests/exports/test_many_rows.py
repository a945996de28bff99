"""Every export of many invoices in four currencies, recomputed from what went into the ledger."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from sfsync.exports.paper_table import write_paper
from sfsync.exports.table import Column, ExportTable, Kind
from sfsync.money import minor_to_text
from tests.cli.command_line import start
from tests.exports import file_readers as read
from tests.ledger.ledger_books import new_ledger
from tests.ledger.many_invoices import many_invoices

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ledger.many_invoices import Made

Amounts = Counter[tuple[str, Decimal]]


@pytest.fixture(
    scope="module", params=[300, pytest.param(5_000, marks=pytest.mark.long)], ids="{}".format
)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A ledger with so many invoices, and what went into it."""
    folder = tmp_path_factory.mktemp("many")
    with new_ledger(folder / "books.db") as ledger:
        return folder, many_invoices(ledger, request.param)


def export(made: tuple[Path, Made], what: str, path: Path, *more: str) -> Path:
    """Run one export."""
    ledger = str(made[0] / "books.db")
    done = start(["export", what, "-o", str(path), "--ledger", ledger, *more])
    assert done.status == 0, done.err
    return path


def totals_of(made: Made) -> Amounts:
    """Currency and total of every document that an export lists."""
    found: Amounts = Counter()
    for one in made.invoices:
        total = Decimal(minor_to_text(one.total, one.exponent))
        if one.state != "deleted":
            found[one.currency, total] += 1
        if one.reversed_on is not None:
            found[one.currency, -total] += 1
        if one.credit is not None:
            found[one.currency, -Decimal(minor_to_text(one.credit.minor, one.exponent))] += 1
    return found


def test_invoices_in_every_format(made: tuple[Path, Made], tmp_path: Path) -> None:
    """Currency and total of each document, from every format, are those that went in."""
    wanted = totals_of(made[1])
    rows = read.csv_records(export(made, "invoices", tmp_path / "a.csv"))
    assert Counter((row["currency"], Decimal(row["total"])) for row in rows) == wanted
    objects = read.json_rows(export(made, "invoices", tmp_path / "a.json"))
    assert Counter((row["currency"], Decimal(row["total"])) for row in objects) == wanted
    lines = export(made, "invoices", tmp_path / "a.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == objects
    cells = read.sheet_records(export(made, "invoices", tmp_path / "a.xlsx"))
    assert Counter((row["Currency"], Decimal(str(row["Total"]))) for row in cells) == wanted
    fields = ("--fields", "currency,total")
    for kind, reader in (("tsv", read.tsv_rows), ("md", read.markdown_rows)):
        pairs = reader(export(made, "invoices", tmp_path / f"a.{kind}", *fields))
        assert Counter((currency, Decimal(total)) for currency, total in pairs) == wanted
    page = read.Page(export(made, "invoices", tmp_path / "a.html", *fields))
    spoken = [row for row in page.rows if len(row) == 2][: wanted.total()]
    assert Counter((c, Decimal(t.replace(",", ""))) for c, t in spoken) == wanted


def test_a_pdf_holds_every_row_once(made: tuple[Path, Made], tmp_path: Path) -> None:
    """Each total stands on some page, with its currency, and the sums at the end are right."""
    wanted = totals_of(made[1])
    fields = ("--fields", "currency,total")
    path = export(made, "invoices", tmp_path / "a.pdf", *fields)
    pages = read.pdf_pages(path)
    words = " ".join(pages).replace(",", "").split()
    pairs = pairwise(words)
    currencies = {currency for currency, _ in wanted}
    # A total of the end reads `Total USD 1.00`, a row `USD 1.00`; the sums come last.
    found = [(c, Decimal(t)) for c, t in pairs if c in currencies and _is_number(t)]
    assert Counter(found[: -len(currencies)]) == wanted
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for (currency, total), count in wanted.items():
        sums[currency] += total * count
    assert dict(found[-len(currencies) :]) == sums
    assert f"Page {len(pages)} of {len(pages)}" in " ".join(pages[-1].split())


def _is_number(word: str) -> bool:
    return word.lstrip("-").replace(".", "", 1).isdecimal()


def test_lines_add_up_to_their_invoices(made: tuple[Path, Made], tmp_path: Path) -> None:
    """Each line's amount, and the sum of the lines of each document, from CSV and Excel."""
    wanted: dict[str, Decimal] = {}
    for one in made[1].invoices:
        total = Decimal(minor_to_text(one.total, one.exponent))
        if one.state != "deleted":
            wanted[one.number] = total
        if one.credit_note is not None:
            wanted[one.credit_note] = -total
        if one.credit is not None:
            part = Decimal(minor_to_text(one.credit.minor, one.exponent))
            wanted[one.credit.number] = -part
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in read.csv_records(export(made, "lines", tmp_path / "l.csv")):
        sums[row["number"] or row["draft"]] += Decimal(row["amount"])
    assert sums == wanted
    in_cells: dict[str, Decimal] = defaultdict(Decimal)
    for record in read.sheet_records(export(made, "lines", tmp_path / "l.xlsx")):
        in_cells[record["Number"] or record["Draft"]] += Decimal(str(record["Amount"]))
    assert in_cells == wanted


def test_a_workbook_shows_each_currency_with_its_decimals(
    made: tuple[Path, Made], tmp_path: Path
) -> None:
    """JPY has none, USD and EUR two, KWD three."""
    path = export(made, "invoices", tmp_path / "a.xlsx")
    sheet = openpyxl.load_workbook(path).worksheets[0]
    head = {cell.value: place for place, cell in enumerate(sheet[1])}
    shapes: dict[str, set[str]] = defaultdict(set)
    for row in sheet.iter_rows(min_row=2, max_row=200):
        shapes[row[head["Currency"]].value].add(row[head["Total"]].number_format)
    two = {"#,##0.00"}
    assert shapes == {"JPY": {"#,##0"}, "USD": two, "EUR": two, "KWD": {"#,##0.000"}}


def test_filters_mean_what_they_mean_in_lists(made: tuple[Path, Made], tmp_path: Path) -> None:
    """The same documents, in the same order, as `invoice list` with the same filters."""
    filters = ("--status", "posted", "--min", "10000", "--region", "EMEA", "--sort", "-total")
    ledger = str(made[0] / "books.db")
    listed = start(["invoice", "list", "--json", "--ledger", ledger, *filters]).document["result"]
    path = export(made, "invoices", tmp_path / "a.json", *filters)
    assert listed
    assert read.json_rows(path) == listed


def test_the_journal_of_many_documents(made: tuple[Path, Made], tmp_path: Path) -> None:
    """Debits equal credits in each currency, and the receivable is what customers still owe."""
    balances: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in read.csv_records(export(made, "journal", tmp_path / "j.csv")):
        amount = Decimal(row["debit"] or 0) - Decimal(row["credit"] or 0)
        balances[row["currency"], row["account"]] += amount
        balances[row["currency"], "all"] += amount
    owed: dict[str, Decimal] = defaultdict(Decimal)
    for one in made[1].in_ledger:
        owed[one.currency] += Decimal(minor_to_text(one.owed(date.max), one.exponent))
    for currency, amount in owed.items():
        assert balances[currency, "all"] == 0
        assert balances[currency, "1200"] == amount


def test_a_number_on_paper_is_never_broken(tmp_path: Path) -> None:
    """A sum, or a late row, with more digits than its column has room for is set smaller."""
    rows = [{"currency": "JPY", "total": "1"} for _ in range(400)]
    rows += [{"currency": "JPY", "total": "999999999999999"} for _ in range(9)]
    columns = (
        Column("currency", "Cur.", Kind.CODE),
        Column("total", "T", Kind.MONEY, "currency", summed=True),
    )
    with (tmp_path / "a.pdf").open("wb") as stream:
        write_paper(ExportTable("x", "X", columns, rows), stream)
    words = " ".join(read.pdf_pages(tmp_path / "a.pdf")).split()
    assert words.count("999,999,999,999,999") == 9
    assert "9,000,000,000,000,391" in words
