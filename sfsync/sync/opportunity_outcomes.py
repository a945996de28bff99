"""What is decided of one opportunity, and its outcome as the history keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sfsync.ledger.model import NO_CHANGES, Outcome, RecordOutcome
from sfsync.sync.mapping import as_text
from sfsync.sync.outcomes import failed_outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfsync.ledger.model import (
        BaselineChange,
        DraftCreate,
        DraftUpdate,
        DriftChange,
        RememberedOpportunity,
    )
    from sfsync.sync.failures import Failure
    from sfsync.sync.mapping import Record

SOBJECT = "Opportunity"


class OpportunityDecision(NamedTuple):
    """What becomes of one opportunity: its outcome, and what is written for it."""

    outcome: RecordOutcome
    remembered: RememberedOpportunity | None = None
    create: DraftCreate | None = None
    update: DraftUpdate | None = None
    drift: DriftChange | None = None
    baseline: BaselineChange | None = None


def outcome_of(
    record: Record,
    outcome: Outcome,
    code: str | None = None,
    message: str | None = None,
    *,
    document_id: int | None = None,
    changes: Mapping[str, tuple[object, object]] | None = None,
) -> RecordOutcome:
    """The outcome of an opportunity; `code` and `message` say why, where it is not a success."""
    return RecordOutcome(
        SOBJECT,
        record["Id"],
        as_text(record.get("Name")),
        outcome,
        code,
        message,
        amount=_amount(record),
        document_id=document_id,
        changes=changes or NO_CHANGES,
        repeated=outcome is Outcome.UNCHANGED,
    )


def failed_of(record: Record, reason: Failure, document_id: int | None = None) -> RecordOutcome:
    """The outcome of an opportunity that failed; `document_id` is of what it has already."""
    return failed_outcome(
        SOBJECT,
        record["Id"],
        as_text(record.get("Name")),
        reason,
        amount=_amount(record),
        document_id=document_id,
    )


def _amount(record: Record) -> str | None:
    return as_text(record.get("Amount")) or None
