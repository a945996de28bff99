from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from sfsync.config.settings import Frequency, ScheduleSettings
from sfsync.schedule import is_overdue, next_try, overdue_after

FRIDAY = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


def schedule(
    frequency: Frequency, overdue: timedelta | None = None, days: tuple[int, ...] = ()
) -> ScheduleSettings:
    """A schedule as the config would give it."""
    return ScheduleSettings(
        frequency=frequency,
        at=time(6, 30),
        days=days,
        time_zone=ZoneInfo("UTC"),
        poll_every=timedelta(minutes=1),
        overdue_after=overdue,
    )


@pytest.mark.parametrize(
    ("frequency", "allowed"),
    [
        (Frequency.REALTIME, HOUR),
        (Frequency.HOURLY, 3 * HOUR),
        (Frequency.DAILY, 26 * HOUR),
        (Frequency.MANUAL, None),
    ],
)
def test_each_frequency_has_an_allowance(frequency: Frequency, allowed: timedelta | None) -> None:
    """Without overdue_after only a manual schedule can never be overdue."""
    found = schedule(frequency)
    assert overdue_after(found) == allowed
    assert is_overdue(found, FRIDAY, FRIDAY + timedelta(days=30)) is (allowed is not None)


def test_the_config_s_allowance_counts_to_the_second() -> None:
    """What stands in the config goes before, also where nothing runs by itself."""
    for frequency in Frequency:
        found = schedule(frequency, 2 * HOUR)
        assert not is_overdue(found, FRIDAY, FRIDAY + 2 * HOUR)
        assert is_overdue(found, FRIDAY, FRIDAY + 2 * HOUR + timedelta(seconds=1))


def test_days_off_are_no_alarm() -> None:
    """After Friday's run a schedule of weekdays is overdue on Monday, not on Saturday."""
    weekdays = schedule(Frequency.DAILY, 26 * HOUR, (0, 1, 2, 3, 4))
    assert not is_overdue(weekdays, FRIDAY, FRIDAY + timedelta(days=2, hours=12))
    assert is_overdue(weekdays, FRIDAY, FRIDAY + timedelta(days=3, hours=3))
    one_day = schedule(Frequency.DAILY, 26 * HOUR, (4,))
    assert not is_overdue(one_day, FRIDAY, FRIDAY + timedelta(days=7))
    assert is_overdue(one_day, FRIDAY, FRIDAY + timedelta(days=7, hours=3))


def test_nothing_is_overdue_before_the_first_run() -> None:
    """There is no moment to count from."""
    assert not is_overdue(schedule(Frequency.HOURLY), None, FRIDAY)


def test_a_refused_sign_in_is_asked_ever_more_rarely() -> None:
    """A quarter of an hour, an hour, then every six hours."""
    waits = [next_try(tries, FRIDAY) - FRIDAY for tries in (1, 2, 3, 4, 99)]
    assert waits == [HOUR / 4, HOUR, 6 * HOUR, 6 * HOUR, 6 * HOUR]
