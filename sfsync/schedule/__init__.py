"""Due or not: when a scheduler's tick becomes a run, and when runs have stopped."""

from sfsync.schedule.backoff import next_try
from sfsync.schedule.due import Answers, is_due, latest_slot, next_slots
from sfsync.schedule.overdue import is_overdue, overdue_after

__all__ = [
    "Answers",
    "is_due",
    "is_overdue",
    "latest_slot",
    "next_slots",
    "next_try",
    "overdue_after",
]
