from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from hypothesis import given
from hypothesis import settings as settings_of
from hypothesis import strategies as st

from sfsync.config.settings import Frequency, ScheduleSettings
from sfsync.schedule import Answers, is_due, latest_slot, next_slots


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
        if is_due(settings, Answers(last), tick):
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
    assert is_due(settings, Answers(now - timedelta(days=3)), now)
    assert not is_due(settings, Answers(now), now + timedelta(minutes=5))


def test_hourly_is_one_run_an_hour_also_when_the_hour_repeats() -> None:
    """The repeated hour of autumn is two hours of work."""
    start = datetime(2026, 11, 1, 4, 0, tzinfo=UTC)
    settings = schedule(Frequency.HOURLY, zone="America/New_York")
    assert len(runs(settings, start, 6)) == 6


def test_manual_is_never_due_and_realtime_always() -> None:
    """The two ends of the scale."""
    now = datetime(2026, 11, 20, tzinfo=UTC)
    assert latest_slot(schedule(Frequency.MANUAL), now) is None
    assert not is_due(schedule(Frequency.MANUAL), Answers(), now)
    assert is_due(schedule(Frequency.REALTIME), Answers(now - timedelta(seconds=1)), now)


def test_a_first_run_is_due_only_once_a_slot_has_passed() -> None:
    """With one weekday the newest slot is found up to a week back."""
    settings = schedule(Frequency.DAILY, days=(6,))
    monday = datetime(2026, 11, 16, 3, 0, tzinfo=UTC)
    assert latest_slot(settings, monday) == datetime(2026, 11, 15, 6, 30, tzinfo=UTC)
    assert is_due(settings, Answers(), monday)


ZONES = (
    *("UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia"),
    *("Asia/Kathmandu", "America/Sao_Paulo", "Africa/Casablanca", "Pacific/Kiritimati"),
)
TIMES = st.times().map(lambda at: f"{at:%H:%M}")
DAYS = st.sets(st.integers(0, 6)).map(lambda days: tuple(sorted(days)))


def chosen_days(settings: ScheduleSettings, first: date, number: int) -> list[datetime]:
    """The one instant of each chosen day, told by the clocks alone."""
    days = [first + timedelta(days=ahead) for ahead in range(number)]
    return [
        datetime.combine(day, settings.at or time(0), tzinfo=settings.time_zone).astimezone(UTC)
        for day in days
        if not settings.days or day.weekday() in settings.days
    ]


@settings_of(max_examples=60)
@given(
    st.sampled_from(ZONES),
    TIMES,
    DAYS,
    st.dates(date(2015, 1, 1), date(2030, 1, 1)),
    st.lists(st.booleans(), min_size=1, max_size=40),
)
def test_a_week_of_ticks_answers_each_slot_once(
    zone: str, at: str, days: tuple[int, ...], first: date, awake: list[bool]
) -> None:
    """Whatever ticks are missed: a slot runs at the first tick after it, none twice, none lost.

    Slots that passed between two ticks are answered together by one run.
    """
    settings = schedule(Frequency.DAILY, at, days, zone)
    start = datetime.combine(first, time(0), tzinfo=settings.time_zone).astimezone(UTC)
    ticks = [start + timedelta(minutes=5 * step) for step in range(1, 12 * 24 * 8)]
    ticks = [tick for step, tick in enumerate(ticks) if awake[(step // 12) % len(awake)]]
    slots = [slot for slot in chosen_days(settings, first, 9) if slot >= start]
    # A run before the week answers what came before it.
    last = start - timedelta(seconds=1)
    expected: list[datetime] = []
    for tick in ticks:
        passed = [slot for slot in slots if slot <= tick]
        if passed and (not expected or expected[-1] < passed[-1]):
            expected.append(tick)
    started = []
    for tick in ticks:
        if is_due(settings, Answers(last), tick):
            started.append(tick)
            last = tick
    assert started == expected


@given(st.sampled_from(ZONES), TIMES, DAYS, st.integers(0, 15 * 366 * 86400))
def test_what_is_to_come_becomes_due_when_it_has_come(
    zone: str, at: str, days: tuple[int, ...], seconds: int
) -> None:
    """`schedule next` and the tick agree: each coming slot is the newest one at its own moment."""
    now = datetime(2015, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    for frequency in (Frequency.DAILY, Frequency.HOURLY):
        settings = schedule(frequency, at, days, zone)
        coming = next_slots(settings, now, 6)
        assert coming == sorted(set(coming))
        assert coming[0] > now
        assert [latest_slot(settings, one) for one in coming] == coming
        before = latest_slot(settings, coming[0] - timedelta(seconds=1))
        assert before == latest_slot(settings, now)


@given(
    st.sampled_from(ZONES), TIMES, DAYS.filter(bool), st.dates(date(2015, 1, 1), date(2030, 1, 1))
)
def test_each_day_has_the_one_run_that_debian_cron_would_give_it(
    zone: str, at: str, days: tuple[int, ...], first: date
) -> None:
    """An independent judge: the same days, and the same instant unless clocks skip that time."""
    settings = schedule(Frequency.DAILY, at, days, zone)
    start = datetime.combine(first, time(0), tzinfo=settings.time_zone)
    hour, minute = at.split(":")
    weekdays = ",".join(str((day + 1) % 7) for day in days)
    judge = CronSim(f"{int(minute)} {int(hour)} * * {weekdays}", start - timedelta(seconds=1))
    coming = next_slots(settings, start - timedelta(seconds=1), 12)
    for ours, theirs in zip(coming, judge, strict=False):
        local = ours.astimezone(settings.time_zone)
        assert local.date() == theirs.date()
        if f"{local:%H:%M}" == at:
            assert ours == theirs.astimezone(UTC)


def test_the_days_ahead_of_a_realtime_and_of_a_manual_schedule() -> None:
    """Realtime is every tick; by hand is never."""
    now = datetime(2026, 11, 20, 12, 3, tzinfo=UTC)
    coming = next_slots(schedule(Frequency.REALTIME), now, 2)
    assert [f"{one:%H:%M}" for one in coming] == ["12:05", "12:10"]
    assert next_slots(schedule(Frequency.MANUAL), now, 2) == []


def test_an_hour_is_a_full_hour_of_the_zone() -> None:
    """Also where the zone is off by three quarters, or moves its clocks by half an hour."""
    kathmandu = latest_slot(
        schedule(Frequency.HOURLY, zone="Asia/Kathmandu"), datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
    )
    assert kathmandu == datetime(2026, 1, 1, 11, 15, tzinfo=UTC)
    lord_howe = schedule(Frequency.HOURLY, zone="Australia/Lord_Howe")
    # 02:00 becomes 01:30 at 15:00 UTC.
    assert latest_slot(lord_howe, datetime(2026, 4, 4, 15, 20, tzinfo=UTC)) == datetime(
        2026, 4, 4, 14, 0, tzinfo=UTC
    )


def test_failures_are_tried_again_soon_and_then_less_often() -> None:
    """Two ticks, a quarter of an hour, then every hour; a good run, or a broken clock, ends it."""
    settings = schedule(Frequency.DAILY)
    start = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
    answers, tries = Answers(start - timedelta(days=1)), []
    for step in range(60):
        tick = start + timedelta(minutes=5 * step)
        if is_due(settings, answers, tick):
            tries.append(step * 5)
            answers = Answers(answers.good, answers.failures + 1, tick)
    assert tries == [0, 5, 10, 25, 85, 145, 205, 265]
    assert not is_due(settings, Answers(start), start + timedelta(hours=1))
    ahead = start + timedelta(days=400)
    assert is_due(settings, Answers(ahead), start), "a run dated in the future answers nothing"
    assert is_due(settings, Answers(None, 9, ahead), start)
