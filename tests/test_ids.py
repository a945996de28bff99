from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.ids import full_id, id_from_url, normalise_id

SHORT = st.text(
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=15, max_size=15
)


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("0015g00000A1b2C", "0015g00000A1b2CAAR"),
        ("00D5g00000ABCDE", "00D5g00000ABCDEEA5"),
        ("000000000000000", "000000000000000AAA"),
        ("AAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAA555"),
    ],
)
def test_short_ids_grow(short: str, full: str) -> None:
    """Fifteen characters become the eighteen that the API answers."""
    assert normalise_id(short) == full


@settings(deadline=None)
@given(SHORT)
def test_normalising_is_stable_and_keeps_the_short_id(short: str) -> None:
    """The long form starts with the short one and is its own long form."""
    full = normalise_id(short)
    assert full[:15] == short
    assert normalise_id(full) == full


@settings(deadline=None)
@given(SHORT, SHORT)
def test_different_ids_stay_different_without_case(one: str, other: str) -> None:
    """Two ids that differ at all differ in their long form even when case is ignored."""
    same = normalise_id(one).casefold() == normalise_id(other).casefold()
    assert same == (one == other)


@settings(deadline=None)
@given(st.text(max_size=25))
def test_anything_else_is_a_value_error(text: str) -> None:
    """A text is an id of 18 characters, or a ValueError."""
    try:
        full = normalise_id(text)
    except ValueError:
        return
    assert len(full) == 18
    assert full.startswith(text[:15])


@pytest.mark.parametrize("text", ["", "0065g", "0065g00000ABCD-", "0065g00000abcdeEA4", "x" * 16])
def test_damaged_ids_are_refused(text: str) -> None:
    """Wrong length, foreign characters and changed case are not ids."""
    with pytest.raises(ValueError, match="not a Salesforce id"):
        normalise_id(text)


@pytest.mark.parametrize(
    "url",
    [
        "https://acme.lightning.force.com/lightning/r/Opportunity/0065g00000ABCDEAA4/view",
        "https://acme.my.salesforce.com/0065g00000ABCDE",
        " https://acme.my.salesforce.com/one.app?id=0065g00000ABCDEAA4 ",
        "http://127.0.0.1:8123/0065g00000ABCDEAA4",
        "https://acme.lightning.force.com/one/one.app#/sObject/0065g00000ABCDEAA4/view",
    ],
)
def test_a_pasted_url_yields_its_record(url: str) -> None:
    """Lightning, Classic and parameter forms lead to the same 18 characters."""
    found = id_from_url(url.replace("AA4", normalise_id("0065g00000ABCDE")[15:]))
    assert found == normalise_id("0065g00000ABCDE")


@pytest.mark.parametrize(
    "text",
    ["0065g00000ABCDE", "ftp://x/0065g00000ABCDE", "https://acme.example/OpportunityLine/list", ""],
)
def test_other_texts_hold_no_record(text: str) -> None:
    """Bare ids, other schemes and fifteen-letter words are not records in a URL."""
    assert id_from_url(text) is None


@pytest.mark.parametrize(
    "text", ["https://[acme.example/0065g00000ABCDE", "https://acme℀.example/0065g00000ABCDE"]
)
def test_a_damaged_url_is_a_text_like_any_other(text: str) -> None:
    """What looks like an address and is none leads to no record, and ends nothing."""
    assert id_from_url(text) is None
    assert full_id(text) == text


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("0065g00000AbCdE", "0065g00000AbCdEAAV"),
        ("0065g00000AbCdEAAV", "0065g00000AbCdEAAV"),
        ("Acme Industries", "Acme Industries"),
    ],
)
def test_only_an_id_gets_its_checksum(text: str, full: str) -> None:
    """What a person or a formula field gives may be no id, though it is as long as one."""
    assert full_id(text) == full
