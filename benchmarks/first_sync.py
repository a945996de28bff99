"""How near the sync runs to the floor, in whole processes timed in turn (A B A B …).

``first_sync.py [first|full-unchanged|no-change|growth] [--deals N] [--latency MS] [--pairs K]``

first           the floor (A) and a first sync (B)
full-unchanged  a first sync (A) and a full sync of the same org again (B), which may write nothing
no-change       an incremental sync when nothing changed, on a ledger that is prepared once
growth          a first sync of a tenth of the deals (A) and of all of them (B)

Ratios are taken pair by pair, because the machine's speed drifts; quote the medians.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).parent
OF_A_RUN = frozenset({"run", "run_record", "run_page", "cursor"})
"""Tables in which every run leaves its own rows."""


@dataclass(frozen=True)
class Timed:
    """One process from start to exit: seconds of wall clock and of processor, MiB, its output."""

    wall: float
    cpu: float
    peak: float
    output: str


def timed(script: str, *arguments: str | Path) -> Timed:
    """Run a script of this folder.

    Raises:
        SystemExit: it failed.
    """
    command = [sys.executable, str(HERE / script), *map(str, arguments)]
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None  # noqa: S101 - it is piped
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{script} failed: exit {process.returncode}")
    return Timed(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output)


@contextmanager
def rendered_org(deals: int, latency: float) -> Iterator[str]:
    """An org of so many deals in a process of its own; its URL once every reply is rendered."""
    command = [sys.executable, str(HERE / "rendered_org.py"), str(deals), str(latency)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None  # noqa: S101 - it is piped
        try:
            yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
        finally:
            server.kill()


def floor(url: str) -> Timed:
    """The floor, into a folder that is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        return timed("floor.py", url, Path(folder, "floor.db"))


def first(url: str) -> Timed:
    """A first sync, into a folder that is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        return timed("sync_once.py", url, folder)


def compare_with_floor(deals: int, latency: float, pairs: int) -> None:
    """The floor and a first sync in turn."""
    with rendered_org(deals, latency) as url:
        report("floor", "first sync", [(floor(url), first(url)) for _ in range(pairs)])


def compare_with_full(deals: int, latency: float, pairs: int) -> None:
    """A first sync and then a full one, in turn; the second may write nothing but its own run."""
    measured = []
    with rendered_org(deals, latency) as url:
        for _ in range(pairs):
            with tempfile.TemporaryDirectory() as folder:
                before = timed("sync_once.py", url, folder)
                ledger = Path(folder, "ledger.db")
                digest = digest_of(ledger)
                again = timed("sync_once.py", url, folder, "full")
                if digest_of(ledger) != digest:
                    raise SystemExit("a full sync of an unchanged org has written to the ledger")
                measured.append((before, again))
    report("first sync", "full sync, nothing changed", measured)


def without_change(deals: int, latency: float, pairs: int) -> None:
    """Incremental syncs when nothing changed."""
    with rendered_org(deals, latency) as url, tempfile.TemporaryDirectory() as folder:
        timed("sync_once.py", url, folder)
        runs = [timed("sync_once.py", url, folder) for _ in range(pairs)]
    show("no-change sync", runs)
    print(f"API calls: {json.loads(runs[-1].output)['calls']}")


def compare_sizes(deals: int, latency: float, pairs: int) -> None:
    """A first sync of a tenth of the deals, and of all of them."""
    with rendered_org(deals // 10, latency) as small, rendered_org(deals, latency) as large:
        measured = [(first(small), first(large)) for _ in range(pairs)]
    report(f"{deals // 10:,} deals", f"{deals:,} deals", measured)


def digest_of(ledger: Path) -> str:
    """A hash of every row that is not a run's own."""
    found = hashlib.sha256()
    connection = sqlite3.connect(ledger)
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    for (name,) in names.fetchall():
        if name not in OF_A_RUN:
            for row in connection.execute(f'SELECT * FROM "{name}"'):  # noqa: S608 - a table's name
                found.update(repr(row).encode("utf-8", "surrogatepass"))
    connection.close()
    return found.hexdigest()


def report(first_name: str, second_name: str, measured: list[tuple[Timed, Timed]]) -> None:
    """Medians of both, and of the ratio of each pair."""
    show(first_name, [a for a, _ in measured])
    show(second_name, [b for _, b in measured])
    wall = [b.wall / a.wall for a, b in measured]
    cpu = [b.cpu / a.cpu for a, b in measured]
    print(f"ratio, wall: {median(wall):.2f} ({min(wall):.2f} to {max(wall):.2f})")
    print(f"ratio, processor: {median(cpu):.2f} ({min(cpu):.2f} to {max(cpu):.2f})")
    print(f"memory: {max(b.peak for _, b in measured) - max(a.peak for a, _ in measured):+.0f} MiB")


def show(name: str, runs: list[Timed]) -> None:
    """The medians of one command."""
    wall, cpu = median(one.wall for one in runs), median(one.cpu for one in runs)
    peak = max(one.peak for one in runs)
    print(f"{name}: {wall:.2f} s, processor {cpu:.2f} s, peak {peak:.0f} MiB ({len(runs)} runs)")


MODES: dict[str, Callable[[int, float, int], None]] = {
    "first": compare_with_floor,
    "full-unchanged": compare_with_full,
    "no-change": without_change,
    "growth": compare_sizes,
}


def main() -> None:
    """Measure one mode and print it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("mode", choices=MODES, nargs="?", default="first")
    parser.add_argument("--deals", type=int, default=100_000, help="with three lines each")
    parser.add_argument("--latency", type=float, default=0, help="milliseconds on every reply")
    parser.add_argument("--pairs", type=int, default=5)
    asked = parser.parse_args()
    MODES[asked.mode](asked.deals, asked.latency / 1000, asked.pairs)


if __name__ == "__main__":
    main()
