"""Runs that are killed at any point, stopped by a signal, or started while another is at work."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sfsync import demo
from sfsync.demo.faults import Fault
from sfsync.ledger import history, open_ledger, open_ledger_read_only
from sfsync.ledger.invariants import check_ledger
from sfsync.ledger.invoices import list_invoices
from sfsync.ledger.lock import run_lock
from sfsync.ledger.posting import post_invoice
from tests.sync.dying_writer import DIES_AT
from tests.sync.many_deals import add_many_deals
from tests.sync.twin import newest, view
from tests.sync.world import NOON, POSTING, READS, Conditions, faults_left, new_world, remove_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfsync.ledger import Ledger
    from tests.sync.world import World

ROOT = Path(__file__).parents[2]
ONE_SYNC = Path(__file__).with_name("one_sync.py")
LONG_KILLS = int(os.environ.get("SFSYNC_LONG_KILLS", "50"))


@contextmanager
def org_of(folder: Path, deals: int) -> Iterator[World]:
    """An org of so many deals on loopback, and no ledger."""
    with new_world(folder) as world:
        world.restart()
        with world.store() as store:
            add_many_deals(store, deals)
        yield world


def start(
    world: World, ledger: Path, *, page_size: int, kill_at: int = 0, kill_writer_at: int = 0
) -> subprocess.Popen[str]:
    """A sync as a process of its own; statements at which it, or its writer, kills itself."""
    dies = {DIES_AT: str(kill_writer_at)} if kill_writer_at else {}
    arguments = [str(world.home), str(ledger), str(page_size), str(kill_at)]
    return subprocess.Popen(
        [sys.executable, str(ONE_SYNC), *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **dies},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(world: World, ledger: Path, *, page_size: int) -> tuple[int, float]:
    """Sync to the end; how many statements that took, and how many seconds."""
    began = time.monotonic()
    process = start(world, ledger, page_size=page_size)
    out, problem = process.communicate(timeout=300)
    assert process.returncode == 0, problem
    return int(out), time.monotonic() - began


def killed_at_statement(world: World, ledger: Path, *, page_size: int, statement: int) -> bool:
    """Sync until it kills itself before a statement; whether it came that far."""
    process = start(world, ledger, page_size=page_size, kill_at=statement)
    _, problem = process.communicate(timeout=300)
    assert process.returncode in {0, -signal.SIGKILL}, problem
    return process.returncode != 0


def killed_after(world: World, ledger: Path, *, page_size: int, seconds: float) -> bool:
    """Sync until it is killed from outside; whether it was still at work."""
    process = start(world, ledger, page_size=page_size)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
    process.communicate(timeout=60)
    assert process.returncode in {0, -signal.SIGKILL}
    return process.returncode != 0


def portrait(ledger: Ledger) -> dict[str, Any]:
    """All that a ledger says, without its own ids and times.

    Audit events are counted by action: a page is written whole or not at all, so a run that was
    killed and taken up again writes the very events of an undisturbed one.
    """
    customers = "SELECT l.salesforce_id, l.how, c.name, c.industry, c.phone, c.country"
    names = {row.opportunity_id: row.customer_name for row in list_invoices(ledger)}
    return {
        "invoices": {
            deal: (one.status, one.drifted, names[deal], view(ledger, one.draft))
            for deal, one in newest(ledger).items()
        },
        "customers": sorted(
            ledger.rows(f"{customers} FROM account_link l JOIN customer c ON c.id = l.customer_id")
        ),
        "names": sorted(ledger.rows("SELECT name, external_id FROM customer")),
        "contacts": sorted(
            ledger.rows(
                "SELECT k.salesforce_id, k.name, k.email, c.name FROM contact k"
                " LEFT JOIN customer c ON c.id = k.customer_id"
            )
        ),
        "opportunities": sorted(
            ledger.rows("SELECT salesforce_id, outcome, code, fingerprint FROM opportunity")
        ),
        "failures": sorted(ledger.rows("SELECT sobject, salesforce_id, code FROM failure")),
        "cursors": sorted(ledger.rows("SELECT sobject, full FROM cursor")),
        "events": Counter(action for (action,) in ledger.rows("SELECT action FROM audit_event")),
    }


def check_after_kill(ledger: Path) -> None:
    """The lock is free at once, and what was written is sound."""
    with run_lock(ledger):
        pass
    if ledger.exists():
        with open_ledger(ledger, demo=True) as opened:
            assert check_ledger(opened) == []


@dataclass(frozen=True)
class Undisturbed:
    """A sync that nobody kills: its statements, its seconds, and what its ledger says."""

    statements: int
    seconds: float
    portrait: dict[str, Any]

    @classmethod
    def run(cls, world: World, *, page_size: int) -> Undisturbed:
        """Sync once into a ledger of its own."""
        path = world.folder / "undisturbed.db"
        statements, seconds = finish(world, path, page_size=page_size)
        with world.ledger(path) as ledger:
            return cls(statements, seconds, portrait(ledger))

    def is_reached(self, world: World, path: Path, *, page_size: int) -> list[str]:
        """Sync a killed ledger to the end, which leads to this one; how its runs have ended."""
        finish(world, path, page_size=page_size)
        with world.ledger(path) as ledger:
            assert check_ledger(ledger) == []
            assert portrait(ledger) == self.portrait
            return [run.outcome.value for run in history.list_runs(ledger)]


def seed_of_today() -> int:
    """A new seed, printed so that a failure can be repeated."""
    seed = random.SystemRandom().randrange(2**32)
    sys.stdout.write(f"seed {seed}\n")
    return seed


def kill_and_finish(world: World, *, kills: int, page_sizes: tuple[int, ...], seed: int) -> None:
    """Kill runs at random points, one to three to a ledger; then each ledger is as it should be."""
    chance = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
    whole = Undisturbed.run(world, page_size=page_sizes[0])
    while kills > 0:
        path = world.folder / "killed.db"
        remove_ledger(path)
        page_size = chance.choice(page_sizes)
        died = 0
        for _ in range(min(kills, chance.randint(1, 3))):
            kills -= 1
            if chance.random() < 0.6:
                died += killed_at_statement(
                    world, path, page_size=page_size, statement=chance.randint(1, whole.statements)
                )
            else:
                later = chance.uniform(0.4, 1.0) * whole.seconds
                died += killed_after(world, path, page_size=page_size, seconds=later)
            check_after_kill(path)
        outcomes = whole.is_reached(world, path, page_size=page_size)
        # A run that died before its first write has left no trace.
        assert outcomes.count("interrupted") <= died
        assert set(outcomes) <= {"interrupted", "ok", "partial"}


def test_killed_runs_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    """Five kills in a small org, at the same points each time."""
    with org_of(tmp_path, 400) as world:
        kill_and_finish(world, kills=5, page_sizes=(90, 2000), seed=20261122)


@pytest.mark.long
def test_fifty_kills_of_a_large_sync_lose_nothing(tmp_path: Path) -> None:
    """Fifty kills of a 5,000-deal sync, at new points each time."""
    with org_of(tmp_path, 5000) as world:
        kill_and_finish(world, kills=LONG_KILLS, page_sizes=(2000, 500), seed=seed_of_today())


def kill_the_writer(world: World, *, kills: int, page_size: int, seed: int) -> None:
    """Kill the process that writes at random statements; the run says so, and the next one ends."""
    chance = random.Random(seed)  # noqa: S311 - as above
    whole = Undisturbed.run(world, page_size=page_size)
    path = world.folder / "killed.db"
    lost = 0
    for _ in range(kills):
        remove_ledger(path)
        dies_at = chance.randint(1, 40 * 400 // page_size)
        process = start(world, path, page_size=page_size, kill_writer_at=dies_at)
        _, problem = process.communicate(timeout=300)
        assert process.returncode in {0, 1}
        if process.returncode:
            assert "LedgerError: The process that writes" in problem
            assert "was ended by signal 9" in problem
            lost += 1
        check_after_kill(path)
        whole.is_reached(world, path, page_size=page_size)
    assert lost


def test_a_killed_writer_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    """Three kills of the process that writes pages: the run fails by name, the next one goes on."""
    with org_of(tmp_path, 400) as world:
        kill_the_writer(world, kills=3, page_size=90, seed=20261122)


@pytest.mark.long
def test_many_killed_writers_lose_nothing(tmp_path: Path) -> None:
    """Kills at new statements each time."""
    with org_of(tmp_path, 400) as world:
        kill_the_writer(world, kills=LONG_KILLS, page_size=90, seed=seed_of_today())


def test_deals_that_are_told_of_twice_get_one_invoice(tmp_path: Path) -> None:
    """Pages that begin with the end of the one before, whose deals are still being written."""
    with new_world(tmp_path) as world:
        world.restart()
        world.sync()
        with world.ledger() as ledger:
            expected = portrait(ledger)
        again = world.folder / "again.db"
        world.sync(conditions=Conditions(page_size=10, repeated=4), path=again)
        with world.ledger(again) as ledger:
            assert check_ledger(ledger) == []
            found = portrait(ledger)
    assert found == expected


# -- the command itself, on a demo folder ----------------------------------------------------------


@pytest.fixture
def demo_folder(tmp_path: Path) -> Path:
    """A demo folder, as `sfsync demo start` makes it."""
    folder = tmp_path / "books"
    started = sfsync(tmp_path, "demo", "start", str(folder))
    assert started.wait(60) == 0
    started.communicate()
    return folder


def sfsync(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """The command, as a process that has a home of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "sfsync", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "SFSYNC_HOME": str(folder / "home")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def stall(folder: Path, nth: int, seconds: float) -> None:
    """Let the nth read from now take so long."""
    demo.plan_faults(folder / "demo-org.db", [Fault(READS, nth, "delay", str(seconds))])


def wait_for_run(ledger: Path) -> None:
    """Until a run is at work and has written something."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if ledger.exists():
            with open_ledger(ledger, demo=True) as opened:
                if opened.row("SELECT count(*) FROM account_link")[0]:
                    return
        time.sleep(0.02)
    pytest.fail("no run began")


def wait_for_stall(folder: Path) -> None:
    """Until the read that `stall` holds up has begun."""
    deadline = time.monotonic() + 30
    while faults_left(folder / "demo-org.db"):
        assert time.monotonic() < deadline, "nothing was held up"
        time.sleep(0.02)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_run_as_interrupted(
    demo_folder: Path, number: signal.Signals, status: int
) -> None:
    """The exit code names the signal, the history says interrupted, and the next run goes on."""
    ledger = demo_folder / "demo.db"
    stall(demo_folder, 4, 3)  # the deals; accounts and contacts are written by then
    process = sfsync(demo_folder, "sync", "--now")
    wait_for_run(ledger)
    wait_for_stall(demo_folder)
    process.send_signal(number)
    _, said = process.communicate(timeout=30)
    assert process.returncode == status, said
    assert "Traceback" not in said
    check_after_kill(ledger)
    with open_ledger_read_only(ledger) as opened:
        assert history.show_run(opened).summary.outcome.value == "interrupted"
    again = sfsync(demo_folder, "sync", "--now")
    again.communicate(timeout=60)
    assert again.returncode == 3
    with open_ledger(ledger, demo=True) as opened:
        assert len(list(list_invoices(opened))) == 22
        assert check_ledger(opened) == []


def start_at_once(folder: Path, processes: int) -> list[int]:
    """Exit codes of so many syncs started together; the one that works waits for the others."""
    first = sfsync(folder, "sync", "--now")
    first.communicate(timeout=60)
    org = sqlite3.connect(folder / "demo-org.db", isolation_level=None)
    with closing(org):
        # The org answers nobody while its file is held; who is refused has not asked it.
        org.execute("BEGIN IMMEDIATE")
        running = [sfsync(folder, "sync", "--now") for _ in range(processes)]
        deadline = time.monotonic() + 25
        while sum(process.poll() is None for process in running) > 1:
            assert time.monotonic() < deadline, "more than one is at work"
            time.sleep(0.02)
    for process in running:
        process.communicate(timeout=120)
    return sorted(process.returncode for process in running)


def one_worked(folder: Path, codes: list[int]) -> None:
    """One run more in the history, and everybody else was told that another holds the ledger."""
    assert codes == [0] + [7] * (len(codes) - 1)
    with open_ledger(folder / "demo.db", demo=True) as ledger:
        assert len(list(history.list_runs(ledger))) == 2
        assert check_ledger(ledger) == []


def test_of_many_syncs_at_once_one_works(demo_folder: Path) -> None:
    """Six at once: one works, five exit 7."""
    one_worked(demo_folder, start_at_once(demo_folder, 6))


@pytest.mark.long
def test_of_twenty_syncs_at_once_one_works(demo_folder: Path) -> None:
    """Twenty at once: one works, nineteen exit 7."""
    one_worked(demo_folder, start_at_once(demo_folder, 20))


def post_while_syncing(world: World, deals: int, page_size: int, *, pause: float) -> list[float]:
    """Seconds that posting took, draft by draft, while another process wrote `deals` new deals."""
    world.sync()
    with world.store() as store:
        add_many_deals(store, deals)
    world.expire_sessions()
    process = start(world, world.ledger_path, page_size=page_size)
    taken = []
    with world.ledger() as ledger:
        drafts = [one.draft for one in newest(ledger).values() if one.status == "draft"]
        before = history.show_run(ledger).summary.run
        while history.show_run(ledger).summary.run == before:
            time.sleep(0.01)
        for draft in drafts:
            if process.poll() is not None:
                break
            began = time.monotonic()
            post_invoice(ledger, draft, POSTING, today=NOON.date())
            taken.append(time.monotonic() - began)
            time.sleep(pause)
    _, problem = process.communicate(timeout=300)
    assert process.returncode == 0, problem
    with world.ledger() as ledger:
        assert check_ledger(ledger) == []
        posted = [one for one in newest(ledger).values() if one.status == "posted"]
        assert len(posted) == len(taken)
    return taken


def test_posting_does_not_wait_for_a_running_sync(tmp_path: Path) -> None:
    """Drafts are posted from another process while a sync writes."""
    with new_world(tmp_path) as world:
        world.restart()
        taken = post_while_syncing(world, 300, 100, pause=0.03)
    assert len(taken) >= 3


@pytest.mark.long
def test_posting_does_not_wait_for_a_large_sync(tmp_path: Path) -> None:
    """The same while pages of 2,000 deals are written."""
    with new_world(tmp_path) as world:
        world.restart()
        taken = post_while_syncing(world, 5000, 2000, pause=0.03)
    sys.stdout.write(f"posting took at most {max(taken):.3f} s\n")
    assert len(taken) >= 3
