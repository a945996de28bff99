"""What must not wait until somebody happens to look: syncing has stopped, or records stay out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import timedelta

    from sfsync.config.settings import ScheduleSettings
    from sfsync.ledger.run_health import RunHealth


@dataclass(frozen=True, slots=True)
class Alarm:
    """One reason for `status --check` to say yes; `command` shows more, or deals with it."""

    code: str
    message: str
    command: str


def alarms_of(schedule: ScheduleSettings, health: RunHealth | None, now: datetime) -> list[Alarm]:
    """What the history and the schedule show at `now` (aware); None is no ledger yet."""
    from sfsync.schedule import is_overdue, overdue_after  # noqa: PLC0415 - start-up time

    found = []
    allowed = overdue_after(schedule)
    last = None if health is None else health.last
    if last is None and allowed is not None:
        message = "nothing was synced yet"
        found.append(Alarm("never-synced", message, "sfsync sync --now"))
    if last is not None and last.outcome.value == "failed":
        message = f"the last run #{last.run} failed: {last.error_code}"
        found.append(Alarm("last-run-failed", message, f"sfsync history show {last.run}"))
    if health is None:
        return found
    if is_overdue(schedule, _moment(health.good_since), now):
        long = _how_long(now, health.good_since)
        message = f"no good sync for {long}; allowed is {short(allowed)}"
        found.append(Alarm("overdue", message, "sfsync history list --limit 5"))
    if is_overdue(schedule, _moment(health.failing_since), now):
        message = f"records have been failing for {_how_long(now, health.failing_since)}"
        found.append(Alarm("failures-overdue", message, "sfsync history failures"))
    return found


def short(span: timedelta | None) -> str:
    """A length of time in its two largest units: ``1d 21h``, ``26m``; empty for None."""
    if span is None:
        return ""
    left = max(int(span.total_seconds()), 0)
    parts = []
    for unit, seconds in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        number, left = divmod(left, seconds)
        if number:
            parts.append(f"{number}{unit}")
    return " ".join(parts[:2]) or "0s"


def _how_long(now: datetime, since: str | None) -> str:
    moment = _moment(since)
    return short(now - moment) if moment else ""


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
