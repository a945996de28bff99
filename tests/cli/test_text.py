from __future__ import annotations

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.cli.render.text import safe, safe_lines


def test_what_a_terminal_would_obey_is_shown_instead() -> None:
    """Escape sequences, C1 controls, line breaks, bidi and invisible characters become visible."""
    assert safe("\x1b]0;owned\x07") == "\\x1b]0;owned\\x07"
    assert safe("a\x9b2Jb") == "a\\x9b2Jb"
    assert safe("one\ntwo\tthree\r") == "one\\ntwo\\tthree\\r"
    assert safe("invoice\u202egnp.exe") == "invoice\\u202egnp.exe"
    assert safe("pay\u200bpal") == "pay\\u200bpal"
    assert safe("x\u3164y") == "x\\u3164y"
    assert safe("tag\U000e0041") == "tag\\U000e0041"


def test_letters_of_every_script_pass() -> None:
    """Names are people's own: only their form is normalised."""
    for name in ("Müller & Söhne", "株式会社", "Ωmega", "Ünïted – GmbH", "no\u00a0break"):
        assert safe(name) == unicodedata.normalize("NFC", name)
    assert safe("e\u0301") == "é"


def test_markup_is_just_text() -> None:
    """Square brackets mean nothing."""
    assert safe("[/bold][link=x]") == "[/bold][link=x]"


def test_line_breaks_of_our_own_text_stay() -> None:
    """Several lines stay several lines."""
    assert safe_lines("a\nb\x1b") == "a\nb\\x1b"


@settings(max_examples=200)
@given(st.text(alphabet=st.characters()))
def test_nothing_unprintable_ever_passes(text: str) -> None:
    """No category that a terminal acts on survives, and the result is stable."""
    shown = safe(text)
    assert {unicodedata.category(c) for c in shown}.isdisjoint({"Cc", "Cf", "Cs", "Zl", "Zp"})
    assert safe(shown) == shown
