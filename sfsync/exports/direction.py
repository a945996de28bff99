"""Writing from right to left on paper, where letters stand as they are seen, from left to right.

Arabic letters are joined first (`joined`), lines are turned when it is known where they end
(`as_seen`). The forms of letters are those of Unicode's own data, the order that of its
bidirectional algorithm.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff]")
"""A letter that is written from right to left, or a mark on one."""

_ARABIC = re.compile("[\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff]")
_KINDS = ("<isolated>", "<final>", "<initial>", "<medial>")
_ISOLATED, _FINAL, _INITIAL, _MEDIAL = _KINDS
_LAM, _ALEFS = "\u0644", "\u0622\u0623\u0625\u0627"
_TATWEEL, _JOINER, _NON_JOINER = "\u0640", "\u200d", "\u200c"
_TO_RIGHT, _TO_LEFT = "\u200e", "\u200f"
_PAIRS = {"(": ")", "[": "]", "{": "}"}


@cache
def _forms() -> dict[str, dict[str, str]]:
    """The forms of each Arabic letter, and of a lam that an alef follows, by kind."""
    found: dict[str, dict[str, str]] = {}
    for code in (*range(0xFB50, 0xFE00), *range(0xFE70, 0xFEFD)):
        kind, *letters = unicodedata.decomposition(chr(code)).split() or ("",)
        text = "".join(chr(int(letter, 16)) for letter in letters)
        if kind in _KINDS and (len(text) == 1 or (text[0] == _LAM and text[1:] in _ALEFS)):
            found.setdefault(text, {}).setdefault(kind, chr(code))
    return found


def is_unjoined(letter: str) -> bool:
    """Whether it is an Arabic letter whose joined forms Unicode does not have."""
    if _ARABIC.match(letter) is None or unicodedata.category(letter) != "Lo":
        return False
    return letter not in _forms()


def joined(text: str) -> str:
    """`text` with each Arabic letter in the form that its neighbours give it.

    What only says whether letters join is gone afterwards: one sees it by their forms.
    """
    if _ARABIC.search(text) is None:
        return text
    # The joiners stay where they join nothing: there they are foreign, and shown as such.
    places = [place for place, letter in enumerate(text) if unicodedata.category(letter) != "Mn"]
    out, skipped = list(text), set()
    for nth, place in enumerate(places):
        before = text[places[nth - 1]] if nth else ""
        after = text[places[nth + 1]] if nth + 1 < len(places) else ""
        if text[place] in (_JOINER, _NON_JOINER):
            if _ARABIC.match(before or after):
                out[place] = ""
        elif place in skipped:
            out[place] = ""
        else:
            letters = text[place]
            if letters == _LAM and after and after in _ALEFS:
                letters += after
                skipped.add(places[nth + 1])
                after = text[places[nth + 2]] if nth + 2 < len(places) else ""
            out[place] = _form(before, letters, after)
    return "".join(out)


def _form(before: str, letters: str, after: str) -> str:
    forms = _forms().get(letters, {})
    from_before = _FINAL in forms and _joins(before, _INITIAL)
    to_after = _INITIAL in forms and _joins(after, _FINAL)
    kind = (_MEDIAL if to_after else _FINAL) if from_before else _INITIAL if to_after else _ISOLATED
    return forms.get(kind, letters)


def _joins(letter: str, kind: str) -> bool:
    return letter in {_TATWEEL, _JOINER} or kind in _forms().get(letter, {})


def runs_to_left(text: str) -> bool:
    """Whether a paragraph begins at the right: by its first letter that has a direction."""
    for letter in text:
        kind = unicodedata.bidirectional(letter)
        if kind in {"L", "R", "AL"}:
            return kind != "L"
    return False


def as_seen(line: str, *, to_left: bool | None = None) -> str:
    """A line in the order in which its letters stand from left to right.

    Args:
        line: the line, already joined.
        to_left: whether its paragraph begins at the right; None: as the line itself does.
    """
    if RIGHT_TO_LEFT.search(line) is None:
        return line
    from bidi.algorithm import get_display  # noqa: PLC0415 - start-up time

    to_left = runs_to_left(line) if to_left is None else to_left
    turned = str(get_display(_bracketed(line, to_left), base_dir="R" if to_left else "L"))
    return turned.replace(_TO_RIGHT, "").replace(_TO_LEFT, "")


def _bracketed(line: str, to_left: bool) -> str:  # noqa: FBT001 - a direction
    """The line with marks beside its brackets, so that both of a pair go the same way.

    This is rule N0 of the algorithm, which the library's does not have.
    """
    out, opened = list(line), list[int]()
    for place, letter in enumerate(line):
        if letter in _PAIRS:
            opened.append(place)
        elif letter in _PAIRS.values():
            while opened:
                first = opened.pop()
                if _PAIRS[line[first]] == letter:
                    mark = _TO_LEFT if _pair_to_left(line, first, place, to_left) else _TO_RIGHT
                    for each in (first, place):
                        out[each] = mark + line[each] + mark
                    break
    return "".join(out)


def _pair_to_left(line: str, first: int, last: int, to_left: bool) -> bool:  # noqa: FBT001 - as above
    inside = _directions(line[first + 1 : last])
    if not inside or to_left in inside:
        # Nothing inside has a direction, or what is around the pair goes on in it.
        return to_left
    before = _directions(line[:first])
    return (not to_left) if before and before[-1] is not to_left else to_left


def _directions(text: str) -> list[bool]:
    """Of each letter that has a direction, and each number, whether it is to the left."""
    kinds = {"L": False, "R": True, "AL": True, "EN": True, "AN": True}
    found = (unicodedata.bidirectional(letter) for letter in text)
    return [kinds[kind] for kind in found if kind in kinds]
