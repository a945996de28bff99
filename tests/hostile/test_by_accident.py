"""Nothing is destroyed by accident: without a yes nothing changes, and a plan changes nothing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.command_line import Sfsync

WHY = ("--reason", "test")
ASKED = [
    ("demo", "reset"),
    ("history", "undo", "1", *WHY),
    ("invoice", "post", "--all"),
    ("invoice", "delete", "D-000002", *WHY),
    ("invoice", "delete", "--all", *WHY),
    ("invoice", "reverse", "INV-2026-00002", *WHY),
    ("invoice", "credit", "INV-2026-00001", "--amount", "1", *WHY),
    ("customer", "merge", "C-0001", "C-0002"),
    ("opportunity", "ignore", "--all-uninvoiced", "--before", "2026-12-31", *WHY),
    ("journal", "close", "--through", "2026-10-31"),
    ("db", "restore", "before.db"),
    ("schedule", "install", "cron"),
]
"""Every command that cannot be taken back, or that changes many things at once."""


@pytest.fixture
def at_work(books: Sfsync) -> Sfsync:
    """The demo's books with two posted invoices, a payment and a backup."""
    assert books("invoice", "post", "D-000001").status == 0
    assert books("invoice", "post", "D-000006").status == 0
    assert books("payment", "add", "D-000001", "--amount", "5", "--date", "2026-11-20").status == 0
    assert books("demo", "close-deal").status == 0
    assert books("db", "backup", "before.db").status == 0
    return books


def everything(work: Path) -> dict[str, object]:
    """All that the folder holds but what comes with a sign-in: rows of databases, other bytes."""
    found: dict[str, object] = {}
    for path in sorted(work.iterdir()):
        if path.suffix == ".db":
            with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as plain:
                rows = list(plain.iterdump())
            # The org keeps a log of its requests, and the tokens that it gave.
            records = 'INSERT INTO "Opportunity"' if path.name == "demo-org.db" else ""
            found[path.name] = [row for row in rows if row.startswith(records)]
        elif path.is_file() and not path.name.endswith(("-wal", "-shm", ".lock")):
            found[path.name] = path.read_bytes()
    return found


def test_without_a_yes_nothing_changes(
    at_work: Sfsync, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a terminal it is exit 2 and the flag that is missing; at one, "no" is exit 11."""
    work = home.parent / "work"
    crontab = home.parent / "crontab"
    crontab.write_text('#!/bin/sh\n[ "$1" = -l ] && exit 0\ncat > "$0.table"\n')
    crontab.chmod(0o700)
    monkeypatch.setenv("PATH", f"{home.parent}:/usr/bin:/bin")
    before = everything(work)
    for argv in ASKED:
        refused = at_work(*argv)
        assert refused.status == 2, (argv, refused)
        assert "--yes" in refused.err, argv
        declined = at_work(*argv, terminal=True, answer="n\n")
        assert declined.status == 11, (argv, declined)
        assert "you said no" in declined.err, argv
        assert everything(work) == before, argv
        assert not crontab.with_name("crontab.table").exists()


def test_a_plan_leaves_the_ledger_as_it_is(at_work: Sfsync, home: Path) -> None:
    """It runs the real thing against a copy: not a byte of the ledger's file is another one."""
    ledger = home.parent / "work" / "demo.db"
    before = ledger.read_bytes()
    for argv in (("sync", "plan"), ("sync", "plan", "--full", "--json")):
        assert at_work(*argv).status in {0, 3}
        assert ledger.read_bytes() == before
    assert at_work("sync", "--now", "-q").status == 0
