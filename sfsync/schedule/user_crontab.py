"""The crontab of this user, read and written by ``crontab`` itself."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sfsync.schedule.programs import call_program, require_success

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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


def change_crontab(change: Callable[[bytes | None], bytes | None]) -> None:
    """Put in place of the present crontab what `change` makes of it; None stands for no crontab.

    It is read anew: since a person was asked, somebody may have changed it.

    Raises:
        NotFoundError, SchedulerError: as `read_crontab`; or cron finds a fault in it.
    """
    with _alone():
        before = read_crontab()
        after = change(before)
        if after != before:
            _write_crontab(after)


@contextmanager
def _alone() -> Iterator[None]:
    """One process of this user at a time: ``crontab`` keeps the last of two, and has no lock."""
    import fcntl  # noqa: PLC0415 - where there is a crontab, there is this

    with ExitStack() as stack:
        # What every process of this user has; without a home each is on its own.
        with suppress(OSError, RuntimeError):
            home = os.open(Path.home(), os.O_RDONLY)
            stack.callback(os.close, home)
            fcntl.flock(home, fcntl.LOCK_EX)
        yield


def _write_crontab(crontab: bytes | None) -> None:
    if crontab is None:
        done = call_program(_PROGRAM, "-r")
    else:
        done = call_program(_PROGRAM, "-", given=crontab)
    require_success(_PROGRAM, done)
