from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from sfsync.errors import LedgerError, LockedError, NotFoundError
from sfsync.ledger import open_ledger, open_ledger_read_only
from sfsync.ledger.invariants import check_ledger
from sfsync.ledger.lock import run_lock
from sfsync.ledger.migrations import schema_version
from sfsync.ledger.scratch import scratch_copy
from sfsync.rows import NoRoomError
from tests.ledger.ledger_books import ORG, fill, new_ledger

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sfsync.ledger import Ledger


def _modes(folder: Path) -> set[int]:
    return {path.stat().st_mode & 0o777 for path in folder.iterdir()}


def test_files_are_private_under_any_umask(tmp_path: Path) -> None:
    """Ledger, its journal files and the lock are 0600 and new folders 0700 under umask 000."""
    before = os.umask(0)
    try:
        path = tmp_path / "new" / "books" / "ledger.db"
        with new_ledger(path) as ledger, run_lock(path):
            fill(ledger, 1)
            assert {one.name for one in path.parent.iterdir()} >= {
                "ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.db.lock",
            }  # fmt: skip
            assert _modes(path.parent) == {0o600}
    finally:
        os.umask(before)
    assert {one.stat().st_mode & 0o777 for one in (path.parent, path.parent.parent)} == {0o700}


def test_a_ledger_open_to_others_is_closed_to_them(tmp_path: Path) -> None:
    """A ledger that somebody made readable for others becomes private again when opened."""
    path = tmp_path / "ledger.db"
    open_ledger(path).close()
    path.chmod(0o644)
    open_ledger(path).close()
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_fresh_ledger_is_sound_and_opens_again(tmp_path: Path) -> None:
    """A new ledger has no findings, and opening it again changes no schema."""
    path = tmp_path / "ledger.db"
    with new_ledger(path) as ledger:
        assert check_ledger(ledger) == []
    with open_ledger(path, create=False) as ledger:
        assert ledger.identity.org_id == ORG
        assert ledger.row("PRAGMA user_version") == (schema_version(),)


def test_opening_does_not_load_the_migration_library(tmp_path: Path) -> None:
    """An up-to-date ledger opens without importing sqlite-utils: it takes 150 ms."""
    path = tmp_path / "ledger.db"
    open_ledger(path).close()
    script = (
        "import sys; from pathlib import Path; from sfsync.ledger import open_ledger;"
        "open_ledger(Path(sys.argv[1])).close();"
        "sys.exit('sqlite_utils' in sys.modules or 'filelock' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(path)], check=False)
    assert done.returncode == 0


def _foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE mine (x)")
        other.commit()


def _newer(path: Path) -> None:
    open_ledger(path).close()
    with closing(sqlite3.connect(path)) as plain:
        plain.execute(f"PRAGMA user_version = {schema_version() + 1}")


def _text(path: Path) -> None:
    path.write_text("Dear ledger, " * 20)


def _damaged(path: Path) -> None:
    open_ledger(path).close()
    content = bytearray(path.read_bytes())
    content[100:4096] = b"\xff" * 3996
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (_foreign, "ledger-foreign"),
        (_text, "ledger-foreign"),
        (_newer, "ledger-newer"),
        (_damaged, "ledger-damaged"),
    ],
)
def test_unsuitable_files_are_refused_untouched(
    tmp_path: Path, spoil: Callable[[Path], None], code: str
) -> None:
    """A foreign, newer or damaged file is refused by its code, and not one byte of it changes."""
    path = tmp_path / "ledger.db"
    spoil(path)
    before = path.read_bytes()
    for open_it in (open_ledger, open_ledger_read_only):
        with pytest.raises(LedgerError) as refused, open_it(path) as ledger:
            ledger.rows("SELECT * FROM ledger")
        assert refused.value.code == code
    assert path.read_bytes() == before
    if code != "ledger-damaged":
        # Never opened by SQLite, so that not even a journal file appears beside it.
        assert [one.name for one in tmp_path.iterdir()] == ["ledger.db"]


def test_a_missing_ledger_is_not_made_by_reading(tmp_path: Path) -> None:
    """Without `create`, a missing file stays missing."""
    path = tmp_path / "ledger.db"
    with pytest.raises(NotFoundError):
        open_ledger(path, create=False)
    with pytest.raises(NotFoundError):
        open_ledger_read_only(path)
    assert not path.exists()


def test_read_only_refuses_writes(tmp_path: Path) -> None:
    """A ledger opened for reading cannot be written through."""
    path = tmp_path / "ledger.db"
    new_ledger(path).close()
    with open_ledger_read_only(path) as ledger, pytest.raises(LedgerError), ledger.transaction():
        ledger.execute("UPDATE ledger SET org_name = 'x'")


@pytest.mark.parametrize(
    ("demo", "first", "second"),
    [
        (False, ("production", ORG), ("production", "00D000000000002AAA")),
        (False, ("production", ORG), ("sandbox", ORG)),
        (False, None, ("demo", ORG)),
        (True, None, ("production", ORG)),
        (True, ("demo", ORG), ("sandbox", "00D000000000002AAA")),
    ],
)
def test_a_ledger_is_bound_to_one_org(
    tmp_path: Path, *, demo: bool, first: tuple[str, str] | None, second: tuple[str, str]
) -> None:
    """Demo and real never mix, and no second org enters a ledger."""
    with open_ledger(tmp_path / "ledger.db", demo=demo) as ledger:
        if first:
            ledger.bind_org(first[1], "Acme", first[0], "https://a")
            ledger.bind_org(first[1], "Acme renamed", first[0], "https://b")
            assert ledger.identity.org_name == "Acme renamed"
        before = ledger.identity
        with pytest.raises(LedgerError) as refused:
            ledger.bind_org(second[1], "Other", second[0], "https://c")
        assert refused.value.code == "ledger-of-another-org"
        assert ledger.identity == before


def _stop_in_the_middle(ledger: Ledger, statement: str) -> None:
    with ledger.transaction():
        ledger.execute(statement)
        raise KeyError("stop")


def test_transaction_rolls_back_unless_it_ends(tmp_path: Path) -> None:
    """An exception inside a transaction leaves nothing of it; writes outside one are defects."""
    with new_ledger(tmp_path / "ledger.db") as ledger:
        insert = "INSERT INTO ledger_account (code, name, type) VALUES ('1', 'x', 'asset')"
        with pytest.raises(KeyError):
            _stop_in_the_middle(ledger, insert)
        assert ledger.rows("SELECT * FROM ledger_account") == []
        with pytest.raises(RuntimeError):
            ledger.execute(insert)


def test_eight_processes_create_one_ledger(tmp_path: Path) -> None:
    """Processes that find no ledger at the same time end up with one, whole and sound."""
    path = tmp_path / "ledger.db"
    script = (
        "import sys; from pathlib import Path; from sfsync.ledger import open_ledger;"
        "open_ledger(Path(sys.argv[1])).close()"
    )
    started = [subprocess.Popen([sys.executable, "-c", script, str(path)]) for _ in range(8)]
    assert [one.wait() for one in started] == [0] * 8
    with open_ledger(path) as ledger:
        assert check_ledger(ledger) == []


def test_opening_waits_for_who_writes_a_file_that_does_not_write_ahead_yet(tmp_path: Path) -> None:
    """A ledger as a restore or a creation leaves it opens once another process has done with it."""
    path = tmp_path / "ledger.db"
    with new_ledger(path) as ledger:
        fill(ledger, 2)
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as writer:
        assert writer.execute("PRAGMA journal_mode = DELETE").fetchone() == ("delete",)
        writer.execute("BEGIN IMMEDIATE")
        ending = threading.Timer(0.3, writer.execute, ["COMMIT"])
        ending.start()
        with open_ledger(path) as ledger:
            assert ledger.row("PRAGMA journal_mode") == ("wal",)
        ending.join()


def test_one_run_at_a_time(tmp_path: Path) -> None:
    """A second run is refused while the first holds the lock, and let in afterwards.

    So it is where the second comes to the ledger by a symbolic link.
    """
    path = tmp_path / "ledger.db"
    with run_lock(path):
        with pytest.raises(LockedError) as refused, run_lock(path):
            pass
        assert refused.value.code == "ledger-locked"
        link = tmp_path / "elsewhere" / "link.db"
        link.parent.mkdir()
        link.symlink_to(path)
        with pytest.raises(LockedError), run_lock(link):
            pass
    with run_lock(path):
        pass


def test_scratch_copy_leaves_the_original_alone(tmp_path: Path) -> None:
    """Writing into the copy changes no byte of the original, and the copy is gone afterwards."""
    path = tmp_path / "ledger.db"
    with new_ledger(path) as ledger:
        fill(ledger, 2)
    before = path.read_bytes()
    with scratch_copy(path) as copy:
        assert copy.stat().st_mode & 0o777 == 0o600
        with open_ledger(copy) as scratch:
            assert scratch.row("SELECT count(*) FROM document") == (2,)
            with scratch.transaction():
                scratch.execute("UPDATE customer SET name = 'x'")
    assert path.read_bytes() == before
    assert not copy.exists()


def test_scratch_copy_of_nothing_is_a_fresh_ledger(tmp_path: Path) -> None:
    """Before the first sync there is no ledger; a plan then works on an empty one."""
    path = tmp_path / "ledger.db"
    with scratch_copy(path, demo=True) as copy, open_ledger(copy) as scratch:
        assert scratch.identity.demo
    assert not path.exists()


def test_a_scratch_copy_needs_a_folder_for_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the machine has none that can be written to, it is said, and what to do."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(NoRoomError, match="temporary files") as refused:
        scratch_copy(tmp_path / "ledger.db").__enter__()
    assert "TMPDIR" in refused.value.fix
