"""An invoice or credit note as its customer receives it: one document, always the same bytes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sfsync import __version__
from sfsync.exports.lettering import Lettering, inert, one_line
from sfsync.exports.paper import A4, DIM, INK, MILLIMETRE, SHADE, Paper, Sheet
from sfsync.exports.people import with_thousands
from sfsync.exports.picture import is_picture, opened
from sfsync.exports.table import Written
from sfsync.money import round_half_up

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal
    from pathlib import Path
    from typing import BinaryIO

_MARGIN = 18 * MILLIMETRE
_SIZE, _LEAD, _SMALL = 9.0, 12.5, 7.5
_FACTS, _LABELS = 205.0, 82.0
_LOGO = (170.0, 56.0)
_GAP = 10.0
# A description of so many lines is not broken between two pages.
_TOGETHER = 10


@dataclass(frozen=True, slots=True)
class Party:
    """Seller or customer: its name, the lines below it, and what identifies it, with labels."""

    name: str
    lines: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class PaperLine:
    """A line of the document; `discount` in percent."""

    description: str
    quantity: Decimal
    unit_price: Decimal | None
    discount: Decimal | None
    amount: Decimal


@dataclass(frozen=True, slots=True)
class PaperInvoice:
    """Everything that stands on the document, and nothing that may change later.

    Args:
        title: ``Invoice`` or ``Credit note``.
        name: its number, or its draft id.
        watermark: a word across each page of what is no valid document; empty for one that is.
        seller: who issues it.
        buyer: whom it is for.
        facts: label and text: number, dates, terms, purchase order, what it credits and why.
        subject: what it is about.
        currency: of all amounts.
        decimals: how many its currency has.
        lines: what is invoiced.
        total: their sum.
        notes: what stands below.
        logo: a PNG or JPEG picture of the seller.
    """

    title: str
    name: str
    watermark: str
    seller: Party
    buyer: Party
    facts: tuple[tuple[str, str], ...]
    subject: str
    currency: str
    decimals: int
    lines: tuple[PaperLine, ...]
    total: Decimal
    notes: tuple[str, ...] = ()
    logo: bytes | None = None


def typesetter() -> str:
    """What sets the documents: only the same one sets the same bytes."""
    from reportlab import Version  # noqa: PLC0415 - start-up time

    return f"sfsync {__version__}, reportlab {Version}"


def write_invoice(invoice: PaperInvoice, stream: BinaryIO, font: Path | None = None) -> Written:
    """Write the document as a PDF.

    Raises:
        UsageError: `font` cannot be used.
    """
    lettering = Lettering(font)
    warnings = []
    if invoice.logo is not None and not is_picture(invoice.logo):
        warnings.append("the seller's logo cannot be drawn, and is left out")
        invoice = replace(invoice, logo=None)
    _Setting(invoice, stream, lettering).set()
    return Written(len(invoice.lines), [*warnings, *lettering.warnings()])


class _Setting:
    def __init__(self, invoice: PaperInvoice, stream: BinaryIO, lettering: Lettering) -> None:
        self._invoice, self._lettering = invoice, lettering
        self._columns = _columns(invoice, lettering)
        sheet = Sheet(*A4, _MARGIN)
        self._left, self._right = sheet.margin, sheet.width - sheet.margin
        self._in_lines = False
        title = inert(f"{invoice.title} {invoice.name}")
        self._paper = Paper(
            stream, sheet, lettering, title=title, foot=_foot(invoice), begin=self._begin
        )

    def set(self) -> None:
        """The whole document."""
        paper = self._paper
        self._head()
        self._parties()
        self._paragraph(self._invoice.subject, bold=True)
        paper.top += 6
        self._heading()
        self._in_lines = True
        for number, line in enumerate(self._invoice.lines, start=1):
            self._line(number, line)
        self._in_lines = False
        self._total()
        for note in self._invoice.notes:
            self._paragraph(note, size=_SMALL, color=DIM)
        paper.finish()

    def _begin(self, paper: Paper) -> None:
        if self._invoice.watermark:
            paper.watermark(self._invoice.watermark)
        if self._in_lines:
            self._paper = paper
            self._heading()

    # ------------------------------------------------------------------ the first page

    def _head(self) -> None:
        paper, invoice = self._paper, self._invoice
        top = paper.top
        paper.text_right(self._right, top, invoice.title.upper(), 18, bold=True)
        number = one_line(inert(invoice.name))
        paper.text_right(self._right, top + 24, number, 11, color=DIM)
        if invoice.logo is not None:
            top += self._logo(invoice.logo, top) + 10
        paper.top = top
        self._party("", invoice.seller, self._left, 300)
        paper.top = max(paper.top, top + 46) + 14

    def _logo(self, content: bytes, top: float) -> float:
        image = opened(content)
        width, height = image.getSize()
        scale = min(_LOGO[0] / width, _LOGO[1] / height)
        self._paper.picture(image, self._left, top, width * scale, height * scale)
        return float(height * scale)

    def _parties(self) -> None:
        paper, top = self._paper, self._paper.top
        self._party("Bill to", self._invoice.buyer, self._left, 260)
        below, paper.top = paper.top, top
        at = self._right - _FACTS
        for label, text in self._invoice.facts:
            paper.text(at, paper.top, label, _SMALL, color=DIM)
            for each in self._lettering.paragraphs(text, _SIZE, _FACTS - _LABELS):
                paper.text(at + _LABELS, paper.top - 1, each, _SIZE)
                paper.top += _LEAD
        paper.top = max(paper.top, below) + 18

    def _party(self, heading: str, party: Party, x: float, width: float) -> None:
        paper = self._paper
        if heading:
            paper.text(x, paper.top, heading, _SMALL, color=DIM)
            paper.top += _LEAD
        for each in self._lettering.wrapped(inert(party.name), 11, width, bold=True):
            paper.text(x, paper.top, each, 11, bold=True)
            paper.top += 15
        for line in party.lines:
            for each in self._lettering.paragraphs(line, _SIZE, width):
                paper.text(x, paper.top, each, _SIZE)
                paper.top += _LEAD
        for label, text in party.facts:
            for each in self._lettering.paragraphs(f"{label} {text}", _SIZE, width):
                paper.text(x, paper.top, each, _SIZE, color=DIM)
                paper.top += _LEAD

    # ------------------------------------------------------------------ the lines

    def _heading(self) -> None:
        paper = self._paper
        paper.box(self._left, paper.top, self._right - self._left, 18, SHADE)
        self._cells([heading for heading, _ in self._columns], paper.top + 4.5, _SMALL, bold=True)
        paper.top += 23

    def _line(self, number: int, line: PaperLine) -> None:
        paper, invoice = self._paper, self._invoice
        discount = "" if line.discount is None else f"{with_thousands(line.discount)} %"
        price = "" if line.unit_price is None else _padded(line.unit_price, invoice.decimals)
        values = {
            "#": str(number),
            "Quantity": with_thousands(line.quantity),
            "Unit price": price,
            "Discount": discount,
            f"Amount {invoice.currency}": _padded(line.amount, invoice.decimals),
        }
        width = dict(self._columns)["Description"]
        texts = self._lettering.paragraphs(line.description, _SIZE, width) or [""]
        if len(texts) <= _TOGETHER and paper.room < len(texts) * _LEAD + 6:
            paper.next_page()
        for place, text in enumerate(texts):
            if paper.room < _LEAD + 6:
                paper.next_page()
            row = [
                text if heading == "Description" else values[heading] if not place else ""
                for heading, _ in self._columns
            ]
            self._cells(row, paper.top, _SIZE)
            paper.top += _LEAD
        paper.top += 3
        paper.rule(self._left, paper.top, self._right - self._left)
        paper.top += 4

    def _cells(self, texts: Sequence[str], top: float, size: float, *, bold: bool = False) -> None:
        x = self._left + 4
        for (heading, width), text in zip(self._columns, texts, strict=True):
            if heading == "Description":
                self._paper.text(x, top, text, size, bold=bold)
            else:
                self._paper.text_right(x + width, top, text, size, bold=bold)
            x += width + _GAP

    def _total(self) -> None:
        paper, invoice = self._paper, self._invoice
        if paper.room < 60:  # noqa: PLR2004 - the total and a note below it
            paper.next_page()
        paper.top += 8
        total = f"{_padded(invoice.total, invoice.decimals)} {invoice.currency}"
        paper.text_right(self._right - 4, paper.top, total, 12, bold=True)
        before = self._lettering.width(total, 12, bold=True) + 24
        paper.text_right(self._right - 4 - before, paper.top + 1.5, "Total", 10, bold=True)
        paper.top += 30

    def _paragraph(
        self, text: str, *, size: float = _SIZE, bold: bool = False, color: str = INK
    ) -> None:
        paper = self._paper
        width = self._right - self._left
        for each in self._lettering.wrapped(inert(text), size, width, bold=bold):
            if paper.room < size * 1.4:
                paper.next_page()
            paper.text(self._left, paper.top, each, size, bold=bold, color=color)
            paper.top += size * 1.4


def _columns(invoice: PaperInvoice, lettering: Lettering) -> list[tuple[str, float]]:
    """Headings with widths: numbers as wide as they are, the description has the rest."""
    rows: dict[str, list[str]] = {"#": [str(len(invoice.lines))]}
    lines = invoice.lines
    rows["Quantity"] = [with_thousands(line.quantity) for line in lines]
    prices = [line.unit_price for line in lines if line.unit_price is not None]
    rows["Unit price"] = [_padded(price, invoice.decimals) for price in prices]
    discounts = [line.discount for line in lines if line.discount is not None]
    if discounts:
        rows["Discount"] = [f"{with_thousands(discount)} %" for discount in discounts]
    rows[f"Amount {invoice.currency}"] = [_padded(x.amount, invoice.decimals) for x in lines]
    widths = {
        heading: max(
            lettering.width(heading, _SMALL, bold=True),
            *(lettering.width(text, _SIZE) for text in texts or [""]),
        )
        for heading, texts in rows.items()
    }
    inner = A4[0] - 2 * _MARGIN - 8
    rest = inner - sum(widths.values()) - _GAP * len(widths)
    number = widths.pop("#")
    return [("#", number), ("Description", max(rest, 90.0)), *widths.items()]


def _padded(number: Decimal, decimals: int) -> str:
    """An amount with at least the decimals of its currency."""
    missing = decimals + min(int(number.as_tuple().exponent), 0)
    return with_thousands(number if missing <= 0 else round_half_up(number, decimals))


def _foot(invoice: PaperInvoice) -> list[str]:
    said = [inert(invoice.seller.name), inert(f"{invoice.title} {invoice.name}")]
    return [text for text in said if text]
