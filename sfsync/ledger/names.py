"""When two company names mean the same customer: a key that forgets what does not matter."""

from __future__ import annotations

import unicodedata
from functools import cache, lru_cache

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


# Deciding one account asks for its key several times; a page of accounts fits.
@lru_cache(maxsize=8192)
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
    key = " ".join(unicodedata.normalize("NFKC", name).split())
    if "case" in ignores:
        # Casefolding can undo normalisation and the other way round; twice settles it.
        key = unicodedata.normalize("NFKC", key.casefold()).casefold()
        key = " ".join(unicodedata.normalize("NFKC", key).split())
    if "legal_suffix" in ignores:
        key = _without_legal_suffix(key)
    if "punctuation" in ignores:
        # An apostrophe may have stood between a letter and its accent.
        key = unicodedata.normalize("NFKC", _without_punctuation(key) or key)
        if "legal_suffix" in ignores:
            # "Acme/Inc": only without its punctuation does the legal form stand by itself.
            key = _without_legal_suffix(key)
    return key


def _without_punctuation(text: str) -> str:
    # "A.C.M.E." and "O'Brien" close up; other punctuation separates words.
    closed = "".join(char for char in text if char not in ".'’`´")  # noqa: RUF001 - quotation marks as people type them
    spaced = "".join(char if _is_word(char) else " " for char in closed)
    return " ".join(spaced.split())


@cache
def _is_word(char: str) -> bool:
    # Letters, marks, numbers, and symbols: "C++" and "C#" are different names, "a-b" and "a b" not.
    return unicodedata.category(char)[0] in "LMNS"


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
    for count in range(min(_LONGEST_SPELLED, len(words) - 1), 0, -1):
        tail = words[-count:]
        form = _bare("".join(tail))
        # Several words are one form when they are its letters ("S. A. R. L."), or by name.
        spelled = all(len(_bare(word)) <= 1 for word in tail) or form in _SEVERAL_WORDS
        if form in _LEGAL_SUFFIXES and (count == 1 or spelled):
            left = " ".join(words[:-count]).rstrip(" ,;-–&")
            if _without_punctuation(left):
                return left
    return name


def _bare(word: str) -> str:
    return "".join(char for char in word.casefold() if _is_word(char))


def _cut_glued(name: str) -> str:
    for form in _GLUED:
        left = name.removesuffix(form).removeprefix(form).strip()
        if left != name and _without_punctuation(left):
            return left
    return name
