"""Files are the owner's alone, and what stands in their place is refused by name."""

from __future__ import annotations

import os
import shutil
import stat
from typing import TYPE_CHECKING

import pytest

from tests.cli.command_line import start
from tests.hostile.inert import DOCUMENTED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.command_line import Sfsync

SIGN_IN = ".demo/credentials/demo.json"
LOG = "log/sfsync.log"
LOCKS = ("demo.db.lock", ".demo/credentials/demo.refresh.lock")


@pytest.fixture(autouse=True)
def umask_kept() -> Iterator[None]:
    """The program sets a umask of its own; other tests get theirs back."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def open_to_others(*folders: Path) -> list[str]:
    """Files and folders that somebody else may read or write."""
    return [
        f"{path} {stat.S_IMODE(path.lstat().st_mode):04o}"
        for folder in folders
        for path in (folder, *folder.rglob("*"))
        if not path.is_symlink() and path.lstat().st_mode & 0o077
    ]


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_every_file_is_private_under_any_umask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, umask: int
) -> None:
    """Config, ledger and its -wal, sign-in, lock, log, bundle, list: 0600; folders: 0700."""
    monkeypatch.setenv("SFSYNC_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    for argv in (
        ("demo", "start", "work"),
        ("sync", "--now", "-v"),
        ("invoice", "list", "-o", "list.csv"),
        ("doctor", "--bundle", "support.zip"),
        ("schedule", "print", "cron", "-o", "cron.txt"),
    ):
        os.umask(umask)
        assert start(argv).status in {0, 3}, argv
        monkeypatch.chdir(tmp_path / "work")
    assert (tmp_path / "work" / SIGN_IN).is_file()
    assert open_to_others(tmp_path / "work", tmp_path / "home") == []


def test_a_file_that_was_open_to_others_is_mended_or_refused(books: Sfsync, home: Path) -> None:
    """Ledger and log become 0600 when written; a sign-in is refused with the chmod that helps."""
    work = home.parent / "work"
    ledger = work / "demo.db"
    ledger.chmod(0o644)
    log = home / LOG
    log.parent.mkdir(parents=True)
    log.touch(0o644)
    assert books("sync", "--now", "-q").status == 0
    assert [stat.S_IMODE(path.stat().st_mode) for path in (ledger, log)] == [0o600] * 2
    (work / SIGN_IN).chmod(0o644)
    refused = books("sync", "--now")
    assert refused.status == 4
    assert f"chmod 600 {SIGN_IN}" in refused.err
    (work / SIGN_IN).chmod(0o600)
    (work / ".demo").chmod(0o777)
    assert books("connect").status == 4


def put(kind: str, path: Path, elsewhere: Path) -> None:
    """Something that is no file."""
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(path.name if kind == "loop" else elsewhere)


PLACES = [
    "demo.db", *LOCKS, SIGN_IN, ".demo/credentials", ".demo/connections.json", ".demo",
    "demo-org.db", "mappings.yaml", "list.csv",
]  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", ["loop", "dangling", "folder", "pipe"])
def test_what_stands_in_the_place_of_a_file_is_refused(
    books: Sfsync, home: Path, place: str, kind: str
) -> None:
    """A link to itself or to nothing, a folder, a pipe: a documented code, and no waiting."""
    path, elsewhere = home.parent / "work" / place, home.parent / "elsewhere"
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    put(kind, path, elsewhere)
    if place == "list.csv":
        done = books("invoice", "list", "-o", "list.csv")
        assert done.status == 11
    else:
        done = books("sync", "--now", "-q")
    assert done.status in DOCUMENTED, done
    if kind in {"loop", "dangling"} and place != ".demo":
        assert done.status not in {0, 3}, done
    assert not elsewhere.exists()


@pytest.mark.parametrize("kind", ["loop", "dangling", "link", "folder", "pipe"])
def test_what_stands_in_the_place_of_the_log_is_left_alone(
    books: Sfsync, home: Path, kind: str
) -> None:
    """The run does its work, says that the log is missing, and writes nothing through a link."""
    elsewhere = home.parent / "elsewhere"
    (home / LOG).parent.mkdir(parents=True)
    if kind == "link":
        elsewhere.write_text("somebody's")
    put(kind, home / LOG, elsewhere)
    done = books("sync", "--now", "-q")
    assert done.status in {0, 3}, done
    assert "warning: the log " in done.err
    assert elsewhere.exists() == (kind == "link")
    assert kind != "link" or elsewhere.read_text() == "somebody's"
