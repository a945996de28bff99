"""When two company names mean the same customer: a key that forgets what does not matter."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

ALL_IGNORES = frozenset({"case", "punctuation", "legal_suffix"})
"""What a key can ignore; `customer.name_key` in the ledger ignores all of it."""

# How companies end their names around the world, casefolded, without punctuation. Sources: the
# legal forms of ISO 20275 (GLEIF's list), those that are written as short suffixes.
_LEGAL_FORMS = """
    inc incorporated corp corporation co company llc lc lp llp lllp pllc pc plc ltd limited
    pty nl cic cio ulc ltee ltée pvt private bhd sdn pte
    gmbh mbh ag kg kgaa ohg ug ek ev eg gbr se haftungsbeschränkt
    sa sas sasu sarl eurl sca scs snc sci sl slu sau srl srls spa sapa sapi cv sab lda ltda
    eireli epp sgps
    bv nv vof bvba sprl vzw asbl cvba
    ab as asa aps oy oyj ks hf ehf hb kb
    kft zrt nyrt bt doo dd ad eood ood ead sro spol spzoo spolsro spj spk sia uab mb oü ou
    ооо оао зао пао ао тоо
    kk gk yk kabushikikaisha godokaisha
    株式会社 有限会社 合同会社 有限公司 股份有限公司 주식회사
    jsc pjsc ojsc cjsc fze fzco wll tbk
    aş şti sti
"""  # noqa: RUF001 - Russian forms are written in Cyrillic
_LEGAL_SUFFIXES = frozenset(_LEGAL_FORMS.split())
_SEVERAL_WORDS = frozenset({"spzoo", "spolsro", "kabushikikaisha", "godokaisha"})

# Written in several words or with single letters: "S. A." is "s a" once punctuation is gone.
_LONGEST_SPELLED = 4
_GLUED = ("株式会社", "有限会社", "合同会社", "股份有限公司", "有限公司", "주식회사")


class _Words(dict[int, str | None]):
    """For `str.translate`: words stay, what separates them becomes `between`; None drops it.

    Words are of letters, marks, numbers, and symbols: "C++" and "C#" are different names, "a-b" and
    "a b" are not. Each character is looked up once.
    """

    def __init__(self, *, between: str | None, dropped: str = "") -> None:
        super().__init__(dict.fromkeys(map(ord, dropped)))
        self._between = between

    def __missing__(self, code: int) -> str | None:
        char = chr(code)
        is_word = unicodedata.category(char)[0] in "LMNS"
        found = self[code] = char if is_word else self._between
        return found


# "A.C.M.E." and "O'Brien" close up; other punctuation separates words.
_SPACED = _Words(between=" ", dropped=".'’`´")  # noqa: RUF001 - quotation marks as people type them
_BARE = _Words(between=None)


def name_key(name: str, ignores: frozenset[str] = ALL_IGNORES) -> str:
    """Reduce a company name to what has to be equal for two names to be the same company.

    Unicode compatibility forms and runs of white space never matter. Never empty for a name with
    a visible character: a name of nothing but punctuation or legal forms keeps them.

    Args:
        name: as written, e.g. ``ACME Holdings, Inc.``
        ignores: any of `ALL_IGNORES`; a legal suffix is recognised with or without its dots.

    Returns:
        E.g. ``acme holdings``.
    """
    return _name_key(name, ignores)


# An account's key is asked for when it is looked up, decided and written; a page of them fits.
@lru_cache(maxsize=8192)
def _name_key(name: str, ignores: frozenset[str]) -> str:
    key = " ".join(unicodedata.normalize("NFKC", name).split())
    if "case" in ignores:
        # Casefolding can undo normalisation and the other way round; twice settles it.
        key = unicodedata.normalize("NFKC", key.casefold()).casefold()
        key = " ".join(unicodedata.normalize("NFKC", key).split())
    if "legal_suffix" in ignores:
        key = _without_legal_suffix(key)
    if "punctuation" in ignores:
        # An apostrophe may have stood between a letter and its accent.
        words = unicodedata.normalize("NFKC", _without_punctuation(key) or key)
        if "legal_suffix" in ignores and words != key:
            # "Acme/Inc": only without its punctuation does the legal form stand by itself.
            words = _without_legal_suffix(words)
        key = words
    return key


def _without_punctuation(text: str) -> str:
    return " ".join(text.translate(_SPACED).split())


def _without_legal_suffix(name: str) -> str:
    """Take legal forms off the end (``Co., Ltd.``), and off either end where they are glued on."""
    rest = name
    while True:
        shorter = _cut_glued(_cut_last_words(rest))
        if shorter == rest:
            return rest
        rest = shorter


def _cut_last_words(name: str) -> str:
    words = name.split(" ")
    tail = [word.casefold().translate(_BARE) for word in words[-_LONGEST_SPELLED:]]
    for count in range(min(_LONGEST_SPELLED, len(words) - 1), 0, -1):
        form = "".join(tail[-count:])
        if form in _LEGAL_SUFFIXES and _is_one_form(form, tail[-count:]):
            left = " ".join(words[:-count]).rstrip(" ,;-–&")
            if _without_punctuation(left):
                return left
    return name


def _is_one_form(form: str, words: list[str]) -> bool:
    """Several words are one when they are its letters ("S. A. R. L."), or by name."""
    return len(words) == 1 or form in _SEVERAL_WORDS or all(len(word) <= 1 for word in words)


def _cut_glued(name: str) -> str:
    if name.isascii():
        return name
    for form in _GLUED:
        left = name.removesuffix(form).removeprefix(form).strip()
        if left != name and _without_punctuation(left):
            return left
    return name
