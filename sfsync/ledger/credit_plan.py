"""What a credit note takes back: decided purely, from what is left of each line.

A line of a credit note has the place of the line that it credits. Its amount is never more than is
left of that line, and never of the other sign.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from sfsync.errors import RefusedError, UsageError
from sfsync.ledger.micro import DECIMALS
from sfsync.money import (
    InvalidAmountError,
    from_minor,
    minor_to_text,
    plain,
    round_half_up,
    split_minor,
    to_minor,
)

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class LineLeft:
    """A posted line, and what of it has not been credited yet.

    `quantity` and `amount_minor` are as invoiced; `left_quantity` counts what was credited by
    quantity only, `left_minor` everything.
    """

    position: int
    description: str
    quantity: Decimal
    unit_price: Decimal | None
    discount: Decimal | None
    amount_minor: int
    left_quantity: Decimal
    left_minor: int


@dataclass(frozen=True, slots=True)
class LinePart:
    """A line to credit, by its number: a quantity, an amount, or with neither all that is left.

    `currency` was typed behind the amount.
    """

    position: int
    quantity: Decimal | None = None
    amount: Decimal | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class CreditRequest:
    """What to credit: some lines, or an amount over all of them, or with neither all that is left.

    `amount` is in major units of the invoice's currency.
    """

    lines: tuple[LinePart, ...] = ()
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class CreditLine:
    """What is taken back of one line, with the sign of the line: the credit note negates it."""

    position: int
    quantity: Decimal
    unit_price: Decimal | None
    discount: Decimal | None
    amount_minor: int


@dataclass(frozen=True, slots=True)
class CreditPlan:
    """The lines of a credit note, their sum, and whether nothing of the invoice is left then."""

    lines: tuple[CreditLine, ...]
    total_minor: int
    whole: bool


def plan_credit(
    left: Sequence[LineLeft], request: CreditRequest, currency: str, exponent: int
) -> CreditPlan:
    """What a credit note takes back.

    Args:
        left: every line of the invoice, in order.
        request: what to credit.
        currency: the invoice's.
        exponent: its decimals.

    Raises:
        RefusedError: more than is left, or nothing; or all of the invoice, but not of its lines.
        UsageError: a line that is not there, or an amount in another currency or too precise.
    """
    if request.amount is not None:
        parts = _spread(left, _minor(request.amount, exponent), exponent)
    elif request.lines:
        parts = [_part(left, one, currency, exponent) for one in _once(request.lines)]
    else:
        parts = [_rest(line) for line in left if line.left_minor or line.left_quantity]
    total = sum(part.amount_minor for part in parts)
    if total <= 0:
        raise RefusedError("That would credit nothing.", code="nothing-to-credit")
    whole = sum(line.left_minor for line in left)
    if total > whole:
        raise _too_much("The invoice", total, whole, exponent)
    if total == whole:
        _refuse_other_lines_open(left, parts)
    return CreditPlan(tuple(parts), total, total == whole)


def _refuse_other_lines_open(left: Sequence[LineLeft], parts: Sequence[CreditLine]) -> None:
    """Nothing is left of an invoice only when nothing is left of any of its lines."""
    credited = {part.position: part.amount_minor for part in parts}
    still = [line for line in left if line.left_minor != credited.get(line.position, 0)]
    if still:
        numbers = ", ".join(str(line.position) for line in still)
        raise RefusedError(
            "That is all that is left of the invoice, and yet not what is left of its lines"
            f" ({numbers}): they would never be credited.",
            code="lines-left",
            fix="credit all of them at once: sfsync invoice reverse",
        )


def _rest(line: LineLeft) -> CreditLine:
    return CreditLine(
        line.position, line.left_quantity, line.unit_price, line.discount, line.left_minor
    )


def _once(lines: Sequence[LinePart]) -> Sequence[LinePart]:
    numbers = [line.position for line in lines]
    twice = next((number for number in numbers if numbers.count(number) > 1), None)
    if twice is not None:
        raise UsageError(f"Line {twice} is named twice.", code="usage")
    return lines


def _part(left: Sequence[LineLeft], part: LinePart, currency: str, exponent: int) -> CreditLine:
    line = next((one for one in left if one.position == part.position), None)
    if line is None:
        numbers = ", ".join(str(one.position) for one in left)
        raise UsageError(
            f"The invoice has no line {part.position}.",
            code="line-not-found",
            fix=f"its lines are {numbers}",
        )
    if part.amount is not None:
        _refuse_other_currency(part, currency)
        return _by_amount(line, _minor(part.amount, exponent), exponent)
    if part.quantity is not None:
        return _by_quantity(line, part.quantity, exponent)
    if not line.left_minor:
        raise _too_much(f"Line {line.position}", line.amount_minor, 0, exponent)
    return _rest(line)


def _refuse_other_currency(part: LinePart, currency: str) -> None:
    if part.currency is not None and part.currency != currency:
        raise UsageError(f"The invoice is in {currency}, not in {part.currency}.", code="usage")


def _minor(amount: Decimal, exponent: int) -> int:
    try:
        if round_half_up(amount, exponent) == amount:
            return to_minor(amount, exponent)
    except InvalidAmountError as problem:
        raise UsageError(f"{problem}.", code="invalid-amount") from None
    raise UsageError(
        f"{amount:f} has more decimals than the currency has ({exponent}).", code="invalid-amount"
    )


def _by_quantity(line: LineLeft, quantity: Decimal, exponent: int) -> CreditLine:
    if quantity <= 0:
        raise UsageError(f"Line {line.position}: credit a quantity above zero.", code="usage")
    if quantity > line.left_quantity:
        raise RefusedError(
            f"Line {line.position} has a quantity of {plain(line.left_quantity)} left to credit,"
            f" not {plain(quantity)}.",
            code="over-credited",
        )
    if round_half_up(quantity, DECIMALS) != quantity:
        raise UsageError(
            f"Line {line.position}: a quantity has at most {DECIMALS} decimals.", code="usage"
        )
    if quantity == line.left_quantity:
        # What is left to the last cent, whatever was rounded before.
        return _rest(line)
    share = line.amount_minor * quantity / line.quantity
    minor = int(round_half_up(share, 0))
    _refuse_more_than_left(line, minor, exponent)
    return CreditLine(line.position, quantity, line.unit_price, line.discount, minor)


def _by_amount(line: LineLeft, minor: int, exponent: int) -> CreditLine:
    """A part of a line by its amount: one piece at that price, so that no quantity is used up."""
    if minor <= 0:
        raise UsageError(f"Line {line.position}: credit an amount above zero.", code="usage")
    _refuse_more_than_left(line, minor, exponent)
    if minor == line.left_minor:
        return _rest(line)
    return CreditLine(line.position, Decimal(1), from_minor(minor, exponent), None, minor)


def _refuse_more_than_left(line: LineLeft, minor: int, exponent: int) -> None:
    if not 0 <= minor * _sign(line) <= line.left_minor * _sign(line):
        raise _too_much(f"Line {line.position}", minor, line.left_minor, exponent)


def _sign(line: LineLeft) -> int:
    return -1 if line.amount_minor < 0 else 1


def _too_much(what: str, minor: int, left: int, exponent: int) -> RefusedError:
    return RefusedError(
        f"{what} has {minor_to_text(left, exponent)} left to credit, not "
        f"{minor_to_text(minor, exponent)}.",
        code="over-credited",
        fix="credit at most what is left",
    )


def _spread(left: Sequence[LineLeft], minor: int, exponent: int) -> list[CreditLine]:
    """An amount over the lines, by what is left of each; all of it to the last cent."""
    whole = sum(line.left_minor for line in left)
    if minor <= 0:
        raise UsageError("Credit an amount above zero.", code="usage")
    if minor > whole:
        raise _too_much("The invoice", minor, whole, exponent)
    if minor == whole:
        return [_rest(line) for line in left if line.left_minor or line.left_quantity]
    # A line that lowers the invoice (a rebate) is left alone: the others hold more than enough.
    open_lines = [line for line in left if line.left_minor > 0]
    shares = split_minor(minor, [line.left_minor for line in open_lines])
    return [
        _by_amount(line, share, exponent)
        for line, share in zip(open_lines, shares, strict=True)
        if share
    ]
