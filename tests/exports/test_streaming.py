"""Rows by the million need no memory: every list goes to every file while it comes."""

from __future__ import annotations

import io
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync import rows as of_rows
from sfsync.cli.frame.flags import Format
from sfsync.cli.render.exporting import write_table
from sfsync.errors import SfsyncError
from sfsync.exports.json_text import JsonText, Style, encode, pieces, settled
from sfsync.exports.table import Column, ExportTable, Kind
from sfsync.rows import Descending, KeptRows, NoRoomError, Rows, SortedRows
from tests.cli.command_line import start
from tests.ledger.ledger_books import new_ledger
from tests.ledger.many_invoices import many_invoices

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sfsync.ledger import Ledger

MEBIBYTE = 1 << 20
STYLES = (Style(), Style(2), Style(None, ascii_only=True))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)


def peak(work: Any) -> int:
    """The most memory, in bytes, that was held at once while `work` ran."""
    work()
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def many(count: int) -> Iterator[dict[str, Any]]:
    """So many rows of half a kilobyte each."""
    for number in range(count):
        yield {"number": number, "currency": "USD", "total": "12.50", "text": f"{number} " * 50}


COLUMNS = (
    Column("number", "Number", Kind.INTEGER),
    Column("currency", "Currency", Kind.CODE),
    Column("total", "Total", Kind.MONEY, "currency", summed=True),
    Column("text", "Text"),
)


@pytest.mark.parametrize(
    "wanted", ["csv", "tsv", "json", "jsonl", "md", "html", "xlsx"], ids="{}".format
)
def test_a_file_of_many_rows_needs_no_memory(wanted: str, tmp_path: Path) -> None:
    """Three thousand rows of half a kilobyte leave less than a megabyte at any moment."""

    def work() -> None:
        with (tmp_path / "file").open("wb") as stream:
            table = ExportTable("x", "X", COLUMNS, many(3_000))
            assert write_table(table, Format(wanted), stream).rows == 3_000

    assert peak(work) < MEBIBYTE


@given(st.lists(JSON, max_size=4), st.sampled_from(STYLES))
def test_rows_that_come_one_by_one_make_the_same_document(rows: list[Any], style: Style) -> None:
    """A document whose list is streamed, or waits in a file, is that of the list itself."""

    def shaped(found: Any) -> dict[str, Any]:
        return {"a": 1, "result": {"rows": found, "totals": []}, "z": None}

    whole = encode(shaped(rows), indent=style.indent, ascii_only=style.ascii_only)
    assert "".join(pieces(shaped(Rows(rows)), style)) == whole
    assert "".join(pieces(settled(shaped(Rows(rows)), style), style)) == whole
    assert "".join(pieces(shaped(KeptRows(rows)), style)) == whole


def test_text_that_waits_needs_no_memory() -> None:
    """A result of twenty megabytes waits in a file until its document is written."""

    def work() -> None:
        text = JsonText("x" * 1_000 for _ in range(20_000))
        assert sum(map(len, text)) == 20_000_000

    assert peak(work) < 12 * MEBIBYTE


@given(st.lists(st.tuples(st.integers(0, 5), st.integers())), st.none() | st.integers(1, 9))
def test_sorting_in_files_is_sorting(pairs: list[tuple[int, int]], limit: int | None) -> None:
    """Parts that wait in files come together in the order of `sorted`, equals as they came."""
    rows = [{"key": key, "value": value} for key, value in pairs]
    held, of_rows.MOST_HELD = of_rows.MOST_HELD, 3
    try:
        up = SortedRows(iter(rows), lambda row: row["key"], limit)
        down = SortedRows(iter(rows), lambda row: Descending(row["key"]), limit)
        assert list(up) == list(up) == sorted(rows, key=lambda row: row["key"])[:limit]
        assert list(down) == sorted(rows, key=lambda row: row["key"], reverse=True)[:limit]
        assert (len(up), up.total) == (len(list(up)), len(rows))
    finally:
        of_rows.MOST_HELD = held


def test_many_rows_are_sorted_in_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is sorted waits in files: less than a third of it is held."""
    monkeypatch.setattr(of_rows, "MOST_HELD", 500)
    numbers = [n * 7_919 % 5_000 for n in range(5_000)]

    def work() -> None:
        rows = SortedRows(({"n": n, "text": f"{n} " * 40} for n in numbers), lambda row: row["n"])
        assert [row["n"] for row in rows][:3] == [0, 1, 2]

    held = peak(lambda: [{"n": n, "text": f"{n} " * 40} for n in numbers])
    assert peak(work) < held / 3


class FullFile(io.StringIO):
    """A file on a disk that is full."""

    def flush(self) -> None:
        """Fail as the disk does."""
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize("opened", [FullFile, lambda: FullFile().flush()])
def test_rows_that_find_no_room_are_said(
    opened: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """When no folder for temporary files has room, the error says so and names a way out."""
    monkeypatch.setattr(of_rows, "MOST_HELD", 2)
    monkeypatch.setattr("tempfile.TemporaryFile", lambda *_, **__: opened())
    with pytest.raises(NoRoomError, match="No space left") as raised:
        KeptRows([1, 2])
    assert "TMPDIR" in raised.value.fix


def test_a_snapshot_that_sqlite_has_left_is_left(home: Path) -> None:
    """After a full disk SQLite has rolled back by itself: the error is the disk's, not ours."""

    def left(ledger: Ledger) -> None:
        with ledger.snapshot():
            ledger._connection.execute("ROLLBACK")  # noqa: SLF001 - as SQLite does
            raise SfsyncError("the disk is full", code="ledger-unwritable")

    with new_ledger(home / "books.db") as ledger, pytest.raises(SfsyncError, match="full"):
        left(ledger)


LISTS = (
    "invoice list", "customer list", "contact list", "product list", "opportunity list",
    "payment list", "journal list", "audit list", "history list", "history show",
    "history failures", "history export", "report revenue --by customer --rows",
    "report pipeline --rows", "report pipeline --gaps", "report uninvoiced", "report aging --rows",
)  # fmt: skip


def filled(folder: Path, count: int) -> Path:
    """A ledger with so many invoices."""
    with new_ledger(folder / "books.db") as ledger:
        many_invoices(ledger, count)
    return folder / "books.db"


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger with some invoices."""
    return filled(tmp_path_factory.mktemp("few"), 20)


@pytest.mark.parametrize("words", LISTS)
def test_a_row_that_fails_leaves_one_document_and_no_file(
    words: str, few: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the ledger cannot be read on, stdout has the error alone, and no file stays behind."""

    def broken(self: Rows, rows: Any) -> Iterator[Any]:
        del self
        yield from list(rows)[:1]
        raise SfsyncError("the disk is gone", code="ledger-damaged")

    monkeypatch.setattr(Rows, "counting", broken)
    monkeypatch.setattr(SortedRows, "__iter__", lambda _: broken(Rows(()), [{}]))
    argv = [*words.split(), "--ledger", str(few)]
    done = start([*argv, "--json"])
    assert done.document["error"]["code"] == "ledger-damaged"
    for kind in ("csv", "json", "xlsx"):
        target = home / f"a.{kind}"
        assert start([*argv, "-o", str(target)]).status == 1, kind
        assert [each.name for each in home.iterdir() if each.name.startswith((".a", "a."))] == []


@pytest.fixture(scope="module")
def long_books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger with thousands of invoices."""
    return filled(tmp_path_factory.mktemp("many"), 5_000)


@pytest.mark.long
@pytest.mark.parametrize("kind", ["csv", "json", "jsonl", "md", "tsv", "html", "xlsx", "--json"])
def test_no_list_holds_its_rows(kind: str, long_books: Path, tmp_path: Path) -> None:
    """Every list of thousands of invoices holds less memory than a tenth of its rows would take."""
    for words in LISTS:
        target = tmp_path / f"file.{kind}"
        argv = [*words.split(), "--ledger", str(long_books), "-q", "--force"]
        argv += ["--json"] if kind == "--json" else ["-o", str(target)]

        def work(argv: list[str] = argv) -> None:
            assert start(argv).status == 0

        assert peak(work) < 40 * MEBIBYTE, (words, kind)
