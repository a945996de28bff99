from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from sfsync.config.settings import Frequency, ScheduleSettings
from sfsync.schedule import is_due, latest_slot


def schedule(
    frequency: Frequency, at: str = "06:30", days: tuple[int, ...] = (), zone: str = "UTC"
) -> ScheduleSettings:
    """A schedule as the config would give it."""
    return ScheduleSettings(
        frequency=frequency,
        at=time.fromisoformat(at),
        days=days,
        time_zone=ZoneInfo(zone),
        poll_every=timedelta(minutes=1),
        overdue_after=None,
    )


def runs(settings: ScheduleSettings, start: datetime, hours: int) -> list[datetime]:
    """The ticks, five minutes apart, at which a run starts when every run is good."""
    last = start
    started = []
    for step in range(hours * 12):
        tick = start + timedelta(minutes=5 * (step + 1))
        if is_due(settings, last, tick):
            started.append(tick)
            last = tick
    return started


@pytest.mark.parametrize(
    ("zone", "at", "midnight"),
    [
        ("America/New_York", "02:30", "2026-03-08T05:00:00"),
        ("America/New_York", "01:30", "2026-11-01T04:00:00"),
        ("Europe/Berlin", "02:30", "2026-03-28T23:00:00"),
        ("Europe/Berlin", "02:30", "2026-10-24T22:00:00"),
        ("Australia/Lord_Howe", "02:15", "2026-10-03T13:30:00"),
        ("Australia/Lord_Howe", "01:45", "2026-04-04T13:00:00"),
    ],
)
def test_both_dst_nights_fire_exactly_once(zone: str, at: str, midnight: str) -> None:
    """A time that does not exist, or exists twice, is one run."""
    start = datetime.fromisoformat(midnight).replace(tzinfo=UTC)
    assert len(runs(schedule(Frequency.DAILY, at, zone=zone), start, 23)) == 1


def test_a_week_of_ticks_has_one_run_on_each_chosen_day() -> None:
    """No run is doubled, none is missed, and days that were not chosen stay quiet."""
    zone = ZoneInfo("America/New_York")
    start = datetime(2026, 11, 16, 0, 0, tzinfo=zone).astimezone(UTC)
    started = runs(
        schedule(Frequency.DAILY, "06:30", (0, 1, 2, 3, 4), "America/New_York"), start, 24 * 7
    )
    assert [one.astimezone(zone).strftime("%a %H:%M") for one in started] == [
        "Mon 06:30", "Tue 06:30", "Wed 06:30", "Thu 06:30", "Fri 06:30",
    ]  # fmt: skip


def test_missed_slots_catch_up_once() -> None:
    """After three days of sleep there is one run, not three."""
    settings = schedule(Frequency.DAILY)
    now = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    assert is_due(settings, now - timedelta(days=3), now)
    assert not is_due(settings, now, now + timedelta(minutes=5))


def test_hourly_is_one_run_an_hour_also_when_the_hour_repeats() -> None:
    """The repeated hour of autumn is two hours of work."""
    start = datetime(2026, 11, 1, 4, 0, tzinfo=UTC)
    settings = schedule(Frequency.HOURLY, zone="America/New_York")
    assert len(runs(settings, start, 6)) == 6


def test_manual_is_never_due_and_realtime_always() -> None:
    """The two ends of the scale."""
    now = datetime(2026, 11, 20, tzinfo=UTC)
    assert latest_slot(schedule(Frequency.MANUAL), now) is None
    assert not is_due(schedule(Frequency.MANUAL), None, now)
    assert is_due(schedule(Frequency.REALTIME), now - timedelta(seconds=1), now)


def test_a_first_run_is_due_only_once_a_slot_has_passed() -> None:
    """With one weekday the newest slot is found up to a week back."""
    settings = schedule(Frequency.DAILY, days=(6,))
    monday = datetime(2026, 11, 16, 3, 0, tzinfo=UTC)
    assert latest_slot(settings, monday) == datetime(2026, 11, 15, 6, 30, tzinfo=UTC)
    assert is_due(settings, None, monday)
