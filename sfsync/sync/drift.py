"""A live invoice and a deal that no longer agree: what that leads to, and what is said of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sfsync.ledger.differences import differences, keeping
from sfsync.ledger.model import (
    BaselineChange,
    DocumentStatus,
    DriftChange,
    Outcome,
    canonical_json,
)
from sfsync.sync.filters import Skip
from sfsync.sync.invoices import account_id_of
from sfsync.sync.opportunity_outcomes import OpportunityDecision, failed_of, outcome_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sfsync.ledger.model import InvoiceState
    from sfsync.sync.failures import Failure
    from sfsync.sync.mapping import Record
    from sfsync.sync.rules import Rules


def unwanted(
    record: Record, reason: Skip | Failure, known: InvoiceState, rules: Rules, *, moved: bool
) -> OpportunityDecision:
    """The deal left the filters or can no longer be mapped, and its invoice is still there."""
    changes = {reason.code: (None, reason.message)}
    if (
        isinstance(reason, Skip)
        or known.status is DocumentStatus.POSTED
        or _has_lost_account(record, reason, rules)
    ):
        drifted = _drifted(record, known, reason.code, reason.message, changes, moved=moved)
        return drifted if isinstance(reason, Skip) else _mendable(drifted, reason)
    # The draft shows values that no longer hold: it must not be posted until the failure is gone.
    blocking = DriftChange(known.document_id, drift_detail(reason.code, changes), changes)
    same = known.drift == blocking.detail
    return OpportunityDecision(
        failed_of(record, reason, known.document_id), drift=None if same else blocking
    )


def _has_lost_account(record: Record, reason: Failure, rules: Rules) -> bool:
    """Whether the deal names no account any more, wherever the mapping looks for it."""
    emptied = reason.code in {"missing-field", "customer-not-found"}
    return emptied and reason == account_id_of(record, rules)


def _mendable(drifted: OpportunityDecision, reason: Failure) -> OpportunityDecision:
    """What would mend the deal stands before what would undo its invoice."""
    outcome = drifted.outcome
    if outcome.outcome is not Outcome.DRIFTED:
        return drifted
    return drifted._replace(outcome=outcome._replace(fix=f"{reason.fix}; or {outcome.fix}"))


def changed(
    record: Record, known: InvoiceState, changes: Mapping[str, tuple[object, object]]
) -> OpportunityDecision:
    """Other values than those that were posted."""
    return _drifted(record, known, "changed", "changed in Salesforce after posting", changes)


def seen_anew(
    record: Record, values: Mapping[str, Any], known: InvoiceState, rules: Rules
) -> OpportunityDecision:
    """The mapping changed, not the deal; what the deal did before is still to be answered for.

    Of an open drift only what it names stays: the other values differ by the config alone.
    """
    before = json.loads(known.source)
    if not known.moved:
        return _rebased(record, canonical_json(values), known, rules)
    told = json.loads(known.drift or "{}")
    if told.get("reason") != "changed":
        return changed(record, known, differences(before, values))
    base = keeping(before, values, told["changes"])
    left = differences(base, values)
    if not left:
        return _rebased(record, canonical_json(values), known, rules)
    decision = changed(record, known, left)
    if rules.named or base == before:
        return decision
    return decision._replace(baseline=_baseline(known, canonical_json(base)))


def _rebased(record: Record, source: str, known: InvoiceState, rules: Rules) -> OpportunityDecision:
    """The mapping changed, not the deal: a posted invoice does not drift by a config edit.

    What it is measured against changes in a whole run only: a config that was tried out on some
    deals may be taken back before.
    """
    outcome = outcome_of(record, Outcome.UNCHANGED, document_id=known.document_id)
    baseline = None if rules.named else _baseline(known, source)
    return OpportunityDecision(outcome, drift=closing(known), baseline=baseline)


def _baseline(known: InvoiceState, source: str) -> BaselineChange:
    return BaselineChange(known.document_id, source, "the mapping changed; the deal did not")


def _drifted(
    record: Record,
    known: InvoiceState,
    reason: str,
    message: str,
    changes: Mapping[str, tuple[object, object]],
    *,
    moved: bool = True,
) -> OpportunityDecision:
    detail = drift_detail(reason, changes)
    if known.accepted == detail:
        # Another drift may have come and gone since.
        outcome = outcome_of(record, Outcome.UNCHANGED, document_id=known.document_id)
        return OpportunityDecision(outcome, drift=closing(known))
    draft = known.status is DocumentStatus.DRAFT
    fix = (
        f"sfsync invoice delete {known.draft}, or mend the deal in Salesforce"
        if draft
        else f"sfsync invoice reverse {known.number} --reason …, then "
        f"sfsync invoice resync {known.number}; "
        f"or sfsync invoice accept {known.number} --reason …"
    )
    outcome = outcome_of(
        record, Outcome.DRIFTED, reason, message, document_id=known.document_id, changes=changes
    )._replace(fix=fix)
    same = known.drift == detail and known.moved == moved
    change = None if same else DriftChange(known.document_id, detail, changes, moved)
    return OpportunityDecision(outcome, drift=change)


def closing(known: InvoiceState) -> DriftChange | None:
    """What ends the document's open drift, if it has one."""
    return None if known.drift is None else DriftChange(known.document_id, None)


def drift_detail(reason: str, changes: Mapping[str, tuple[object, object]]) -> str:
    """The canonical JSON of an open drift: why, and before and after of each value."""
    return canonical_json(
        {"reason": reason, "changes": {name: list(pair) for name, pair in changes.items()}}
    )


def kept_words(kept: Mapping[str, tuple[object, object]], fallen: Collection[str]) -> str:
    """What an update left as a person set it, and where Salesforce now differs.

    Args:
        kept: per value, the person's and Salesforce's.
        fallen: the values that are no longer the person's, because their line is gone or the
            currency changed.
    """
    parts = [
        f"{name} stays {_word(mine)}, Salesforce has {_word(theirs)}"
        for name, (mine, theirs) in kept.items()
    ]
    if fallen:
        parts.append(f"no longer as edited: {', '.join(sorted(fallen))}")
    return "; ".join(parts) or "agrees with what was edited"


def _word(value: object) -> str:
    return "empty" if value in {None, ""} else f"'{value}'"
