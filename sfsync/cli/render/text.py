"""Foreign text made inert before it reaches a terminal, a pipe or a table.

Names and notes come from Salesforce: they may hold escape sequences (cursor moves, window titles,
hidden text), newlines, and characters that reorder or hide what is around them. Each such character
is shown as an escape that a person can see; letters of every script pass unchanged.
"""

from __future__ import annotations

import unicodedata

# Letters and symbols by category, but drawn as nothing: Hangul fillers, Braille blank.
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800")
_SPACES = frozenset("\u00a0\u202f\u2009\u3000")


def safe(text: str) -> str:
    """`text` in NFC with every control, format, surrogate and invisible character made visible."""
    if text.isascii() and text.isprintable():
        return text
    normal = unicodedata.normalize("NFC", text)
    if normal.isprintable() and _BLANK.isdisjoint(normal):
        return normal
    return "".join(_visible(character) for character in normal)


def safe_lines(text: str) -> str:
    """The same for text of several lines: line breaks stay."""
    return "\n".join(safe(line) for line in text.split("\n"))


def counted(number: int, word: str, words: str = "") -> str:
    """A number with its noun: ``1 API call``, ``12,000 API calls``; `words` is an odd plural."""
    return f"{number:,} {word if number == 1 else words or f'{word}s'}"


def _visible(character: str) -> str:
    if character in _SPACES or (character.isprintable() and character not in _BLANK):
        return character
    named = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(character)
    if named is not None:
        return named
    code = ord(character)
    if code <= 0xFF:  # noqa: PLR2004 - Latin-1 has the short escape
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 - the basic plane
