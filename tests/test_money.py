from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.money import (
    EXPONENTS,
    MAX_MINOR,
    InvalidAmountError,
    Money,
    exponent_of,
    from_minor,
    minor_to_text,
    parse_decimal,
    parse_typed,
    plain,
    round_half_up,
    split_minor,
    to_minor,
)

MINOR = st.integers(-MAX_MINOR, MAX_MINOR)
CURRENCY = st.sampled_from(sorted(EXPONENTS))


@pytest.mark.parametrize(
    ("currency", "exponent"), [("JPY", 0), ("USD", 2), ("KWD", 3), ("CLF", 4), ("BGN", 2)]
)
def test_exponents_are_those_of_iso_4217(currency: str, exponent: int) -> None:
    """A currency has the decimals that ISO 4217 gives it, withdrawn ones included."""
    assert exponent_of(currency) == exponent


@pytest.mark.parametrize("code", ["XAU", "usd", "", "ABC"])
def test_a_currency_without_minor_units_is_refused(code: str) -> None:
    """Metals, lower case and unknown codes have no exponent."""
    with pytest.raises(InvalidAmountError):
        exponent_of(code)


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("10.005", 1001),
        ("10.004", 1000),
        ("-10.005", -1001),
        ("2.675", 268),
        ("1.2345678E7", 1234567800),
    ],
)
def test_amounts_round_half_up_once(text: str, minor: int) -> None:
    """Halves go away from zero, and exponents are read as Salesforce writes them."""
    assert Money.parse(text, "USD").minor == minor


@pytest.mark.parametrize(
    "value",
    ["", "abc", "1,000", "NaN", "Infinity", "-Infinity", 1.5, True, None, [], "1_000_0x",
     "9E999999", Decimal("-1E+999999")],
)  # fmt: skip
def test_what_is_not_a_number_is_refused(value: object) -> None:
    """Floats, booleans, separators, and what nobody can calculate with are never amounts."""
    with pytest.raises(InvalidAmountError):
        parse_decimal(value)


@pytest.mark.parametrize(
    "text", ["1e3", "1E3", "1_000", "\u0661\u0662", "1,5", ".", "-", "1 0", "inf"]
)
def test_a_person_types_digits_and_a_point(text: str) -> None:
    """What a program may write for a number is no slip of the keyboard that becomes an amount."""
    with pytest.raises(InvalidAmountError):
        parse_typed(text)
    assert [parse_typed(one) for one in (" 500 ", "-5.", ".5", "+1.50")] == [
        500, -5, Decimal("0.5"), Decimal("1.5"),
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["1E+400", "1E+30", "-9e99", "10000000000000.01"])
def test_amounts_beyond_a_spreadsheets_digits_are_refused(text: str) -> None:
    """An amount that could lose digits elsewhere is refused, quickly and by name."""
    with pytest.raises(InvalidAmountError, match="too large"):
        to_minor(Decimal(text), 2)


def test_a_refused_amount_is_written_as_people_write_it() -> None:
    """Salesforce sends large numbers with an exponent; nobody types them so."""
    with pytest.raises(InvalidAmountError, match=r"^10000000000000 is too large to be an amount$"):
        to_minor(Decimal("1.0E+13"), 3)


@given(MINOR, CURRENCY)
def test_minor_units_survive_text_and_back(minor: int, currency: str) -> None:
    """What is written as text reads back as the same minor units."""
    exponent = exponent_of(currency)
    text = minor_to_text(minor, exponent)
    assert to_minor(parse_decimal(text), exponent) == minor
    assert from_minor(minor, exponent) == Decimal(text)
    assert "E" not in text


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=8, min_value=-(10**9), max_value=10**9
    )
)
def test_rounding_never_moves_more_than_half_a_unit(number: Decimal) -> None:
    """Rounding to cents stays within half a cent, and halves go away from zero."""
    rounded = round_half_up(number, 2)
    assert abs(rounded - number) <= Decimal("0.005")
    assert round_half_up(-number, 2) == -rounded


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20))
def test_plain_writes_the_same_number_without_exponent(number: Decimal) -> None:
    """The plain form has no exponent and no trailing zeros, and is the same number."""
    text = plain(number)
    assert "E" not in text
    assert Decimal(text) == number
    assert not ("." in text and text.endswith("0"))


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_split_parts_add_up(total: int, weights: list[int]) -> None:
    """Parts of a split add up to the whole and stay within one unit of their share."""
    if sum(weights) == 0:
        with pytest.raises(ValueError, match="weights"):
            split_minor(total, weights)
        return
    parts = split_minor(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Decimal(total) * weight / sum(weights)) < 1


def test_ties_of_a_split_go_to_the_earlier_part() -> None:
    """One hundred by three is 34, 33, 33; and its negation mirrors it."""
    assert split_minor(100, [1, 1, 1]) == [34, 33, 33]
    assert split_minor(-100, [1, 1, 1]) == [-34, -33, -33]


def test_money_of_two_currencies_does_not_add() -> None:
    """Adding across currencies is an error, not a number."""
    with pytest.raises(ValueError, match="cannot add"):
        _ = Money(1, "USD") + Money(1, "EUR")
    assert str(Money(3600000, "USD") + -Money(100, "USD")) == "35,999.00 USD"
