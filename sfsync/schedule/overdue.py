"""Whether runs have stopped: no good sync for longer than the schedule allows."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sfsync.config.settings import Frequency

if TYPE_CHECKING:
    from datetime import datetime

    from sfsync.config.settings import ScheduleSettings

_ALLOWED = {
    Frequency.REALTIME: timedelta(hours=1),
    Frequency.HOURLY: timedelta(hours=3),
    Frequency.DAILY: timedelta(hours=26),
}
"""What is allowed where the config says nothing: a few missed slots, or one and two hours."""

_A_DAY = timedelta(days=1)


def overdue_after(schedule: ScheduleSettings) -> timedelta | None:
    """How long there may be no good sync; None when nothing runs by itself and nobody says."""
    return schedule.overdue_after or _ALLOWED.get(schedule.frequency)


def is_overdue(schedule: ScheduleSettings, since: datetime | None, now: datetime) -> bool:
    """Whether there was no good sync for too long.

    Days on which a daily schedule does not run are not counted.

    Args:
        schedule: the `schedule` settings.
        since: when the last good run began, or else the first run of all; None before any.
        now: aware.
    """
    allowed = overdue_after(schedule)
    if allowed is None or since is None:
        return False
    return now > _deadline(schedule, since, allowed)


def _deadline(schedule: ScheduleSettings, since: datetime, allowed: timedelta) -> datetime:
    deadline = since + allowed
    if schedule.frequency is not Frequency.DAILY or not schedule.days:
        return deadline
    day = schedule.day_of(since) + _A_DAY
    while day <= schedule.day_of(deadline):
        if day.weekday() not in schedule.days:
            deadline += _A_DAY
        day += _A_DAY
    return deadline
