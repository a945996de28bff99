"""Writing what became of each record of a page: history, open failures, memory, cursor."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sfsync.ledger.many import ids_json
from sfsync.ledger.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.model import Cursor, RecordOutcome, RememberedOpportunity

# A record that a run meets twice, because it changed meanwhile, counts once: the later outcome.
_RECORD = """
    INSERT INTO run_record (run_id, sobject, salesforce_id, name, outcome, code, message, fix,
        source_field, target, amount, document_id, changes)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (salesforce_id, run_id) DO UPDATE SET name = excluded.name,
        outcome = CASE WHEN excluded.outcome = 'unchanged'
            OR (outcome = 'created' AND excluded.outcome = 'updated')
            THEN outcome ELSE excluded.outcome END,
        code = excluded.code, message = excluded.message, fix = excluded.fix,
        source_field = excluded.source_field, target = excluded.target, amount = excluded.amount,
        document_id = coalesce(excluded.document_id, document_id),
        changes = coalesce(excluded.changes, changes)
"""
_OPPORTUNITY = """
    INSERT INTO opportunity (salesforce_id, name, account_salesforce_id, account_name,
        owner_salesforce_id, owner_name, stage, is_won, is_closed, is_deleted, amount, currency,
        probability, expected_revenue, close_date, system_modstamp, outcome, code, source,
        fingerprint)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (salesforce_id) DO UPDATE SET name = excluded.name,
        account_salesforce_id = excluded.account_salesforce_id,
        account_name = excluded.account_name,
        owner_salesforce_id = excluded.owner_salesforce_id, owner_name = excluded.owner_name,
        stage = excluded.stage, is_won = excluded.is_won, is_closed = excluded.is_closed,
        is_deleted = excluded.is_deleted, amount = excluded.amount,
        currency = excluded.currency, probability = excluded.probability,
        expected_revenue = excluded.expected_revenue, close_date = excluded.close_date,
        system_modstamp = excluded.system_modstamp, outcome = excluded.outcome,
        code = excluded.code, source = excluded.source, fingerprint = excluded.fingerprint
    WHERE fingerprint IS NOT excluded.fingerprint
"""
_FAILURE = """
    INSERT INTO failure (sobject, salesforce_id, name, code, message, fix, source_field, target,
        first_run, last_run, tries, system_modstamp)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, coalesce(?,
        (SELECT system_modstamp FROM opportunity WHERE salesforce_id = ?)))
    ON CONFLICT (sobject, salesforce_id) DO UPDATE SET name = excluded.name,
        first_run = CASE WHEN code = excluded.code THEN first_run ELSE excluded.first_run END,
        tries = CASE WHEN code <> excluded.code
                    OR system_modstamp IS NOT excluded.system_modstamp THEN 1
                WHEN last_run = excluded.last_run THEN tries ELSE tries + 1 END,
        system_modstamp = excluded.system_modstamp,
        code = excluded.code, message = excluded.message, fix = excluded.fix,
        source_field = excluded.source_field, target = excluded.target,
        last_run = excluded.last_run
"""


def write_records(
    ledger: Ledger, run_id: int, records: Sequence[RecordOutcome], created: Mapping[str, int]
) -> None:
    """Write the outcomes, each on a row of its own, the repeated ones many to a row.

    Args:
        ledger: the ledger.
        run_id: the run.
        records: the outcomes of a page.
        created: document ids of the page's new drafts, by opportunity id.
    """
    ledger.execute_many(
        _RECORD,
        # The fields of an outcome stand in the order of the columns.
        [(run_id, *one[:3], one.outcome.value, *one[4:10],
          one.document_id or created.get(one.salesforce_id),
          json.dumps({name: list(pair) for name, pair in one.changes.items()})
          if one.changes else None)
         for one in records if not one.repeated],
    )  # fmt: skip
    groups: dict[tuple[str | None, ...], list[list[object]]] = {}
    for one in records:
        if one.repeated:
            group = (one.sobject, one.outcome.value, one.code, one.message, one.fix)
            groups.setdefault(group, []).append([one.salesforce_id, one.name, one.document_id])
    ledger.execute_many(
        "INSERT INTO run_page (run_id, sobject, outcome, code, message, fix, records)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(run_id, *group, json.dumps(rows, separators=(",", ":"), ensure_ascii=False))
         for group, rows in groups.items()],
    )  # fmt: skip


def write_failures(ledger: Ledger, run_id: int, records: Sequence[RecordOutcome]) -> None:
    """Open the failures of the page's failed records; close those of the others."""
    failed = [one for one in records if one.outcome is Outcome.FAILED]
    ledger.execute_many(
        _FAILURE,
        [(one.sobject, one.salesforce_id, one.name, one.code, one.message, one.fix,
          one.source_field, one.target, run_id, run_id, one.system_modstamp, one.salesforce_id)
         for one in failed],
    )  # fmt: skip
    if ledger.row("SELECT 1 FROM failure LIMIT 1") is None:
        return
    by_object: dict[str, list[str]] = {}
    for one in records:
        if one.outcome is not Outcome.FAILED:
            by_object.setdefault(one.sobject, []).append(one.salesforce_id)
    ledger.execute_many(
        "DELETE FROM failure WHERE sobject = ?"
        " AND salesforce_id IN (SELECT value FROM json_each(?))",
        [(sobject, ids_json(ids)) for sobject, ids in by_object.items()],
    )


def remember(ledger: Ledger, opportunities: Sequence[RememberedOpportunity]) -> None:
    """Keep opportunities as last read; rows whose fingerprint is the same are not written."""
    ledger.execute_many(
        _OPPORTUNITY,
        # The fields of a remembered opportunity stand in the order of the columns.
        [(*one[:16], one.outcome.value, *one[17:], one.fingerprint) for one in opportunities],
    )


def write_cursor(ledger: Ledger, run_id: int, cursor: Cursor | None) -> None:
    """Move an object's cursor, in the transaction of the rows that it stands behind."""
    if cursor is not None:
        ledger.execute(
            "INSERT INTO cursor (sobject, system_modstamp, salesforce_id, full, run_id)"
            " VALUES (?, ?, ?, ?, ?) ON CONFLICT (sobject) DO UPDATE SET"
            " system_modstamp = excluded.system_modstamp, salesforce_id = excluded.salesforce_id,"
            " full = excluded.full, run_id = excluded.run_id",
            (cursor.sobject, cursor.system_modstamp, cursor.salesforce_id, cursor.full, run_id),
        )
