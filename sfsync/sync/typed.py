"""Typed values out of mapped text: amounts, dates, currencies; each with its own failure."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from sfsync.ledger.micro import DECIMALS, MAX_MICRO
from sfsync.money import (
    EXPONENTS,
    InvalidAmountError,
    from_minor,
    parse_decimal,
    round_half_up,
    to_minor,
)
from sfsync.sync.failures import Failure, failure

if TYPE_CHECKING:
    from datetime import date
    from zoneinfo import ZoneInfo

    from sfsync.sync.mapping import CompiledMapping, Record

LARGEST = from_minor(MAX_MICRO, DECIMALS)
"""The largest quantity, price or discount that is kept; amounts are bounded in their currency."""

_NUMBER_CODES = {
    "quantity": "invalid-quantity",
    "unit_price": "invalid-unit-price",
    "discount": "invalid-discount",
}


def source_name(compiled: CompiledMapping | None, fallback: str) -> str:
    """What to call the source of a mapped value in a message."""
    if compiled is None:
        return fallback
    return compiled.mapping.source or compiled.mapping.template or fallback


def read_total(compiled: CompiledMapping | None, record: Record) -> Decimal | Failure:
    """The mapped total as an exact number; empty, negative or unreadable is `invalid-amount`."""
    source = source_name(compiled, "Amount")
    raw = record.get("Amount") if compiled is None else _raw_or_mapped(compiled, record)
    # A total that is missing or unreadable is an amount problem to a person, not a mapping problem.
    if isinstance(raw, Failure) and raw.code != "missing-field":
        return _invalid_amount(source, raw.message)
    if isinstance(raw, Failure) or raw is None or raw == "":
        return _invalid_amount(source, f"{source} is empty; a number is required")
    try:
        number = parse_decimal(raw)
        to_minor(number, 0)
    except InvalidAmountError as problem:
        return _invalid_amount(source, f"{source}: {problem}")
    if number < 0:
        return _invalid_amount(source, f"{source} is {number:f}; an invoice cannot be negative")
    return number


def read_date(text: str | None, source: str, target: str, zone: ZoneInfo) -> date | Failure:
    """A mapped date; a datetime counts as its calendar date in `zone`."""
    try:
        moment = datetime.fromisoformat(text or "")
        return moment.astimezone(zone).date() if moment.tzinfo else moment.date()
    except (ValueError, OverflowError):
        shown = f"'{text}', which is not a date" if text else "empty"
        return failure("invalid-date", f"{source} is {shown}", source_field=source, target=target)


def read_currency(text: str, source: str) -> str | Failure:
    """A mapped currency code, checked against ISO 4217."""
    code = text.strip().upper()
    if code in EXPONENTS:
        return code
    return failure(
        "invalid-currency",
        f"{source} is '{text}', which is not an ISO 4217 currency",
        source_field=source,
        target="currency",
    )


def read_number(
    compiled: CompiledMapping | None, record: Record, target: str
) -> Decimal | Failure | None:
    """A quantity, price, discount or amount of a line, exact; None if empty or not mapped."""
    if compiled is None:
        return None
    raw = _raw_or_mapped(compiled, record)
    if raw is None or isinstance(raw, Failure):
        return raw
    try:
        return _exact(raw) if target == "amount" else _bounded(raw)
    except InvalidAmountError as problem:
        return invalid_number(compiled, target, str(problem))


def invalid_number(compiled: CompiledMapping | None, target: str, problem: str) -> Failure:
    """A number of a line that cannot be used, under the code of its own target."""
    source = source_name(compiled, target)
    code = _NUMBER_CODES.get(target, "invalid-line")
    return failure(code, f"{source}: {problem}", source_field=source, target=target)


# Numbers of a price book repeat from line to line.
_exact = lru_cache(maxsize=4096, typed=True)(parse_decimal)


@lru_cache(maxsize=4096, typed=True)
def _bounded(raw: object) -> Decimal:
    number = parse_decimal(raw)
    if abs(number) > LARGEST:
        raise InvalidAmountError(f"{number} is too large for a quantity or unit price")
    return number


def _raw_or_mapped(compiled: CompiledMapping, record: Record) -> object:
    """A number as the org answered it, where nothing has to be done to it; else as mapped."""
    if compiled.raw is not None:
        raw = compiled.raw(record)
        if isinstance(raw, Decimal):
            return raw
    return compiled.value(record)


@lru_cache(maxsize=4096)
def informative(number: Decimal) -> Decimal:
    """A quantity, price or discount as it is kept: six decimals, rounded half up."""
    return round_half_up(number, DECIMALS)


def _invalid_amount(source: str, message: str) -> Failure:
    return failure("invalid-amount", message, source_field=source, target="total")
