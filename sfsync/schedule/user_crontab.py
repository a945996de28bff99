"""The crontab of this user, read and written by ``crontab`` itself."""

from __future__ import annotations

from sfsync.schedule.programs import call_program, require_success

_PROGRAM = "crontab"
_NONE = ("no crontab for", "no such file or directory")
"""What the common crons say when there is none."""


def read_crontab() -> bytes | None:
    """The crontab byte for byte; None when this user has none.

    Raises:
        NotFoundError: the machine has no cron.
        SchedulerError: this user may not have a crontab.
    """
    done = call_program(_PROGRAM, "-l")
    if done.trouble and any(words in done.complaint.casefold() for words in _NONE):
        return None
    require_success(_PROGRAM, done)
    return done.stdout


def write_crontab(crontab: bytes | None) -> None:
    """Put a crontab in place of the present one; None removes it.

    Raises:
        NotFoundError, SchedulerError: as `read_crontab`; or cron finds a fault in it.
    """
    if crontab is None:
        done = call_program(_PROGRAM, "-r")
    else:
        done = call_program(_PROGRAM, "-", given=crontab)
    require_success(_PROGRAM, done)
