"""Every rule that `db verify` looks after can be broken, and is then found by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sfsync.ledger.invariant_queries import RULES, TRACES
from tests.ledger.tampered_books import codes_found, tampered

if TYPE_CHECKING:
    from pathlib import Path

# The rule, and what somebody did who had got rid of the triggers first.
BREAKS = [
    ("entry-unbalanced", "UPDATE journal_line SET amount_minor = amount_minor + 1 WHERE id = 1"),
    ("entry-unsealed", "UPDATE journal_entry SET sealed = 0 WHERE id = 1"),
    ("trial-balance", "UPDATE journal_line SET amount_minor = amount_minor + 1 WHERE id = 1"),
    ("document-without-entry", "DELETE FROM journal_entry WHERE id = 1"),
    ("status-number", "UPDATE document SET posting_date = NULL WHERE id = 1"),
    ("lines-total", "UPDATE document_line SET amount_minor = amount_minor + 1 WHERE id = 1"),
    ("journal-total", "UPDATE document SET total_minor = total_minor + 1 WHERE id = 1"),
    ("journal-lines", "UPDATE document_line SET account_id = 3 WHERE id = 1"),
    ("billed-recognised", "UPDATE document SET posting_date = '2026-09-30' WHERE id = 1"),
    (
        "billed-recognised",
        (
            "UPDATE journal_line SET account_id ="
            " (SELECT id FROM ledger_account WHERE code = '1200')"
            " WHERE entry_id = 1 AND amount_minor < 0"
        ),
    ),
    ("entry-currency", "UPDATE journal_entry SET currency = 'EUR' WHERE id = 1"),
    ("entry-currency", "UPDATE payment SET exponent = 3 WHERE id = 1"),
    ("series-gap", "UPDATE number_series SET next = next + 1 WHERE id = 1"),
    (
        "two-live-invoices",
        (
            "DROP INDEX document_live; UPDATE document SET opportunity_id ="
            " (SELECT opportunity_id FROM document WHERE id = 1) WHERE id = 5"
        ),
    ),
    ("reversal-link", "UPDATE document SET reversed_by_id = NULL WHERE id = 2"),
    ("reversal-link", "UPDATE document SET reverses_id = 4 WHERE id = 7"),
    ("over-credited", "UPDATE document SET total_minor = -20000 WHERE id = 7"),
    ("over-credited", "UPDATE document SET posting_date = '2026-11-23' WHERE id = 2"),
    (
        "line-not-cancelled",
        (
            "UPDATE document_line SET amount_minor = amount_minor"
            " + CASE position WHEN 1 THEN 1 ELSE -1 END WHERE document_id = 7"
        ),
    ),
    ("balance", "UPDATE payment SET amount_minor = 99999999 WHERE id = 1"),
    ("payment-entry", "UPDATE payment SET date = '2026-11-19' WHERE id = 1"),
    (
        "line-over-credited",
        "UPDATE document_line SET amount_minor = -10001 WHERE document_id = 7 AND position = 1",
    ),
    ("credit-without-reason", "DELETE FROM credit_reason"),
    ("another-org", "UPDATE document SET org_id = '00D000000000002AAA' WHERE id = 5"),
    (
        "merge-unfinished",
        (
            "INSERT INTO customer (name, name_key, origin, created_at)"
            " VALUES ('x', 'x', 'entered', '');"
            "UPDATE customer SET merged_into = 2, active = 0 WHERE id = 1"
        ),
    ),
    ("removal-missing", "DELETE FROM document_removal WHERE document_id = 3"),
    ("removal-changed", "UPDATE document_removal SET reason = 'other' WHERE document_id = 3"),
    ("mark-on-posted", "INSERT INTO document_hold VALUES (1, 'x', '', '')"),
    ("run-counts", "UPDATE run SET counts = json_set(counts, '$.opportunities.read', 99)"),
    ("run-records", "DELETE FROM run_record WHERE salesforce_id = '006000000000003AAA'"),
    ("run-created", "UPDATE document SET run_id = NULL WHERE id = 5"),
    ("auto-post", "INSERT INTO auto_post VALUES (1, 5, NULL, NULL)"),
    ("cursor-ahead", "UPDATE cursor SET salesforce_id = '006000000000099AAA'"),
    ("cursor-ahead", "UPDATE cursor SET system_modstamp = '2027-01-01T00:00:00.000+0000'"),
    ("cursor-ahead", "DELETE FROM opportunity WHERE salesforce_id = '006000000000001AAA'"),
    ("draft-missing", "DELETE FROM document WHERE id = 5"),
    ("draft-changed", "UPDATE document SET description = 'other' WHERE id = 5"),
    (
        "draft-changed",
        (
            "UPDATE document SET total_minor = 1 WHERE id = 5;"
            "DELETE FROM document_line WHERE document_id = 5 AND position = 2;"
            "UPDATE document_line SET amount_minor = 1 WHERE document_id = 5"
        ),
    ),
    ("mark-changed", "INSERT INTO document_hold VALUES (5, 'x', '', '')"),
    ("mark-changed", "INSERT INTO document_review VALUES (5, '', '')"),
    ("mark-changed", "INSERT INTO document_drift VALUES (4, '{}', NULL, '', 1)"),
    ("config-changed", "UPDATE config_text SET text = 'other'"),
    ("series-gap", "INSERT INTO number_series (key, first, next) VALUES ('x{seq}', 500, 500)"),
    ("account-changed", "UPDATE ledger_account SET name = 'Other' WHERE id = 1"),
    ("period-lock", "UPDATE period_lock SET closed_through = '2026-08-31'"),
    ("closed-period", "UPDATE document SET posting_date = '2026-09-30' WHERE id = 6"),
    ("receivable", "UPDATE payment SET amount_minor = amount_minor - 1 WHERE id = 1"),
    # The sum of it is right, and yet wrong at the end of October.
    ("receivable", "UPDATE journal_entry SET posting_date = '2026-11-05' WHERE document_id = 7"),
    ("journal-total", "UPDATE journal_entry SET posting_date = '2026-11-05' WHERE id = 1"),
    (
        "receivable",
        (
            "UPDATE journal_line SET account_id = 2 WHERE amount_minor < 0"
            " AND entry_id = (SELECT entry_id FROM payment WHERE id = 1)"
        ),
    ),
    ("audit-status", "UPDATE document SET status = 'deleted' WHERE id = 5"),
    # A draft that nobody saw come: the file itself takes it, for so a draft begins.
    (
        "audit-status",
        (
            "INSERT INTO document (org_id, kind, opportunity_id, customer_id, document_date,"
            " due_date, currency, exponent, total_minor, description, source, source_hash,"
            " created_at)"
            " SELECT org_id, kind, '006000000000099AAA', customer_id, document_date, due_date,"
            " currency, exponent, total_minor, description, source, source_hash, created_at"
            " FROM document WHERE id = 5"
        ),
    ),
    ("source-changed", "UPDATE document SET source = '{}' WHERE id = 5"),
    ("source-changed", "UPDATE document SET source_hash = printf('%064d', 1) WHERE id = 3"),
    ("currency-exponent", "UPDATE document SET exponent = 3"),
    ("document-changed", "UPDATE document SET buyer = '{}' WHERE id = 1"),
    ("document-missing", "DELETE FROM document WHERE id = 4"),
    ("payment-changed", "UPDATE payment SET reference = 'other' WHERE id = 1"),
    ("payment-missing", "DELETE FROM payment WHERE id = 1"),
    ("void-changed", "UPDATE payment_void SET reason = 'other'"),
    ("void-missing", "DELETE FROM payment_void"),
    ("image-missing", "UPDATE document SET seller = json_set(seller, '$.logo', 'x') WHERE id = 1"),
    ("image-changed", "INSERT INTO image VALUES (printf('%064d', 1), x'00')"),
    ("audit-gap", "DELETE FROM audit_event WHERE seq = 5"),
    ("audit-hash", "UPDATE audit_event SET reason = 'other' WHERE seq = 5"),
    ("orphan", "INSERT INTO document_pin VALUES (99, 'x')"),
    ("file-damaged", "UPDATE document SET exponent = 9 WHERE id = 5"),
    ("schema-changed", "CREATE TABLE more (x)"),
]


@pytest.mark.parametrize(("code", "script"), BREAKS)
def test_a_broken_rule_is_found_by_its_name(books: Path, code: str, script: str) -> None:
    """Whatever else is found as well, the rule that was broken is named."""
    assert code in codes_found(tampered(books, script))


def test_every_rule_has_been_broken_once() -> None:
    """No query stands in the list that was never seen to find something."""
    assert {code for code, *_ in (*RULES, *TRACES)} <= {code for code, _ in BREAKS}
