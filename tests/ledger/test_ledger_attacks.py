"""Attacks on the file itself, over a plain connection as any tool would open it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from sfsync.ledger import open_ledger
from sfsync.ledger.chart import close_period
from sfsync.ledger.invariants import check_ledger
from sfsync.ledger.posting import post_invoice
from sfsync.ledger.removal import delete_draft, reverse_invoice
from tests.ledger.ledger_books import ORG, RULES, TODAY, fill, new_ledger, opportunity_id

if TYPE_CHECKING:
    from pathlib import Path

# Document 1 is posted, 2 reversed by credit note 5, 3 deleted, 4 a draft.
ATTACKS = [
    "UPDATE document SET total_minor = 1 WHERE id = 1",
    "UPDATE document SET description = 'x' WHERE id = 1",
    "UPDATE document SET document_date = '2026-01-01' WHERE id = 1",
    "UPDATE document SET posting_date = '2026-01-01' WHERE id = 1",
    "UPDATE document SET customer_id = 99 WHERE id = 4",
    "UPDATE document SET number = 'INV-2026-00009' WHERE id = 1",
    "UPDATE document SET buyer = '{}' WHERE id = 1",
    "UPDATE document SET sales_rep = NULL WHERE id = 1",
    "UPDATE document SET source = '{}' WHERE id = 1",
    "UPDATE document SET status = 'draft', number = NULL WHERE id = 1",
    "UPDATE document SET status = 'deleted' WHERE id = 1",
    "UPDATE document SET status = 'draft' WHERE id = 3",
    "UPDATE document SET description = 'x' WHERE id = 3",
    "UPDATE document SET status = 'posted', reversed_by_id = NULL WHERE id = 2",
    "UPDATE document SET status = 'reversed', reversed_by_id = 5 WHERE id = 1",
    (
        "UPDATE document SET status = 'posted', number = 'INV-2026-00003', series_id = 1,"
        " sequence = 3, posting_date = '2026-11-22', posted_at = '', posted_by = '', seller = '',"
        " buyer = '' WHERE id = 4"
    ),
    "UPDATE document SET opportunity_id = '006000000000009AAA' WHERE id = 4",
    "UPDATE document SET kind = 'credit_note' WHERE id = 4",
    "UPDATE OR REPLACE document SET id = 1 WHERE id = 4",
    "UPDATE OR REPLACE document SET number = 'INV-2026-00001' WHERE id = 4",
    "UPDATE OR REPLACE document SET opportunity_id = '006000000000001AAA' WHERE id = 4",
    "DELETE FROM document WHERE id = 1",
    "DELETE FROM document WHERE id = 4",
    "DELETE FROM document",
    (
        "INSERT INTO document_line (document_id, position, description, quantity_micro,"
        " amount_minor) VALUES (1, 9, 'x', 1, 1)"
    ),
    (
        "INSERT INTO document_line (document_id, position, description, quantity_micro,"
        " amount_minor) VALUES (99, 1, 'x', 1, 1)"
    ),
    (
        "INSERT OR REPLACE INTO document_line (id, document_id, position, description,"
        " quantity_micro, amount_minor) VALUES (1, 4, 9, 'x', 1, 1)"
    ),
    (
        "INSERT OR REPLACE INTO document_line (document_id, position, description,"
        " quantity_micro, amount_minor) VALUES (1, 1, 'x', 1, 1)"
    ),
    "UPDATE document_line SET amount_minor = 1 WHERE document_id = 1",
    "UPDATE document_line SET document_id = 1 WHERE document_id = 4",
    "UPDATE OR REPLACE document_line SET id = 1 WHERE document_id = 4",
    "DELETE FROM document_line WHERE document_id = 1",
    "DELETE FROM document_line WHERE document_id = 3",
    "INSERT OR REPLACE INTO document_property VALUES (1, 'cost_center', 'CC9')",
    "UPDATE document_property SET value = 'CC9' WHERE document_id = 1",
    "DELETE FROM document_property WHERE document_id = 1",
    "INSERT INTO line_property VALUES (1, 'a', 'b')",
    "INSERT INTO line_property VALUES (999, 'a', 'b')",
    "UPDATE journal_entry SET posting_date = '2026-01-01' WHERE id = 1",
    "UPDATE journal_entry SET sealed = 0 WHERE id = 1",
    "UPDATE OR REPLACE journal_entry SET id = 1 WHERE id = 2",
    "DELETE FROM journal_entry",
    (
        "INSERT INTO journal_entry (kind, document_id, posting_date, currency, exponent,"
        " description, sealed) VALUES ('post', 4, '2026-11-22', 'USD', 2, '', 1)"
    ),
    (
        "INSERT INTO journal_entry (kind, document_id, posting_date, currency, exponent,"
        " description) VALUES ('post', 4, '2026-09-22', 'USD', 2, '')"
    ),
    (
        "INSERT INTO journal_entry (kind, document_id, posting_date, currency, exponent,"
        " description) VALUES ('post', 1, '2026-11-22', 'USD', 2, '')"
    ),
    "INSERT OR REPLACE INTO journal_entry SELECT * FROM journal_entry WHERE id = 1",
    "INSERT INTO journal_line (entry_id, account_id, amount_minor) VALUES (1, 1, 5)",
    "INSERT INTO journal_line (entry_id, account_id, amount_minor) VALUES (99, 1, 5)",
    "INSERT OR REPLACE INTO journal_line VALUES (1, 1, 1, 5)",
    "UPDATE journal_line SET amount_minor = amount_minor * 2",
    "UPDATE OR REPLACE journal_line SET id = 1 WHERE id = 2",
    "DELETE FROM journal_line",
    "UPDATE number_series SET next = 1",
    "UPDATE number_series SET next = next + 1",
    "INSERT OR REPLACE INTO number_series VALUES (1, 'INV-2026-{seq:05}', 1, 1)",
    "INSERT OR REPLACE INTO number_series VALUES (9, 'INV-2026-{seq:05}', 1, 1)",
    "DELETE FROM number_series",
    "UPDATE audit_event SET actor = 'nobody' WHERE seq = 2",
    "UPDATE OR REPLACE audit_event SET seq = 1 WHERE seq = 2",
    "DELETE FROM audit_event WHERE seq = 3",
    "INSERT OR REPLACE INTO audit_event SELECT * FROM audit_event WHERE seq = 2",
    (
        "INSERT INTO audit_event SELECT seq + 100, at, run_id, actor, action, entity, before,"
        " after, reason, prev_hash, hash FROM audit_event WHERE seq = 2"
    ),
    "UPDATE period_lock SET closed_through = '2020-01-01'",
    "UPDATE period_lock SET closed_through = NULL",
    "INSERT OR REPLACE INTO period_lock VALUES (1, NULL)",
    "DELETE FROM period_lock",
    "UPDATE ledger SET org_id = '00D000000000002AAA'",
    "UPDATE ledger SET demo = 1",
    "INSERT OR REPLACE INTO ledger (id, demo, created_at) VALUES (1, 0, 'now')",
    "DELETE FROM ledger",
    (
        "INSERT OR REPLACE INTO customer (id, name, name_key, origin, created_at)"
        " VALUES (1, 'x', 'x', 'entered', '')"
    ),
    (
        "INSERT INTO customer (name, name_key, origin, created_at, active, merged_into)"
        " VALUES ('x', 'x', 'entered', '', 0, 1)"
    ),
    "DELETE FROM customer",
    "UPDATE customer SET merged_into = 77, active = 0",
    "INSERT INTO account_link VALUES ('001000000000009AAA', '00D000000000001AAA', 77, 'x', NULL)",
    "INSERT OR REPLACE INTO ledger_account VALUES (1, '9999', 'x', 'asset', 1)",
    "UPDATE ledger_account SET type = 'revenue' WHERE code = '1200'",
    "DELETE FROM ledger_account",
    "INSERT OR REPLACE INTO document_removal VALUES (3, NULL, 'other', '', '')",
    "DELETE FROM document_removal",
    "INSERT INTO document_hold VALUES (1, 'x', '', '')",
    "INSERT INTO document_drift VALUES (77, '{}', NULL, '', 1)",
    "DELETE FROM run",
    "UPDATE run SET outcome = 'failed'",
    "INSERT OR REPLACE INTO run SELECT * FROM run",
    "DELETE FROM run_record",
    "UPDATE run_record SET outcome = 'failed', code = 'x'",
    "INSERT OR REPLACE INTO run_record SELECT * FROM run_record WHERE id = 1",
]

_INSERT_DOCUMENT = """
    INSERT OR REPLACE INTO document (id, kind, status, org_id, opportunity_id, customer_id,
        reverses_id, document_date, due_date, currency, exponent, total_minor, description, source,
        source_hash, created_at)
    VALUES ({id}, {kind}, 'draft', {org}, {opportunity}, {customer}, {reverses}, '2026-11-22',
        '2026-11-22', 'USD', 2, {total}, '', '{{}}', printf('%064d', 0), '')
"""
_SOUND = {
    "id": "NULL",
    "kind": "'invoice'",
    "org": f"'{ORG}'",
    "opportunity": f"'{opportunity_id(9)}'",
    "customer": "1",
    "reverses": "NULL",
    "total": "1",
}
BAD_DOCUMENTS = [
    {"id": "1"},
    {"id": "3"},
    {"id": "4"},
    {"opportunity": f"'{opportunity_id(1)}'"},
    {"opportunity": f"'{opportunity_id(4)}'"},
    {"org": "'00D000000000002AAA'"},
    {"customer": "77"},
    {"kind": "'credit_note'", "reverses": "4", "opportunity": f"'{opportunity_id(4)}'"},
    {"kind": "'credit_note'", "reverses": "2", "opportunity": f"'{opportunity_id(2)}'"},
    {"reverses": "1"},
    {"total": "1.5"},
    {"opportunity": "'006000000000009'"},
]


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger with a document in every state."""
    path = tmp_path_factory.mktemp("books") / "ledger.db"
    with new_ledger(path) as ledger:
        fill(ledger, 4)
        post_invoice(ledger, "D-000001", RULES, today=TODAY)
        post_invoice(ledger, "D-000002", RULES, today=TODAY)
        reverse_invoice(ledger, "D-000002", RULES, reason="wrong", today=TODAY)
        delete_draft(ledger, "D-000003", "duplicate")
        close_period(ledger, TODAY.replace(month=9))
        assert check_ledger(ledger) == []
    return path


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_file_refuses(books: Path, attack: str) -> None:
    """A plain connection with default settings cannot do it, and nothing has changed."""
    with closing(sqlite3.connect(books)) as plain:
        before = list(plain.iterdump())
        with pytest.raises(sqlite3.IntegrityError):
            plain.execute(attack)
        plain.rollback()
        assert list(plain.iterdump()) == before


@pytest.mark.parametrize("changes", BAD_DOCUMENTS)
def test_the_file_refuses_unsound_documents(books: Path, changes: dict[str, str]) -> None:
    """No second live invoice, no other org, no orphan, no credit of what is not posted."""
    with closing(sqlite3.connect(books)) as plain, pytest.raises(sqlite3.IntegrityError):
        plain.execute(_INSERT_DOCUMENT.format(**_SOUND | changes))


def test_the_sound_document_is_taken(books: Path) -> None:
    """The statement that the unsound ones vary is itself accepted: they fail for their reason."""
    with closing(sqlite3.connect(books)) as plain:
        assert plain.execute(_INSERT_DOCUMENT.format(**_SOUND)).rowcount == 1
        plain.rollback()


TAMPERING = [
    ("DROP TRIGGER document_frozen; UPDATE document SET description = 'x' WHERE id = 1",
     {"schema-changed", "document-changed"}),
    ("DROP TRIGGER audit_event_update; UPDATE audit_event SET actor = 'x' WHERE seq = 2",
     {"schema-changed", "audit-hash"}),
    ("DROP TRIGGER audit_event_delete; DELETE FROM audit_event WHERE seq = 3",
     {"schema-changed", "audit-gap", "audit-hash"}),
    ("DROP TRIGGER journal_line_update; UPDATE journal_line SET amount_minor = 5 WHERE id = 1",
     {"schema-changed", "entry-unbalanced", "trial-balance", "journal-total",
      "document-changed"}),
    (("DROP TRIGGER document_line_update; UPDATE document_line SET unit_price_micro = 5"
     " WHERE document_id = 1"), {"schema-changed", "document-changed"}),
]  # fmt: skip


@pytest.mark.parametrize(("script", "codes"), TAMPERING)
def test_tampering_without_triggers_is_found(books: Path, script: str, codes: set[str]) -> None:
    """Whoever drops a trigger first is found by the checks, each change by its own."""
    copy = books.with_name("tampered.db")
    with closing(sqlite3.connect(books)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
        target.executescript(script)
    with open_ledger(copy) as ledger:
        assert {finding.code for finding in check_ledger(ledger)} == codes


def test_a_frozen_logo_stays(tmp_path: Path) -> None:
    """The picture of a posted document is neither changed, replaced nor taken away unseen."""
    path = tmp_path / "l.db"
    rules = replace(RULES, seller=replace(RULES.seller, logo=b"picture"))
    with new_ledger(path) as ledger:
        fill(ledger, 2)
        post_invoice(ledger, "D-000001", rules, today=TODAY)
        post_invoice(ledger, "D-000002", rules, today=TODAY)
        assert ledger.rows("SELECT content FROM image") == [(b"picture",)]
        assert check_ledger(ledger) == []
    attacks = (
        "UPDATE image SET content = x'00'",
        "DELETE FROM image",
        "INSERT OR REPLACE INTO image SELECT sha256, x'00' FROM image",
    )
    with closing(sqlite3.connect(path)) as connection:
        for attack in attacks:
            with pytest.raises(sqlite3.IntegrityError):
                connection.execute(attack)
        connection.execute("DROP TRIGGER image_update")
        connection.execute("UPDATE image SET content = x'00'")
        connection.commit()
    with open_ledger(path) as ledger:
        codes = {finding.code for finding in check_ledger(ledger)}
    assert codes == {"schema-changed", "image-changed"}
