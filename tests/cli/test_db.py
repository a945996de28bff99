from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sfsync.ledger import open_ledger
from sfsync.ledger.lock import run_lock
from tests.ledger.ledger_books import write_hot_journal

if TYPE_CHECKING:
    from tests.cli.command_line import Sfsync


def _ledger(sfsync: Sfsync) -> Path:
    return Path(sfsync("db", "path", "--json").document["result"]["path"])


def test_a_backup_is_made_and_put_back(books: Sfsync) -> None:
    """Backup, change, restore: the change is gone, the replaced ledger is kept, all is sound."""
    made = books("db", "backup", "--json").document["result"]
    assert Path(made["path"]).stat().st_mode & 0o777 == 0o600
    assert books("invoice", "post", "D-000001").status == 0
    asked = books("db", "restore", made["path"])
    assert (asked.status, "needs --yes" in asked.err or "--yes" in asked.err) == (2, True)
    assert books("db", "restore", made["path"], terminal=True, answer="n\n").status == 11
    done = books("db", "restore", made["path"], "--yes", "--json")
    assert done.status == 0
    assert Path(done.document["result"]["kept"]).exists()
    assert books("invoice", "list", "--status", "posted", "--json").document["result"] == []
    assert books("db", "verify").status == 0
    head = done.document["result"]["head"]
    assert books("audit", "verify", "--head", head).status == 0
    assert books("db", "info", "--json").document["result"]["head"] == head


def test_the_file_commands_answer_with_their_exit_codes(books: Sfsync) -> None:
    """7 under a running sync, 8 for what is no ledger, 9 for what is not there, 11 for a file."""
    made = books("db", "backup", "copy.db", "--json").document["result"]["path"]
    assert books("db", "backup", "copy.db").status == 11
    assert books("db", "backup", "copy.db", "--force").status == 0
    assert books("db", "backup", "copy.db", "--force", "--keep", "1").status == 2
    with run_lock(_ledger(books)):
        assert books("db", "restore", made, "--yes").status == 7
        assert books("db", "backup", "while-running.db").status == 0
    Path("letter.db").write_text("Dear ledger, " * 20, encoding="utf-8")
    assert books("db", "restore", "letter.db", "--yes").status == 8
    missing = books("db", "restore", "nothing.db", "--yes")
    assert (missing.status, "sync --now" in missing.err) == (9, False)
    assert books("db", "migrate", "--ledger", "letter.db").status == 8
    assert books("db", "backup", "--ledger", "nothing.db").status == 9


def test_old_backups_are_deleted_when_asked(books: Sfsync) -> None:
    """--keep leaves the newest and names what it deleted."""
    first = books("db", "backup", "--json").document["result"]["path"]
    second = books("db", "backup", "--keep", "1", "--json").document["result"]
    assert second["deleted"] == [first]
    assert not Path(first).exists()


def test_a_current_ledger_needs_no_migration(books: Sfsync) -> None:
    """Nothing to do is said, and is no failure."""
    done = books("db", "migrate", "--dry-run", "--json")
    assert done.document["result"]["migrated"] is False
    assert "nothing to do" in books("db", "migrate").out


def _killed_creation(path: Path, *, written: bool) -> None:
    """The ledger as a kill leaves it that comes before its creation is complete."""
    for one in path.parent.glob(f"{path.name}*"):
        one.unlink()
    path.touch()
    if written:
        open_ledger(path).close()
        write_hot_journal(path, created=True)


@pytest.mark.parametrize("written", [False, True])
@pytest.mark.parametrize(
    "argv", [("sync",), ("sync", "--now"), ("sync", "watch", "--for", "0s"), ("sync", "plan")]
)
def test_a_ledger_whose_creation_was_killed_is_made_by_the_next_sync(
    books: Sfsync, argv: tuple[str, ...], *, written: bool
) -> None:
    """An empty file, or one to roll back, is not taken for a ledger, by whatever starts a sync."""
    path = _ledger(books)
    _killed_creation(path, written=written)
    assert books(*argv, "-q").status in {0, 3}
    if "plan" not in argv:
        assert books("db", "info", "--json").document["result"]["demo"] is True
        assert books("history", "list", "--json").document["result"]


def test_a_killed_creation_hinders_no_look(books: Sfsync) -> None:
    """What reads says that there is no ledger yet, and `doctor` that nothing is wrong."""
    path = _ledger(books)
    for argv in (("invoice", "list"), ("db", "verify"), ("db", "backup")):
        _killed_creation(path, written=True)
        done = books(*argv)
        assert (done.status, f"{path} is empty" in done.err) == (9, True), done
    _killed_creation(path, written=True)
    assert books("doctor").status == 0


@pytest.mark.parametrize("argv", [("invoice", "list"), ("db", "verify"), ("db", "backup")])
def test_what_a_killed_process_had_half_written_is_taken_back_by_a_look(
    books: Sfsync, argv: tuple[str, ...]
) -> None:
    """A restored ledger is killed as it begins to write ahead: reading it is no less possible."""
    write_hot_journal(_ledger(books))
    assert books(*argv).status == 0
