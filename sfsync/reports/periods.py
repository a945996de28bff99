"""Months, quarters and years of a fiscal year that may begin in any month."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

MONTHS_OF_QUARTER = 3


def month_of(day: date) -> str:
    """The calendar month: ``2026-11``."""
    return f"{day.year:04}-{day.month:02}"


def quarter_of(day: date, start: int = 1) -> str:
    """The quarter of the fiscal year that begins in month `start`: ``2026-Q4``, ``FY2027-Q1``."""
    quarter = (day.month - start) % 12 // MONTHS_OF_QUARTER + 1
    return f"{year_of(day, start)}-Q{quarter}"


def year_of(day: date, start: int = 1) -> str:
    """The fiscal year: ``2026`` when it is the calendar year, else ``FY2027``, by its last day."""
    if start == 1:
        return f"{day.year:04}"
    return f"FY{day.year + (day.month >= start):04}"
