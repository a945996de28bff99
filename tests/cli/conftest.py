"""An empty home, and one with the demo org synced into a ledger."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.cli.command_line import start

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.command_line import Done, Sfsync


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home for sfsync, and an empty working folder beside it."""
    folder = tmp_path / "home"
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setenv("SFSYNC_HOME", str(folder))
    for name in ("SFSYNC_CONFIG", "SFSYNC_LEDGER", "NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def sfsync(home: Path) -> Sfsync:
    """The command, on pipes unless a terminal is asked for."""
    assert not home.exists()

    def call(*argv: str, terminal: bool = False, answer: str = "") -> Done:
        return start(argv, terminal=terminal, answer=answer)

    return call


@pytest.fixture(scope="session")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `work`: the demo org, its config, and a ledger after one sync."""
    root = tmp_path_factory.mktemp("synced")
    (root / "work").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root / "work")
        patch.setenv("SFSYNC_HOME", str(root / "home"))
        assert start(["demo", "start", "."]).status == 0
        assert start(["sync", "--now", "-q"]).status == 3
    return root


@pytest.fixture
def books(sfsync: Sfsync, home: Path, synced: Path) -> Sfsync:
    """The command, at home in a copy of the synced demo."""
    shutil.copytree(synced / "work", home.parent / "work", dirs_exist_ok=True)
    return sfsync
