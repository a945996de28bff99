"""The walks of docs/walks end as they are told."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sfsync.schedule.call import CARRIED
from tests.walking import Walk, agrees, by_kind, rewritten, steps

if TYPE_CHECKING:
    from collections.abc import Iterator

WALKS = sorted((Path(__file__).parent.parent / "docs" / "walks").glob("*.md"))


@pytest.fixture
def walk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Walk]:
    """An empty folder to walk in, a home within, and a terminal of 100 columns."""
    for name in ("SFSYNC_CONFIG", "SFSYNC_LEDGER", "FORCE_COLOR", *CARRIED):
        monkeypatch.delenv(name, raising=False)
    # Its name is short, so that lines break where they do in the transcript.
    folder = Path(tempfile.mkdtemp(prefix="w", dir="/tmp")).resolve()
    monkeypatch.setenv("SFSYNC_HOME", str(folder / "home"))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr("sfsync.ledger.connection._os_user", lambda: "dana@books")
    monkeypatch.chdir(folder)
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    walking = Walk(folder, {"8080": str(port)})
    yield walking
    walking.end()
    monkeypatch.chdir(folder.parent)
    shutil.rmtree(folder)


@pytest.mark.parametrize("path", WALKS, ids=lambda path: path.stem)
def test_a_walk_ends_as_it_is_told(path: Path, walk: Walk) -> None:
    """Each command says what its transcript says; SFSYNC_WRITE_DOCS=1 writes it anew."""
    text = path.read_text(encoding="utf-8")
    if os.environ.get("SFSYNC_WRITE_DOCS"):
        path.write_text(rewritten(text, walk.take), encoding="utf-8")
        return
    for step in steps(text):
        said = walk.take(step)
        assert agrees(step.said, said), f"$ {step.command}\n{by_kind(said)}"


def test_a_transcript_is_held_to_its_words() -> None:
    """Another amount, a missing line or another kind differ; dates, hashes and `…` do not."""
    said = "Posted INV-2026-00001: 24,000.00 USD, due 2026-11-29\nHead: 77:1$" + "a" * 64
    told = "Posted INV-2027-00001: 24,000.00 USD, due 2027-01-05\nHead: 77:1$" + "b" * 64
    assert agrees(told, said)
    assert agrees("Posted INV-2027-00001: 24,000.00 USD, due 2027-01-05\n…", said)
    assert not agrees(told.replace("24,000", "25,000"), said)
    assert not agrees(told.replace("-00001", "-00002"), said)
    assert not agrees(told.replace("Head: 77", "Head: 78"), said)
    assert not agrees(told.split("\n", maxsplit=1)[0], said)
    assert not agrees("", said)
