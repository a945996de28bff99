from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sfsync.errors import LedgerError, LockedError, NotFoundError, RefusedError, UsageError
from sfsync.files import put_in_place
from sfsync.ledger import migrations, open_ledger, open_ledger_read_only
from sfsync.ledger.audit import list_events, verify_chain
from sfsync.ledger.backups import back_up, backup_folder, default_target, keep_copy, prune
from sfsync.ledger.invariants import check_ledger
from sfsync.ledger.lock import run_lock
from sfsync.ledger.posting import post_invoice, post_many
from sfsync.ledger.restoring import restore
from tests.ledger.ledger_books import NOW, RULES, TODAY, fill, new_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger with a posted invoice and two drafts."""
    with new_ledger(tmp_path / "ledger.db") as ledger:
        fill(ledger, 3)
        post_invoice(ledger, "D-000001", RULES, today=TODAY)
    return tmp_path / "ledger.db"


def _numbers(path: Path) -> list[str]:
    with open_ledger_read_only(path) as ledger:
        assert check_ledger(ledger) == []
        rows = ledger.rows("SELECT number FROM document WHERE number IS NOT NULL ORDER BY sequence")
        return [number for (number,) in rows]


def test_a_backup_is_a_private_sound_ledger_of_one_file(path: Path) -> None:
    """It is 0600 under any umask, opens as a ledger, and nothing else is left in its folder."""
    target = path.parent / "safe" / "copy.db"
    target.parent.mkdir()
    before = os.umask(0)
    try:
        made = back_up(path, target)
    finally:
        os.umask(before)
    assert [one.name for one in target.parent.iterdir()] == ["copy.db"]
    assert target.stat().st_mode & 0o777 == 0o600
    assert made.size == target.stat().st_size
    with open_ledger_read_only(target) as ledger:
        assert verify_chain(ledger, made.head) == []
    assert _numbers(target) == ["INV-2026-00001"]


def test_a_backup_replaces_nothing_unasked(path: Path) -> None:
    """A file that is there, a link or the ledger itself is not overwritten; a folder must exist."""
    target = path.with_name("copy.db")
    target.write_text("mine")
    with pytest.raises(RefusedError):
        back_up(path, target)
    assert target.read_text() == "mine"
    back_up(path, target, force=True)
    assert _numbers(target) == ["INV-2026-00001"]
    with pytest.raises(UsageError):
        back_up(path, path, force=True)
    with pytest.raises(NotFoundError):
        back_up(path, path.parent / "nowhere" / "x.db")
    with pytest.raises(NotFoundError):
        back_up(path.with_name("none.db"), path.with_name("x.db"))


def test_an_unsound_ledger_makes_no_backup(path: Path) -> None:
    """A ledger that was tampered with is not copied as if it were well, and no file is left."""
    with closing(sqlite3.connect(path)) as plain:
        plain.executescript("DROP TRIGGER document_frozen; UPDATE document SET description = 'x'")
    with pytest.raises(LedgerError) as refused:
        back_up(path, path.with_name("copy.db"))
    assert refused.value.code == "ledger-damaged"
    assert list(path.parent.glob("*copy.db*")) == []


def _post_all(path: Path, drafts: list[str]) -> None:
    with open_ledger(path, clock=lambda: NOW) as ledger:
        for _ in post_many(ledger, drafts, RULES, today=TODAY):
            pass


def test_backups_are_whole_while_others_write(tmp_path: Path) -> None:
    """Every backup made while another process posts is sound and holds one state of the ledger."""
    path = tmp_path / "ledger.db"
    with new_ledger(path) as ledger:
        drafts = fill(ledger, 300)
    writer = multiprocessing.get_context("spawn").Process(target=_post_all, args=(path, drafts))
    writer.start()
    seen: list[int] = []
    while writer.is_alive() or not seen:
        target = tmp_path / f"copy-{len(seen)}.db"
        back_up(path, target)
        seen.append(len(_numbers(target)))
    writer.join()
    assert writer.exitcode == 0
    assert seen == sorted(seen)
    assert _numbers(path) == [f"INV-2026-{number:05}" for number in range(1, 301)]


@pytest.mark.parametrize("name", ["ledger.db", "books [2026].db"])
def test_the_oldest_backups_are_pruned(path: Path, name: str) -> None:
    """Only backups with a default name of this ledger go, the oldest first."""
    path = path.rename(path.with_name(name))
    backup_folder(path).mkdir()
    mine = backup_folder(path) / f"{path.stem}-by-hand.db"
    mine.write_text("")
    made = [back_up(path, default_target(path)).path for _ in range(4)]
    assert prune(path, 2) == made[:2]
    assert sorted(backup_folder(path).iterdir()) == sorted([mine, *made[2:]])


def test_a_backup_may_be_pruned_by_who_made_a_later_one(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two with `--keep 1` at once one goes at once: that is no failure of who made it."""

    def put_and_prune(copy: Path, target: Path, *, replaces: bool) -> None:
        put_in_place(copy, target, replaces=replaces)
        target.unlink()

    monkeypatch.setattr("sfsync.ledger.backups.put_in_place", put_and_prune)
    assert back_up(path, path.with_name("copy.db")).size > 0


def test_a_restore_brings_the_state_back_and_keeps_the_other(path: Path) -> None:
    """The ledger is as it was, the replaced one is kept, and the trail tells of it."""
    target = path.with_name("copy.db")
    back_up(path, target)
    content = target.read_bytes()
    with open_ledger(path, clock=lambda: NOW) as ledger:
        post_invoice(ledger, "D-000002", RULES, today=TODAY)
        # Somebody else has it open meanwhile: they see the restored state, not a dead file.
        done = restore(target, path)
        assert ledger.row("SELECT count(*) FROM document WHERE number IS NOT NULL") == (1,)
        assert post_invoice(ledger, "D-000003", RULES, today=TODAY).number == "INV-2026-00002"
    assert done.kept is not None
    assert _numbers(done.kept) == ["INV-2026-00001", "INV-2026-00002"]
    assert done.kept.stat().st_mode & 0o777 == 0o600
    assert target.read_bytes() == content
    assert _numbers(path) == ["INV-2026-00001", "INV-2026-00002"]
    with open_ledger_read_only(path) as ledger:
        event = next(iter(list_events(ledger, action="ledger.restore")))
        assert (event.before, event.after["backup"]) == ({"kept": done.kept.name}, "copy.db")
        assert verify_chain(ledger, done.head) == []


def test_nothing_is_written_between_what_a_restore_keeps_and_what_it_replaces(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who posts meanwhile waits, so that no invoice is in neither of the two."""
    target = path.with_name("copy.db")
    back_up(path, target)

    def keep_and_write(current: Path, word: str) -> Path:
        kept = keep_copy(current, word)
        with (
            closing(sqlite3.connect(path, timeout=0)) as other,
            pytest.raises(sqlite3.OperationalError, match="locked"),
        ):
            other.execute("BEGIN IMMEDIATE")
        return kept

    with monkeypatch.context() as patch:
        patch.setattr("sfsync.ledger.backups.keep_copy", keep_and_write)
        done = restore(target, path)
    assert done.kept is not None
    assert _numbers(done.kept) == ["INV-2026-00001"]


@pytest.mark.parametrize("mode", ["WAL", "DELETE"])
def test_a_restore_keeps_a_ledger_in_any_journal_mode(path: Path, mode: str) -> None:
    """What was copied into its place by hand does not write ahead yet."""
    target = path.with_name("copy.db")
    back_up(path, target)
    with closing(sqlite3.connect(path)) as plain:
        assert plain.execute(f"PRAGMA journal_mode = {mode}").fetchone() == (mode.lower(),)
    kept = restore(target, path).kept
    assert kept is not None
    assert _numbers(kept) == _numbers(path) == ["INV-2026-00001"]


def test_a_restore_takes_nothing_from_a_ledger_that_has_gone(path: Path) -> None:
    """The log that a killed process left beside it is put aside, not carried over."""
    target = path.with_name("copy.db")
    back_up(path, target)
    log = path.with_name(f"{path.name}-wal")
    with open_ledger(path, clock=lambda: NOW) as ledger:
        post_invoice(ledger, "D-000002", RULES, today=TODAY)
        left = log.read_bytes()
    path.unlink()
    log.write_bytes(left)
    assert restore(target, path).kept is None
    assert _numbers(path) == ["INV-2026-00001"]
    (aside,) = backup_folder(path).iterdir()
    assert aside.read_bytes() == left


def test_a_restore_waits_for_no_sync(path: Path) -> None:
    """While a sync holds the ledger a restore is refused, and nothing has changed."""
    target = path.with_name("copy.db")
    back_up(path, target)
    before = path.read_bytes()
    with run_lock(path), pytest.raises(LockedError):
        restore(target, path)
    assert path.read_bytes() == before


def test_only_sound_backups_of_this_org_are_restored(path: Path) -> None:
    """A foreign, newer, damaged or other org's file is refused untouched; force takes the last."""
    before = path.read_bytes()
    other = path.with_name("other.db")
    with open_ledger(other, clock=lambda: NOW) as ledger:
        ledger.bind_org("00D000000000002AAA", "Other", "production", "https://o")
    tampered = path.with_name("tampered.db")
    back_up(path, tampered)
    with closing(sqlite3.connect(tampered)) as plain:
        plain.executescript("DROP TRIGGER document_frozen; UPDATE document SET description = 'x'")
    newer = path.with_name("newer.db")
    back_up(path, newer)
    with closing(sqlite3.connect(newer)) as plain:
        plain.execute(f"PRAGMA user_version = {migrations.schema_version() + 1}")
    foreign = path.with_name("foreign.db")
    foreign.write_text("Dear ledger, " * 20)
    for source, code in (
        (other, "ledger-of-another-org"),
        (tampered, "ledger-damaged"),
        (newer, "ledger-newer"),
        (foreign, "ledger-foreign"),
    ):
        content = source.read_bytes()
        with pytest.raises(LedgerError) as refused:
            restore(source, path)
        assert refused.value.code == code
        assert (source.read_bytes(), path.read_bytes()) == (content, before)
    with pytest.raises(LedgerError):
        restore(other, foreign, force=True)
    with pytest.raises(NotFoundError):
        restore(path.with_name("none.db"), path)
    with pytest.raises(UsageError):
        restore(path, path)
    restore(other, path, force=True)
    with open_ledger_read_only(path) as ledger:
        assert ledger.identity.org_name == "Other"


@pytest.mark.parametrize("place", [range(100, 4096), range(4096, 12_288)])
def test_a_damaged_ledger_is_replaced_and_kept(path: Path, place: range) -> None:
    """What SQLite cannot read is no hindrance: it is kept as it is, and the backup takes over."""
    target = path.with_name("copy.db")
    back_up(path, target)
    content = bytearray(path.read_bytes())
    content[place.start : place.stop] = b"\xff" * len(place)
    path.write_bytes(content)
    done = restore(target, path)
    assert _numbers(path) == ["INV-2026-00001"]
    assert done.kept is not None
    assert done.kept.exists()


def test_a_restore_makes_a_ledger_where_there_is_none(path: Path) -> None:
    """Without a ledger in its place, a backup becomes one."""
    target = path.with_name("copy.db")
    back_up(path, target)
    path.unlink()
    assert restore(target, path).kept is None
    assert _numbers(path) == ["INV-2026-00001"]
    assert path.stat().st_mode & 0o777 == 0o600


# Migrations --------------------------------------------------------------------------------------

SECOND = """\
CREATE TABLE second_thought (id INTEGER PRIMARY KEY, note TEXT NOT NULL) STRICT;
INSERT INTO second_thought (note) SELECT draft FROM document;
CREATE INDEX second_thought_by_note ON second_thought (note);
CREATE TRIGGER second_thought_delete BEFORE DELETE ON second_thought
BEGIN SELECT RAISE(ABORT, 'second_thought: stays'); END;
"""
# Opens a ledger with a second migration; killed at the statement that its last argument counts.
KILLED = """
import os, signal, sys
from pathlib import Path
from sfsync.ledger import migrations, open_ledger
path, second, at = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
migrations.MIGRATIONS["002"] = (second,)
statements = migrations.statements
def counted(name):
    for number, statement in enumerate(statements(name)):
        if number == at:
            os.kill(os.getpid(), signal.SIGKILL)
        yield statement
    if at == -2:
        os.kill(os.getpid(), signal.SIGKILL)
migrations.statements = counted
open_ledger(path).close()
"""


@pytest.fixture
def second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A second migration, which this program has from now on."""
    file = tmp_path / "002-second.sql"
    file.write_text(SECOND)
    monkeypatch.setitem(migrations.MIGRATIONS, "002", (str(file),))
    yield str(file)
    monkeypatch.delitem(migrations.MIGRATIONS, "002")


def test_a_migration_keeps_a_backup_and_tells_of_it(path: Path, second: str) -> None:
    """An older ledger is copied first, then brought up to date; what it held is still there."""
    assert second
    with pytest.raises(LedgerError) as refused:
        open_ledger_read_only(path)
    assert refused.value.code == "ledger-older"
    with open_ledger(path, clock=lambda: NOW) as ledger:
        assert ledger.row("PRAGMA user_version") == (2,)
        assert ledger.row("SELECT count(*) FROM second_thought") == (3,)
        event = next(iter(list_events(ledger, action="ledger.migrate")))
        assert (event.before, event.after["schema_version"]) == ({"schema_version": 1}, 2)
        assert check_ledger(ledger) == []
    (kept,) = backup_folder(path).iterdir()
    assert kept.name == event.after["backup"]
    with closing(sqlite3.connect(kept)) as plain:
        assert plain.execute("PRAGMA user_version").fetchone() == (1,)
    for _ in range(2):
        open_ledger(path).close()
    assert len(list(backup_folder(path).iterdir())) == 1
    restore(kept, path)
    assert _numbers(path) == ["INV-2026-00001"]


@pytest.mark.parametrize("at", [0, 1, 2, 3, -2])
def test_a_killed_migration_leaves_the_old_ledger(
    path: Path, second: str, at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed at any statement the ledger is the old one, sound; the next start completes it."""
    done = subprocess.run(
        [sys.executable, "-c", KILLED, path, second, str(at)], check=False, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL
    with monkeypatch.context() as older:
        older.delitem(migrations.MIGRATIONS, "002")
        assert _numbers(path) == ["INV-2026-00001"]
    with open_ledger(path, clock=lambda: NOW) as ledger:
        assert ledger.row("SELECT count(*) FROM second_thought") == (3,)
        assert check_ledger(ledger) == []


def test_a_version_behind_is_refused_untouched(path: Path, tmp_path: Path) -> None:
    """Once a later version has migrated it, this one neither opens, backs up nor changes it."""
    file = tmp_path / "002-second.sql"
    file.write_text(SECOND)
    with pytest.MonkeyPatch.context() as later:
        later.setitem(migrations.MIGRATIONS, "002", (str(file),))
        open_ledger(path).close()
    before = path.read_bytes()
    for act in (open_ledger, open_ledger_read_only, lambda one: back_up(one, path.with_name("x"))):
        with pytest.raises(LedgerError) as refused:
            act(path)
        assert refused.value.code == "ledger-newer"
    assert path.read_bytes() == before
