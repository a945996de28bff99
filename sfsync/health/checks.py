"""What a run depends on, checked one thing at a time; each check is a small function.

A check answers with what it found and never raises for what it looks for: `doctor` shows them all.
"""

from __future__ import annotations

import os
import shutil
from datetime import datetime
from typing import TYPE_CHECKING

from sfsync.errors import ConfigError, ExitCode, SfsyncError
from sfsync.health.findings import Finding, Verdict, failed, ok, skipped, warning
from sfsync.health.ledger_checks import LEDGER_CHECKS
from sfsync.health.secret_checks import secret_files
from sfsync.health.sign_in_checks import SIGN_IN_CHECKS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfsync.health.findings import Check, Surroundings


def diagnose(around: Surroundings) -> tuple[Finding, ...]:
    """Every check, in the order in which a run would meet them."""
    return tuple(found for check in CHECKS for found in check(around))


def _config(around: Surroundings) -> Iterator[Finding]:
    if around.config is None:
        yield Finding(
            "config",
            Verdict.FAILED,
            "there is no mappings.yaml",
            "sfsync config init",
            ExitCode.NOT_FOUND,
        )
        return
    loaded = around.loaded
    if not isinstance(loaded, ConfigError):
        yield ok("config", f"{around.config} is valid")
    elif loaded.problems:
        yield Finding(
            "config",
            Verdict.FAILED,
            f"{around.config} has {_problems(len(loaded.problems))}",
            "sfsync config validate",
            ExitCode.CONFIG,
        )
    else:
        yield failed("config", loaded)


def _problems(number: int) -> str:
    return "1 problem" if number == 1 else f"{number} problems"


def _private_folders(around: Surroundings) -> Iterator[Finding]:
    for folder in sorted({found for found in around.folders if found.is_dir()}):
        mode = folder.stat().st_mode & 0o777
        if os.name == "posix" and mode & 0o077:
            said = f"others can look into {folder} (mode {mode:04o})"
            yield warning("folders", said, f"chmod 700 {folder}")
        elif not os.access(folder, os.W_OK):
            said = f"{folder} cannot be written, so that sign-ins and the log cannot be kept"
            yield warning("folders", said, f"chown {folder}, or set SFSYNC_HOME")
        else:
            yield ok("folders", f"{folder} is yours alone")


def _runs(around: Surroundings) -> Iterator[Finding]:
    """Whether runs come when they should, by the schedule and the history."""
    from sfsync.health.alarms import alarms_of  # noqa: PLC0415 - start-up time
    from sfsync.ledger.connection import open_ledger_read_only  # noqa: PLC0415 - as above
    from sfsync.ledger.run_health import run_health  # noqa: PLC0415 - as above

    settings = around.settings
    if settings is None or around.ledger is None:
        yield skipped("runs", "needs a valid config")
        return
    if not around.ledger.exists():
        yield skipped("runs", "there was none yet")
        return
    try:
        with open_ledger_read_only(around.ledger) as ledger:
            health = run_health(ledger)
    except SfsyncError:
        yield skipped("runs", "needs a ledger that opens")
        return
    found = alarms_of(settings.schedule, health, around.now)
    for alarm in found:
        yield warning("runs", alarm.message, alarm.command)
    if not found:
        frequency = settings.schedule.frequency.value
        last = _when(health.last_good.started_at) if health.last_good else "never"
        yield ok("runs", f"schedule: {frequency}; last good sync: {last}")


def _notify(around: Surroundings) -> Iterator[Finding]:
    """Whether the one to be told can be; a scheduler has a PATH of its own."""
    settings = around.settings
    if settings is None or settings.notify is None:
        return
    program = settings.notify.command[0]
    found = shutil.which(program)
    if found is None:
        said = f"notify.command names {program}, which is not there or cannot be started"
        yield warning("notify", said, "name it by its absolute path, and make it executable")
    else:
        yield ok("notify", f"notify.command is {found}")


def _when(stamp: str) -> str:
    return f"{datetime.fromisoformat(stamp):%Y-%m-%d %H:%M} UTC"


CHECKS: tuple[Check, ...] = (
    _config,
    *LEDGER_CHECKS,
    _private_folders,
    secret_files,
    *SIGN_IN_CHECKS,
    _runs,
    _notify,
)
"""Every check of `doctor`, in the order in which a run would meet what they look at."""
