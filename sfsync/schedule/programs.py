"""Running the system's own programs: ``crontab`` and ``systemctl``."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass

from sfsync.errors import NotFoundError, SfsyncError

_PATIENCE = 30.0


class SchedulerError(SfsyncError):
    """The system's scheduler refused, or did not answer."""


@dataclass(frozen=True, slots=True)
class Reply:
    """How a program ended."""

    status: int
    out: bytes
    err: str


def is_there(program: str) -> bool:
    """Whether the machine has the program."""
    return shutil.which(program) is not None


def call_program(program: str, *words: str, given: bytes = b"") -> Reply:
    """Run a program to its end, `given` on its stdin; its words are those of the C locale.

    Raises:
        NotFoundError: the machine has no such program.
        SchedulerError: it did not end in time, or could not be started.
    """
    path = shutil.which(program)
    if path is None:
        raise missing(program)
    try:
        done = subprocess.run(  # noqa: S603 - found on PATH, its words are ours
            [path, *words],
            input=given,
            capture_output=True,
            check=False,
            timeout=_PATIENCE,
            env={**os.environ, "LC_ALL": "C"},
        )
    except subprocess.TimeoutExpired:
        raise refused(program, f"did not end within {_PATIENCE:.0f} s") from None
    except OSError as problem:
        raise refused(program, problem.strerror or str(problem)) from None
    return Reply(done.returncode, done.stdout, done.stderr.decode(errors="replace").strip())


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
