"""What the file itself cannot refuse, since whoever owns it may change its tables: it is found."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from sfsync.ledger import open_ledger, open_ledger_read_only
from sfsync.ledger.audit import head
from sfsync.ledger.backups import back_up
from sfsync.ledger.invariants import check_ledger, check_trail
from sfsync.ledger.payments import PaymentOrder, add_payment
from tests.ledger.ledger_books import NOW, RULES, TODAY
from tests.ledger.tampered_books import tampered

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = [
    "ALTER TABLE document RENAME TO other",
    "ALTER TABLE document RENAME COLUMN number TO other",
    "ALTER TABLE payment ADD COLUMN other TEXT",
    "CREATE TABLE other (x)",
    "CREATE TRIGGER other AFTER INSERT ON payment BEGIN SELECT 1; END",
    "CREATE VIEW other AS SELECT 1",
    "DROP INDEX document_live",
    "DROP TABLE audit_event",
    "DROP TABLE document",
    "DROP TABLE journal_line",
    "DROP TABLE ledger",
    "DROP TABLE number_series",
    "DROP TABLE payment",
    "DROP TABLE period_lock",
    "DROP TRIGGER audit_event_update",
    "DROP VIEW document_balance",
    # As if the rules had never been in the table.
    (
        "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = replace(sql,"
        " 'CHECK (amount_minor <> 0)', '') WHERE name = 'journal_line'"
    ),
    (
        "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = replace(sql, ') STRICT', ')')"
        " WHERE name = 'document'"
    ),
    "PRAGMA writable_schema = ON; DELETE FROM sqlite_master WHERE type = 'trigger'",
    # Another table in its place, with the same rows.
    (
        "PRAGMA legacy_alter_table = ON;"
        "CREATE TABLE kept AS SELECT * FROM journal_line; DROP TABLE journal_line;"
        "ALTER TABLE kept RENAME TO journal_line"
    ),
    (
        "ATTACH ':memory:' AS other; CREATE TABLE other.audit_event AS SELECT * FROM audit_event;"
        "DROP TABLE audit_event; CREATE TABLE audit_event AS SELECT * FROM other.audit_event"
    ),
]


# On a plain connection: what UPSERT, OR REPLACE, OR IGNORE and the other names of a rowid would do.
TRICKS = [
    "DELETE FROM payment",
    "DELETE FROM payment_void",
    "UPDATE payment SET amount_minor = 1",
    "UPDATE payment_void SET reason = 'x'",
    "UPDATE OR REPLACE payment SET rowid = 2 WHERE id = 1",
    "UPDATE OR REPLACE payment_void SET payment_id = 1",
    "INSERT OR REPLACE INTO payment_void SELECT * FROM payment_void",
    (
        "INSERT OR REPLACE INTO payment (rowid, document_id, entry_id, date, currency, exponent,"
        " amount_minor, balance_minor, at, actor)"
        " VALUES (1, 1, 99, '2026-11-20', 'USD', 2, 1, 1, '', '')"
    ),
    "UPDATE document SET rowid = 99 WHERE id = 1",
    "UPDATE OR IGNORE document SET total_minor = 1 WHERE id = 1",
    "UPDATE OR FAIL document SET total_minor = 1 WHERE id = 1",
    "UPDATE OR ROLLBACK document SET total_minor = 1 WHERE id = 1",
    "UPDATE document SET total_minor = 1 FROM (SELECT 1) WHERE id = 1",
    "UPDATE OR REPLACE journal_entry SET rowid = 2 WHERE id = 1",
    "UPDATE OR REPLACE audit_event SET _rowid_ = 1 WHERE seq = 2",
    (
        "INSERT INTO audit_event SELECT * FROM audit_event WHERE seq = 2"
        " ON CONFLICT (seq) DO UPDATE SET actor = 'x'"
    ),
    (
        "INSERT INTO document_line (id, document_id, position, description, quantity_micro,"
        " amount_minor) VALUES (1, 1, 1, 'x', 1, 1) ON CONFLICT (id) DO UPDATE SET amount_minor = 1"
    ),
    "INSERT INTO journal_line VALUES (1, 1, 1, 5) ON CONFLICT (id) DO UPDATE SET amount_minor = 5",
    "INSERT INTO number_series VALUES (1, 'x', 1, 1) ON CONFLICT (id) DO UPDATE SET next = 1",
    (
        "INSERT INTO period_lock VALUES (1, NULL)"
        " ON CONFLICT (id) DO UPDATE SET closed_through = NULL"
    ),
    (
        "INSERT INTO ledger_account (code, name, type) VALUES ('1200', 'x', 'asset')"
        " ON CONFLICT (code) DO UPDATE SET type = 'revenue'"
    ),
    (
        "INSERT OR IGNORE INTO journal_entry (id, kind, document_id, posting_date, currency,"
        " exponent, description) VALUES (1, 'post', 5, '2026-11-22', 'USD', 2, 'x')"
    ),
    "UPDATE document_property SET document_id = 1 WHERE document_id = 5",
    "UPDATE OR REPLACE document_property SET document_id = 1 WHERE document_id = 5",
    "UPDATE line_property SET value = 'z' WHERE line_id = 1",
    "DELETE FROM line_property WHERE line_id = 1",
    "UPDATE document_removal SET reason = 'x'",
    "INSERT INTO document_removal VALUES (1, NULL, 'x', '', '')",
    "INSERT INTO document_acceptance VALUES (5, '{}', printf('%064d', 0), NULL, 'x', '', '')",
    "INSERT INTO document_pin VALUES (1, 'x')",
    "INSERT INTO document_review VALUES (1, '', '')",
    "INSERT INTO document_drift VALUES (3, '{}', NULL, '', 1)",
    "INSERT INTO credit_reason VALUES (1, 'x', '', '')",
    "INSERT INTO auto_post VALUES (1, 5, NULL, NULL)",
    "UPDATE config_text SET text = 'x'",
    "DELETE FROM config_text",
    "REPLACE INTO config_text SELECT id, digest, 'x' FROM config_text",
    "REPLACE INTO config_text SELECT id + 1, digest, 'x' FROM config_text",
]
SETTINGS = [
    "PRAGMA user_version",
    "PRAGMA recursive_triggers = OFF",
    "PRAGMA recursive_triggers = ON",
    "PRAGMA ignore_check_constraints = ON",
    "PRAGMA foreign_keys = OFF",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA defer_foreign_keys = ON",
    "PRAGMA writable_schema = ON",
]


@pytest.mark.parametrize("setting", SETTINGS)
def test_no_trick_and_no_setting_helps(books: Path, setting: str) -> None:
    """Whatever a plain connection switches on or off, the rows refuse; nothing has changed."""
    with closing(sqlite3.connect(books)) as plain:
        before = list(plain.iterdump())
        plain.execute(setting)
        for trick in TRICKS:
            with pytest.raises(sqlite3.IntegrityError):
                plain.execute(trick)
            plain.rollback()
        assert list(plain.iterdump()) == before


@pytest.mark.parametrize("script", SCHEMA)
def test_a_changed_schema_is_found(books: Path, script: str) -> None:
    """Both verifications name it, whatever is missing, and neither breaks down over it."""
    copy = books.with_name("schema.db")
    shutil.copyfile(books, copy)
    copy.chmod(0o600)
    with closing(sqlite3.connect(copy, isolation_level=None)) as plain:
        plain.execute("PRAGMA synchronous = OFF")
        plain.executescript(script)
    with open_ledger_read_only(copy) as ledger:
        for check in (check_ledger, check_trail):
            assert "schema-changed" in {found.code for found in check(ledger)}


def test_an_amount_that_was_changed_everywhere_is_found(books: Path) -> None:
    """Line, total and journal agree with each other, and not with what was posted."""
    copy = tampered(
        books,
        "UPDATE document_line SET amount_minor = amount_minor + 100, unit_price_micro ="
        " unit_price_micro + 1000000 WHERE document_id = 4 AND position = 1;"
        "UPDATE document SET total_minor = total_minor + 100 WHERE id = 4;"
        "UPDATE journal_line SET amount_minor = amount_minor + 100 WHERE amount_minor > 0"
        " AND entry_id = (SELECT id FROM journal_entry WHERE document_id = 4);"
        "UPDATE journal_line SET amount_minor = amount_minor - 100 WHERE amount_minor = -10000"
        " AND entry_id = (SELECT id FROM journal_entry WHERE document_id = 4)",
    )
    with open_ledger_read_only(copy) as ledger:
        assert [(one.code, one.entity) for one in check_ledger(ledger)] == [
            ("document-changed", "D-000004")
        ]
        assert [one.code for one in check_trail(ledger)] == ["document-changed"]


def test_two_swapped_invoices_are_found_by_the_trail(books: Path) -> None:
    """Two posted invoices that have changed places are not what the trail says of either."""
    copy = tampered(
        books,
        "UPDATE document SET id = 999 WHERE id = 4; UPDATE document SET id = 4 WHERE id = 6;"
        "UPDATE document SET id = 6 WHERE id = 999",
    )
    with open_ledger_read_only(copy) as ledger:
        found = {(one.code, one.entity) for one in check_trail(ledger)}
    assert found == {("document-changed", "D-000004"), ("document-changed", "D-000006")}


def test_a_cut_tail_and_an_older_file_are_found_by_a_head(books: Path, tmp_path: Path) -> None:
    """Both are whole in themselves: only a head that was kept elsewhere tells."""
    path = tmp_path / "ledger.db"
    shutil.copyfile(books, path)
    path.chmod(0o600)
    older = back_up(path, tmp_path / "older.db").path
    with open_ledger(path, clock=lambda: NOW) as ledger:
        order = PaymentOrder(Decimal(1), date(2026, 11, 20))
        add_payment(ledger, "D-000004", order, RULES, today=TODAY)
        kept = head(ledger)
        assert check_trail(ledger, kept) == []
    shutil.copyfile(older, path)
    with open_ledger_read_only(path) as ledger:
        assert check_ledger(ledger) == []
        assert check_trail(ledger) == []
        assert [found.code for found in check_trail(ledger, kept)] == ["audit-head"]
