from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for a test's files; no config of this machine is read."""
    for name in [name for name in os.environ if name.startswith("SFSYNC_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SFSYNC_HOME", str(tmp_path / "home"))
    return tmp_path
