"""How much of an org's API allowance sfsync may use: other programs of the customer need it too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfsync.errors import UnavailableError
from sfsync.salesforce.records import ApiUsage

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class ApiBudget:
    """The share of the org's daily API requests beyond which sfsync begins no work.

    Args:
        share: between 0 and 1, of the requests that all programs together have made.
    """

    share: float = 0.8

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise ValueError("a share of the API allowance lies between 0 and 1")

    def allows(self, usage: ApiUsage, predicted_calls: int) -> bool:
        """Whether so many more calls stay within the share."""
        return usage.used + predicted_calls <= self.share * usage.limit

    def exceeded(self, usage: ApiUsage, predicted_calls: int) -> UnavailableError:
        """The refusal of a piece of work of so many calls."""
        return UnavailableError(
            f"This needs about {predicted_calls} API calls; {usage.used} of the org's"
            f" {usage.limit} for 24 hours are used, and sfsync stops at {self.share:.0%}.",
            code="api-budget",
            fix="Wait for the allowance to come back, or narrow the work;"
            " `sfsync org limits` shows it.",
        )


def usage_from_limits(limits: Any, at: datetime) -> ApiUsage | None:  # noqa: ANN401 - parsed JSON is of any type
    """The allowance in a reply of ``/limits``; None where the reply does not tell it."""
    try:
        daily = limits["DailyApiRequests"]
        most, left = int(daily["Max"]), int(daily["Remaining"])
    except (KeyError, TypeError, ValueError):
        return None
    return ApiUsage(used=most - left, limit=most, at=at)
