"""`sfsync invoice pdf`: what a customer receives."""

from __future__ import annotations

import hashlib
import re
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pypdf import PdfReader

from tests.exports.file_readers import pdf_pages

if TYPE_CHECKING:
    from tests.cli.command_line import Sfsync


def text_of(path: Path) -> str:
    """The text of a PDF, with its line breaks as spaces."""
    return " ".join(" ".join(pdf_pages(path)).split())


def png(colour: bytes = b"\x2f\x6d\xa8") -> bytes:
    """A small picture."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checked = kind + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    head = struct.pack(">IIBBBBB", 8, 4, 8, 2, 0, 0, 0)
    rows = b"".join(b"\0" + colour * 8 for _ in range(4))
    parts = (chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def set_logo(name: str = "logo.png") -> None:
    """Name a logo in the mapping file."""
    config = Path("mappings.yaml")
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("\nseller:\n", f"\nseller:\n  logo: {name}\n"), encoding="utf-8")


def test_an_invoice_says_all_that_a_customer_needs(books: Sfsync, tmp_path: Path) -> None:
    """Seller, customer, number, dates, PO, lines, total with currency, and that no tax is in it."""
    assert books("invoice", "post", "D-000001").status == 0
    shown = books("invoice", "show", "D-000001", "--json").document["result"]
    path = tmp_path / "a.pdf"
    done = books("invoice", "pdf", shown["number"], "-o", str(path), "--json")
    assert done.document["result"]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    text = text_of(path)
    wanted = [
        *("INVOICE", shown["number"], "Northwind Software, Inc.", "500 Harbor Way", "12-3456789"),
        *(shown["customer"]["name"], shown["customer"]["id"], "120 Hanover Sq.", "United Kingdom"),
        *(shown["document_date"], shown["due_date"], shown["po_number"], shown["description"]),
        *("24,000.00 USD", "12,000.00", "9,600.00", "Rollout in three stores", "Page 1 of 1"),
        "No tax was calculated",
    ]
    assert [each for each in wanted if each not in text] == []
    assert "DRAFT" not in text


def test_a_long_seller_leaves_room_for_the_number_of_the_page(
    books: Sfsync, tmp_path: Path
) -> None:
    """At the foot of a page the seller's name gives way; the document and the page never do."""
    config = Path("mappings.yaml")
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("Northwind Software, Inc.", "Northwind " * 15), encoding="utf-8")
    path = tmp_path / "a.pdf"
    assert books("invoice", "pdf", "D-000001", "-o", str(path)).status == 0
    foot = pdf_pages(path)[0].splitlines()
    (cut,) = (line for line in foot if line.endswith("D-000001") and "…" in line)
    assert 0 < cut.count("Northwind") < 15
    assert any("Page 1 of" in line for line in foot)


def test_terms_are_named_where_they_give_the_due_date(books: Sfsync, tmp_path: Path) -> None:
    """The usual terms, a customer's own before them; none that the due date would contradict."""
    customer = books("invoice", "show", "D-000001", "--json").document["result"]["customer"]["id"]

    def named(draft: str) -> list[str]:
        path = tmp_path / "terms.pdf"
        assert books("invoice", "pdf", draft, "-o", str(path), "--force").status == 0
        return [each for each in ("Net 30", "30 days", "EOM+15") if each in text_of(path)]

    assert named("D-000001") == ["Net 30"]
    assert books("customer", "edit", customer, "--set", "terms=30 days").status == 0
    assert named("D-000001") == ["30 days"]
    assert books("customer", "edit", customer, "--set", "terms=EOM+15").status == 0
    assert named("D-000001") == ["Net 30"]
    assert books("invoice", "post", "D-000001").status == 0
    assert books("customer", "edit", customer, "--set", "terms=30 days").status == 0
    assert named("D-000001") == ["Net 30"]
    assert books("invoice", "edit", "D-000002", "--set", "due=2030-01-01").status == 0
    assert books("invoice", "post", "D-000002").status == 0
    assert named("D-000002") == []
    assert books("audit", "verify").status == books("db", "verify").status == 0


def test_a_posted_document_is_the_same_next_year(books: Sfsync, tmp_path: Path) -> None:
    """Neither a renamed customer nor another seller or logo changes a byte of what is posted."""
    Path("logo.png").write_bytes(png())
    set_logo()
    assert books("invoice", "post", "D-000001").status == 0
    first, second = tmp_path / "a.pdf", tmp_path / "b.pdf"
    assert books("invoice", "pdf", "D-000001", "-o", str(first)).status == 0
    assert books("customer", "edit", "C-0001", "--name", "Renamed Ltd").status == 0
    Path("logo.png").write_bytes(png(b"\xff\0\0"))
    config = Path("mappings.yaml")
    config.write_text(config.read_text().replace("Northwind Software, Inc.", "Somebody Else"))
    assert books("invoice", "pdf", "D-000001", "-o", str(second)).status == 0
    assert first.read_bytes() == second.read_bytes()
    config.unlink()
    ledger = str(next(Path().glob("demo.db")))
    third = tmp_path / "c.pdf"
    done = books("invoice", "pdf", "D-000001", "-o", str(third), "--ledger", ledger)
    assert (done.status, third.read_bytes()) == (0, first.read_bytes())
    assert len(list(PdfReader(first).pages[0].images)) == 1


def test_a_credit_note_names_what_it_credits_and_why(books: Sfsync, tmp_path: Path) -> None:
    """The original's number and date, the reason, and negative amounts."""
    assert books("invoice", "post", "D-000001").status == 0
    shown = books("invoice", "show", "D-000001", "--json").document["result"]
    number, day = shown["number"], shown["document_date"]
    done = books("invoice", "reverse", number, "--reason", "wrong customer", "--yes", "--json")
    note = done.document["result"]["credit_note"]
    assert books("invoice", "pdf", note).status == 0
    text = text_of(Path(f"{note}.pdf"))
    wanted = ("CREDIT NOTE", note, f"{number} of {day}", "wrong customer", "-24,000.00 USD")
    assert [each for each in wanted if each not in text] == []
    assert books("invoice", "pdf", number, "-o", str(tmp_path / "i.pdf")).status == 0
    assert "REVERSED" not in text_of(tmp_path / "i.pdf")


def test_a_draft_cannot_be_taken_for_an_invoice(books: Sfsync) -> None:
    """DRAFT stands across each page, and the file is told of in the audit trail."""
    assert books("invoice", "pdf", "D-000002").status == 0
    assert "DRAFT" in text_of(Path("D-000002.pdf"))
    event = books("audit", "list", "--limit", "1", "--json").document["result"][0]
    assert (event["action"], event["entity"]) == ("export.invoice_pdf", "D-000002.pdf")
    assert event["after"]["draft"] == "D-000002"
    assert books("invoice", "pdf", "D-000002").status == 11


@pytest.mark.parametrize(
    "content", [None, b"GIF89a", b"\x89PNG\r\n\x1a\n" + b"x" * 99, png() + b"x" * 1_000_000]
)
def test_a_logo_that_cannot_be_used_stops_the_posting(books: Sfsync, content: bytes | None) -> None:
    """Missing, of another kind, broken or too large: exit 5; it would be frozen so forever."""
    if content is not None:
        Path("logo.png").write_bytes(content)
    set_logo()
    done = books("invoice", "post", "D-000001")
    assert done.status == 5
    assert "seller.logo" in done.err
    assert books("invoice", "show", "D-000001", terminal=True).status == 0


def test_hundreds_of_lines_go_on_over_pages(tmp_path: Path) -> None:
    """Headings on every page, no line lost, and the pages are counted."""
    from decimal import Decimal  # noqa: PLC0415 - only here

    from sfsync.exports.invoice_paper import (  # noqa: PLC0415 - as above
        PaperInvoice,
        PaperLine,
        Party,
        write_invoice,
    )

    lines = tuple(
        PaperLine(f"Part {n} of the whole", Decimal(n), Decimal("1.5"), None, Decimal(n) * 3)
        for n in range(1, 301)
    )
    paper = PaperInvoice(
        title="Invoice",
        name="INV-1",
        watermark="",
        seller=Party("Seller"),
        buyer=Party("<para>& Söhne</para>"),
        facts=(("Date", "2026-11-22"),),
        subject="A <b>subject</b>",
        currency="KWD",
        decimals=3,
        lines=lines,
        total=sum((line.amount for line in lines), Decimal(0)),
        notes=("note",),
    )
    path = tmp_path / "a.pdf"
    with path.open("wb") as stream:
        assert write_invoice(paper, stream).warnings == []
    pages = pdf_pages(path)
    text = text_of(path)
    assert all(page.count("Description") == 1 for page in pages[:-1])
    assert all(f"Page {n} of {len(pages)}" in " ".join(p.split()) for n, p in enumerate(pages, 1))
    found = {int(each) for each in re.findall(r"Part (\d+) of the whole", text)}
    assert found == set(range(1, 301))
    assert "<para>& Söhne</para>" in text
    assert "135,450.000 KWD" in text
