"""`sfsync export`, and -o of every list: the same rows in every format."""

from __future__ import annotations

import hashlib
import json
import re
import stat
from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from tests.exports import file_readers as read

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.command_line import Sfsync

FORMATS = ("csv", "tsv", "json", "jsonl", "md", "html", "xlsx", "pdf")


def sheet_rows(path: Path) -> list[tuple[Any, ...]]:
    """The rows of a workbook's first sheet, headings first."""
    book = openpyxl.load_workbook(path)
    return [tuple(cell.value for cell in row) for row in book.worksheets[0].iter_rows()]


def pdf_text(path: Path) -> str:
    """All the text of a PDF."""
    return "\n".join(read.pdf_pages(path))


@pytest.fixture
def rows(books: Sfsync) -> list[dict[str, Any]]:
    """The invoices of the demo as `invoice list --json` tells of them."""
    assert books("invoice", "post", "--all", "--yes", "-q").status in {0, 11}
    found = books("invoice", "list", "--json").document["result"]
    assert len({row["currency"] for row in found}) > 1
    assert isinstance(found, list)
    return found


def test_every_format_holds_every_invoice_to_the_minor_unit(
    books: Sfsync, rows: list[dict[str, Any]], tmp_path: Path
) -> None:
    """Each number that a person or a program reads in a file is the ledger's own."""
    for kind in FORMATS:
        assert books("export", "invoices", "-o", str(tmp_path / f"a.{kind}")).status == 0, kind
    totals = [row["total"] for row in rows]
    drafts = [row["draft"] for row in rows]
    records = read.csv_records(tmp_path / "a.csv")
    assert [record["total"] for record in records] == totals
    assert [record["draft"] for record in records] == drafts
    assert json.loads((tmp_path / "a.json").read_text())["result"] == rows
    assert [json.loads(each) for each in (tmp_path / "a.jsonl").read_text().splitlines()] == rows
    for kind, separator in (("tsv", "\t"), ("md", " | ")):
        lines = (tmp_path / f"a.{kind}").read_text().splitlines()[-len(rows) :]
        assert all(t in line.split(separator) for t, line in zip(totals, lines, strict=True))
    cells = sheet_rows(tmp_path / "a.xlsx")
    place = cells[0].index("Total")
    assert [Decimal(str(row[place])) for row in cells[1:]] == [Decimal(t) for t in totals]
    page = read.Page(tmp_path / "a.html")
    on_page = [[cell.replace(",", "") for cell in row] for row in page.rows if row]
    assert all(t in row for t, row in zip(totals, on_page[: len(rows)], strict=True))
    text = pdf_text(tmp_path / "a.pdf").replace(",", "")
    assert all(draft in text for draft in drafts)
    assert all(total in text for total in totals)


def test_files_carry_the_totals_of_each_currency(
    books: Sfsync, rows: list[dict[str, Any]], tmp_path: Path
) -> None:
    """Workbook, page and PDF say the sums, and none adds across currencies."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        sums[row["currency"]] += Decimal(row["total"])
    for kind in ("xlsx", "html", "pdf"):
        assert books("export", "invoices", "-o", str(tmp_path / f"a.{kind}")).status == 0
    about = openpyxl.load_workbook(tmp_path / "a.xlsx")["About"]
    said = {row[0].value: row[1].value for row in about.iter_rows()}
    spoken = pdf_text(tmp_path / "a.pdf") + (tmp_path / "a.html").read_text()
    for currency, amount in sums.items():
        assert Decimal(str(said[f"Sum of Total {currency}"])) == amount
        assert spoken.count(f"{amount:,}") >= 2


def test_a_workbook_has_types_and_neither_formula_nor_link(
    books: Sfsync, rows: list[dict[str, Any]], tmp_path: Path
) -> None:
    """Numbers, dates and texts are what they are; headings stay in sight and can be filtered."""
    path = tmp_path / "a.xlsx"
    assert books("export", "invoices", "-o", str(path)).status == 0
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    head = {cell.value: cell.column - 1 for cell in sheet[1]}
    cells = list(sheet.iter_rows(min_row=2))
    assert {row[head["Total"]].data_type for row in cells} == {"n"}
    assert {row[head["Total"]].number_format for row in cells} == {"#,##0.00"}
    assert all(isinstance(row[head["Date"]].value, datetime) for row in cells)
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref.endswith(str(len(rows) + 1))
    for each in book.worksheets:
        assert not any(cell.data_type == "f" or cell.hyperlink for row in each for cell in row)
    about = {row[0].value: row[1].value for row in book["About"].iter_rows()}
    assert re.fullmatch(r"\d+:1\$[0-9a-f]{64}", about["Audit head"])
    assert about["Rows"] == str(len(rows))
    assert books("audit", "verify", "--head", about["Audit head"]).status == 0


def test_the_same_ledger_gives_the_same_bytes(books: Sfsync, tmp_path: Path) -> None:
    """A second export is the first one, although the audit trail has grown by its event."""
    for kind in FORMATS:
        for name in ("a", "b"):
            assert books("export", "lines", "-o", str(tmp_path / f"{name}.{kind}")).status == 0
        first, second = ((tmp_path / f"{name}.{kind}").read_bytes() for name in ("a", "b"))
        assert first == second, kind


def test_an_export_is_an_event(books: Sfsync, tmp_path: Path) -> None:
    """Its name, SHA-256, rows and filter are in the audit trail, and it is no change of data."""
    path = tmp_path / "posted.csv"
    done = books("export", "invoices", "--status", "draft", "--min", "5000", "-o", str(path))
    assert done.status == 0
    event = books("audit", "list", "--limit", "1", "--json").document["result"][0]
    assert (event["action"], event["entity"]) == ("export.invoices", "posted.csv")
    after = event["after"]
    assert after["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert after["rows"] == len(path.read_text().splitlines()) - 1
    assert after["filter"] == "--status draft --min 5000"
    assert books("audit", "verify").status == 0
    assert books("db", "verify").status == 0


def test_a_list_in_a_file_is_an_event_too(books: Sfsync, tmp_path: Path) -> None:
    """-o of any list of the ledger is told of; of other answers it is not."""
    assert books("customer", "list", "-o", str(tmp_path / "c.xlsx")).status == 0
    assert books("help", "files", "-o", str(tmp_path / "f.txt")).status == 0
    event = books("audit", "list", "--limit", "1", "--json").document["result"][0]
    assert (event["action"], event["entity"]) == ("export.customer_list", "c.xlsx")
    assert event["after"]["command"] == "sfsync customer list"
    about = {
        row[0].value: row[1].value for row in openpyxl.load_workbook(tmp_path / "c.xlsx")["About"]
    }
    assert about["Command"] == "sfsync customer list"


@pytest.mark.parametrize("kind", FORMATS)
def test_files_are_private_whole_and_never_overwritten(
    books: Sfsync, tmp_path: Path, kind: str
) -> None:
    """Mode 0600; what is there stays without --force; a symlink is replaced, not followed."""
    path, other = tmp_path / f"a.{kind}", tmp_path / "other"
    other.write_text("mine")
    path.symlink_to(other)
    assert books("export", "customers", "-o", str(path)).status == 11
    assert books("export", "customers", "-o", str(path), "--force").status == 0
    assert other.read_text() == "mine"
    assert stat.S_IMODE(path.lstat().st_mode) == 0o600
    assert {each.name for each in tmp_path.iterdir()} <= {path.name, "home", "other", "work"}


def test_an_export_says_what_it_needs(books: Sfsync, tmp_path: Path) -> None:
    """Neither file nor format, an unknown ending, a folder that is not there: exit 2, 2 and 9."""
    assert books("export", "invoices").status == 2
    assert books("export", "invoices", "-o", str(tmp_path / "a.docx")).status == 2
    assert books("export", "invoices", "-o", str(tmp_path / "no" / "a.csv")).status == 9
    assert books("export", "invoices", "--format", "xlsx", terminal=True).status == 2
    assert books("export", "invoices", "--format", "csv", "--open").status == 2


def test_stdout_takes_an_export(books: Sfsync) -> None:
    """`-o -` and --format alone are stdout; --json is the one document."""
    first = books("export", "invoices", "--format", "csv", "-o", "-")
    assert first.out == books("export", "invoices", "--format", "csv").out
    document = books("export", "invoices", "--json").document
    assert document["schema"] == "sfsync.export_invoices.v1"
    assert len(document["result"]) == len(first.out.splitlines()) - 1


def test_fields_choose_what_a_file_holds(books: Sfsync, tmp_path: Path) -> None:
    """--fields means the same in every format, custom properties included."""
    fields = "draft,total,currency,properties.cost_center"
    for kind in ("csv", "json", "xlsx"):
        target = str(tmp_path / f"a.{kind}")
        assert books("export", "invoices", "--fields", fields, "-o", target).status == 0
    assert (tmp_path / "a.csv").read_text().splitlines()[0] == fields
    first = json.loads((tmp_path / "a.json").read_text())["result"][0]
    assert ",".join(first) == fields
    assert len(sheet_rows(tmp_path / "a.xlsx")[0]) == 4
    assert fields.split(",")[3] in books("export", "invoices", "--fields", "help").out.split()


def test_the_journal_balances_in_the_file(
    books: Sfsync, rows: list[dict[str, Any]], tmp_path: Path
) -> None:
    """Debits are credits in each currency, and debits are the posted totals."""
    path = tmp_path / "j.csv"
    assert books("export", "journal", "-o", str(path)).status == 0
    debits: dict[str, Decimal] = defaultdict(Decimal)
    credits_: dict[str, Decimal] = defaultdict(Decimal)
    for line in read.csv_records(path):
        debits[line["currency"]] += Decimal(line["debit"] or 0)
        credits_[line["currency"]] += Decimal(line["credit"] or 0)
    posted: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        if row["status"] == "posted":
            posted[row["currency"]] += Decimal(row["total"])
    assert debits == credits_ == posted


def test_a_filter_of_the_journal_chooses_documents(books: Sfsync, tmp_path: Path) -> None:
    """An invoice comes with its payment of a later day; a period has the entries of its days."""
    posted = books("invoice", "post", "D-000001", "--json").document["result"]["posted"][0]
    day, number = posted["posting_date"], posted["number"]
    assert books("payment", "add", number, "--amount", "10").status == 0
    chosen, period = tmp_path / "chosen.csv", tmp_path / "period.csv"
    assert books("export", "journal", "--to", day, "-o", str(chosen)).status == 0
    assert books("journal", "export", "--format", "csv", "--to", day, "-o", str(period)).status == 0
    assert {row["entry_kind"] for row in read.csv_records(chosen)} == {"post", "payment"}
    assert {row["kind"] for row in read.csv_records(period)} == {"invoice"}


def test_customers_of_a_filter(books: Sfsync, tmp_path: Path) -> None:
    """With a filter, the customers that have an invoice which passes it; without, all."""
    every, some = tmp_path / "every.csv", tmp_path / "some.csv"
    assert books("export", "customers", "-o", str(every)).status == 0
    assert books("export", "customers", "--region", "Germany", "-o", str(some)).status == 0
    wanted = books("invoice", "list", "--region", "Germany", "--json").document["result"]
    numbers = {record["number"] for record in read.csv_records(some)}
    assert numbers == {row["customer"]["id"] for row in wanted}
    assert len(every.read_text().splitlines()) > len(numbers) + 1


def test_open_without_a_desktop_is_a_warning(
    books: Sfsync, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is written all the same."""
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    done = books("export", "invoices", "-o", str(tmp_path / "a.html"), "--open")
    assert done.status == 0
    assert "no desktop" in done.err


def test_a_font_that_is_none_is_said(books: Sfsync, tmp_path: Path) -> None:
    """--font takes TrueType only; nothing is left behind."""
    font, path = tmp_path / "font.ttf", tmp_path / "a.pdf"
    font.write_text("no font")
    done = books("export", "invoices", "-o", str(path), "--font", str(font))
    assert (done.status, path.exists()) == (2, False)
    assert "TrueType" in done.err


def test_letters_that_no_font_has_are_told_of(books: Sfsync, tmp_path: Path) -> None:
    """A PDF shows a box for them, and the warning names them."""
    done = books("export", "customers", "-o", str(tmp_path / "a.pdf"))
    assert "(U+4F1A)" in done.err
    assert "U+0634" not in done.err
    assert "□" in pdf_text(tmp_path / "a.pdf")
    assert "Müller & Söhne GmbH" in pdf_text(tmp_path / "a.pdf")


def test_a_page_needs_nothing_but_itself(books: Sfsync, tmp_path: Path) -> None:
    """No script, no address, no image; a policy that allows one style sheet and nothing else."""
    path = tmp_path / "a.html"
    assert books("export", "customers", "-o", str(path)).status == 0
    page = read.Page(path)
    assert page.tags.isdisjoint({"script", "img", "link", "iframe", "a", "object", "form", "base"})
    assert set(page.attributes).isdisjoint({"src", "href", "style", "onload", "onerror"})
    policies = [value for value in page.attributes["content"] if value and "default-src" in value]
    assert policies[0].startswith("default-src 'none'; style-src 'sha256-")


def test_reports_become_files_with_charts_and_totals(
    books: Sfsync, rows: list[dict[str, Any]], tmp_path: Path
) -> None:
    """-o of a report: a native chart in Excel, bars in HTML and PDF, sums below the rows."""
    report = ("report", "revenue", "--by", "customer")
    result = books(*report, "--json").document["result"]
    for kind in ("xlsx", "html", "pdf", "md"):
        assert books(*report, "-o", str(tmp_path / f"r.{kind}")).status == 0
    book = openpyxl.load_workbook(tmp_path / "r.xlsx")
    assert book.sheetnames == [book.sheetnames[0], "Chart", "About"]
    currencies = {row["currency"] for row in result["rows"]}
    assert len(book["Chart"]._charts) == len(currencies)  # noqa: SLF001 - it has no other way in
    page = (tmp_path / "r.html").read_text()
    assert page.count("<figure>") == len(currencies)
    # Each bar stands on a picture for a desk and on one for a phone.
    assert page.count("<rect") == 2 * len(result["rows"])
    text = pdf_text(tmp_path / "r.pdf")
    for total in result["totals"]:
        shown = f"{Decimal(total['revenue']):,}"
        assert shown in text
        assert shown in page
        cells = [cell for row in sheet_rows(tmp_path / "r.xlsx") for cell in row]
        assert float(total["revenue"]) in cells
    assert rows


def test_a_phone_number_survives_export_and_import(books: Sfsync, tmp_path: Path) -> None:
    """`'+1 555 0100` in a CSV file is +1 555 0100 again in the ledger."""
    assert books("customer", "add", "Phone Ltd", "--phone", "+1 555 0100").status == 0
    path = tmp_path / "c.csv"
    assert books("export", "customers", "--fields", "name,phone", "-o", str(path)).status == 0
    line = next(each for each in path.read_text().splitlines() if each.startswith("Phone Ltd"))
    assert line == "Phone Ltd,'+1 555 0100"
    path.write_text(f"name,phone\nOther Ltd,{line.partition(',')[2]}\n")
    assert books("customer", "import", str(path)).status == 0
    shown = books("customer", "show", "Other Ltd", "--json").document["result"]
    assert shown["phone"] == "+1 555 0100"


@pytest.mark.parametrize("form", ["csv", "jsonl", "xlsx"])
def test_an_export_under_json_is_one_document(books: Sfsync, form: str) -> None:
    """--json goes before a format that contradicts it, on stdout, as in every list."""
    document = books("export", "customers", "--json", "--format", form).document
    assert (document["schema"], document["status"]) == ("sfsync.export_customers.v1", 0)


@pytest.mark.parametrize("what", ["payment list", "journal list"])
def test_what_is_taken_back_is_not_summed_up(books: Sfsync, tmp_path: Path, what: str) -> None:
    """A voided payment beside the one that stands, a void beside its payment: no sum says that."""
    number = "INV-2026-00001"
    assert books("invoice", "post", "D-000001").status == 0
    for amount in ("100", "50"):
        assert books("payment", "add", number, "--amount", amount).status == 0
    assert books("payment", "void", "P-000001").status == 0
    file = tmp_path / "a.pdf"
    assert books(*what.split(), "-o", str(file)).status == 0
    text = "\n".join(read.pdf_pages(file))
    assert "100.00" in text
    assert "Total" not in text
    assert books("export", "invoices", "-o", str(tmp_path / "b.pdf")).status == 0
    assert "Total USD" in "\n".join(read.pdf_pages(tmp_path / "b.pdf"))
