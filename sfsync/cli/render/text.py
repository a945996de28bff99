"""Foreign text made inert before it reaches a terminal, a pipe or a table.

Names and notes come from Salesforce: they may hold escape sequences (cursor moves, window titles,
hidden text), newlines, and characters that reorder or hide what is around them. Each such character
is shown as an escape that a person can see; letters of every script pass unchanged.
"""

from __future__ import annotations

import unicodedata

from sfsync.exports.inert import is_plain, visible


def safe(text: str) -> str:
    """`text` in NFC with every control, format, surrogate and invisible character made visible."""
    if text.isascii() and text.isprintable():
        return text
    normal = unicodedata.normalize("NFC", text)
    if is_plain(normal):
        return normal
    return "".join(visible(character) for character in normal)


def safe_lines(text: str) -> str:
    """The same for text of several lines: line breaks stay."""
    return "\n".join(safe(line) for line in text.split("\n"))


def counted(number: int, word: str, words: str = "") -> str:
    """A number with its noun: ``1 API call``, ``12,000 API calls``; `words` is an odd plural."""
    return f"{number:,} {word if number == 1 else words or f'{word}s'}"


def with_thousands(number: str) -> str:
    """``1234567.50`` as ``1,234,567.50``."""
    whole, point, decimals = number.partition(".")
    sign = "-" if whole.startswith("-") else ""
    digits = whole.removeprefix("-")
    return f"{sign}{int(digits):,}{point}{decimals}" if digits.isdecimal() else number
