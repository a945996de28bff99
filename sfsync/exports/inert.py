"""Foreign text made inert and visible on its way into a file, by rules that can be undone.

`escaped` shows what a program might obey or hide; `guarded` keeps a spreadsheet from calculating a
text. docs/exports.md tells both rules to those who read the files.
"""

from __future__ import annotations

import re

# Letters and symbols by category, but drawn as nothing: Hangul fillers, Braille blank.
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800")
_SPACES = frozenset("\u00a0\u202f\u2009\u3000")
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

_SIGNS = "[=+\\-@\uff1d\uff0b\uff0d\uff20]"
# What a spreadsheet may take for a formula, behind spaces and behind our own mark.
_FORMULA = re.compile(rf"['\s]*{_SIGNS}")
# The same behind a semicolon, at which some spreadsheets cut a line, quoted or not.
_IN_NEXT_CELL = re.compile(rf";(?='*{_SIGNS})")
_MARKED_IN_NEXT_CELL = re.compile(rf";'(?='*{_SIGNS})")


def is_plain(text: str) -> bool:
    """Whether every character of `text` is seen as itself."""
    return text.isprintable() and (text.isascii() or _BLANK.isdisjoint(text))


def visible(character: str) -> str:
    """The character itself, or the escape that shows one that is drawn as nothing or obeyed."""
    if character in _SPACES or (character.isprintable() and character not in _BLANK):
        return character
    named = _NAMED.get(character)
    if named is not None:
        return named
    code = ord(character)
    if code <= 0xFF:  # noqa: PLR2004 - Latin-1 has the short escape
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 - the basic plane


def shown(text: str) -> str:
    """`text` with what is invisible made visible, for formats that escape backslashes or none."""
    return "".join(map(visible, text))


def escaped(text: str) -> str:
    """`text` on one line with everything invisible made visible; it can be undone.

    A backslash stays single unless what follows would make it read as an escape.
    """
    if "\\" not in text and is_plain(text):
        return text
    found = [visible(character) for character in text]
    for place, character in enumerate(text):
        if character == "\\" and (place + 1 < len(text) and _reads_on(found[place + 1])):
            found[place] = "\\\\"
    return "".join(found)


def _reads_on(following: str) -> bool:
    return following[0] in "nrtxuU\\"


def guarded(text: str) -> str:
    """`text` with a ``'`` before what a spreadsheet would calculate; `unguarded` undoes it.

    Tabs and line breaks, behind which a formula may begin as well, must be `escaped` already.
    """
    marked = _IN_NEXT_CELL.sub(";'", text)
    return f"'{marked}" if _FORMULA.match(marked) else marked


def unguarded(text: str) -> str:
    """What `guarded` was given."""
    marked = text[1:] if text.startswith("'") and _FORMULA.match(text) else text
    return _MARKED_IN_NEXT_CELL.sub(";", marked)
