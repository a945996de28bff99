"""One sync as a process: ``one_sync.py HOME LEDGER PAGE_SIZE KILL_AT``, for tests that end it.

It kills itself with SIGKILL before statement KILL_AT of its ledger's connection (0: never), and
prints how many statements there were. The process that writes its pages does the same before the
statement that the environment names (see `dying_writer`).
"""

from __future__ import annotations

import os
import signal
import sys
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, cast

from sfsync.ledger import open_ledger, page_process, page_writer
from sfsync.ledger.lock import run_lock
from sfsync.salesforce import find_connection, open_org
from sfsync.sync import run_sync
from tests.sync import dying_writer
from tests.sync.world import NOON, SETTINGS, Conditions, SmallPages

if TYPE_CHECKING:
    from sfsync.salesforce import Org


def main() -> None:
    """Sync until the end, or until the statement at which to die."""
    home, path = Path(sys.argv[1]), Path(sys.argv[2])
    page_size, kill_at = int(sys.argv[3]), int(sys.argv[4])
    statements = count(1)
    last = 0

    def trace(_statement: str) -> None:
        nonlocal last
        last = next(statements)
        if last == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    if dying_writer.DIES_AT in os.environ:
        ours, theirs = page_process.__name__, dying_writer.__name__
        page_writer._START = page_writer._START.replace(ours, theirs)  # noqa: SLF001 - as below
    with (
        open_org(find_connection(home, "acme"), home) as org,
        run_lock(path),
        open_ledger(path, demo=True, clock=lambda: NOON) as ledger,
    ):
        ledger._connection.set_trace_callback(trace)  # noqa: SLF001 - to die at any statement
        paged = cast("Org", SmallPages(org, Conditions(page_size=page_size)))
        run_sync(paged, ledger, SETTINGS, clock=lambda: NOON)
    sys.stdout.write(f"{last}\n")


if __name__ == "__main__":
    main()
