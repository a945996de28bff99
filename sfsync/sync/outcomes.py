"""Outcomes of records as the history keeps them, built in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.ledger.model import Outcome, RecordOutcome

if TYPE_CHECKING:
    from sfsync.sync.failures import Failure


def failed_outcome(
    sobject: str,
    salesforce_id: str,
    name: str,
    reason: Failure,
    *,
    amount: str | None = None,
    document_id: int | None = None,
) -> RecordOutcome:
    """The outcome of a record that failed, with everything that its failure says."""
    return RecordOutcome(
        sobject=sobject,
        salesforce_id=salesforce_id,
        name=name,
        outcome=Outcome.FAILED,
        code=reason.code,
        message=reason.message,
        fix=reason.fix,
        source_field=reason.source_field,
        target=reason.target,
        amount=amount,
        document_id=document_id,
    )
