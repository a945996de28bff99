"""When a schedule tries a sign-in again that Salesforce, or this machine, has refused.

A dead sign-in stays dead until a person connects again: asking at every tick would only fill the
history, and may lock the user out.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

_STEPS = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=6))


def next_try(tries: int, tried_at: datetime) -> datetime:
    """When a scheduled run may try again after `tries` (1 or more) refusals in a row."""
    return tried_at + _STEPS[min(tries, len(_STEPS)) - 1]
