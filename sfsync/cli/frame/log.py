"""What goes into the log, and with -v to stderr as well. Nothing is imported or opened before."""

from __future__ import annotations

import logging
import sys
from datetime import datetime
from typing import TYPE_CHECKING

from sfsync.cli.frame.log_file import JsonLines, LogFile
from sfsync.errors import ExitCode

if TYPE_CHECKING:
    from sfsync.cli.context import Context
    from sfsync.errors import SfsyncError

_QUOTED = {ExitCode.SIGN_IN, ExitCode.CONFIG, ExitCode.UNAVAILABLE, ExitCode.LEDGER}
"""Failures whose sentence goes into the log; others may name customers and deals."""

_log = logging.getLogger("sfsync.cli")


class _Screen(logging.Handler):
    """Shows the log on stderr as it is by then: a progress bar may have taken its place."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        from sfsync.cli.render.text import safe  # noqa: PLC0415 - start-up time
        from sfsync.salesforce.redact import redact  # noqa: PLC0415 - as above

        room = record.name.removeprefix("sfsync.")
        at = datetime.fromtimestamp(record.created).astimezone()
        said = safe(redact(record.getMessage()))
        sys.stderr.write(f"{at:%H:%M:%S} {record.levelname.casefold()} {room}: {said}\n")


def start_logging(context: Context) -> LogFile:
    """Let this command's rooms write into the log; a second call changes nothing."""
    found = context.log_file
    if found is not None:
        return found
    top = logging.getLogger("sfsync")
    for handler in [one for one in top.handlers if isinstance(one, (LogFile, _Screen))]:
        top.removeHandler(handler)
    level = logging.DEBUG if context.flags.verbose else logging.INFO
    top.setLevel(level)
    file = LogFile(context.paths.log_file)
    file.setFormatter(JsonLines(" ".join(context.words)))
    file.setLevel(level)
    top.addHandler(file)
    if context.flags.verbose:
        top.addHandler(_Screen())
    context.log_file = file
    return file


def log_failure(context: Context, error: SfsyncError) -> None:
    """Write down a failure that a person was told of, by its code."""
    said = f": {error.message}" if error.exit_code in _QUOTED else ""
    start_logging(context)
    _log.error("%s (exit %d)%s", error.code, error.exit_code, said)


def log_unexpected(context: Context, error: BaseException) -> OSError | None:
    """Write down the traceback of a defect; what went wrong with that, if anything."""
    file = start_logging(context)
    _log.error("%s", type(error).__name__, exc_info=error)
    return file.trouble
