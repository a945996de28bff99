"""Which opportunities become invoices. Asked in a fixed order: stage, date, condition, amount.

The first three are asked here and on the org (the condition is SOQL); the amount only afterwards,
because an empty amount is a failure while one below the minimum is a skip.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING

from sfsync.salesforce import soql
from sfsync.sync.failures import failure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfsync.config.settings import CloseDateFilter, Filters, MinimumAmount
    from sfsync.sync.failures import Failure
    from sfsync.sync.mapping import Record

_CENT = Decimal("0.01")

SKIP_REASONS = {
    "stage": "its stage is not one of opportunities.filters.stages",
    "minimum-amount": "its amount is below opportunities.filters.min_amount",
    "close-date": "its close date is outside opportunities.filters.close_date",
    "condition": "it does not meet opportunities.filters.where",
    "ignored": "a person said that it is invoiced elsewhere",
    "deleted-here": "its draft was deleted here, and the deal has not changed since",
    "reversed-here": "its invoice was reversed here, and the deal has not changed since",
    "not-synced": "records of this kind are not synced, or it is deleted in Salesforce",
}
"""Every reason for leaving a record out, with what it means."""


@dataclass(frozen=True, slots=True)
class Skip:
    """Why a record is left out; `code` is a key of `SKIP_REASONS`."""

    code: str
    message: str


def stage_and_date(
    record: Record, filters: Filters, today: date, *, invoiced: bool = False
) -> Skip | None:
    """Ask for the stage, then for the close date.

    Args:
        record: the opportunity.
        filters: the filters.
        today: for a moving window of the last days.
        invoiced: the deal has an invoice already; that it grows old does not make it leave a
            moving window.
    """
    dates = filters.close_date
    if invoiced and dates.last_days is not None:
        dates = replace(dates, last_days=None)
    return _stage(record, filters) or _close_date(record, dates, today)


def asked_of_parent(relationship: str, filters: Filters) -> str:
    """The first two questions as SOQL, for rows whose parent `relationship` is the deal.

    It spares reading the lines of deals that are left out. The org compares stages without regard
    to case, so it may answer more than `stage_and_date` lets through, never less; a moving window
    is left to that, because it does not hold for deals that have an invoice.
    """
    first, last = filters.close_date.first, filters.close_date.last
    stages = ",".join(map(soql.quote, filters.stages))
    parts = [
        f"{relationship}.StageName IN ({stages})" if stages else f"{relationship}.IsWon = true",
        f"{relationship}.CloseDate >= {soql.date_literal(first)}" if first else "",
        f"{relationship}.CloseDate <= {soql.date_literal(last)}" if last else "",
    ]
    return " AND ".join(filter(None, parts))


def condition(meets: bool, filters: Filters) -> Skip | None:  # noqa: FBT001 - the org's answer
    """Ask for the extra condition, which the org itself has answered."""
    return None if meets else Skip("condition", f"does not meet: {filters.where}")


def minimum_amount(
    amount: Decimal, currency: str, minimum: MinimumAmount | None, rates: Mapping[str, Decimal]
) -> Skip | Failure | None:
    """Ask for the minimum, in the deal's own currency or converted by the org's rates.

    Args:
        amount: the mapped total, in `currency`.
        currency: the deal's currency.
        minimum: the filter, None where there is none.
        rates: units of each currency per unit of the corporate currency.
    """
    if minimum is None:
        return None
    compared, named = amount, currency
    if minimum.currency is not None and minimum.currency != currency:
        if currency not in rates or minimum.currency not in rates:
            return failure(
                "rate-missing",
                f"min_amount is in {minimum.currency} and the org has no rate from {currency}",
                fix=f"activate {currency} and {minimum.currency} in Salesforce, or give "
                "min_amount as a plain number",
                source_field="CurrencyIsoCode",
                target="currency",
            )
        # Divided last: an amount that is exactly the minimum stays so.
        compared = amount * rates[minimum.currency] / rates[currency]
        named = minimum.currency
    if compared >= minimum.amount:
        return None
    # Cut, not rounded: what is below is never said to be the minimum itself.
    shown = compared.quantize(_CENT, rounding=ROUND_FLOOR)
    return Skip("minimum-amount", f"{shown} {named} is below the minimum of {minimum.amount:f}")


def _stage(record: Record, filters: Filters) -> Skip | None:
    stage = str(record.get("StageName") or "")
    if not filters.stages:
        return None if record.get("IsWon") else Skip("stage", f"stage {stage} is not won")
    if stage in filters.stages:
        return None
    return Skip("stage", f"stage {stage} is not {' or '.join(filters.stages)}")


def _close_date(record: Record, filters: CloseDateFilter, today: date) -> Skip | None:
    first, last = _bounds(filters, today)
    if first is None and last is None:
        return None
    text = record.get("CloseDate")
    if not text:
        return Skip("close-date", "CloseDate is empty")
    try:
        closed = date.fromisoformat(str(text)[:10])
    except ValueError:
        return Skip("close-date", f"CloseDate '{text}' is not a date")
    if first is not None and closed < first:
        return Skip("close-date", f"closed {closed}, before {first}")
    if last is not None and closed > last:
        return Skip("close-date", f"closes {closed}, after {last}")
    return None


def _bounds(filters: CloseDateFilter, today: date) -> tuple[date | None, date | None]:
    """The first and the last close date that pass; None where there is no such bound."""
    if filters.last_days is None:
        return filters.first, filters.last
    return today - timedelta(days=filters.last_days), filters.last
