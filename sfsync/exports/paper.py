"""Pages of a PDF: lines of text, rules, boxes, and a foot that counts the pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfsync.exports.lettering import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import BinaryIO

    from sfsync.exports.lettering import Lettering

MILLIMETRE = 72 / 25.4
A4 = (210 * MILLIMETRE, 297 * MILLIMETRE)
INK, DIM, RULE, SHADE, ACCENT = "#1d2733", "#5d6b7a", "#c9d2db", "#eef2f6", "#2f6da8"
_COUNT = "pages"
_FOOT = 7.5


@dataclass(frozen=True, slots=True)
class Sheet:
    """The size of a page and its margin, in points."""

    width: float
    height: float
    margin: float

    @property
    def inner(self) -> float:
        """The width between the margins."""
        return self.width - 2 * self.margin


class Paper:
    """A document page by page; heights are measured from the top of the page.

    Args:
        stream: gets the bytes when `finish` is called.
        sheet: the page.
        lettering: the fonts.
        title: the document's title, for people.
        foot: what stands at the foot of each page, beside its number; inert texts, of which the
            first is shortened where the page has no room for all.
        begin: draws the head of each page, the first one included; `top` is where the rest starts.
    """

    def __init__(
        self,
        stream: BinaryIO,
        sheet: Sheet,
        lettering: Lettering,
        *,
        title: str,
        foot: Sequence[str],
        begin: Callable[[Paper], None],
    ) -> None:
        from reportlab.pdfgen.canvas import Canvas  # noqa: PLC0415 - start-up time

        self.sheet, self.lettering = sheet, lettering
        self._foot, self._begin = self._fitted(foot), begin
        # Invariant: no clock and no random id, so that the same document has the same bytes.
        self._canvas: Any = Canvas(stream, pagesize=(sheet.width, sheet.height), invariant=1)
        self._canvas.setTitle(title)
        self._canvas.setCreator("sfsync")
        self.page = 1
        self.top = sheet.margin
        begin(self)

    @property
    def room(self) -> float:
        """How many points are left on this page."""
        return self.sheet.height - self.sheet.margin - 2 * _FOOT - self.top

    def next_page(self) -> None:
        """End this page and begin another."""
        self._end_page()
        self._show_page()
        self.page += 1
        self.top = self.sheet.margin
        self._begin(self)

    def finish(self) -> None:
        """End the document and write it."""
        self._end_page()
        self._show_page()
        # The pages point at this form, which only now can say how many they are.
        self._canvas.beginForm(_COUNT, 0, 0, 60, 2 * _FOOT)
        self._set(0, 0, str(self.page), _FOOT, bold=False, color=DIM)
        self._canvas.endForm()
        self._canvas.save()

    def text(
        self, x: float, top: float, text: str, size: float, *, bold: bool = False, color: str = INK
    ) -> None:
        """One line, already wrapped, whose upper edge is at `top`."""
        self._set(x, self.sheet.height - top - size, text, size, bold=bold, color=color)

    def text_right(
        self, x: float, top: float, text: str, size: float, *, bold: bool = False, color: str = INK
    ) -> None:
        """The same, ending at `x`."""
        width = self.lettering.width(text, size, bold=bold)
        self.text(x - width, top, text, size, bold=bold, color=color)

    def rule(self, x: float, top: float, width: float, *, color: str = RULE) -> None:
        """A thin line across."""
        self._canvas.setStrokeColor(color)
        self._canvas.setLineWidth(0.5)
        self._canvas.line(x, self.sheet.height - top, x + width, self.sheet.height - top)

    def box(self, x: float, top: float, width: float, height: float, color: str) -> None:
        """A filled box."""
        self._canvas.setFillColor(color)
        self._canvas.rect(x, self.sheet.height - top - height, width, height, stroke=0, fill=1)

    def picture(self, image: Any, x: float, top: float, width: float, height: float) -> None:  # noqa: ANN401 - reportlab's ImageReader
        """A picture in a box of this size."""
        below = self.sheet.height - top - height
        self._canvas.drawImage(image, x, below, width, height, mask="auto")

    def watermark(self, word: str) -> None:
        """A word across the page, behind what is drawn later."""
        canvas, size = self._canvas, 120
        canvas.saveState()
        canvas.translate(self.sheet.width / 2, self.sheet.height / 2)
        canvas.rotate(52)
        width = self.lettering.width(word, size, bold=True)
        self._set(-width / 2, -size / 3, word, size, bold=True, color="#e6e9ed")
        canvas.restoreState()

    def _fitted(self, foot: Sequence[str]) -> str:
        wide = self.lettering.width
        room = self.sheet.inner - wide("Page 0000 of 0000 ", _FOOT)
        first, *others = foot
        rest = "".join(f" · {one_line(text)}" for text in others)
        whole = one_line(first) + rest
        if wide(whole, _FOOT) <= room:
            return whole
        left = self.lettering.wrapped(first, _FOOT, room - wide("…" + rest, _FOOT))[0]
        return f"{left}…{rest}"

    def _end_page(self) -> None:
        margin, top = self.sheet.margin, self.sheet.height - self.sheet.margin - _FOOT
        self.rule(margin, top - 4, self.sheet.inner)
        self.text(margin, top, self._foot, _FOOT, color=DIM)
        before = f"Page {self.page} of "
        at = self.sheet.width - margin - self.lettering.width("0000", _FOOT)
        self.text_right(at, top, before, _FOOT, color=DIM)
        self._canvas.saveState()
        self._canvas.translate(at, self.sheet.height - top - _FOOT)
        self._canvas.doForm(_COUNT)
        self._canvas.restoreState()

    def _show_page(self) -> None:
        """Leave the page, packed as it will stand in the file.

        reportlab writes the document when its last page is known, and would keep the pages until
        then as plain text, ten times the size.
        """
        from reportlab.pdfbase import pdfdoc  # noqa: PLC0415 - start-up time

        self._canvas.showPage()
        page = self._canvas._doc.Pages[-1]  # noqa: SLF001 - the library has no other way
        filters = (pdfdoc.PDFZCompress, pdfdoc.PDFBase85Encode)
        content = page.stream
        for one in filters:
            content = one.encode(content)
        names = pdfdoc.PDFArray([pdfdoc.PDFName(one.pdfname) for one in reversed(filters)])
        page.Contents = pdfdoc.PDFStream(pdfdoc.PDFDictionary({"Filter": names}), content)
        page.stream = None

    def _set(self, x: float, y: float, text: str, size: float, *, bold: bool, color: str) -> None:
        self._canvas.setFillColor(color)
        for font, letters in self.lettering.runs(text, bold=bold):
            self._canvas.setFont(font, size)
            self._canvas.drawString(x, y, letters)
            x += self.lettering.width(letters, size, bold=bold)
