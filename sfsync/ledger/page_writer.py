"""Writing pages in a process of its own, so that one page is written while the next is decided.

Python runs one thread at a time, SQLite's work is a third of a first sync, and there is a second
core. What is sent is decided already: the process only checks that nobody else has written since,
and writes. It ends when its input ends, so it does not outlive a sync that is killed by more than
the page it has in hand.
"""

from __future__ import annotations

import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

from sfsync.errors import LedgerError
from sfsync.ledger.own_python import start_python
from sfsync.ledger.page_messages import (
    PageToWrite,
    WritersTask,
    next_message,
    packed,
    send_message,
)
from sfsync.programs import how_it_ended

if TYPE_CHECKING:
    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.model import PageOfChanges
    from sfsync.ledger.page_messages import Reply

_SECONDS_TO_END = 30.0
"""How long the process may take to end: a page's transaction, and the wait for another's."""

_START = "from sfsync.ledger.page_process import work; work(sys.stdin.buffer, sys.stdout.buffer)"


class PageWriter:
    """The process, as the run sees it: one page under way at a time.

    Args:
        ledger: the ledger that is written; its clock and its actor are those of the pages.
        run_id: the run whose pages they are.
    """

    def __init__(self, ledger: Ledger, run_id: int) -> None:
        self._ledger = ledger
        # Ctrl-C is for the run, which lets the page under way be written.
        self._process = process = start_python(_START, reads=True)
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the writing process has no pipes")
        self._pages, self._replies = process.stdin, process.stdout
        self._say(WritersTask(str(ledger.path), ledger.actor, run_id))

    def send(self, page: PageOfChanges, *, own: int, seen: int) -> None:
        """Have a page written; `result` says what became of it.

        Raises:
            LedgerError: the process is gone.
        """
        self._say(PageToWrite(packed(page), self._ledger.now(), own, seen))

    def result(self) -> Reply:
        """Wait for the page that was sent.

        Raises:
            SfsyncError: it could not be written; nothing of it was kept.
        """
        try:
            reply: Reply = next_message(self._replies)
        except (EOFError, OSError) as problem:
            raise self._lost() from problem
        if reply.trouble is not None:
            kind, message, code, fix = reply.trouble
            if kind is None:
                raise RuntimeError(f"the writing process failed: {message}")
            raise kind(message, code=code, fix=fix)
        return reply

    def close(self) -> None:
        """Let the page under way be written, and end the process."""
        # Where it is gone already, whoever waited for its last page has been told.
        with suppress(OSError):
            self._pages.close()
        try:
            self._ended()
        finally:
            self._replies.close()

    def _ended(self) -> int:
        """Wait for the process to end; how it did."""
        try:
            return self._process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def _say(self, message: WritersTask | PageToWrite) -> None:
        try:
            send_message(self._pages, message)
        except OSError as problem:
            raise self._lost() from problem

    def _lost(self) -> LedgerError:
        return LedgerError(
            f"The process that writes {self._ledger.path} {how_it_ended(self._ended())}."
            " The pages before are kept.",
            code="writer-lost",
            fix="check memory and disk, then sync again: it goes on after the last page",
        )
