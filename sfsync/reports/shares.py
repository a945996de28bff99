"""Shares of a whole in percent that add up to it."""

from __future__ import annotations

from decimal import Decimal

from sfsync.money import minor_to_text, round_half_up, split_minor

_HUNDRED_PERCENT = 10_000


def percents(amounts: list[int]) -> list[str | None]:
    """Each amount's percent of their sum with two decimals; None where they add up to nothing.

    Without a negative amount the percents add up to 100.00: the largest remainders are rounded up.
    """
    whole = sum(amounts)
    if whole == 0:
        return [None] * len(amounts)
    if min(amounts) >= 0:
        return [minor_to_text(part, 2) for part in split_minor(_HUNDRED_PERCENT, amounts)]
    exact = (Decimal(amount) * 100 / whole for amount in amounts)
    return [str(round_half_up(part, 2)) for part in exact]
