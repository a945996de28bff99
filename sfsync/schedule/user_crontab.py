"""The crontab of this user, read and written by ``crontab`` itself."""

from __future__ import annotations

from sfsync.schedule.programs import call_program, refused

_NONE = ("no crontab for", "no such file or directory")
"""What the common crons say when there is none."""


def read_crontab() -> bytes | None:
    """The crontab byte for byte; None when this user has none.

    Raises:
        NotFoundError: the machine has no cron.
        SchedulerError: this user may not have a crontab.
    """
    reply = call_program("crontab", "-l")
    if reply.status == 0:
        return reply.out
    if any(words in reply.err.casefold() for words in _NONE):
        return None
    raise refused("crontab", reply.err or f"exit {reply.status}")


def write_crontab(crontab: bytes | None) -> None:
    """Put a crontab in place of the present one; None removes it.

    Raises:
        NotFoundError, SchedulerError: as `read_crontab`; or cron finds a fault in it.
    """
    if crontab is None:
        reply = call_program("crontab", "-r")
    else:
        reply = call_program("crontab", "-", given=crontab)
    if reply.status:
        raise refused("crontab", reply.err or f"exit {reply.status}")
