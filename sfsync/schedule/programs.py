"""Running the system's own programs: ``crontab`` and ``systemctl``."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from sfsync.errors import NotFoundError, SfsyncError
from sfsync.programs import run_program

if TYPE_CHECKING:
    from sfsync.programs import Finished

_PATIENCE = 30.0


class SchedulerError(SfsyncError):
    """The system's scheduler refused, or did not answer."""


def is_there(program: str) -> bool:
    """Whether the machine has the program."""
    return shutil.which(program) is not None


def call_program(program: str, *words: str, given: bytes = b"") -> Finished:
    """Run a program to its end, `given` on its stdin; its words are those of the C locale.

    Raises:
        NotFoundError: the machine has no such program.
        SchedulerError: it did not end in time, or could not be started.
    """
    path = shutil.which(program)
    if path is None:
        raise missing(program)
    done = run_program(
        [path, *words],
        seconds=_PATIENCE,
        given=given,
        environment={**os.environ, "LC_ALL": "C"},
    )
    if done.status is None:
        raise refused(program, f"it {done.trouble}")
    return done


def require_success(program: str, done: Finished) -> None:
    """Make sure that a program has done what it was asked.

    Raises:
        SchedulerError: it ended with another status than 0.
    """
    if done.trouble:
        raise refused(program, done.complaint or f"exit {done.status}")


def missing(program: str) -> NotFoundError:
    """The machine has no such program."""
    target = "cron" if program == "crontab" else "systemd"
    other = "systemd" if target == "cron" else "cron"
    return NotFoundError(
        f"there is no program '{program}' on this machine, so that {target} cannot be set up here",
        code="scheduler-missing",
        fix=f"sfsync schedule print {target}, for another machine; "
        f"or sfsync schedule install {other}",
    )


def refused(program: str, why: str) -> SchedulerError:
    """The program said no."""
    target = "cron" if program == "crontab" else "systemd"
    return SchedulerError(
        f"'{program}' refused: {why}",
        code="scheduler-refused",
        fix=f"sfsync schedule print {target} prints what to put in place by hand",
    )
