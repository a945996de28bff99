from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.config.settings import Transform
from sfsync.config.transforms import TRANSFORMS
from sfsync.sync.transforms import compile_transforms

ARGUMENTS: dict[str, object] = {
    "round": 2,
    "split_first": ";",
    "date": "%d/%m/%Y",
    "add_days": 30,
    "map": {"Ops": "Operations"},
    "prefix": "X-",
    "suffix": "!",
    "replace": ("a", "b"),
}


def apply(text: str, *transforms: Transform) -> str:
    """Apply transforms as a mapping would."""
    for step in compile_transforms(transforms):
        text = step(text)
    return text


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("trim", "  x ", "x"),
        ("upper", "straße", "STRASSE"),
        ("lower", "ABC", "abc"),
        ("title", "acme corp", "Acme Corp"),
        ("digits_only", "+1 (415) 555", "1415555"),
        ("round", "2.675", "2.68"),
        ("negate", "1.2345678E7", "-12345678"),
        ("split_first", "a; b; c", "a"),
        ("date", "31/12/2026", "2026-12-31"),
        ("add_days", "2026-12-31", "2027-01-30"),
        ("map", "Ops", "Operations"),
        ("map", "Sales", "Sales"),
        ("prefix", "1", "X-1"),
        ("suffix", "1", "1!"),
        ("replace", "banana", "bbnbnb"),
    ],
)
def test_each_transform_does_what_it_says(name: str, text: str, expected: str) -> None:
    """Every transform of the closed list, with its argument."""
    assert apply(text, Transform(name, ARGUMENTS.get(name))) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-10-31T23:30:00.000+0000", "2026-12-01"),
        ("2026-10-31T14:59:59.000+0000", "2026-11-30"),
        ("2026-10-31T23:30:00", "2026-11-30"),
        ("2026-10-31 or so", "2026-11-30"),
    ],
)
def test_days_are_added_to_the_calendar_date_of_a_time(text: str, expected: str) -> None:
    """A time counts as its day in the time zone, as it does where it is mapped untouched."""
    (add,) = compile_transforms((Transform("add_days", 30),), ZoneInfo("Asia/Tokyo"))
    assert add(text) == expected


def test_transforms_are_applied_in_the_order_written() -> None:
    """Order matters: trimming before a prefix is not a prefix before trimming."""
    assert apply(" a ", Transform("trim"), Transform("prefix", " b")) == " ba"
    assert apply(" a ", Transform("prefix", " b"), Transform("trim")) == "b a"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("round", "ten"),
        ("negate", ""),
        ("date", "12-31-2026"),
        ("add_days", "tomorrow"),
        ("add_days", "9999-12-31"),
    ],
)
def test_a_value_that_cannot_be_read_is_named(name: str, text: str) -> None:
    """An unreadable value raises ValueError with a sentence, never anything else."""
    with pytest.raises(ValueError, match="not"):
        apply(text, Transform(name, ARGUMENTS.get(name)))


@given(st.sampled_from(sorted(TRANSFORMS)), st.text())
def test_no_text_breaks_a_transform(name: str, text: str) -> None:
    """Any text is either transformed or refused with ValueError."""
    try:
        result = apply(text, Transform(name, ARGUMENTS.get(name)))
    except ValueError:
        return
    assert isinstance(result, str)
