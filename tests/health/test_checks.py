from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.health.checks import diagnose
from sfsync.health.findings import Surroundings, Verdict

if TYPE_CHECKING:
    from pathlib import Path


def test_a_config_that_cannot_be_read_is_not_said_to_have_no_problems(tmp_path: Path) -> None:
    """The finding says why it cannot be read."""
    around = Surroundings(config=tmp_path, ledger=None, config_dir=tmp_path, folders=())
    (found,) = (one for one in diagnose(around) if one.check == "config")
    assert found.verdict is Verdict.FAILED
    assert "cannot be read: Is a directory" in found.message
