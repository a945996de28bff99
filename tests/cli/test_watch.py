from __future__ import annotations

import gc
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sfsync import demo
from sfsync.cli.context import Context
from sfsync.cli.frame.flags import GlobalFlags
from sfsync.cli.orgs import open_org_for
from sfsync.cli.watch import Watch
from sfsync.cli.watch_screen import WatchScreen
from sfsync.demo.faults import Fault
from sfsync.demo.state import opened
from sfsync.demo.store import OrgStore
from sfsync.ledger import history, open_ledger_read_only
from sfsync.ledger.invariants import check_ledger
from sfsync.ledger.invoices import list_invoices
from sfsync.sync.watching import Rhythm, beats

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.cli.command_line import Sfsync

ORG, LEDGER = Path("demo-org.db"), Path("demo.db")


def test_a_deal_that_is_won_is_a_draft_within_an_interval(
    books: Sfsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One run at the beginning, one for the deal, none for quiet intervals; then exit 0."""
    before = len(books("invoice", "list", "--json").document["result"])
    waits: list[float] = []

    def wait(seconds: float) -> None:
        if not waits:
            demo.close_deal(ORG, "Planted", "4321.00")
        waits.append(seconds)

    rhythm = partial(Rhythm, clock=lambda: sum(waits), sleep=wait)
    monkeypatch.setattr("sfsync.cli.watch.Rhythm", rhythm)
    done = books("sync", "watch", "--every", "1s", "--for", "3s", "--json")
    assert (done.status, done.err) == (0, "")
    result = done.document["result"]
    assert (result["intervals"], result["runs"], result["troubles"]) == (3, 2, 0)
    assert result["counts"] == {"created": 1, "updated": 0, "failed": 0, "drifted": 0}
    runs = books("history", "list", "--json").document["result"]
    assert [run["trigger"] for run in runs] == ["watch", "watch", "manual"]
    assert runs[0]["counts"]["opportunities"]["created"] == 1
    assert len(books("invoice", "list", "--json").document["result"]) == before + 1


@pytest.mark.long
def test_between_looks_the_ledger_is_free(books: Sfsync, home: Path) -> None:
    """Another sync works while a watch waits; a pipe gets one line per run that did something."""
    assert books("status").status == 0
    demo.close_deal(ORG, "Planted", "4321.00")
    found: list[int] = []

    def sync_too() -> None:
        until(lambda: _runs() == ["ok", "partial"])
        # The history has the run a moment before its lock is free.
        with _started(home, "--now", "--lock-wait", "20s") as process:
            process.communicate(timeout=30)
        found.append(process.returncode)

    other = threading.Thread(target=sync_too)
    other.start()
    done = books("sync", "watch", "--every", "60s", "--for", "5s")
    other.join()
    assert found == [0]
    (line,) = done.out.splitlines()
    assert line.split("\t")[1:] == ["2", "ok", "opportunities: 1 created"]
    assert done.err.splitlines()[-1].endswith("1 look, 1 run: 1 created")


def test_a_terminal_has_one_status_line(books: Sfsync) -> None:
    """It is drawn over itself, and taken away at the end."""
    done = books("sync", "watch", "--every", "1s", "--for", "1s", terminal=True)
    assert done.status == 0
    assert "\r\x1b[2K" in done.err
    status = done.err.split("\r\x1b[2K")[2]
    assert "watching DEMO Northwind Traders" in status
    assert "\n" not in status
    assert done.err.split("\r\x1b[2K")[-1].startswith("Watched DEMO Northwind Traders")


def test_too_short_an_interval_is_refused(books: Sfsync) -> None:
    """An org is not asked all the time; what is no time is named."""
    assert books("sync", "watch", "--every", "0.2s").status == 2
    assert "'soon' is not a time" in books("sync", "watch", "--for", "soon").err


@pytest.mark.long
@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGTERM, 143), (signal.SIGINT, 130)],
)
def test_a_signal_ends_a_watch_cleanly(
    books: Sfsync, home: Path, number: signal.Signals, status: int
) -> None:
    """While it waits: the exit code of the signal, and what was done so far beside the error."""
    assert books("status").status == 0
    process = _started(home, "watch", "--every", "60s")
    until(lambda: _runs() == ["ok", "partial"])
    time.sleep(0.3)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (status, "")
    error = json.loads(out)["error"]
    assert error["watch"]["runs"] == 1
    assert _runs() == ["ok", "partial"]


def _started(home: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "sfsync", "sync", *words, "--json"],
        env={**os.environ, "SFSYNC_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.long
def test_a_signal_in_the_middle_of_a_run_rolls_its_page_back(books: Sfsync, home: Path) -> None:
    """The run is interrupted, the ledger whole, and the next watch goes on from there."""
    assert books("status").status == 0
    before = len(books("invoice", "list", "--json").document["result"])
    demo.close_deal(ORG, "Planted", "4321.00")
    demo.plan_faults(ORG, [Fault("/services/data", 3, "delay", "3")])
    process = _started(home, "watch", "--every", "60s")
    until(lambda: _runs() == ["running", "partial"])
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 143
    assert _runs() == ["interrupted", "partial"]
    with open_ledger_read_only(LEDGER.absolute()) as ledger:
        assert check_ledger(ledger) == []
    assert books("sync", "watch", "--every", "1s", "--for", "1s", "-q").status == 0
    assert len(books("invoice", "list", "--json").document["result"]) == before + 1


def _runs() -> list[str]:
    with open_ledger_read_only(LEDGER.absolute()) as ledger:
        return [run.outcome.value for run in history.list_runs(ledger)]


def until(true: Callable[[], bool]) -> None:
    """Wait for something, half a minute at most."""
    for _ in range(600):
        if true():
            return
        time.sleep(0.05)
    raise AssertionError("it never came to pass")


@contextmanager
def watching(**flags: Any) -> Iterator[Watch]:
    """A watch in this process, whose steps the test takes."""
    context = Context(
        flags=GlobalFlags(config=Path("mappings.yaml").absolute(), quiet=True, **flags)
    )
    settings = context.settings()
    with open_org_for(context, settings) as org:
        yield Watch(context, org, settings, WatchScreen(context, org, 60))


def test_a_watch_takes_up_what_people_change_here(books: Sfsync) -> None:
    """An edited mapping file, and a decision about a deal, are a run each; a broken file is not."""
    config = Path("mappings.yaml")
    failed = books("history", "show", "--failed", "--json").document["result"]["records"]
    deal = failed[0]["salesforce_id"]
    with watching() as watch:
        assert watch.step() is not None
        assert watch.step() is None
        config.write_text(config.read_text().replace("min_amount: 500.00", "min_amount: 900.00"))
        assert watch.step() is not None
        good = config.read_text()
        config.write_text(good.replace("min_amount:", "min_amuont:"))
        assert watch.step() is None
        config.write_text(good)
        assert watch.step() is not None
        assert books("opportunity", "ignore", deal, "--reason", "invoiced elsewhere").status == 0
        assert watch.step() is not None
        assert watch.step() is None


def test_after_an_outage_there_is_one_run(books: Sfsync) -> None:
    """The troubles leave no run behind; the first look that works again is one."""
    assert books("status").status == 0
    with watching() as watch:
        watch.step()
        before = len(_runs())
        demo.break_org(ORG, "api-limit")
        rhythm = Rhythm(60, sleep=lambda _: None)
        broken = [beat for beat, _ in zip(beats(watch.step, rhythm), range(2), strict=False)]
        assert [beat.trouble is not None for beat in broken] == [True, True]
        assert len(_runs()) == before
        demo.fix_org(ORG, "api-limit")
        assert watch.step() is not None
        assert watch.step() is None


def test_a_quiet_org_is_not_taken_for_a_dead_sync(
    books: Sfsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run now and then, half as long after the last one as monitoring allows."""
    assert books("status").status == 0
    with watching() as watch:
        assert [watch.step() is None for _ in range(2)] == [False, True]
        monkeypatch.setattr("sfsync.cli.watch.overdue_after", lambda _: timedelta(0))
        assert watch.step() is not None
        monkeypatch.setattr("sfsync.cli.watch.overdue_after", lambda _: timedelta(hours=1))
        assert watch.step() is None


def _rss() -> float:
    """Memory of this process in MiB."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@pytest.mark.long
def test_a_long_watch_keeps_its_memory(books: Sfsync) -> None:
    """Three thousand intervals, every thirtieth with a run: no more than a few MiB."""
    assert books("status").status == 0
    demo.change_setting(ORG, "api.daily_limit", 10_000_000)
    with watching() as watch:
        for interval in range(3300):
            if interval == 300:
                before = _rss()
            if interval % 30 == 0:
                demo.close_deal(ORG, f"Planted {interval}", "4321.00")
            watch.step()
        grown = _rss() - before
    sys.stdout.write(f"memory grew by {grown:.1f} MiB from {before:.0f}\n")
    assert grown < 12


def _numbers(what: str) -> list[int]:
    """How many opportunities each run of a watch created, or updated."""
    with open_ledger_read_only(LEDGER.absolute()) as ledger:
        assert check_ledger(ledger) == []
        return [
            getattr(run.counts["opportunities"], what)
            for run in history.list_runs(ledger)
            if run.trigger == "watch"
        ]


def _drafts() -> dict[str, str]:
    """The description of each invoice, by its deal."""
    with open_ledger_read_only(LEDGER.absolute()) as ledger:
        return {one.opportunity_id: one.description for one in list_invoices(ledger)}


@pytest.mark.long
def test_every_change_under_faults_becomes_its_outcome_once(books: Sfsync) -> None:
    """A hundred and twenty intervals: outages, cut replies, spent sessions; the seed is printed.

    Deals are won, and each draft's deal is renamed once, after it was seen.
    """
    seed = random.SystemRandom().randrange(2**32)
    sys.stdout.write(f"seed {seed}\n")
    chance = random.Random(seed)  # noqa: S311 - a test
    assert books("status").status == 0
    before, planted, renamed = _drafts(), 0, dict[str, str]()
    actions = ("status", "html", "reset", "truncate")
    with watching() as watch:
        rhythm = Rhythm(0, sleep=lambda _: None)
        for _, interval in zip(beats(watch.step, rhythm), range(120), strict=False):
            if chance.random() < 0.3:
                planted += 1
                demo.close_deal(ORG, f"Planted {interval}", "4321.00")
            untouched = sorted(_drafts().keys() - before.keys() - renamed.keys())
            if untouched and chance.random() < 0.3:
                deal = chance.choice(untouched)
                renamed[deal] = f"Renamed {interval}"
                with OrgStore.open(ORG) as store:
                    store.update("Opportunity", deal, {"Name": renamed[deal]})
            if chance.random() < 0.1:
                with opened(ORG) as state:
                    state.write("UPDATE wire_session SET revoked = 1")
            if chance.random() < 0.2:
                nth = chance.randrange(1, 12)
                demo.plan_faults(ORG, [Fault("/services", nth, chance.choice(actions))])
        watch.step()
        watch.step()
    found = _drafts()
    assert len(found) == len(before) + planted
    assert {deal: found[deal] for deal in renamed} == renamed
    created, updated = _numbers("created"), _numbers("updated")
    assert (sum(created), sum(updated)) == (planted, len(renamed))
    idle = sum(not any(numbers) for numbers in zip(created, updated, strict=True))
    assert idle <= 25, "a run without anything to do only follows trouble"
