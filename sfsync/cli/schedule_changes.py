"""Putting a call into cron or systemd and taking it out: shown as a difference, asked, done."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from sfsync.schedule.crontab import has_block, with_block, without_block
from sfsync.schedule.programs import is_there, missing
from sfsync.schedule.systemd import unit_files
from sfsync.schedule.user_crontab import change_crontab, read_crontab
from sfsync.schedule.user_timer import install_timer, installed_units, remove_timer, units_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sfsync.cli.context import Context
    from sfsync.schedule.call import Call

_PROGRAMS = {"cron": "crontab", "systemd": "systemctl"}


@dataclass(frozen=True, slots=True)
class Change:
    """A change of what the system's scheduler calls.

    Args:
        target: cron or systemd; None when there is nothing to change anywhere.
        diff: what would be different, in the unified form; empty when nothing would.
        work: makes the difference.
        done: what to say afterwards.
        idle: what to say when there is no difference.
        command: ``schedule_install`` or ``schedule_remove``.
    """

    target: str | None
    diff: str
    work: Callable[[], None]
    done: str
    idle: str
    command: str

    def carry_out(self, context: Context, question: str) -> None:
        """Show the difference, ask, make it, and say so."""
        if self.diff:
            if not context.json:
                context.say(self.diff, end="")
            context.confirm(question)
            self.work()
        result = {"target": self.target, "changed": bool(self.diff), "diff": self.diff}
        text = self.done if self.diff else self.idle
        context.emit(self.command, result, text=f"{text}\n", action=True)


def install_into(target: str, call: Call) -> Change:
    """The change that has cron or systemd call.

    Raises:
        NotFoundError: the machine has no such scheduler.
        SchedulerError: this user may not use it.
        UsageError: cron cannot be told these paths.
    """
    if target == "cron":
        before = read_crontab()
        after = with_block(before, call)
        diff = _crontab_diff(before, after)
        work = partial(change_crontab, partial(with_block, call=call))
    else:
        _require(target)
        diff = _units_diff(installed_units(call), unit_files(call))
        work = partial(install_timer, call)
    return Change(
        target,
        diff,
        work,
        f"Installed: {target} calls it every 5 minutes.",
        f"Nothing to change: {target} calls it already.",
        "schedule_install",
    )


def remove_from(target: str | None, call: Call) -> Change:
    """The change that has cron or systemd call no more; without a target, whichever does.

    Raises:
        NotFoundError, SchedulerError: as `install_into`.
    """
    found = target or installed_target(call)
    work: Callable[[], None]
    if found == "cron":
        before = read_crontab()
        diff = _crontab_diff(before, without_block(before, call))
        work = partial(change_crontab, partial(without_block, call=call))
    elif found == "systemd":
        _require(found)
        diff = _units_diff(installed_units(call), {})
        work = partial(remove_timer, call)
    else:
        diff, work = "", _nothing
    return Change(
        found,
        diff,
        work,
        f"Removed: {found} calls it no longer.",
        "Nothing to remove: no scheduler calls for this config.",
        "schedule_remove",
    )


def installed_target(call: Call) -> str | None:
    """Which scheduler calls: cron, systemd, or None; one that is not there calls nothing."""
    if installed_units(call):
        return "systemd"
    return "cron" if is_there("crontab") and has_block(read_crontab(), call) else None


def _nothing() -> None:
    pass


def _require(target: str) -> None:
    if not is_there(_PROGRAMS[target]):
        raise missing(_PROGRAMS[target])


def _crontab_diff(before: bytes | None, after: bytes | None) -> str:
    return _diff("crontab", _lines(before), _lines(after))


def _lines(text: bytes | None) -> list[str]:
    return (text or b"").decode("utf-8", "backslashreplace").splitlines()


def _units_diff(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    return "".join(
        _diff(
            str(units_folder() / name),
            before.get(name, "").splitlines(),
            after.get(name, "").splitlines(),
        )
        for name in sorted({*before, *after})
    )


def _diff(name: str, before: list[str], after: list[str]) -> str:
    lines = difflib.unified_diff(before, after, f"{name} now", f"{name} then", n=1, lineterm="")
    return "".join(f"{line}\n" for line in lines)
