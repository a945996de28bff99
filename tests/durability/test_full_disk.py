"""A disk that is full at any size: said with the documented code, sound, and it goes on after."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.durability.workshop import differences

if TYPE_CHECKING:
    from pathlib import Path

    from tests.durability.workshop import Workshop


@dataclass(frozen=True)
class Case:
    """A command, the exit codes that a full disk may give it, and how it ends with space."""

    argv: tuple[str, ...]
    full: frozenset[int]
    status: int = 0
    first: bool = False


CASES = {
    # 2 and 6: the demo org, which stands for Salesforce, has the same full disk.
    "sync": Case(("sync", "--now"), frozenset({2, 6, 8}), status=3, first=True),
    "post": Case(("invoice", "post", "--all", "--yes"), frozenset({8})),
    "backup": Case(("db", "backup", "copy.db", "--force"), frozenset({2, 8})),
    "export": Case(("invoice", "list", "--format", "csv", "-o", "list.csv", "--force"),
                   frozenset({2, 8})),
    "journal": Case(("journal", "export", "--format", "csv", "-o", "books.csv", "--force"),
                    frozenset({2, 8})),
}  # fmt: skip


def _fill_disk(case: Case, base: Workshop, folder: Path, sizes: int) -> int:
    """Run with no room beyond each of so many sizes, then with room; how often it was full."""
    base = base.copy(folder / "base")
    undisturbed = base.copy(folder / "undisturbed")
    undisturbed.done(*case.argv, status=case.status)
    expected, files = undisturbed.portrait(), undisturbed.files()
    written = [len(content) for name, content in files.items() if name not in base.files()]
    largest = max(written or [undisturbed.ledger.stat().st_size])
    was_full = 0
    for number in range(1, sizes + 1):
        # Closer together where files are small: there the log, the exports and the WAL are.
        limit = int(largest * 1.1 * (number / (sizes + 1)) ** 3) + 16
        full = base.copy(folder / "full")
        ended = full.run(*case.argv, file_limit=limit)
        assert ended.status in case.full | {case.status}, (limit, ended)
        if ended.status != case.status:
            was_full += 1
            assert "fix:" in ended.err, (limit, ended)
        for name, content in full.files().items():
            assert name in base.files() or len(content) == len(files[name]), (limit, name)
        full.portrait()
        hidden = [one.name for one in full.work.glob(".*") if one.is_file()]
        assert hidden == [], limit
        if ended.status != case.status:
            again = full.run(*case.argv)
            assert again.status == case.status, (limit, again)
        assert differences(full.portrait(), expected) == [], limit
    return was_full


@pytest.mark.parametrize("name", ["post", "backup", "export"])
def test_a_full_disk_is_said_and_survived(
    name: str, fresh: Workshop, books: Workshop, tmp_path: Path
) -> None:
    """Exit code and fix, a sound ledger, no partial file; with room again it is as ever."""
    case = CASES[name]
    assert _fill_disk(case, fresh if case.first else books, tmp_path, 1) == 1


@pytest.mark.long
@pytest.mark.parametrize("name", CASES)
def test_a_disk_full_at_fifty_sizes_is_survived(
    name: str, fresh: Workshop, books: Workshop, tmp_path: Path
) -> None:
    """The same at fifty sizes, or SFSYNC_LONG_POINTS of them."""
    case = CASES[name]
    sizes = int(os.environ.get("SFSYNC_LONG_POINTS", "50"))
    full = _fill_disk(case, fresh if case.first else books, tmp_path, sizes)
    sys.stdout.write(f"{name}: full at {full} of {sizes} sizes\n")


def test_a_log_without_room_is_a_warning(shop: Workshop) -> None:
    """The log takes no more: the command does its work and says that the log is missing."""
    log = shop.folder / "home" / "log" / "sfsync.log"
    log.write_bytes(b"{}\n" * 1_000_000)
    ended = shop.run("sync", "--now", file_limit=2_999_999)
    assert ended.status == 0
    assert "warning: the log" in ended.err
    assert shop.portrait()


def test_a_demo_without_room_is_said_and_leaves_nothing(fresh: Workshop, tmp_path: Path) -> None:
    """The org's file cannot be filled: exit 2, and with room again the folder is free."""
    shop = fresh.copy(tmp_path / "shop")
    ended = shop.run("demo", "start", "new", file_limit=100_000)
    assert ended.status == 2, ended
    assert "nothing can be written into new" in ended.err
    assert list((shop.work / "new").iterdir()) == []
    shop.done("demo", "start", "new")
