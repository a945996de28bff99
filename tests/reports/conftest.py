"""A ledger with hundreds of invoices, and the command that reads it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.command_line import start
from tests.ledger.ledger_books import new_ledger
from tests.ledger.many_invoices import many_invoices

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.command_line import Done
    from tests.ledger.many_invoices import Made


@dataclass(frozen=True)
class Books:
    """A ledger file, and what went into it."""

    path: Path
    made: Made

    def report(self, *argv: str) -> dict[str, Any]:
        """The result of ``sfsync report …``, as JSON has it."""
        done = self.run("report", *argv, "--json")
        assert done.status == 0, done.out
        found = done.document["result"]
        assert isinstance(found, dict)
        return found

    def run(self, *argv: str, terminal: bool = False) -> Done:
        """Run one command line over the ledger."""
        return start([*argv, "--ledger", str(self.path)], terminal=terminal)


def filled(folder: Path, count: int) -> Books:
    """A new ledger with so many invoices."""
    path = folder / "books.db"
    with new_ledger(path) as ledger:
        made = many_invoices(ledger, count)
    return Books(path, made)


@pytest.fixture(scope="session")
def many(tmp_path_factory: pytest.TempPathFactory) -> Books:
    """Three hundred invoices; only read it."""
    return filled(tmp_path_factory.mktemp("many"), 300)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, so that no config of this machine is read."""
    for name in [name for name in os.environ if name.startswith("SFSYNC_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SFSYNC_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"
