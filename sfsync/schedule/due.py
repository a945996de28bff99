"""Whether a run is due: the newest slot of the schedule has passed and no run has answered it.

A slot is an instant, computed from wall time in the schedule's zone. On the night when clocks go
forward a time that does not exist means the same number of hours after midnight (02:30 fires at
03:30); on the night when they go back a time that exists twice means the first. So every day has
exactly one daily slot. Missed slots catch up once: only the newest counts.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from sfsync.config.settings import Frequency

if TYPE_CHECKING:
    from datetime import date

    from sfsync.config.settings import ScheduleSettings

_A_WEEK = 8
"""Days to look back for a slot: the one weekday that a schedule names may be a week ago."""


def is_due(schedule: ScheduleSettings, last_started: datetime | None, now: datetime) -> bool:
    """Whether a tick at `now` should run.

    Args:
        schedule: the `schedule` settings.
        last_started: when the last good run began (a manual one counts), None if there was none.
        now: aware.
    """
    slot = latest_slot(schedule, now)
    return slot is not None and (last_started is None or last_started < slot)


def latest_slot(schedule: ScheduleSettings, now: datetime) -> datetime | None:
    """The newest slot at or before `now` (UTC); None when nothing is ever due by itself."""
    if schedule.frequency is Frequency.MANUAL:
        return None
    if schedule.frequency is Frequency.REALTIME:
        return now.astimezone(UTC)
    local = now.astimezone(schedule.time_zone)
    if schedule.frequency is Frequency.HOURLY:
        # Backwards from now, so that the hour that exists twice keeps both of its slots.
        past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        return now.astimezone(UTC) - past
    return _latest_daily(schedule, local.date(), now)


def _latest_daily(schedule: ScheduleSettings, today: date, now: datetime) -> datetime | None:
    at = schedule.at or time(0)
    for days_back in range(_A_WEEK + 1):
        day = today - timedelta(days=days_back)
        if schedule.days and day.weekday() not in schedule.days:
            continue
        slot = datetime.combine(day, at, tzinfo=schedule.time_zone).astimezone(UTC)
        if slot <= now:
            return slot
    return None
