"""Three pages of deals at work at a time: one is read, one is decided, one is written.

A thread reads ahead and hides the network's latency; a process of its own writes. A page is decided
while the one before is still being written. That is sound because the deals of a full pass do not
depend on each other, and because whatever anybody else writes leaves an audit event: a page that
was decided before such an event is read again, and decided in the transaction that writes it.
"""

from __future__ import annotations

import logging
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, NamedTuple

from sfsync.errors import SfsyncError
from sfsync.ledger import audit, pages
from sfsync.ledger.page_writer import PageWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from sfsync.ledger import Ledger
    from sfsync.ledger.model import Cursor, PageOfChanges, RecordOutcome
    from sfsync.salesforce.records import Page
    from sfsync.sync.gather import Asked

    ReadPage = tuple[Page, Cursor | None]
    AskedPage = tuple[Asked, Cursor | None]

    Decide = Callable[[], PageOfChanges]
    ReadAgain = Callable[[], Decide]
    Records = tuple[RecordOutcome, ...]
    Written = Callable[[Records], None]

_log = logging.getLogger("sfsync.sync")


def one_ahead(
    read: Iterator[ReadPage], ask: Callable[[ReadPage], AskedPage]
) -> Generator[AskedPage]:
    """Each page with what was asked for it, while the next one is asked for already. Close it.

    When the next page cannot be read, the one before still comes first: a run that fails has then
    written all that it had.
    """
    waiting: AskedPage | None = None
    try:
        for page, failure in _until_failure(read):
            if waiting is not None:
                # Only one answer is read at a time.
                waiting[0].answer.result()
            ready, waiting = waiting, ask(page) if page is not None else None
            if ready is not None:
                yield ready
            # A page is large: it must be gone before the one after the next is here.
            del ready
            if failure is not None:
                raise failure
    finally:
        if waiting is not None:
            waiting[0].answer.drop()


def _until_failure(
    read: Iterator[ReadPage],
) -> Iterator[tuple[ReadPage | None, SfsyncError | None]]:
    """The pages, and at their end None with the error that ended them, if one did."""
    try:
        for page in read:
            yield page, None
    except SfsyncError as error:
        yield None, error
    else:
        yield None, None


class UnderWay(NamedTuple):
    """A page that is being written: which deals, how to read them anew, what became of them.

    Not the page itself: three pages of records and lines would be in memory at a time.
    """

    ids: frozenset[str]
    read_again: ReadAgain
    records: Records


class WriteBehind:
    """One page under way at most: who hands over the next one waits for the one before.

    Args:
        ledger: the ledger that is written; who writes to it here calls `settle` first.
        run_id: the run that the pages are of.
        writer: writes decided pages into the same file, meanwhile.
        written: told of the records of each page once it is committed.
    """

    def __init__(self, ledger: Ledger, run_id: int, writer: PageWriter, written: Written) -> None:
        self._ledger = ledger
        self._run_id = run_id
        self._writer = writer
        self._written = written
        self._under_way: UnderWay | None = None
        # The chain's head after our own last page, and the last event that is not of a page.
        self._own = audit.last_seq(ledger)
        self._foreign = 0

    def submit(self, ids: Sequence[str], decide: Decide, read_again: ReadAgain) -> None:
        """Decide a page now, and have it written as soon as the one before is.

        Args:
            ids: the deals of the page.
            decide: decides it on the ledger as it is.
            read_again: reads it anew, where somebody has come between; answers with how to decide
                what was read.

        Raises:
            SfsyncError: the page before could not be written; this one is not.
        """
        if self._under_way is not None and not self._under_way.ids.isdisjoint(ids):
            # The org tells of a deal twice: the second time it is there already.
            self.settle()
        seen = audit.last_seq(self._ledger)
        changes = decide()
        self.settle()
        if self._foreign > seen:
            self._anew(read_again)
            return
        self._writer.send(changes, own=self._own, seen=seen)
        self._under_way = UnderWay(frozenset(ids), read_again, changes.records)

    def settle(self) -> None:
        """Wait until nothing is under way.

        Raises:
            SfsyncError: the page under way could not be written.
        """
        if self._under_way is None:
            return
        page, self._under_way = self._under_way, None
        reply = self._writer.result()
        if reply.written:
            self._own = reply.head
            self._written(page.records)
        else:
            self._anew(page.read_again)

    def _anew(self, read_again: ReadAgain) -> None:
        """Decide a page where nobody can come between, and write it."""
        decide = read_again()
        with self._ledger.transaction():
            self._foreign = audit.last_seq(self._ledger)
            changes = decide()
            pages.apply(self._ledger, self._run_id, changes)
            self._own = audit.last_seq(self._ledger)
        self._written(changes.records)


@contextmanager
def writing_behind(ledger: Ledger, run_id: int, written: Written) -> Iterator[WriteBehind | None]:
    """A `WriteBehind` whose pages are all written when the block ends well.

    None where the system lets no more processes begin: pages can be written here too, more slowly.

    Raises:
        SfsyncError: the last page could not be written.
    """
    try:
        writer = PageWriter(ledger, run_id)
    except OSError as problem:
        _log.warning("pages are written without a process of their own: %s", problem.strerror)
        yield None
        return
    with closing(writer):
        behind = WriteBehind(ledger, run_id, writer, written)
        yield behind
        behind.settle()
