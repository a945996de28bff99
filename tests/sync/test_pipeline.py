from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sfsync.errors import LedgerError, UnavailableError
from sfsync.ledger import open_ledger
from sfsync.ledger.audit import append_event
from sfsync.ledger.model import Cursor, PageOfChanges
from sfsync.sync.pipeline import one_ahead, writing_behind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from sfsync.ledger import Ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A new ledger."""
    with open_ledger(tmp_path / "ledger.db", demo=True) as opened:
        yield opened


def write_event(path: Path) -> None:
    """What a person does at the ledger while a sync runs."""
    with open_ledger(path) as other, other.transaction():
        append_event(other, "test.event", "ledger")


def empty_page(number: int) -> PageOfChanges:
    """A page that can be told by its cursor."""
    return PageOfChanges(records=(), cursor=Cursor("Opportunity", str(number), ""))


def test_a_page_decided_before_somebody_else_wrote_is_decided_again(ledger: Ledger) -> None:
    """No decision on a state that somebody has changed since is written."""
    decided: list[tuple[int, bool]] = []
    written: list[str] = []

    def decide(number: int, at: Ledger) -> PageOfChanges:
        decided.append((number, at is ledger))
        if number == 2 and at is not ledger:
            write_event(ledger.path)
        return empty_page(number)

    def write(changes: PageOfChanges) -> None:
        assert changes.cursor is not None
        written.append(changes.cursor.system_modstamp)

    with writing_behind(ledger, write, lambda _: None) as behind:
        for number in (1, 2, 3):
            behind.submit(lambda at, number=number: decide(number, at))  # type: ignore[misc]
    assert written == ["1", "2", "3"]
    # The first page is decided again too, where the other's event came before its own turn.
    assert (2, True) in decided
    assert [number for number, again in decided if not again] == [1, 2, 3]


def test_events_of_the_pages_themselves_do_not_make_them_decided_again(ledger: Ledger) -> None:
    """What the run writes is no reason to doubt what it decided."""
    decided: list[bool] = []

    def decide(at: Ledger) -> PageOfChanges:
        decided.append(at is ledger)
        return empty_page(len(decided))

    def write(_: PageOfChanges) -> None:
        append_event(ledger, "test.page", "ledger")

    with writing_behind(ledger, write, lambda _: None) as behind:
        for _ in range(5):
            behind.submit(decide)
    assert decided == [False] * 5


def test_a_page_that_cannot_be_written_ends_the_pass(ledger: Ledger) -> None:
    """The error arrives, what was written before it stays, and nothing after it is written."""
    seen: list[PageOfChanges] = []

    def write(changes: PageOfChanges) -> None:
        if changes.cursor == empty_page(2).cursor:
            raise LedgerError("the disk is full", code="ledger-unwritable")
        append_event(ledger, "test.page", "ledger")

    def hand_over() -> None:
        with writing_behind(ledger, write, seen.append) as behind:
            for number in (1, 2, 3):
                behind.submit(lambda _, number=number: empty_page(number))  # type: ignore[misc]

    with pytest.raises(LedgerError, match="disk is full"):
        hand_over()
    assert seen == [empty_page(1)]
    assert ledger.row("SELECT count(*) FROM audit_event WHERE action = 'test.page'") == (1,)


class Answer:
    """An answer that arrives at once, and remembers what became of it."""

    def __init__(self, log: list[str], name: str) -> None:
        self.log, self.name = log, name

    def result(self) -> Any:
        """It is here."""
        self.log.append(f"{self.name} came")

    def drop(self) -> None:
        """Nobody wants it."""
        self.log.append(f"{self.name} dropped")


class TestOneAhead:
    """Each page comes when the next one has been asked for."""

    def run(self, *pages_read: str, failing: bool = False, stop_after: int = 99) -> list[str]:
        """What happens, in its order."""
        log: list[str] = []

        def read() -> Iterator[Any]:
            for name in pages_read:
                yield name, None
            if failing:
                raise UnavailableError("gone", code="timeout")

        def ask(page: Any) -> Any:
            log.append(f"ask {page[0]}")
            asked = type("Asked", (), {"answer": Answer(log, page[0]), "name": page[0]})
            return asked, None

        ahead = one_ahead(read(), ask)
        try:
            for place, (asked, _) in enumerate(ahead, 1):
                log.append(f"decide {asked.name}")  # type: ignore[attr-defined]
                if place == stop_after:
                    break
        except UnavailableError:
            log.append("failed")
        ahead.close()
        return log

    def test_the_next_page_is_asked_for_before_this_one_is_decided(self) -> None:
        """One answer at a time is under way."""
        assert self.run("a", "b") == [
            "ask a", "a came", "ask b", "decide a", "b came", "decide b",
        ]  # fmt: skip

    def test_what_was_read_before_a_failure_is_decided_first(self) -> None:
        """A run that reads one more page each time gets on, however often it fails."""
        assert self.run("a", failing=True) == ["ask a", "a came", "decide a", "failed"]

    def test_an_answer_that_nobody_waits_for_is_dropped(self) -> None:
        """An interrupted run leaves no thread behind."""
        assert self.run("a", "b", "c", stop_after=1)[-1] == "b dropped"

    def test_no_page_is_no_page(self) -> None:
        """An empty org has nothing to ask for."""
        assert self.run() == []
