"""Quantities, unit prices and discounts as they are stored: whole millionths."""

from __future__ import annotations

from decimal import Decimal
from typing import overload

from sfsync.money import from_minor

DECIMALS = 6
"""Decimals of a quantity, unit price or discount."""

MAX_MICRO = 2**63 - 1
"""The largest one that is held, in millionths."""

_MILLION = Decimal(10**DECIMALS)


@overload
def to_micro(number: Decimal) -> int: ...
@overload
def to_micro(number: Decimal | None) -> int | None: ...
def to_micro(number: Decimal | None) -> int | None:
    """Millionths of `number`; None of nothing.

    Raises:
        ValueError: beyond `MAX_MICRO`.
    """
    if number is None:
        return None
    value = int(number * _MILLION)
    if abs(value) > MAX_MICRO:
        raise ValueError(f"{number} is too large for a quantity or unit price")
    return value


@overload
def from_micro(value: int) -> Decimal: ...
@overload
def from_micro(value: int | None) -> Decimal | None: ...
def from_micro(value: int | None) -> Decimal | None:
    """The number of so many millionths; None of nothing."""
    return None if value is None else from_minor(value, DECIMALS)
