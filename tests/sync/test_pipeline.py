"""Reading ahead, and writing behind in a process of its own."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import pytest

from sfsync.errors import LedgerError, LockedError, UnavailableError
from sfsync.ledger import open_ledger
from sfsync.ledger.audit import append_event, verify_chain
from sfsync.ledger.backups import back_up
from sfsync.ledger.model import (
    ContactChange,
    ContactContent,
    Outcome,
    PageOfChanges,
    RecordOutcome,
)
from sfsync.ledger.page_writer import PageWriter
from sfsync.ledger.restoring import restore
from sfsync.sync.pipeline import one_ahead, writing_behind
from tests.ledger.ledger_books import begin, new_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from sfsync.ledger import Ledger


ROOT = Path(__file__).parents[2]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A new ledger."""
    with new_ledger(tmp_path / "ledger.db") as opened:
        yield opened


def write_event(path: Path) -> None:
    """What a person does at the ledger while a sync runs."""
    with open_ledger(path) as other, other.transaction():
        append_event(other, "test.event", "ledger")


Step = Callable[[], object]


@dataclass
class Pages:
    """Pages handed over in their order, each with an event of its own; what became of them."""

    ledger: Ledger
    again: list[int] = field(default_factory=list)
    written: list[int] = field(default_factory=list)

    def hand_over(
        self,
        *numbers: int,
        before: Mapping[int, Step] = MappingProxyType({}),
        after: Mapping[int, Step] = MappingProxyType({}),
    ) -> None:
        """Hand over pages; `before` and `after` happen just before and after one is decided."""
        run_id = begin(self.ledger)

        def decide(number: int) -> PageOfChanges:
            if number in after:
                after[number]()
            return page_of(number)

        def read_again(number: int) -> Callable[[], PageOfChanges]:
            self.again.append(number)
            return partial(page_of, number)

        def count(records: Sequence[RecordOutcome]) -> None:
            self.written += [int(one.name) for one in records]

        with writing_behind(self.ledger, run_id, count) as behind:
            assert behind is not None
            for number in numbers:
                if number in before:
                    behind.settle()
                    before[number]()
                ids = [f"003{number:015}"]
                behind.submit(ids, partial(decide, number), partial(read_again, number))

    def in_history(self) -> list[int]:
        """The pages whose records are in the ledger."""
        rows = self.ledger.rows("SELECT name FROM run_record ORDER BY id")
        return [int(name) for (name,) in rows]


def page_of(number: int) -> PageOfChanges:
    """A page with one new contact, and so with one event."""
    record = RecordOutcome("Contact", f"003{number:015}", str(number), Outcome.CREATED)
    change = ContactChange(record.salesforce_id, "{}", ContactContent(f"Person {number}"))
    return PageOfChanges(records=(record,), contacts=(change,))


def test_a_page_decided_before_somebody_else_wrote_is_read_again(ledger: Ledger) -> None:
    """No decision on a state that somebody has changed since is written; all pages arrive once."""
    made = Pages(ledger)
    made.hand_over(1, 2, 3, 4, after={2: lambda: write_event(ledger.path)})
    # The page before is read again too, where the event came before its own turn.
    assert made.again in ([2], [1, 2])
    assert made.written == made.in_history() == [1, 2, 3, 4]


def test_so_is_the_page_that_was_decided_while_that_one_waited(ledger: Ledger) -> None:
    """Somebody writes after a page was sent: the next one, decided before, is read again too."""
    made = Pages(ledger)
    # The event comes while page 3 is decided: page 2 is under way, or just written.
    made.hand_over(1, 2, 3, after={3: lambda: write_event(ledger.path)})
    assert made.in_history() == [1, 2, 3]
    assert 3 in made.again


def test_events_of_the_pages_themselves_do_not_make_them_read_again(ledger: Ledger) -> None:
    """What the run writes is no reason to doubt what it decided."""
    made = Pages(ledger)
    made.hand_over(*range(1, 7))
    assert made.again == []
    assert made.written == made.in_history() == list(range(1, 7))
    (events,) = ledger.row("SELECT count(*) FROM audit_event WHERE action = 'contact.create'")
    assert events == 6
    assert verify_chain(ledger) == []


def test_what_the_run_writes_itself_between_two_pages_is_no_strangers(ledger: Ledger) -> None:
    """A customer that is made on the way to a page is seen by that page."""

    def make() -> None:
        with ledger.transaction():
            append_event(ledger, "test.event", "ledger")

    made = Pages(ledger)
    made.hand_over(1, 2, 3, before={2: make})
    assert made.again == []
    assert made.in_history() == [1, 2, 3]


def test_a_page_that_cannot_be_written_ends_the_pass(ledger: Ledger) -> None:
    """The error arrives, what was written before it stays, and nothing after it is written."""

    def forbid() -> None:
        with closing(sqlite3.connect(ledger.path, isolation_level=None)) as other:
            other.execute(
                "CREATE TRIGGER full BEFORE INSERT ON run_record WHEN NEW.name = '2'"
                " BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
            )

    made = Pages(ledger)
    with pytest.raises(RuntimeError, match="the disk is full"):
        made.hand_over(1, 2, 3, 4, after={1: forbid})
    assert made.written == made.in_history() == [1]


def test_a_page_of_a_run_that_is_over_is_not_written(ledger: Ledger) -> None:
    """The writer of a killed run comes too late once the next run has begun, event or no event."""

    def begin_another() -> None:
        with open_ledger(ledger.path) as other:
            begin(other)

    made = Pages(ledger)
    with pytest.raises(LedgerError) as caught:
        made.hand_over(1, 2, 3, before={2: begin_another})
    assert caught.value.code == "run-over"
    assert made.in_history() == [1]


def test_a_page_is_not_written_into_the_backup_that_was_put_back(ledger: Ledger) -> None:
    """Pages that went with the ledger that was replaced would be missing before it."""
    copy = ledger.path.with_name("copy.db")
    made = Pages(ledger)
    with pytest.raises(LedgerError) as caught:
        made.hand_over(
            1, 2, 3, 4, 5,
            before={2: lambda: back_up(ledger.path, copy), 5: lambda: restore(copy, ledger.path)},
        )  # fmt: skip
    assert caught.value.code == "run-over"
    assert made.in_history() == [1]


@pytest.mark.long
def test_a_ledger_that_another_one_keeps_locked_is_told_as_such(ledger: Ledger) -> None:
    """The writing process's error for people arrives with its code and its exit code."""
    other = sqlite3.connect(ledger.path, isolation_level=None)
    made = Pages(ledger)
    with pytest.raises(LockedError) as caught:
        made.hand_over(1, after={1: lambda: other.execute("BEGIN IMMEDIATE")})
    other.close()
    assert caught.value.code == "ledger-busy"
    assert made.in_history() == []


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The processes that a test starts."""
    processes: list[subprocess.Popen[bytes]] = []

    class Started(subprocess.Popen[bytes]):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            processes.append(self)

    monkeypatch.setattr(subprocess, "Popen", Started)
    return processes


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_writer_leaves_it_to_the_run_when_to_end(
    ledger: Ledger, started: list[subprocess.Popen[bytes]], number: signal.Signals
) -> None:
    """A service that is stopped signals both; the page that is under way is written to its end."""
    made = Pages(ledger)
    made.hand_over(1, 2, 3, before={2: lambda: started[0].send_signal(number)})
    assert made.written == made.in_history() == [1, 2, 3]
    assert started[0].returncode == 0


def test_the_writer_of_a_killed_run_ends_without_a_word(
    ledger: Ledger, started: list[subprocess.Popen[bytes]], capfd: pytest.CaptureFixture[str]
) -> None:
    """Its last page is written; that nobody takes the reply is nothing to print on a terminal."""
    writer = PageWriter(ledger, begin(ledger))
    (process,) = started
    with ledger.transaction():
        writer.send(page_of(1), own=0, seen=99)
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            pipe.close()
    process.wait(30)
    assert Pages(ledger).in_history() == [1]
    assert capfd.readouterr().err == ""


def test_a_killed_writer_is_told_as_such(
    ledger: Ledger, started: list[subprocess.Popen[bytes]]
) -> None:
    """What it had committed stays; the run ends with an error that says what to do."""

    def kill() -> None:
        started[0].kill()

    made = Pages(ledger)
    with pytest.raises(LedgerError) as caught:
        made.hand_over(1, 2, 3, after={2: kill})
    assert caught.value.code == "writer-lost"
    assert "signal 9" in caught.value.message
    assert made.in_history() in ([], [1])
    (process,) = started
    assert process.poll() == -signal.SIGKILL


def test_pages_are_written_without_a_process_where_none_may_begin(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A system that is out of processes makes a sync slower, and the log says why."""
    monkeypatch.setattr(sys, "executable", str(ledger.path / "no-such-python"))
    with writing_behind(ledger, 1, lambda _: None) as behind:
        assert behind is None
    assert "without a process of their own" in caplog.text


def test_the_writer_heeds_no_environment_that_the_run_does_not(tmp_path: Path) -> None:
    """Python with -E or -I is not led astray by PYTHON* variables, and its writer is not either."""
    (tmp_path / "sitecustomize.py").write_text("raise SystemExit(9)")
    code = (
        "import sys; from pathlib import Path; from sfsync.ledger import open_ledger;"
        " from sfsync.ledger.page_writer import PageWriter;"
        " writer = PageWriter(open_ledger(Path(sys.argv[1])), 1); writer.close();"
        " print(writer._process.returncode)"
    )
    ended = subprocess.run(
        [sys.executable, "-E", "-c", code, str(tmp_path / "ledger.db")],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.stdout, ended.stderr) == ("0\n", "")


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
