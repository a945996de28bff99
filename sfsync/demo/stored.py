"""How a field's value is kept in SQLite: exactly, and so that SQLite's own comparison is right.

Numbers are integers scaled by the field's decimals, dates and times ISO text in UTC, checkboxes
0 and 1, everything else text. An empty text is no text, as in a real org.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final

from sfsync.demo.catalogue.fields import ID_TYPES, NUMBER_TYPES
from sfsync.demo.catalogue.refusal import StoreError
from sfsync.demo.ids import to_18

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfsync.demo.catalogue.fields import Field

Stored = str | int | None
"""What SQLite holds of one value."""
Value = str | int | bool | Decimal | None
"""What a caller reads of one value: dates and times are ISO text."""

_WHOLE_LIMIT: Final = 10**8
# No file can hold half of a pair.
_HALF_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def moment_text(moment: datetime) -> str:
    """A point in time as the store keeps it: UTC, to the second, without a zone."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def encode(field: Field, value: object) -> Stored:
    """The stored form of `value` for `field`.

    Raises:
        StoreError: the value does not fit the field, in the org's words.
    """
    if value is None or value == "":
        return 0 if field.type == "boolean" else None
    return _encoder(field.type)(field, value)


def decode(field: Field, stored: Stored) -> Value:
    """The value behind its stored form: Decimal for numbers, bool for checkboxes."""
    if stored is None or field.type == "address":
        return None
    if field.type in NUMBER_TYPES:
        return Decimal(stored).scaleb(-field.scale)
    return bool(stored) if field.type == "boolean" else stored


def _encoder(kind: str) -> Callable[[Field, object], Stored]:
    if kind in NUMBER_TYPES:
        return _number
    if kind in ID_TYPES:
        return _id
    encoders: dict[str, Callable[[Field, object], Stored]] = {
        "boolean": _boolean,
        "int": _whole,
        "date": _date,
        "datetime": _moment,
    }
    return encoders.get(kind, _text)


def _refuse(code: str, message: str, field: Field) -> StoreError:
    return StoreError(code, message, (field.name,))


def _wrong_type(field: Field, value: object) -> StoreError:
    message = f"{field.label}: value not of required type: {value}"
    return _refuse("INVALID_TYPE_ON_FIELD_IN_RECORD", message, field)


def _text(field: Field, value: object) -> Stored:
    if not isinstance(value, str) or _HALF_SURROGATE.search(value):
        raise _wrong_type(field, value)
    if len(value) > field.length:
        message = f"{field.label}: data value too large: {value} (max length={field.length})"
        raise _refuse("STRING_TOO_LONG", message, field)
    return value


def _id(field: Field, value: object) -> Stored:
    whole = to_18(value) if isinstance(value, str) else None
    if whole is None:
        message = f"{field.label}: id value of incorrect type: {value}"
        raise _refuse("MALFORMED_ID", message, field)
    return whole


def _boolean(field: Field, value: object) -> Stored:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return int(value.lower() == "true")
    raise _wrong_type(field, value)


def _decimal(field: Field, value: object) -> Decimal:
    try:
        number = value if isinstance(value, Decimal) else Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if isinstance(value, bool) or not number.is_finite():
        raise _wrong_type(field, value)
    return number


def scaled(field: Field, number: Decimal) -> int:
    """`number` in units of the field's last decimal, halves rounded away from zero.

    Raises:
        StoreError: more digits than the field holds.
    """
    whole_digits = field.precision - field.scale
    if number and number.adjusted() >= whole_digits:
        message = f"{field.label}: value outside of valid range on numeric field: {number}"
        raise _refuse("NUMBER_OUTSIDE_VALID_RANGE", message, field)
    return int(number.scaleb(field.scale).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _number(field: Field, value: object) -> Stored:
    return scaled(field, _decimal(field, value))


def _whole(field: Field, value: object) -> Stored:
    number = _decimal(field, value)
    if abs(number) >= _WHOLE_LIMIT:
        message = f"{field.label}: value outside of valid range on numeric field: {value}"
        raise _refuse("NUMBER_OUTSIDE_VALID_RANGE", message, field)
    return int(number.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _date(field: Field, value: object) -> Stored:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError:
        raise _wrong_type(field, value) from None


def _moment(field: Field, value: object) -> Stored:
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        return moment_text(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        raise _wrong_type(field, value) from None
