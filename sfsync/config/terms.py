"""Payment terms: from a text such as ``Net 30`` to the due date of a document."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

MAX_TERM_DAYS = 3650

_NET = re.compile(r"(?:net\s*)?(\d{1,4})(?:\s*days?)?", re.IGNORECASE | re.ASCII)
_ON_RECEIPT = re.compile(r"(?:due\s+)?(?:on|upon)\s+receipt", re.IGNORECASE | re.ASCII)
_END_OF_MONTH = re.compile(
    r"(?:eom|end\s+of\s+month)(?:\s*\+\s*(\d{1,4})(?:\s*days?)?)?", re.IGNORECASE | re.ASCII
)


class InvalidTermsError(ValueError):
    """A text that names no payment terms; the message is for people."""


class TermsKind(StrEnum):
    """From where the days of the terms count."""

    NET = "net"
    END_OF_MONTH = "end_of_month"


@dataclass(frozen=True, slots=True)
class Terms:
    """`days` calendar days after the document date, or after the end of its month."""

    kind: TermsKind
    days: int

    def due_date(self, document_date: date) -> date:
        """When a document of `document_date` is due.

        Raises:
            OverflowError: the due date lies beyond the year 9999.
        """
        if self.kind is TermsKind.NET:
            return document_date + timedelta(days=self.days)
        from dateutil.relativedelta import relativedelta  # noqa: PLC0415 - start-up time

        # relativedelta cuts day 31 to the last day of the month.
        return document_date + relativedelta(day=31) + timedelta(days=self.days)


# The same few terms are asked for with every deal.
@lru_cache(maxsize=256)
def parse_terms(text: str) -> Terms:
    """Read ``Net 30``, ``30 days``, ``on receipt``, ``EOM``, ``EOM+15`` or ``end of month + 15``.

    Raises:
        InvalidTermsError: none of these, or more than ten years.
    """
    words = text.strip()
    if _ON_RECEIPT.fullmatch(words):
        return Terms(TermsKind.NET, 0)
    if net := _NET.fullmatch(words):
        return Terms(TermsKind.NET, _days(net[1], text))
    if end_of_month := _END_OF_MONTH.fullmatch(words):
        return Terms(TermsKind.END_OF_MONTH, _days(end_of_month[1] or "0", text))
    raise InvalidTermsError(f"'{text}' is not a payment term; write Net 30, on receipt or EOM+15")


def _days(digits: str, text: str) -> int:
    days = int(digits)
    if days > MAX_TERM_DAYS:
        raise InvalidTermsError(f"'{text}' is more than ten years")
    return days
