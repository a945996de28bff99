"""Due or not: when a scheduler's tick becomes a run."""

from sfsync.schedule.due import is_due, latest_slot

__all__ = ["is_due", "latest_slot"]
