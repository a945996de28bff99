"""Three pages of deals at work at a time: one is read, one is decided, one is written.

SQLite and the network work outside Python's lock, so that a thread that reads, one that decides and
one that writes share two cores and hide the network's latency. A page is decided against what a
second connection reads, before its turn to be written comes. That is sound because the deals of a
full pass do not depend on each other, and because whatever anybody else writes leaves an audit
event: a page that was decided before such an event is decided again, in the transaction that
writes it.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sfsync.errors import SfsyncError
from sfsync.ledger import audit

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from concurrent.futures import Future

    from sfsync.ledger import Ledger
    from sfsync.ledger.model import Cursor, PageOfChanges
    from sfsync.salesforce.records import Page
    from sfsync.sync.gather import Asked

    ReadPage = tuple[Page, Cursor | None]
    AskedPage = tuple[Asked, Cursor | None]

    Decide = Callable[[Ledger], PageOfChanges]
    Write = Callable[[PageOfChanges], None]

_SWITCH_SECONDS = 0.001
"""How soon a thread that comes back from SQLite gets Python's lock; ten times the usual."""


def one_ahead(
    pages: Iterator[ReadPage], ask: Callable[[ReadPage], AskedPage]
) -> Generator[AskedPage]:
    """Each page with what was asked for it; meanwhile the next one is asked for. Close it.

    When the next page cannot be read, the one before still comes first: a run that fails has then
    written all that it had.
    """
    waiting: AskedPage | None = None
    try:
        for page, failure in _until_failure(pages):
            if waiting is not None:
                # Only one answer is read at a time.
                waiting[0].answer.result()
            ready, waiting = waiting, ask(page) if page is not None else None
            if ready is not None:
                yield ready
            if failure is not None:
                raise failure
    finally:
        if waiting is not None:
            waiting[0].answer.drop()


def _until_failure(
    pages: Iterator[ReadPage],
) -> Iterator[tuple[ReadPage | None, SfsyncError | None]]:
    """The pages, and at their end None with the error that ended them, if one did."""
    try:
        for page in pages:
            yield page, None
    except SfsyncError as error:
        yield None, error
    else:
        yield None, None


class WriteBehind:
    """One page under way at most: who hands over the next one waits for the one before.

    Args:
        ledger: the ledger that is written; nobody else may use this connection before `settle`.
        reader: a second connection to the same file.
        write: writes a decided page, in the transaction that is open.
        written: told of each page once it is committed, in the caller's thread.
    """

    def __init__(
        self,
        ledger: Ledger,
        reader: Ledger,
        write: Write,
        written: Callable[[PageOfChanges], None],
    ) -> None:
        self.reader = reader
        self._ledger = ledger
        self._write = write
        self._written = written
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sfsync-write")
        self._under_way: Future[PageOfChanges] | None = None
        # The chain's head after our own last page, and the last event that is not of a page.
        self._own = audit.last_seq(reader)
        self._foreign = 0

    def submit(self, decide: Decide) -> None:
        """Decide a page now, and write it as soon as the one before is written.

        Raises:
            SfsyncError: the page before could not be written; this one is not.
        """
        seen = audit.last_seq(self.reader)
        changes = decide(self.reader)
        self.settle()
        self._under_way = self._thread.submit(self._commit, decide, changes, seen)

    def settle(self) -> None:
        """Wait until nothing is under way; the ledger may then be used by the caller."""
        under_way, self._under_way = self._under_way, None
        if under_way is not None:
            self._written(under_way.result())

    def stop(self) -> None:
        """Wait for the thread, whatever has become of its page."""
        self._thread.shutdown()

    def _commit(self, decide: Decide, changes: PageOfChanges, seen: int) -> PageOfChanges:
        with self._ledger.transaction():
            head = audit.last_seq(self._ledger)
            if head != self._own:
                self._foreign = head
            if self._foreign > seen:
                changes = decide(self._ledger)
            self._write(changes)
            own = audit.last_seq(self._ledger)
        self._own = own
        return changes


@contextmanager
def writing_behind(
    ledger: Ledger, write: Write, written: Callable[[PageOfChanges], None]
) -> Iterator[WriteBehind]:
    """A `WriteBehind` whose pages are all written when the block ends well.

    Raises:
        SfsyncError: the last page could not be written.
    """
    interval = sys.getswitchinterval()
    with ledger.reader() as reader:
        behind = WriteBehind(ledger, reader, write, written)
        sys.setswitchinterval(_SWITCH_SECONDS)
        try:
            yield behind
            behind.settle()
        finally:
            behind.stop()
            sys.setswitchinterval(interval)
