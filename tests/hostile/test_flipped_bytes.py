"""A disk that lies: one byte of the ledger's file is another one, anywhere."""

from __future__ import annotations

import os
import random
import re
import shutil
import sqlite3
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.hostile.inert import cases

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.command_line import Sfsync

LOOKS = (
    ("db", "verify"),
    ("audit", "verify"),
    ("invoice", "list", "--json"),
    ("db", "backup", "copy.db", "--force"),
)


KEPT = re.compile(
    r'INSERT INTO "(audit_event|journal_entry|journal_line|payment|payment_void|document_removal)"'
    r'|INSERT INTO "document" VALUES\(1,'
)
"""What was posted, paid and audited: D-000001 is posted."""


def kept(path: Path) -> list[str]:
    """The rows that nothing may change unnoticed."""
    with closing(sqlite3.connect(path)) as plain:
        plain.text_factory = lambda text: text.decode("utf-8", "surrogateescape")
        return [row for row in plain.iterdump() if KEPT.match(row)]


def flip(books: Sfsync, home: Path, count: int, seed: int) -> int:
    """Flip so many bytes, one at a time, in pages all over the file; how many made it unsound."""
    chance = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
    assert books("invoice", "post", "D-000001").status == 0
    ledger = home.parent / "work" / "demo.db"
    sound = home.parent / "sound.db"
    with closing(sqlite3.connect(ledger)) as plain:
        plain.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(ledger, sound)
    content, expected = sound.read_bytes(), kept(sound)
    pages = len(content) // 4096
    found = 0
    for number in range(count):
        place = number * pages // count * 4096 + chance.randrange(4096)
        for beside in ("-wal", "-shm"):
            ledger.with_name(ledger.name + beside).unlink(missing_ok=True)
        flipped = content[place] ^ (1 << chance.randrange(8))
        ledger.write_bytes(content[:place] + bytes([flipped]) + content[place + 1 :])
        done = [books(*argv) for argv in LOOKS]
        assert not any("Traceback" in one.out + one.err for one in done), place
        verified, audited, *_, backed_up = (one.status for one in done)
        if verified == 0:
            # A byte that nothing stands in, or one of a draft or of what is remembered.
            assert kept(ledger) == expected, place
            assert audited == 0, place
        else:
            found += 1
            assert {verified, backed_up} == {8}, (place, done)
            assert audited in {0, 8}, (place, done)
    return found


def test_a_flipped_byte_is_found_or_changes_nothing(books: Sfsync, home: Path) -> None:
    """Verify finds it, or what is posted stands as it was; no backup of a broken one."""
    assert flip(books, home, 12, seed=20261122) >= 1


@pytest.mark.long
def test_a_flipped_byte_in_every_page_is_found_or_changes_nothing(
    books: Sfsync, home: Path
) -> None:
    """The same in every page, at new places each time; the seed is printed."""
    seed = int(os.environ.get("SFSYNC_SEED", random.SystemRandom().randrange(2**32)))
    count = cases(1000)
    found = flip(books, home, count, seed)
    sys.stdout.write(f"seed {seed}: {found} of {count} flipped bytes found\n")
