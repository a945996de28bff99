"""Writing a credit note: its lines from those of the invoice, its entry from the accounts used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.errors import RefusedError
from sfsync.ledger.micro import to_micro

if TYPE_CHECKING:
    from datetime import date

    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.credit_plan import CreditLine, CreditPlan
    from sfsync.ledger.references import DocumentReference


def insert_note(ledger: Ledger, document_id: int, plan: CreditPlan, on: date) -> int:
    """Insert a credit note that is not posted yet; its document id."""
    credit_id = ledger.insert(
        "INSERT INTO document (kind, org_id, opportunity_id, customer_id, reverses_id,"
        " document_date, due_date, currency, exponent, total_minor, description, sales_rep, region,"
        " po_number, contact_salesforce_id, source, source_hash, created_at)"
        " SELECT 'credit_note', org_id, opportunity_id, customer_id, id, :day, :day, currency,"
        " exponent, -:total, description, sales_rep, region, po_number,"
        " contact_salesforce_id, source, source_hash, :now FROM document WHERE id = :document",
        {
            "day": on.isoformat(),
            "now": ledger.now(),
            "document": document_id,
            "total": plan.total_minor,
        },
    )
    ledger.execute(
        "INSERT INTO document_property (document_id, name, value)"
        " SELECT ?, name, value FROM document_property WHERE document_id = ?",
        (credit_id, document_id),
    )
    ledger.execute_many(
        "INSERT INTO document_line (document_id, position, product_id, description,"
        " quantity_micro, unit_price_micro, discount_micro, amount_minor, account_id,"
        " salesforce_id) SELECT ?, position, product_id, description, ?, ?, ?, ?, account_id,"
        " salesforce_id FROM document_line WHERE document_id = ? AND position = ?",
        [_row(credit_id, document_id, line) for line in plan.lines],
    )
    ledger.execute(
        "INSERT INTO line_property (line_id, name, value)"
        " SELECT c.id, p.name, p.value FROM line_property p"
        " JOIN document_line o ON o.id = p.line_id"
        " JOIN document_line c ON c.document_id = ? AND c.position = o.position"
        " WHERE o.document_id = ?",
        (credit_id, document_id),
    )
    return credit_id


def _row(credit_id: int, document_id: int, line: CreditLine) -> tuple[object, ...]:
    return (
        credit_id,
        -to_micro(line.quantity),
        to_micro(line.unit_price),
        to_micro(line.discount),
        -line.amount_minor,
        document_id,
        line.position,
    )


_ENTRY = """
    SELECT l.account_id, d.total_minor, a.active, a.code
    FROM document d JOIN journal_entry e ON e.document_id = d.reverses_id AND e.kind = 'post'
    JOIN journal_line l ON l.entry_id = e.id JOIN ledger_account a ON a.id = l.account_id
    WHERE d.id = :credit AND a.type = 'asset'
    UNION ALL
    SELECT l.account_id, -sum(l.amount_minor), a.active, a.code
    FROM document_line l JOIN ledger_account a ON a.id = l.account_id
    WHERE l.document_id = :credit GROUP BY l.account_id HAVING sum(l.amount_minor) <> 0
"""


def entry_of_note(ledger: Ledger, credit_id: int) -> list[tuple[int, int]]:
    """The entry of a credit note: the accounts of the invoice, the other way round."""
    rows = ledger.rows(_ENTRY, {"credit": credit_id})
    for _, _, active, code in rows:
        if not active:
            raise RefusedError(
                f"Account {code} is not active.",
                code="account-inactive",
                fix="make it active again in posting.chart until this is done",
            )
    return [(account_id, amount) for account_id, amount, _, _ in rows]


def remove(ledger: Ledger, document: DocumentReference, reason: str) -> None:
    """Keep why a document was deleted or reversed, and take away what was noted beside it."""
    ledger.execute(
        "INSERT INTO document_removal (document_id, system_modstamp, reason, at, actor)"
        " VALUES (?, (SELECT system_modstamp FROM opportunity WHERE salesforce_id = ?), ?, ?, ?)",
        (document.document_id, document.opportunity_id, reason, ledger.now(), ledger.actor),
    )
    for table in (
        "document_drift",
        "document_hold",
        "document_review",
        "document_pin",
        "document_seen",
    ):
        ledger.execute(f"DELETE FROM {table} WHERE document_id = ?", (document.document_id,))  # noqa: S608 - constants
