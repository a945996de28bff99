"""Writers killed at any moment, and backups made meanwhile."""

from __future__ import annotations

import os
import random
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sfsync.ledger import open_ledger, open_ledger_read_only
from sfsync.ledger.backups import back_up
from sfsync.ledger.invariants import check_ledger
from sfsync.ledger.restoring import restore
from tests.durability.workshop import ROOT, differences, portrait
from tests.ledger.ledger_books import fill, new_ledger

if TYPE_CHECKING:
    from sfsync.ledger import Ledger

WRITERS = Path(__file__).with_name("writers.py")


def _start(path: Path, writers: int) -> subprocess.Popen[str]:
    """So many writers in a process group of their own, all at work."""
    started = subprocess.Popen(
        [sys.executable, str(WRITERS), str(path), str(writers)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert started.stdout is not None
    assert started.stdout.readline() == "began\n"
    return started


def _kill(started: subprocess.Popen[str]) -> list[list[str]]:
    """Kill them all at once; what they had said, word by word."""
    os.killpg(started.pid, signal.SIGKILL)
    said, _ = started.communicate(timeout=60)
    return [line.split(" ", 2) for line in said.splitlines(keepends=False)]


def _require_kept(ledger: Ledger, said: list[list[str]]) -> None:
    """Everything that was acknowledged is there, numbers have no gap, no rule is broken."""
    texts = dict(ledger.rows("SELECT draft, description FROM document"))
    numbers = dict(ledger.rows("SELECT draft, number FROM document WHERE number IS NOT NULL"))
    (payments,) = ledger.row("SELECT count(*) FROM payment")
    for what, draft, result in said:
        if what == "edited":
            assert texts[draft].startswith("edited by ")
        elif what == "posted":
            assert numbers[draft] == result
    paid = [result for what, _, result in said if what == "paid"]
    assert len(set(paid)) == len(paid) <= payments
    expected = [f"INV-2026-{number:05}" for number in range(1, len(numbers) + 1)]
    assert sorted(numbers.values()) == expected
    assert check_ledger(ledger) == []


def _kill_writers(path: Path, writers: int, rounds: int, seed: int) -> int:
    """Start and kill them so often on one ledger; how much was acknowledged."""
    chance = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
    said: list[list[str]] = []
    for _ in range(rounds):
        started = _start(path, writers)
        # A busy machine takes its time for the first of them.
        assert started.stdout is not None
        select.select([started.stdout], [], [], 30)
        time.sleep(chance.uniform(0.05, 0.4))
        said += _kill(started)
        with open_ledger(path) as ledger:
            _require_kept(ledger, said)
    return len(said)


def test_killed_writers_lose_nothing_that_they_acknowledged(tmp_path: Path) -> None:
    """Four writers that edit, post and take payments, killed once at work."""
    path = tmp_path / "ledger.db"
    with new_ledger(path) as ledger:
        fill(ledger, 200)
    assert _kill_writers(path, 4, 1, seed=20261122) > 0


@pytest.mark.long
@pytest.mark.parametrize("writers", [1, 4, 8])
def test_writers_killed_many_times_lose_nothing(writers: int, tmp_path: Path) -> None:
    """Two hundred rounds in all, or SFSYNC_LONG_KILLS, at new moments; the seed is printed."""
    rounds = int(os.environ.get("SFSYNC_LONG_KILLS", "200")) // 3 + 1
    seed = random.SystemRandom().randrange(2**32)
    path = tmp_path / "ledger.db"
    with new_ledger(path) as ledger:
        fill(ledger, 120 * rounds)
    told = _kill_writers(path, writers, rounds, seed)
    sys.stdout.write(f"seed {seed}: {writers} writers, {rounds} kills, {told} acknowledged\n")


@pytest.mark.long
def test_fifty_backups_under_load_are_restored(tmp_path: Path) -> None:
    """Each holds one sound state, private, in one file; restored it is that state and goes on."""
    copies = min(int(os.environ.get("SFSYNC_LONG_KILLS", "50")), 50)
    path, elsewhere = tmp_path / "ledger.db", tmp_path / "elsewhere.db"
    with new_ledger(path) as ledger:
        fill(ledger, 2000 + 30 * copies)
    started = _start(path, 4)
    posted, slowest = [], 0.0
    try:
        for number in range(copies):
            target = tmp_path / f"copy-{number}.db"
            began = time.monotonic()
            back_up(path, target)
            slowest = max(slowest, time.monotonic() - began)
            assert target.stat().st_mode & 0o777 == 0o600
            assert started.poll() is None, "the writers have nothing left to write"
            with open_ledger_read_only(target) as ledger:
                here = portrait(ledger)
                posted.append(ledger.row("SELECT count(*) FROM journal_entry")[0])
            restore(target, elsewhere)
            with open_ledger_read_only(elsewhere) as ledger:
                assert check_ledger(ledger) == []
                there = portrait(ledger)
            told = [row for row in differences(there, here) if "'ledger.restore'" not in row]
            assert told == []
            target.unlink()
    finally:
        _kill(started)
    assert posted == sorted(posted)
    assert posted[-1] > posted[0]
    sys.stdout.write(f"{copies} backups, at most {slowest:.2f} s each\n")
