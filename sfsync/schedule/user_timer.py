"""The timer of this user, put in place and taken away again."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sfsync.schedule.programs import (
    SchedulerError,
    call_program,
    is_there,
    missing,
    refused,
    require_success,
)
from sfsync.schedule.systemd import unit_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sfsync.schedule.call import Call

_PROGRAM = "systemctl"


def units_folder() -> Path:
    """Where systemd looks for the units of this user."""
    config = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(config) / "systemd" / "user"


def installed_units(call: Call) -> dict[str, str]:
    """The units of this call that are there, by file name."""
    found = {name: units_folder() / name for name in unit_files(call)}
    return {
        name: path.read_text(encoding="utf-8", errors="surrogateescape")
        for name, path in found.items()
        if path.is_file()
    }


def install_timer(call: Call) -> None:
    """Write the units and start the timer; when that fails everything is as it was.

    Raises:
        NotFoundError: the machine has no systemd.
        SchedulerError: systemd does not run for this user, or refuses.
    """
    before = installed_units(call)
    if not is_there(_PROGRAM):
        raise missing(_PROGRAM)
    try:
        _write(unit_files(call))
        _systemctl("daemon-reload")
        _systemctl("enable", "--now", f"{call.unit}.timer")
    except SchedulerError:
        _forget(set(unit_files(call)) - set(before))
        _write(before)
        raise


def remove_timer(call: Call) -> None:
    """Stop the timer and take its units away.

    Raises:
        NotFoundError, SchedulerError: as `install_timer`; the units are still there.
    """
    _systemctl("disable", "--now", f"{call.unit}.timer")
    _forget(unit_files(call))
    _systemctl("daemon-reload")


def _systemctl(*words: str) -> None:
    require_success(_PROGRAM, call_program(_PROGRAM, "--user", *words))


def _write(units: Mapping[str, str]) -> None:
    folder = units_folder()
    try:
        if units:
            folder.mkdir(parents=True, exist_ok=True)
        for name, text in units.items():
            (folder / name).write_text(text, encoding="utf-8", errors="surrogateescape")
    except OSError as problem:
        raise refused(_PROGRAM, f"{folder} cannot be written: {problem.strerror}") from None


def _forget(names: Iterable[str]) -> None:
    for name in names:
        with suppress(FileNotFoundError):
            (units_folder() / name).unlink()
