from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.ledger.tampered_books import fill_with_everything

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger with something of everything; only copies of it are written."""
    path = tmp_path_factory.mktemp("books") / "ledger.db"
    fill_with_everything(path)
    return path
