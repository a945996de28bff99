"""Exports of many invoices: seconds from start to exit, of the clock and of the processor, and MiB.

    python -m benchmarks.export_many                 # 100,000 invoices
    python -m benchmarks.export_many --invoices 20000 --keep /tmp/many.db

The ledger is made through its own doors first, four lines to a deal at the most, in four
currencies; that takes minutes and is not part of the figures.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.ledger.ledger_books import new_ledger
from tests.ledger.many_invoices import many_invoices

LIMITS = {"invoices.xlsx": (30.0, 300.0), "invoices.csv": (5.0, None)}
"""Seconds and MiB, for 100,000 invoices."""
RUNS = (
    *(("export invoices", f"invoices.{kind}") for kind in ("csv", "xlsx", "jsonl", "html")),
    *(("export lines", "lines.csv"), ("export lines", "lines.xlsx")),
    *(("export journal", "journal.csv"), ("export customers", "customers.csv")),
    *(("invoice list", f"list.{kind}") for kind in ("csv", "json", "xlsx", "pdf")),
    *(("report revenue --rows", "rows.csv"), ("report pipeline", "pipeline.json")),
    ("audit list", "audit.jsonl"),
)


def main() -> None:
    """Make the ledger, then one export after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--invoices", type=int, default=100_000)
    parser.add_argument("--keep", type=Path, help="use this ledger, or make it here")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = asked.keep or Path(folder) / "many.db"
        if not path.exists():
            begun = time.perf_counter()
            with new_ledger(path) as ledger:
                many_invoices(ledger, asked.invoices)
            print(f"made {asked.invoices:,} invoices in {time.perf_counter() - begun:.0f} s")
        print(f"{'file':<16}{'seconds':>9}{'of CPU':>9}{'MiB held':>10}{'MiB file':>10}   limit")
        for words, name in RUNS:
            _measure(path, words, Path(folder) / name)


def _measure(ledger: Path, words: str, target: Path) -> None:
    command = [sys.executable, "-m", "sfsync", *words.split(), "-o", str(target), "-q"]
    begun = time.perf_counter()
    process = subprocess.Popen(
        [*command, "--ledger", str(ledger)], env={**os.environ, "SFSYNC_HOME": str(target.parent)}
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begun
    if status:
        raise SystemExit(f"{words} failed: {status}")
    held = usage.ru_maxrss / 1024
    size = target.stat().st_size / 1024**2
    cpu = usage.ru_utime + usage.ru_stime
    figures = f"{seconds:>9.1f}{cpu:>9.1f}{held:>10.0f}{size:>10.1f}"
    print(f"{target.name:<16}{figures}   {_limit(target.name)}")


def _limit(name: str) -> str:
    seconds, memory = LIMITS.get(name, (None, None))
    parts = [f"{seconds:.0f} s" if seconds else "", f"{memory:.0f} MiB" if memory else ""]
    return ", ".join(part for part in parts if part)


if __name__ == "__main__":
    main()
