from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from sfsync.cli.render.files import write_new_file
from sfsync.errors import RefusedError
from sfsync.ledger.backups import back_up
from tests.ledger.ledger_books import new_ledger

if TYPE_CHECKING:
    from pathlib import Path


def _no_second_names(_file: Path, path: Path) -> None:
    raise OSError(errno.EPERM, os.strerror(errno.EPERM), str(path))


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("kind", ["export", "backup"])
def test_of_two_that_write_one_new_file_the_second_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, *, links: bool
) -> None:
    """Also where both have looked before either was done, and a file can have but one name."""
    ledger = tmp_path / "ledger.db"
    new_ledger(ledger).close()
    monkeypatch.setattr("sfsync.cli.render.files.refuse_existing", lambda _: None)
    monkeypatch.setattr("sfsync.ledger.backups._refuse_existing", lambda _: None)
    if not links:
        monkeypatch.setattr(os, "link", _no_second_names)
    folder = tmp_path / "out"
    folder.mkdir()

    def write(name: str) -> None:
        if kind == "export":
            write_new_file(folder / name, b"mine", force=False)
        else:
            back_up(ledger, folder / name)

    write("free")
    (folder / "taken").write_text("theirs")
    with pytest.raises(RefusedError) as refused:
        write("taken")
    assert refused.value.code == "file-exists"
    assert (folder / "taken").read_text() == "theirs"
    assert {one.name: one.stat().st_nlink for one in folder.iterdir()} == {"free": 1, "taken": 1}
