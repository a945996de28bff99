"""Money as integer minor units with an ISO 4217 currency; parsing, rounding and splitting.

No amount in this program is ever a float. Exponents are those of ISO 4217 (JPY 0, USD 2, KWD 3),
not those of locale data, which differ for a dozen currencies.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from typing import Self

# Every ISO 4217 currency with minor units, withdrawn ones that old deals still carry included.
# Source: ISO 4217 list one (2026-01-01) and list three for BGN, HRK and the like.
_TWO_DECIMALS = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN
    BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP
    GBP GEL GHS GIP GMD GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT
    LAK LBP LKR LRD LSL LTL LVL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD
    NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE
    SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES
    WST XAD XCD XCG YER ZAR ZMW ZWG ZWL
"""
_NO_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE_DECIMALS = "BHD IQD JOD KWD LYD OMR TND"
_FOUR_DECIMALS = "CLF UYW"

EXPONENTS: dict[str, int] = {
    **dict.fromkeys(_TWO_DECIMALS.split(), 2),
    **dict.fromkeys(_NO_DECIMALS.split(), 0),
    **dict.fromkeys(_THREE_DECIMALS.split(), 3),
    **dict.fromkeys(_FOUR_DECIMALS.split(), 4),
}

MAX_MINOR = 10**15
"""The largest amount held, in minor units: beyond it a spreadsheet silently drops digits."""

_LEAST, _MOST = Decimal(-MAX_MINOR), Decimal(MAX_MINOR)
_MOST_PLACES = 1000
"""Places before or behind the point: a reply may hold 1E999999, which nobody can calculate with."""

_MAX_DIGITS = 24
"""Digits an exact number may have once it is rounded; well inside a Decimal's 28."""

_UNITS = {exponent: Decimal(1).scaleb(-exponent) for exponent in range(7)}


class InvalidAmountError(ValueError):
    """A text or number that is not an amount of money; the message is for people."""


def exponent_of(currency: str) -> int:
    """The number of decimals of `currency`.

    Raises:
        InvalidAmountError: the code is not an ISO 4217 currency with minor units.
    """
    try:
        return EXPONENTS[currency]
    except KeyError:
        raise InvalidAmountError(f"'{currency}' is not an ISO 4217 currency") from None


def parse_decimal(value: object) -> Decimal:
    """Read an exact decimal from what Salesforce or a person gives: text, int or Decimal.

    ``1.2345678E7`` (how Salesforce writes ten million and more) is 12345678.

    Raises:
        InvalidAmountError: empty, a float, a boolean, not a finite number, not a number, or one
            beyond all calculation.
    """
    if isinstance(value, Decimal):
        number = value
    elif isinstance(value, int) and not isinstance(value, bool):
        number = Decimal(value)
    elif isinstance(value, str):
        try:
            number = Decimal(value.strip())
        except InvalidOperation:
            raise InvalidAmountError(f"'{value}' is not a number") from None
    else:
        raise InvalidAmountError(f"{value!r} is not a number")
    if not number.is_finite():
        raise InvalidAmountError(f"'{value}' is not a finite number")
    if number.adjusted() > _MOST_PLACES:
        raise InvalidAmountError(f"'{value}' is too large to be a number of anything")
    return number


_TYPED = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)")


def parse_typed(text: str) -> Decimal:
    """Read a number as a person types it: digits, perhaps with a sign and a decimal point.

    Raises:
        InvalidAmountError: anything else, ``1e3`` and ``1_000`` included.
    """
    if _TYPED.fullmatch(text.strip()) is None:
        raise InvalidAmountError(f"'{text}' is not a number")
    return parse_decimal(text)


def round_half_up(number: Decimal, decimals: int) -> Decimal:
    """Round to `decimals` places, halves away from zero: 2.675 becomes 2.68.

    Raises:
        InvalidAmountError: beyond what could ever be an amount.
    """
    # Checked first: quantize fails, not rounds, once the result has more than 28 digits.
    if number and number.adjusted() + decimals > _MAX_DIGITS:
        raise InvalidAmountError(f"{_readable(number)} is too large to be an amount")
    unit = _UNITS.get(decimals) or Decimal(1).scaleb(-decimals)
    return number.quantize(unit, rounding=ROUND_HALF_UP)


# The amounts of a price book repeat from line to line.
@lru_cache(maxsize=4096)
def to_minor(number: Decimal, exponent: int) -> int:
    """Minor units of `number`, rounded half up once: 10.005 with exponent 2 is 1001.

    Raises:
        InvalidAmountError: beyond `MAX_MINOR`.
    """
    scaled = number.scaleb(exponent)
    if not _LEAST <= scaled <= _MOST:
        raise InvalidAmountError(f"{_readable(number)} is too large to be an amount")
    minor = int(scaled)
    # Most amounts have no more decimals than their currency: nothing is left to round.
    return minor if minor == scaled else int(round_half_up(scaled, 0))


def _readable(number: Decimal) -> str:
    # Without an exponent, as people write amounts, as long as somebody could read it.
    return plain(number) if abs(number.adjusted()) <= _MAX_DIGITS else str(number)


def from_minor(minor: int, exponent: int) -> Decimal:
    """The decimal number of `minor` units: 1001 with exponent 2 is 10.01."""
    return Decimal(minor).scaleb(-exponent)


def extended_price(quantity: Decimal, unit_price: Decimal, discount: Decimal | None) -> Decimal:
    """Quantity by unit price, less a discount in percent; not yet rounded."""
    full = quantity * unit_price
    return full if discount is None else full * (1 - discount / 100)


def plain(number: Decimal) -> str:
    """Write a decimal without an exponent and without trailing zeros: 1.20E+2 is ``120``."""
    text = str(number)
    if "E" in text and abs(number.adjusted()) > _MOST_PLACES:
        return text
    if "E" in text:
        text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def minor_to_text(minor: int, exponent: int) -> str:
    """Minor units as a plain decimal string with all its decimals: 3600000 is ``36000.00``."""
    if exponent == 0:
        return str(minor)
    sign = "-" if minor < 0 else ""
    digits = str(abs(minor)).rjust(exponent + 1, "0")
    return f"{sign}{digits[:-exponent]}.{digits[-exponent:]}"


def split_minor(total: int, weights: list[int]) -> list[int]:
    """Split `total` by `weights` so that the parts add up exactly (largest remainder first).

    Ties go to the earlier part, so 100 by three equal weights is 34, 33, 33.

    Raises:
        ValueError: no weights, a negative weight, or all weights zero.
    """
    whole = sum(weights)
    if not weights or whole == 0 or min(weights) < 0:
        raise ValueError("weights must be non-negative and not all zero")
    sign = -1 if total < 0 else 1
    shares = [divmod(abs(total) * weight, whole) for weight in weights]
    parts = [quotient for quotient, _ in shares]
    left_over = abs(total) - sum(parts)
    by_remainder = sorted(range(len(shares)), key=lambda place: (-shares[place][1], place))
    for place in by_remainder[:left_over]:
        parts[place] += 1
    return [sign * part for part in parts]


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in one currency: `minor` units (cents, yen, fils) and the ISO 4217 code."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        exponent_of(self.currency)
        if abs(self.minor) > MAX_MINOR:
            raise InvalidAmountError(f"{self.minor} minor units of {self.currency} is too large")

    @classmethod
    def parse(cls, value: object, currency: str) -> Self:
        """Read an amount and round it half up to the currency's decimals.

        Raises:
            InvalidAmountError: not a finite number, too large, or an unknown currency.
        """
        return cls(to_minor(parse_decimal(value), exponent_of(currency)), currency)

    @property
    def amount(self) -> Decimal:
        """The amount as a decimal number of major units."""
        return from_minor(self.minor, exponent_of(self.currency))

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __add__(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise ValueError(f"cannot add {other.currency} to {self.currency}")
        return Money(self.minor + other.minor, self.currency)

    def __str__(self) -> str:
        """The amount with thousands separators and its currency: ``36,000.00 USD``."""
        decimals = exponent_of(self.currency)
        return f"{self.amount:,.{decimals}f} {self.currency}"
