"""Hebrew and Arabic on paper: letters joined, lines in the order in which they are seen."""

from __future__ import annotations

import io
import re
import unicodedata
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pypdf import PdfReader

from sfsync.exports.direction import as_seen, joined
from sfsync.exports.invoice_paper import PaperInvoice, PaperLine, Party, write_invoice
from sfsync.exports.lettering import Lettering, inert

if TYPE_CHECKING:
    from pathlib import Path

MIXED = st.text("אבגשםחرشكةلاإمَُ ()[]1aZ.-\u200c\u200d", max_size=24)
MIRRORED = str.maketrans("()[]", "((((")


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("Acme (Ltd) 12", "Acme (Ltd) 12"),
        ("שלום", "םולש"),
        ("Acme (שלום) Ltd", "Acme (םולש) Ltd"),
        ("שלום (עולם) 123", "123 (םלוע) םולש"),
        ("חברה 1,234.50 USD (Acme)", "USD (Acme) 1,234.50 הרבח"),
        ("חברה (Acme) בע", "עב (Acme) הרבח"),
        ("INV-1 שלום", "INV-1 םולש"),
    ],
)
def test_a_line_stands_as_it_is_seen(text: str, seen: str) -> None:
    """Letters turn, numbers and Latin words do not, and both brackets of a pair go the same way."""
    assert as_seen(text) == seen


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("شركة", "\ufeb7\ufeae\ufedb\ufe94"),
        ("سلام", "\ufeb3\ufefc\ufee1"),
        ("لا إله", "\ufefb \ufe87\ufedf\ufeea"),
        ("شَر", "\ufeb7\u064e\ufeae"),
        ("مـ", "\ufee3\u0640"),
        ("می\u200cخو", "\ufee3\ufbfd\ufea7\ufeee"),
        ("هـ.", "\ufeeb\u0640."),
        ("Acme", "Acme"),
    ],
)
def test_arabic_letters_are_joined(text: str, forms: str) -> None:
    """Each letter has the form that its neighbours give it; lam and alef are one."""
    assert joined(text) == forms


LAM_MARKS_ALEF = re.compile("(\u0644)([\u064b-\u065f\u0670]+)([\u0622\u0623\u0625\u0627])")


@given(MIXED)
@example("\u0644\u064e\u0625")
def test_joining_and_turning_lose_nothing(text: str) -> None:
    """The same letters are there afterwards, and what is joined can be read back.

    Lam and alef are one sign, which a mark between them stands on: it is read after both.
    """
    plain = text.replace("\u200c", "").replace("\u200d", "")
    read = joined(text).replace("\u200c", "").replace("\u200d", "")
    as_read = LAM_MARKS_ALEF.sub(r"\1\3\2", text).replace("\u200c", "").replace("\u200d", "")
    assert unicodedata.normalize("NFKC", read) == unicodedata.normalize("NFKC", as_read)
    line = joined(plain)
    assert sorted(as_seen(line).translate(MIRRORED)) == sorted(line.translate(MIRRORED))


@given(st.text("abc ()12.-é", max_size=20))
def test_other_writing_is_left_alone(text: str) -> None:
    """A text without such letters is not touched."""
    assert as_seen(joined(text)) == text


def paper(name: str, description: str) -> PaperInvoice:
    """An invoice to a customer of this name, with one line."""
    line = PaperLine(description, Decimal(2), Decimal("50.00"), None, Decimal("100.00"))
    seller, buyer = Party("Seller", ("Street",)), Party(name, (name,))
    return PaperInvoice(
        "Invoice", "INV-1", "", seller, buyer, (("Terms", name),), description, "SAR", 2, (line,),
        Decimal("100.00"),
    )  # fmt: skip


def written(invoice: PaperInvoice) -> tuple[bytes, list[str]]:
    """The bytes of its PDF, and the warnings."""
    stream = io.BytesIO()
    warnings = write_invoice(invoice, stream).warnings
    return stream.getvalue(), warnings


@pytest.mark.parametrize(
    ("name", "seen"),
    [("חברת שמש (Acme)", "(Acme) שמש חברת"[::-1]), ("شركة الطاقة", "شركة الطاقة")],
)
def test_an_invoice_is_set_in_hebrew_and_arabic(name: str, seen: str, tmp_path: Path) -> None:
    """Nothing is a box, nothing is warned of, and the same document has the same bytes."""
    invoice = paper(name, f"{name} 2027 – " * 12)
    content, warnings = written(invoice)
    assert warnings == []
    assert written(invoice)[0] == content
    path = tmp_path / "a.pdf"
    path.write_bytes(content)
    text = "".join(page.extract_text() for page in PdfReader(path).pages)
    letters = set(unicodedata.normalize("NFKC", text))
    assert set(seen) - {" ", "(", ")"} <= letters
    assert "□" not in text


def test_a_long_paragraph_is_read_from_its_first_line() -> None:
    """Lines break where the text does, then each is turned."""
    words = [f"מילה{number}" for number in range(40)]
    lines = Lettering().wrapped(inert(" ".join(words)), 9, 120)
    assert len(lines) > 3
    read = [word for line in lines for word in reversed(line.split(" "))]
    assert [word.lstrip("0123456789")[::-1] for word in read] == ["מילה"] * 40
    assert [int("".join(filter(str.isdigit, word))) for word in read] == list(range(40))


@pytest.mark.parametrize("letters", ["हिन्दी", "தமிழ்", "ܫܠܡܐ", "😀", "ݐݑ"])
def test_what_cannot_be_joined_is_a_box_and_told_of(letters: str) -> None:
    """Scripts of India, Syriac, emoji, Arabic letters without joined forms are never set wrong."""
    content, warnings = written(paper(letters, letters))
    assert content.startswith(b"%PDF")
    assert "cannot be set in a PDF" in " ".join(warnings)
