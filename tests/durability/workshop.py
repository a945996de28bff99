"""A folder with a demo org and its books, copies of it, and the product at work in them."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

from sfsync.ledger import migrations, open_ledger_read_only
from sfsync.ledger.invariants import check_ledger
from sfsync.ledger.lock import run_lock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfsync.ledger import Ledger

ROOT = Path(__file__).parents[2]
_OF_RUNS = {"run", "run_record", "run_page", "auto_post", "config_text", "_sqlite_migrations"}
"""Tables that tell of runs: one that was killed is on record, and that is right."""
_NAMES_OF_RUNS = {"run_id", "first_run", "last_run", "tries"}
"""Columns of other tables that tell of runs; `tries` counts those that met a failure."""
_PASSING = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?|\d{8}T\d{12}Z|(1\$)?[0-9a-f]{64}|http://[\w.:]+"
)
"""Moments, digests over them, and the port of the demo org."""


@dataclass(frozen=True)
class Ended:
    """How a command ended, after how many steps, and what it said."""

    status: int
    points: int
    out: str
    err: str


class Workshop:
    """One folder: `work` has the config, the org and the ledger, `home` what else there is."""

    def __init__(self, zygote: subprocess.Popen[str], folder: Path) -> None:
        self._zygote = zygote
        self.folder = folder
        self.work = folder / "work"
        self.work.mkdir(parents=True, exist_ok=True)
        self.env: dict[str, str] = {}
        self.second_migration = ""
        self.now = ""

    @property
    def ledger(self) -> Path:
        """The ledger of the demo config."""
        return self.work / "demo.db"

    def copy(self, folder: Path) -> Workshop:
        """The same state in another folder, in place of what was there."""
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.folder, folder)
        copied = Workshop(self._zygote, folder)
        copied.env, copied.now = self.env, self.now
        copied.second_migration = self.second_migration
        return copied

    def run(
        self,
        *argv: str,
        kill_at: int = 0,
        number: signal.Signals = signal.SIGKILL,
        file_limit: int = 0,
    ) -> Ended:
        """One command in a fork; `kill_at`, its signal and `file_limit` as in the zygote."""
        job = {
            "argv": argv,
            "cwd": str(self.work),
            "env": {"SFSYNC_HOME": str(self.folder / "home"), **self.env},
            "kill_at": kill_at,
            "signal": number,
            "now": self.now,
            "file_limit": file_limit,
            "second_migration": self.second_migration,
        }
        assert self._zygote.stdin is not None
        assert self._zygote.stdout is not None
        self._zygote.stdin.write(json.dumps(job) + "\n")
        self._zygote.stdin.flush()
        answer = json.loads(self._zygote.stdout.readline())
        assert "Traceback" not in answer["err"], answer["err"]
        return Ended(**answer)

    def done(self, *argv: str, status: int = 0) -> Ended:
        """As `run`, for what must end with this status."""
        ended = self.run(*argv)
        assert ended.status == status, ended
        return ended

    def portrait(self) -> dict[str, list[str]]:
        """Every row of every table but those of runs, without moments; empty without a ledger.

        On the way: the lock is free and the ledger breaks no rule.
        """
        with run_lock(self.ledger):
            pass
        if not self.ledger.exists() or not _version(self.ledger):
            return {}
        with self._as_written(), open_ledger_read_only(self.ledger) as ledger:
            assert check_ledger(ledger) == []
            return portrait(ledger)

    @contextmanager
    def _as_written(self) -> Iterator[None]:
        """With the migrations that the ledger has seen."""
        later = {"002": (self.second_migration,)} if _version(self.ledger) > 1 else {}
        with patch.dict(migrations.MIGRATIONS, later):
            yield

    def files(self) -> dict[str, bytes]:
        """What somebody would take for a finished file: not the org, the ledger, or hidden ones."""
        return {
            path.name: path.read_bytes()
            for path in self.work.iterdir()
            if path.is_file() and not path.name.startswith((".", self.ledger.name, "demo-org.db"))
        }


def differences(found: dict[str, list[str]], expected: dict[str, list[str]]) -> list[str]:
    """The rows that one portrait has more often than the other, as a failing test shows them."""
    lines = []
    for table in sorted(found.keys() | expected.keys()):
        here, there = (Counter(one.get(table, ())) for one in (found, expected))
        lines += [f"{table}: unexpected {row}" for row in (here - there).elements()]
        lines += [f"{table}: missing {row}" for row in (there - here).elements()]
    return lines


def _version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as plain:
        return int(plain.execute("PRAGMA user_version").fetchone()[0])


def portrait(ledger: Ledger) -> dict[str, list[str]]:
    """What a ledger holds, without the moments at which it was written."""
    tables = [
        name
        for (name,) in ledger.rows(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%'"
            " ESCAPE '\\' ORDER BY name"
        )
        if name not in _OF_RUNS
    ]
    return {name: _rows(ledger, name) for name in tables}


def _rows(ledger: Ledger, table: str) -> list[str]:
    columns = [
        f'"{name}"'
        for (name,) in ledger.rows("SELECT name FROM pragma_table_info(?)", (table,))
        if name not in _NAMES_OF_RUNS
    ]
    rows = ledger.rows(f"SELECT {', '.join(columns)} FROM {table}")  # noqa: S608 - names of ours
    return sorted(_PASSING.sub("…", repr(row)) for row in rows)


@contextmanager
def open_zygote() -> Iterator[subprocess.Popen[str]]:
    """The warm process that runs the commands."""
    with subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("zygote.py"))],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as zygote:
        yield zygote
        assert zygote.stdin is not None
        zygote.stdin.close()
        assert zygote.wait(30) == 0
