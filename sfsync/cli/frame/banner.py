"""One line under a command's answer when syncing has stopped, for whoever sits at the terminal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sfsync.errors import SfsyncError

if TYPE_CHECKING:
    from sfsync.cli.context import Context
    from sfsync.health.alarms import Alarm

_SAYS_IT_ITSELF = frozenset(
    {"config", "connect", "demo", "disconnect", "doctor", "help", "schedule", "status", "sync"}
)
"""Commands that show how runs stand, or that are there to mend it."""


def show_banner(context: Context) -> None:
    """Say that runs have stopped; the caller has seen that both streams are terminals."""
    said = context.flags.quiet or context.json or context.flags.version
    if said or not context.words or context.words[0] in _SAYS_IT_ITSELF:
        return
    alarms = _alarms(context)
    if alarms:
        told = "; ".join(alarm.message for alarm in alarms)
        context.say(f"\nsfsync: {told}. See: sfsync status")


def _alarms(context: Context) -> list[Alarm]:
    from sfsync.cli.telling import run_health_of  # noqa: PLC0415 - start-up time
    from sfsync.health.alarms import alarms_of  # noqa: PLC0415 - as above

    health = run_health_of(context)
    if health is None or health.last is None:
        return []
    try:
        schedule = context.settings().schedule
    except SfsyncError:
        # --ledger without a config: nobody says what overdue means here.
        return []
    now = datetime.now(UTC)
    return alarms_of(schedule, health, now)
