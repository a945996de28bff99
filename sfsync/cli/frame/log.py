"""The log of failures that nobody expected: tracebacks go here, never to the terminal."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

from sfsync.cli.frame.paths import ensure_folder
from sfsync.salesforce.redact import redact

if TYPE_CHECKING:
    from pathlib import Path

_MAX_BYTES = 1_000_000
_KEPT = 10


def log_unexpected(log_file: Path, command: str, error: BaseException) -> None:
    """Write the traceback of `error` as one JSON line; files of 1 MB, ten of them, mode 0600."""
    lines = traceback.format_exception(error)
    _write(log_file, {"command": command, "traceback": redact("".join(lines))})


def _write(log_file: Path, entry: dict[str, str]) -> None:
    import json  # noqa: PLC0415 - start-up time
    import logging.handlers  # noqa: PLC0415 - start-up time
    from datetime import UTC, datetime  # noqa: PLC0415 - start-up time

    ensure_folder(log_file.parent)
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    handler = logging.handlers.RotatingFileHandler(
        log_file, maxBytes=_MAX_BYTES, backupCount=_KEPT, encoding="utf-8"
    )
    message = json.dumps({"time": now, **entry})
    handler.emit(logging.makeLogRecord({"msg": message, "levelno": logging.ERROR}))
    handler.close()
    log_file.chmod(0o600)
