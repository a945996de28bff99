"""The closed list of transforms: text in, text out, or the reason why not. Nothing is evaluated."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, cast

from sfsync.money import InvalidAmountError, parse_decimal, plain, round_half_up

if TYPE_CHECKING:
    from datetime import tzinfo

    from sfsync.config.settings import Transform

MAX_GROWTH = 10_000
"""How many characters one `replace` may add to a value."""

Step = Callable[[str], str]
"""One compiled transform; raises ValueError with a sentence when it cannot read its input."""


def compile_transforms(transforms: tuple[Transform, ...], zone: tzinfo = UTC) -> tuple[Step, ...]:
    """The steps of a mapping, in the order written, ready to be applied to many values.

    Args:
        transforms: as the mapping has them.
        zone: whose calendar date a time stands for.
    """
    return tuple(
        _add_days(transform.argument, zone)
        if transform.name == "add_days"
        else _COMPILERS[transform.name](transform.argument)
        for transform in transforms
    )


def _digits_only(text: str) -> str:
    return "".join(character for character in text if character in "0123456789")


def _number(text: str) -> str:
    try:
        return plain(parse_decimal(text))
    except InvalidAmountError as problem:
        raise ValueError(str(problem)) from None


def _round(argument: object) -> Step:
    decimals = cast("int", argument)
    return lambda text: plain(round_half_up(parse_decimal(_number(text)), decimals))


def _split_first(argument: object) -> Step:
    separator = cast("str", argument)
    return lambda text: text.split(separator, 1)[0].strip()


def _date(argument: object) -> Step:
    pattern = cast("str", argument)

    def read(text: str) -> str:
        try:
            # Only the calendar date is kept, so a time zone has nothing to change.
            return datetime.strptime(text.strip(), pattern).date().isoformat()  # noqa: DTZ007
        except ValueError:
            raise ValueError(f"'{text}' is not a date written as {pattern}") from None

    return read


def _add_days(argument: object, zone: tzinfo) -> Step:
    days = timedelta(days=cast("int", argument))

    def add(text: str) -> str:
        try:
            return (_day(text, zone) + days).isoformat()
        except (ValueError, OverflowError):
            raise ValueError(f"'{text}' is not a date written as year-month-day") from None

    return add


def _day(text: str, zone: tzinfo) -> date:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return date.fromisoformat(text[:10])
    return moment.astimezone(zone).date() if moment.tzinfo else moment.date()


def _map(argument: object) -> Step:
    table = cast("dict[str, str]", argument)
    return lambda text: table.get(text, text)


def _prefix(argument: object) -> Step:
    prefix = cast("str", argument)
    return lambda text: prefix + text


def _suffix(argument: object) -> Step:
    suffix = cast("str", argument)
    return lambda text: text + suffix


def _replace(argument: object) -> Step:
    old, new = cast("tuple[str, str]", argument)
    growth = len(new) - len(old)

    def replaced(text: str) -> str:
        # Twenty steps that each double a text would make a million letters of one.
        if growth > 0 and text.count(old) * growth > MAX_GROWTH:
            raise ValueError(f"replacing '{old}' would add more than {MAX_GROWTH:,} characters")
        return text.replace(old, new)

    return replaced


def _negate(text: str) -> str:
    return plain(-parse_decimal(_number(text)))


_COMPILERS: dict[str, Callable[[object], Step]] = {
    "trim": lambda _: str.strip,
    "upper": lambda _: str.upper,
    "lower": lambda _: str.lower,
    "title": lambda _: str.title,
    "digits_only": lambda _: _digits_only,
    "round": _round,
    "negate": lambda _: _negate,
    "split_first": _split_first,
    "date": _date,
    "map": _map,
    "prefix": _prefix,
    "suffix": _suffix,
    "replace": _replace,
}
