"""Letters on paper: which font has which, how wide a text is, and what no font can show.

reportlab prints nothing, and says nothing, where a font has no glyph, and it does not shape the
letters of India. Here such letters become a box, and are told of.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfsync.errors import UsageError
from sfsync.exports.direction import (
    RIGHT_TO_LEFT,
    as_seen,
    is_unjoined,
    joined,
    runs_to_left,
)
from sfsync.exports.inert import escaped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_FOLDER = Path(__file__).parent / "fonts"
_BOX = "□"
_MOST_NAMED = 12
# Scripts whose letters change their shape or place with their neighbours: Syriac, N'Ko, Mandaic,
# those of India, Tibetan, Burmese, Khmer.
_SHAPED = ((0x0700, 0x074F), (0x07C0, 0x07FF), (0x0840, 0x086F), (0x0900, 0x0DFF), (0x0F00, 0x109F),
           (0x1780, 0x17FF))  # fmt: skip

Run = tuple[str, str]
"""The name of a font, and the letters to be set in it."""


class Lettering:
    """The fonts of one document.

    Args:
        font: a TrueType file for the letters that DejaVu Sans does not have.

    Raises:
        UsageError: the file cannot be read as a TrueType font.
    """

    def __init__(self, font: Path | None = None) -> None:
        self.missing: set[str] = set()
        self._unlaid: set[str] = set()
        plain = _registered(_FOLDER / "DejaVuSans.ttf")
        bold = _registered(_FOLDER / "DejaVuSans-Bold.ttf")
        own = [] if font is None else [_registered(font)]
        self._fonts: dict[bool, list[Any]] = {False: [plain, *own], True: [bold, *own]}
        self._known: dict[tuple[str, bool], tuple[str, str, float]] = {}

    def width(self, text: str, size: float, *, bold: bool = False) -> float:
        """How wide a text is in points; it must be `set` already."""
        return sum(self._letter(letter, bold)[2] for letter in text) * size

    def runs(self, text: str, *, bold: bool = False) -> Iterator[Run]:
        """The text in pieces of one font each."""
        font, letters = "", ""
        for letter in text:
            name, shown, _ = self._letter(letter, bold)
            if name != font and letters:
                yield font, letters
                letters = ""
            font, letters = name, letters + shown
        if letters:
            yield font, letters

    def paragraphs(self, text: str, size: float, width: float) -> list[str]:
        """A foreign text of several lines as lines of at most `width` points, ready to be set."""
        lines: list[str] = []
        for line in text.splitlines():
            lines += self.wrapped(inert(line), size, width)
        return lines

    def wrapped(self, text: str, size: float, width: float, *, bold: bool = False) -> list[str]:
        """An inert text in lines of at most `width` points, each as it is seen."""
        text = joined(text)
        lines = self._lines(text, size, width, bold=bold)
        if RIGHT_TO_LEFT.search(text) is None:
            return lines
        to_left = runs_to_left(text)
        return [as_seen(line, to_left=to_left) for line in lines]

    def _lines(self, text: str, size: float, width: float, *, bold: bool) -> list[str]:
        if self.width(text, size, bold=bold) <= width:
            return [text]
        lines, line, used = [], "", 0.0
        for word in _words(text):
            long = self.width(word, size, bold=bold)
            if used + self.width(word.rstrip(), size, bold=bold) > width and line:
                lines.append(line.rstrip())
                line, used = "", 0.0
            rest = word
            if long > width:
                *full, rest = self._broken(word, size, width, bold=bold)
                lines += full
                long = self.width(rest, size, bold=bold)
            line, used = line + rest, used + long
        return [*lines, line.rstrip()]

    def _broken(self, word: str, size: float, width: float, *, bold: bool) -> list[str]:
        pieces, piece, used = [], "", 0.0
        for letter in word:
            own = self._letter(letter, bold)[2] * size
            if used + own > width and piece:
                pieces.append(piece)
                piece, used = "", 0.0
            piece, used = piece + letter, used + own
        return [*pieces, piece]

    def _letter(self, letter: str, bold: bool) -> tuple[str, str, float]:  # noqa: FBT001 - a key
        """The font that has it, what is drawn for it, and its width at size 1."""
        known = self._known.get((letter, bold))
        if known is None:
            known = self._known[letter, bold] = self._found(letter, bold=bold)
        return known

    def _found(self, letter: str, *, bold: bool) -> tuple[str, str, float]:
        fonts = self._fonts[bold]
        if needs_layout(letter):
            self._unlaid.add(letter)
            return self._drawn(fonts[0], _BOX)
        for font in fonts:
            if ord(letter) in font.face.charToGlyph:
                return self._drawn(font, letter)
        self.missing.add(letter)
        return self._drawn(fonts[0], _BOX)

    @staticmethod
    def _drawn(font: Any, letter: str) -> tuple[str, str, float]:  # noqa: ANN401 - reportlab has no types
        return font.fontName, letter, font.stringWidth(letter, 1)

    def warnings(self) -> list[str]:
        """What the document does not show, and what can be done about it."""
        found = []
        if self.missing:
            found.append(
                f"no glyph for {_named(self.missing)}: shown as {_BOX}; name a TrueType font that "
                "has them: --font FILE"
            )
        if self._unlaid:
            found.append(
                f"{_named(self._unlaid)}: letters that change with their neighbours (save Arabic "
                "ones), and signs beyond U+FFFF, cannot be set in a PDF: shown as "
                f"{_BOX}; xlsx and html show them"
            )
        return found


def inert(text: str) -> str:
    """A foreign text as it is set: composed, on one line, with nothing invisible in it."""
    return escaped(compose(text))


def compose(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """A text with its accents on its letters and Arabic ones joined; all else unchanged."""
    return joined(unicodedata.normalize("NFC", value)) if isinstance(value, str) else value


def one_line(text: str) -> str:
    """An inert text that is not wrapped, in the order in which it is seen."""
    return as_seen(joined(text))


def needs_layout(letter: str) -> bool:
    """Whether a letter is shaped by its neighbours, or too far out.

    reportlab draws what lies beyond U+FFFF, but writes what nobody can search or copy.
    """
    if letter < "\u0590":
        return False
    if letter > "\uffff" or is_unjoined(letter):
        return True
    return any(first <= ord(letter) <= last for first, last in _SHAPED)


def _named(letters: set[str]) -> str:
    ordered = sorted(letters)
    names = ", ".join(f"{letter} (U+{ord(letter):04X})" for letter in ordered[:_MOST_NAMED])
    more = len(ordered) - _MOST_NAMED
    return f"{names} and {more} more" if more > 0 else names


def _words(text: str) -> Sequence[str]:
    """The words of a text, each with the space behind it."""
    parts = text.split(" ")
    return [f"{part} " for part in parts[:-1]] + parts[-1:]


@cache
def _registered(path: Path) -> Any:  # noqa: ANN401 - reportlab has no types
    from reportlab.pdfbase import pdfmetrics  # noqa: PLC0415 - start-up time
    from reportlab.pdfbase.ttfonts import TTFError, TTFont  # noqa: PLC0415 - as above

    try:
        font = TTFont(f"sfsync-{path.stem}", str(path))
    except (TTFError, OSError) as trouble:
        raise UsageError(
            f"{path} is not a font that can be used: {trouble}",
            code="font-unusable",
            fix="name a TrueType file (.ttf, or .ttc with TrueType outlines)",
        ) from trouble
    pdfmetrics.registerFont(font)
    return font
