"""With the triggers out of the way, every change to what was posted, paid or audited is found."""
# ruff: noqa: S608 - the SQL of attacks is put together from the words of the test

from __future__ import annotations

import shutil
import sqlite3
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from sfsync.ledger import invariants, open_ledger_read_only
from sfsync.ledger.audit import head, verify_chain
from sfsync.ledger.invariants import check_ledger
from tests.ledger.tampered_books import codes_found, tampered

if TYPE_CHECKING:
    from pathlib import Path

# Which row of each table is attacked; every column of it.
ROWS = {
    "document": "id = 1",
    "document_line": "document_id = 1 AND position = 2",
    "document_property": "document_id = 1",
    "line_property": "line_id = 1",
    "journal_entry": "document_id = 1 AND kind = 'post'",
    "journal_line": "entry_id = 1 AND amount_minor < 0",
    "payment": "id = 1",
    "payment_void": "payment_id = 2",
    "number_series": "id = 1",
    "ledger_account": "code = '4000'",
    "period_lock": "id = 1",
    "audit_event": "action = 'invoice.post' AND entity = 'D-000001'",
}
# Not what a document says, but where another thing is kept: checked by its own rules.
_REMOVAL = {"document_removal": "document_id = 2"}
_UNCHECKED = {("document_removal", "at"), ("document_removal", "system_modstamp")}


def _columns() -> list[tuple[str, str]]:
    found = []
    tables = {**ROWS, **_REMOVAL}
    with closing(sqlite3.connect(":memory:")) as empty:
        from sfsync.ledger.migrations import statements  # noqa: PLC0415 - only to know the columns

        for statement in statements("001"):
            empty.execute(statement)
        for table in tables:
            # table_info leaves generated columns out: they cannot be written.
            found += [(table, row[1]) for row in empty.execute(f"PRAGMA table_info({table})")]
    return [one for one in found if one not in _UNCHECKED]


def _other(table: str, column: str, where: str) -> str:
    """SQL for a value that differs from the present one and is of its type."""
    present = f"(SELECT {column} FROM {table} WHERE {where} LIMIT 1)"
    return (
        f"CASE typeof({present}) WHEN 'integer' THEN {present} + 1"
        f" WHEN 'text' THEN CASE WHEN {present} GLOB '2026-*' THEN '2026-11-21'"
        f" ELSE 'x' || substr({present}, 2) END ELSE 1 END"
    )


@pytest.mark.parametrize(("table", "column"), _columns())
def test_a_changed_column_is_found(books: Path, table: str, column: str) -> None:
    """Any other value in any column of what was posted, paid or audited is a finding."""
    where = {**ROWS, **_REMOVAL}[table]
    key = f"rowid = (SELECT rowid FROM {table} WHERE {where} LIMIT 1)"
    if table in {"document_property", "line_property"}:
        key = where
    script = f"UPDATE OR REPLACE {table} SET {column} = {_other(table, column, where)} WHERE {key}"
    codes = codes_found(tampered(books, script))
    assert codes
    assert "schema-changed" not in codes
    if table == "audit_event":
        with open_ledger_read_only(books.with_name("tampered.db")) as ledger:
            assert verify_chain(ledger)


@pytest.mark.parametrize("table", [*ROWS, *_REMOVAL])
def test_a_removed_row_is_found(books: Path, table: str) -> None:
    """What was posted, paid or audited cannot be taken out unnoticed."""
    where = {**ROWS, **_REMOVAL}[table]
    codes = codes_found(tampered(books, f"DELETE FROM {table} WHERE {where}"))
    assert codes - {"schema-changed"}


@pytest.mark.parametrize(
    ("table", "key", "one", "two"),
    [
        ("document", "id", 1, 4),
        ("document_line", "id", 1, 2),
        ("journal_line", "id", 2, 3),
        ("journal_entry", "id", 1, 2),
        ("payment", "id", 1, 2),
        ("audit_event", "seq", 5, 6),
    ],
)
def test_two_swapped_rows_are_found(books: Path, table: str, key: str, one: int, two: int) -> None:
    """Two rows that have changed places are a finding, although nothing is missing."""
    script = (
        f"UPDATE {table} SET {key} = 999 WHERE {key} = {one};"
        f"UPDATE {table} SET {key} = {one} WHERE {key} = {two};"
        f"UPDATE {table} SET {key} = {two} WHERE {key} = 999;"
    )
    assert codes_found(tampered(books, script)) - {"schema-changed"}


def test_a_cut_tail_is_found_by_a_head_kept_elsewhere(books: Path) -> None:
    """Taking the newest events away leaves an unbroken chain; an earlier head tells."""
    with open_ledger_read_only(books) as ledger:
        kept = head(ledger)
    copy = tampered(books, f"DELETE FROM audit_event WHERE seq = {kept.partition(':')[0]}")
    with open_ledger_read_only(copy) as ledger:
        assert verify_chain(ledger) == []
        assert [one.code for one in verify_chain(ledger, kept)] == ["audit-head"]


def test_a_file_open_to_others_is_found(books: Path) -> None:
    """A ledger that others may read is a finding."""
    copy = books.with_name("open.db")
    shutil.copyfile(books, copy)
    copy.chmod(0o644)
    assert codes_found(copy) == {"file-open-to-others"}


@pytest.mark.parametrize(
    "start",
    [invariants._START, "print('at your service');" + invariants._START, "raise SystemExit(3)"],  # noqa: SLF001 - to spoil it
    ids=["well", "noisy", "gone"],
)
def test_large_ledgers_are_checked_alike(
    books: Path, monkeypatch: pytest.MonkeyPatch, start: str
) -> None:
    """In two processes at once the findings, and their order, are the same; in one if need be."""
    script = "UPDATE document SET description = 'x' WHERE id = 1; DELETE FROM payment"
    copy = tampered(books, script)
    monkeypatch.setattr(invariants, "_START", start)
    with open_ledger_read_only(copy) as ledger:
        alone = check_ledger(ledger)
        monkeypatch.setattr(invariants, "LARGE", 0)
        assert check_ledger(ledger) == alone
        monkeypatch.setattr(sys, "executable", "/no/such/python")
        assert check_ledger(ledger) == alone
    assert len(alone) > 2
