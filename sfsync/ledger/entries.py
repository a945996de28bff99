"""Writing a journal entry; the schema seals it with the posting, payment or void it belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from sfsync.ledger.connection import Ledger


def write_entry(
    ledger: Ledger,
    kind: Literal["post", "payment", "void"],
    document_id: int,
    day: date,
    lines: Iterable[tuple[int, int]],
) -> int:
    """Write an entry of a document, in its currency; the entry's id.

    Args:
        ledger: the ledger.
        kind: what it is of.
        document_id: the document that is posted or paid.
        day: the posting date.
        lines: account ids and amounts in minor units, debit positive.
    """
    entry_id = ledger.insert(
        "INSERT INTO journal_entry (kind, document_id, posting_date, currency, exponent,"
        " description) SELECT ?, id, ?, currency, exponent, description FROM document"
        " WHERE id = ?",
        (kind, day.isoformat(), document_id),
    )
    ledger.execute_many(
        "INSERT INTO journal_line (entry_id, account_id, amount_minor) VALUES (?, ?, ?)",
        [(entry_id, account_id, amount) for account_id, amount in lines],
    )
    return entry_id
