"""Whether a run is due: the newest slot of the schedule has passed and no run has answered it.

A slot is an instant, computed from wall time in the schedule's zone. On the night when clocks go
forward a time that does not exist means the same number of hours after midnight (02:30 fires at
03:30); on the night when they go back a time that exists twice means the first. So every day has
exactly one daily slot. Missed slots catch up once: only the newest counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import count, islice
from typing import TYPE_CHECKING

from sfsync.config.settings import Frequency

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from sfsync.config.settings import ScheduleSettings

TICK = timedelta(minutes=5)
"""How often the operating system's scheduler is asked to call."""

_A_WEEK = 8
"""Days to look back for a slot: the one weekday that a schedule names may be a week ago."""

_PATIENCE = (timedelta(0), timedelta(0), timedelta(minutes=15), timedelta(hours=1))
"""How long a failed run is left alone: the first two are tried again at the next tick, the third
after a quarter of an hour, every further one after an hour."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What the runs so far have made of the schedule.

    Args:
        good: when the last good run began (a manual one counts), None if there was none.
        failures: how many runs have failed since.
        failed: when the last of these began.
    """

    good: datetime | None = None
    failures: int = 0
    failed: datetime | None = None


def is_due(schedule: ScheduleSettings, answers: Answers, now: datetime) -> bool:
    """Whether a tick at `now` (aware) should run."""
    slot = latest_slot(schedule, now)
    return slot is not None and not _answered(answers, slot, now) and _patient(answers, now)


def _answered(answers: Answers, slot: datetime, now: datetime) -> bool:
    # A run that seems to have begun later than now was dated by a clock that was wrong.
    return answers.good is not None and slot <= answers.good <= now


def _patient(answers: Answers, now: datetime) -> bool:
    if answers.failed is None or answers.failed > now:
        return True
    wait = _PATIENCE[min(max(answers.failures, 1), len(_PATIENCE)) - 1]
    return now - answers.failed >= wait


def latest_slot(schedule: ScheduleSettings, now: datetime) -> datetime | None:
    """The newest slot at or before `now` (UTC); None when nothing is ever due by itself."""
    if schedule.frequency is Frequency.MANUAL:
        return None
    if schedule.frequency is Frequency.REALTIME:
        return now.astimezone(UTC)
    if schedule.frequency is Frequency.HOURLY:
        return _latest_hour(schedule, now)
    today = schedule.day_of(now)
    days = (today - timedelta(days=back) for back in range(_A_WEEK + 1))
    slots = (_slot(schedule, day) for day in days if _is_chosen(schedule, day))
    return next((slot for slot in slots if slot <= now), None)


def next_slots(schedule: ScheduleSettings, now: datetime, number: int) -> list[datetime]:
    """The coming slots after `now` (UTC), the first one first; none when it is all by hand.

    A realtime schedule has a slot at every tick.
    """
    if schedule.frequency is Frequency.MANUAL:
        return []
    return list(islice(_coming(schedule, now.astimezone(UTC)), number))


def _coming(schedule: ScheduleSettings, now: datetime) -> Iterator[datetime]:
    if schedule.frequency is Frequency.REALTIME:
        past = (now - datetime(1970, 1, 1, tzinfo=UTC)) % TICK
        yield from (now - past + step * TICK for step in count(1))
    elif schedule.frequency is Frequency.HOURLY:
        yield from _coming_hours(schedule, now)
    else:
        today = schedule.day_of(now)
        days = (today + timedelta(days=ahead) for ahead in count())
        slots = (_slot(schedule, day) for day in days if _is_chosen(schedule, day))
        yield from (slot for slot in slots if slot > now)


def _coming_hours(schedule: ScheduleSettings, now: datetime) -> Iterator[datetime]:
    known = _latest_hour(schedule, now)
    # Where clocks are moved by half an hour, some hour is that much shorter or longer.
    for step in count(1):
        slot = _latest_hour(schedule, now + step * timedelta(minutes=15))
        if slot > known:
            yield slot
            known = slot


def _latest_hour(schedule: ScheduleSettings, now: datetime) -> datetime:
    """The newest full hour of the zone's clocks, so that the hour of autumn counts twice."""
    slot = now.astimezone(UTC)
    while past := _past_the_hour(slot.astimezone(schedule.time_zone)):
        slot -= past
    return slot


def _past_the_hour(local: datetime) -> timedelta:
    return timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)


def _is_chosen(schedule: ScheduleSettings, day: date) -> bool:
    return not schedule.days or day.weekday() in schedule.days


def _slot(schedule: ScheduleSettings, day: date) -> datetime:
    at = schedule.at or time(0)
    return datetime.combine(day, at, tzinfo=schedule.time_zone).astimezone(UTC)
