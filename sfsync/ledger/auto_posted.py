"""What a run posted by itself, as its history tells it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sfsync.ledger.connection import Ledger


@dataclass(frozen=True, slots=True)
class AutoPostRecord:
    """What a run made of a draft by itself: posted as `number`, or left with a reason."""

    draft: str
    number: str | None
    posted: bool
    code: str | None
    message: str | None


def auto_posted(ledger: Ledger, run_id: int) -> tuple[AutoPostRecord, ...]:
    """What a run posted by itself and what it left, in the order of the drafts."""
    return tuple(
        AutoPostRecord(draft, number if code is None else None, code is None, code, message)
        for draft, number, code, message in ledger.rows(
            "SELECT d.draft, d.number, a.code, a.message FROM auto_post a"
            " JOIN document d ON d.id = a.document_id WHERE a.run_id = ? ORDER BY d.id",
            (run_id,),
        )
    )
