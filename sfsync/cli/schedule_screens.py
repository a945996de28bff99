"""What `schedule show` and `schedule next` answer."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sfsync.cli.ticks import answers_of, is_due_now
from sfsync.config.keys import WEEKDAYS
from sfsync.errors import SfsyncError
from sfsync.exports.json_text import utc
from sfsync.schedule import next_slots

if TYPE_CHECKING:
    from datetime import timedelta

    from rich.console import Console

    from sfsync.cli.context import Context
    from sfsync.config.settings import ScheduleSettings
    from sfsync.schedule.call import Call


def schedule_result(context: Context, call: Call, now: datetime) -> dict[str, Any]:
    """The schedule, how it has been answered, and what is to come."""
    schedule, answers = context.settings().schedule, answers_of(context)
    coming = next_slots(schedule, now, 1)
    return {
        "frequency": schedule.frequency.value,
        "at": schedule.at and f"{schedule.at:%H:%M}",
        "days": [WEEKDAYS[day] for day in sorted(schedule.days) or range(len(WEEKDAYS))],
        "time_zone": str(schedule.time_zone),
        "poll_every": _seconds(schedule.poll_every),
        "overdue_after": _seconds(schedule.overdue_after),
        "due": is_due_now(context),
        "next": slot_result(schedule, coming[0]) if coming else None,
        "last_good_run": utc(answers.good),
        "failures_since": answers.failures,
        "last_failure": utc(answers.failed),
        "called_by": _called_by(call),
    }


def slot_result(schedule: ScheduleSettings, slot: datetime) -> dict[str, Any]:
    """A moment in UTC, and as clocks in the schedule's zone show it."""
    local = slot.astimezone(schedule.time_zone)
    return {
        "at": utc(slot),
        "local": f"{local:%a %Y-%m-%d %H:%M}",
        "time_zone": str(schedule.time_zone),
        "utc_offset": f"{local:%z}",
    }


def draw_schedule(console: Console, result: dict[str, Any]) -> None:
    """Draw the schedule as label and value."""
    from sfsync.cli.render.screen import draw_pairs  # noqa: PLC0415 - start-up time

    coming = result["next"]
    draw_pairs(
        console,
        [
            ("Runs", _words(result)),
            ("Next", coming and f"{coming['local']} {coming['time_zone']} ({coming['at']})"),
            ("Due now", "yes, at the next call" if result["due"] else "no"),
            ("Last good run", _local(result, "last_good_run") or "none yet"),
            ("Failed since", _failed(result)),
            ("Overdue after", result["overdue_after"] and f"{result['overdue_after'] / 3600:g} h"),
            ("Called by", result["called_by"] or "nobody: sfsync schedule install"),
        ],
    )


def _words(result: dict[str, Any]) -> str:
    frequency = result["frequency"]
    if frequency == "daily":
        days = "every day" if len(result["days"]) == len(WEEKDAYS) else ", ".join(result["days"])
        return f"daily at {result['at']} {result['time_zone']}, {days}"
    if frequency == "hourly":
        return f"hourly, at the full hour in {result['time_zone']}"
    if frequency == "realtime":
        return "realtime: at every call, or by sfsync sync watch"
    return "manual: only by sfsync sync --now"


def _failed(result: dict[str, Any]) -> str | None:
    failures = result["failures_since"]
    if not failures:
        return None
    times = "once" if failures == 1 else f"{failures} times"
    return f"{times}, last {_local(result, 'last_failure')}"


def _called_by(call: Call) -> str | None:
    from sfsync.cli.schedule_changes import installed_target  # noqa: PLC0415 - start-up time

    try:
        return installed_target(call)
    except SfsyncError:
        # A crontab that may not be read says nothing of this schedule.
        return None


def _local(result: dict[str, Any], key: str) -> str | None:
    """A moment of the result as clocks in the schedule's zone show it."""
    if result[key] is None:
        return None
    zone = result["time_zone"]
    return (
        f"{datetime.fromisoformat(result[key]).astimezone(ZoneInfo(zone)):%a %Y-%m-%d %H:%M} {zone}"
    )


def _seconds(length: timedelta | None) -> int | None:
    return None if length is None else int(length.total_seconds())
