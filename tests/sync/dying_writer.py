"""The process that writes pages, killed by itself before one of its statements."""

from __future__ import annotations

import os
import signal
from itertools import count
from typing import TYPE_CHECKING

from sfsync.ledger import page_process
from sfsync.ledger.sqlite_file import connect

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path
    from typing import IO

DIES_AT = "SFSYNC_TEST_WRITER_DIES_AT"
"""The environment variable with the number of the statement, counted from 1."""


def work(incoming: IO[bytes], outgoing: IO[bytes]) -> None:
    """What the product's own does, up to that statement."""
    statements = count(1)
    last = int(os.environ[DIES_AT])

    def trace(_statement: str) -> None:
        if next(statements) == last:
            os.kill(os.getpid(), signal.SIGKILL)

    def traced(path: Path) -> sqlite3.Connection:
        connection = connect(path)
        connection.set_trace_callback(trace)
        return connection

    vars(page_process)[connect.__name__] = traced
    page_process.work(incoming, outgoing)
