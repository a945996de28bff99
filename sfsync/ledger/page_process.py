"""The process of `page_writer`: pages come in, are written, and a reply goes out for each."""

from __future__ import annotations

import signal
import traceback
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sfsync.errors import LedgerError, SfsyncError
from sfsync.ledger.apply import apply
from sfsync.ledger.audit import last_seq
from sfsync.ledger.connection import Ledger
from sfsync.ledger.page_messages import Reply, Trouble, next_message, send_message, unpacked
from sfsync.ledger.sqlite_file import connect

if TYPE_CHECKING:
    from typing import IO

    from sfsync.ledger.page_messages import PageToWrite, WritersTask


def work(incoming: IO[bytes], outgoing: IO[bytes]) -> None:
    """Write every page that comes in; one reply for each."""
    _heed_the_run_alone()
    task: WritersTask = next_message(incoming)
    now = ""
    path = Path(task.path)
    with Ledger(
        path, connect(path), actor=task.actor, clock=lambda: datetime.fromisoformat(now)
    ) as ledger:
        while (asked := _next(incoming)) is not None:
            now = asked.now
            send_message(outgoing, _reply(ledger, task.run_id, asked))


def _heed_the_run_alone() -> None:
    """End when the run does: whoever stops a service signals each of its processes."""
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, signal.SIG_IGN)
    if hasattr(signal, "SIGPIPE"):
        # A run that was killed awaits no reply; there is nobody to tell of that.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)


def _next(incoming: IO[bytes]) -> PageToWrite | None:
    try:
        page: PageToWrite = next_message(incoming)
    except EOFError:
        # The run is over, or was killed while it sent a page: that page was not decided to its end.
        return None
    return page


def _reply(ledger: Ledger, run_id: int, asked: PageToWrite) -> Reply:
    try:
        with ledger.transaction():
            head = last_seq(ledger)
            _require_under_way(ledger, run_id, head, asked.own)
            # Somebody else's event, later than what the page was decided on.
            if head != asked.own and head > asked.seen:
                return Reply(head, written=False)
            apply(ledger, run_id, unpacked(asked.parts))
            head = last_seq(ledger)
    except SfsyncError as error:
        trouble = Trouble(type(error), error.message, error.code, error.fix)
        return Reply(0, written=False, trouble=trouble)
    except Exception:  # noqa: BLE001 - the run raises it again
        return Reply(0, written=False, trouble=Trouble(None, traceback.format_exc()))
    return Reply(head, written=True)


def _require_under_way(ledger: Ledger, run_id: int, head: int, own: int) -> None:
    """Refuse a page whose run is over, or whose ledger has lost the pages before it.

    A run that is killed frees its lock at once; its last page may still be waiting here when the
    next run has begun, or when a backup has been put in the ledger's place.
    """
    at_work = ledger.row("SELECT 1 FROM run WHERE id = ? AND outcome = 'running'", (run_id,))
    if at_work is None or head < own:
        raise LedgerError(
            f"Run {run_id} on {ledger.path} is over; the page that it had left is not written.",
            code="run-over",
            fix="sync again: it goes on after the last page",
        )
