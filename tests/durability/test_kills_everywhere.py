"""SIGKILL before every step of every command that writes; one more run makes it as undisturbed."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.durability.workshop import differences

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.durability.workshop import Workshop

REASON = ("--reason", "test", "--yes")
OTHERS = ("D-000002", "D-000003", "D-000004")


@dataclass(frozen=True)
class Case:
    """A command.

    `again` is how a second one after a finished one ends; None: it would be a second one of its
    kind, so that nobody runs it again who sees that it is there. `whole`: it is one transaction.
    `first`: it starts where there is no ledger yet; `eventful`: after a day on which much happened.
    `posts`: the config lets drafts be posted by themselves.
    """

    argv: tuple[str, ...]
    again: int | None = 0
    status: int = 0
    whole: bool = True
    first: bool = False
    eventful: bool = False
    posts: bool = False
    migrates: bool = False


CASES = {
    "first-sync": Case(("sync", "--now"), status=3, whole=False, first=True),
    "sync": Case(("sync", "--now"), whole=False),
    "sync-eventful": Case(("sync", "--now"), again=3, status=3, whole=False, eventful=True),
    "sync-full": Case(("sync", "--now", "--full"), again=3, status=3, whole=False,
                      eventful=True),
    "sync-posts": Case(("sync", "--now"), again=3, status=3, whole=False, eventful=True,
                       posts=True),
    "post": Case(("invoice", "post", "D-000005"), again=11),
    "post-many": Case(("invoice", "post", *OTHERS, "--yes"), again=11),
    "edit": Case(("invoice", "edit", "D-000005", "--set", "description=Other")),
    "delete": Case(("invoice", "delete", "D-000005", *REASON), again=11),
    "reverse": Case(("invoice", "reverse", "D-000006", *REASON), again=11),
    "credit": Case(("invoice", "credit", "D-000006", "--amount", "10", *REASON), again=None),
    "pay": Case(("payment", "add", "D-000001", "--amount", "9", "--date", "2026-11-21"),
                again=None),
    "pay-once": Case(("payment", "add", "D-000001", "--amount", "9", "--date", "2026-11-21",
                      "--idempotency-key", "bank-7")),
    "void": Case(("payment", "void", "P-000001", *REASON), again=11),
    "migrate": Case(("db", "migrate"), migrates=True),
    "backup": Case(("db", "backup", "copy.db", "--force")),
    "restore": Case(("db", "restore", "before.db", "--yes"), whole=False),
    # Each that is finished is told of in the audit trail, so that a second one is a second event.
    "list-csv": Case(("invoice", "list", "--format", "csv", "-o", "list.csv", "--force"),
                     again=None),
    **{f"export-{kind}": Case(("export", "invoices", "-o", f"sold.{kind}", "--force"), again=None,
                              whole=False)
       for kind in ("xlsx", "pdf", "html", "csv", "jsonl")},
    "pdf": Case(("invoice", "pdf", "D-000001", "-o", "one.pdf", "--force"), again=None,
                whole=False),
    "journal": Case(("journal", "export", "--format", "csv", "-o", "books.csv", "--force"),
                    again=None, whole=False),
}  # fmt: skip


def _points(total: int, wanted: int) -> range:
    """So many points spread over all, or all of them."""
    stride = max(total // wanted, 1) if wanted else 1
    return range((stride + 1) // 2, total + 1, stride)


_ENDS = {signal.SIGKILL: -9, signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 143}


def _kill_at_points(
    case: Case,
    base: Workshop,
    folder: Path,
    wanted: int,
    number: signal.Signals = signal.SIGKILL,
) -> int:
    """Kill at each of the points, check, run once more, compare; how many points that were."""
    base = base.copy(folder / "base")
    if case.posts:
        config = base.work / "mappings.yaml"
        text = config.read_text(encoding="utf-8")
        config.write_text(
            text.replace("auto_post: off", "auto_post: {max_amount: 5000}"), encoding="utf-8"
        )
    if case.migrates:
        base.second_migration = str(base.folder / "002-second.sql")
    before = base.portrait()
    undisturbed = base.copy(folder / "undisturbed")
    ended = undisturbed.run(*case.argv, number=number)
    assert ended.status == case.status, ended
    total = ended.points
    expected, files = undisturbed.portrait(), undisturbed.files()
    points = _points(total, wanted)
    for point in points:
        killed = base.copy(folder / "killed")
        ended = killed.run(*case.argv, kill_at=point, number=number)
        # Two threads of a sync need not take the same number of steps each time, and what was all
        # but done when a signal came may end well.
        late = point > total * 0.9 and (not case.whole or number is not signal.SIGKILL)
        assert ended.status == _ENDS[number] or late, (point, ended)
        found = killed.portrait()
        assert not case.whole or found in (before, expected), point
        for name, content in killed.files().items():
            assert name in base.files() or len(content) == len(files[name]), (point, name)
        if found != expected or case.again is not None:
            again = killed.run(*case.argv)
            allowed = {case.status, 0} if found != expected else {case.again, 0}
            assert again.status in allowed, (point, again)
        assert differences(killed.portrait(), expected) == [], point
        assert killed.files().keys() == files.keys(), point
    return len(points)


@pytest.fixture
def starts(fresh: Workshop, books: Workshop, eventful: Workshop) -> Callable[[Case], Workshop]:
    """Where a case starts from."""
    return lambda case: fresh if case.first else eventful if case.eventful else books


@pytest.mark.parametrize(
    "name", ["first-sync", "sync-posts", "post-many", "credit", "pay-once", "migrate", "restore"]
)
def test_a_kill_at_some_steps_loses_and_doubles_nothing(
    name: str, starts: Callable[[Case], Workshop], tmp_path: Path
) -> None:
    """Sound after the kill, no partial file, and as undisturbed after one more run."""
    case = CASES[name]
    assert _kill_at_points(case, starts(case), tmp_path, 1) >= 1


@pytest.mark.parametrize(
    ("name", "number"), [("sync", signal.SIGINT), ("post-many", signal.SIGHUP)]
)
def test_a_signal_at_some_steps_ends_in_order(
    name: str, number: signal.Signals, books: Workshop, tmp_path: Path
) -> None:
    """Ctrl-C is 130, SIGTERM and a closed terminal 143; nothing is half done, nothing lost."""
    _kill_at_points(CASES[name], books, tmp_path, 1, number)


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("name", ["first-sync", "post-many", "migrate", "backup", "restore"])
def test_a_signal_in_any_phase_ends_in_order(
    name: str, number: signal.Signals, starts: Callable[[Case], Workshop], tmp_path: Path
) -> None:
    """The same in long work of each kind, at forty steps or SFSYNC_LONG_POINTS of each."""
    case = CASES[name]
    wanted = int(os.environ.get("SFSYNC_LONG_POINTS", "40"))
    _kill_at_points(case, starts(case), tmp_path, min(wanted, 40), number)


@pytest.mark.long
@pytest.mark.parametrize("name", CASES)
def test_a_kill_at_every_step_loses_and_doubles_nothing(
    name: str, starts: Callable[[Case], Workshop], tmp_path: Path
) -> None:
    """The same at every step there is, or at SFSYNC_LONG_POINTS of them."""
    case = CASES[name]
    wanted = int(os.environ.get("SFSYNC_LONG_POINTS", "0"))
    killed = _kill_at_points(case, starts(case), tmp_path, wanted)
    sys.stdout.write(f"{name}: killed at {killed} points\n")
