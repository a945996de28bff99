"""Decide what becomes of one opportunity: the heart of the product, with no clock and no I/O.

The order of questions: deleted or ignored, stage, date, condition, amount; then the customer, the
mapped values and the lines; then what the ledger already has. Each opportunity gets exactly one
outcome, and every outcome but created, updated and unchanged carries its reason.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from sfsync.ledger.differences import differences
from sfsync.ledger.model import (
    DocumentStatus,
    DraftCreate,
    DraftUpdate,
    InvoiceContent,
    Outcome,
    canonical_json,
    source_hash,
)
from sfsync.ledger.pins import keep_pinned
from sfsync.sync.drift import changed, closing, kept_words, seen_anew, unwanted
from sfsync.sync.failures import Failure, failure
from sfsync.sync.filters import SKIP_REASONS, Skip, condition, stage_and_date
from sfsync.sync.invoices import account_id_of, build_invoice, deal_currency, total_of
from sfsync.sync.lines import unknown_product
from sfsync.sync.mapping import as_text
from sfsync.sync.memory import account_name, as_read, memory_of
from sfsync.sync.opportunity_outcomes import OpportunityDecision, failed_of, outcome_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfsync.ledger.model import InvoiceState, OpportunityState
    from sfsync.sync.mapping import Record
    from sfsync.sync.rules import Rules

_LIVE = frozenset({DocumentStatus.DRAFT, DocumentStatus.POSTED})


class Deal(NamedTuple):
    """One opportunity with all that was gathered for it.

    `items` are its line items, deleted ones left out. `meets_condition` is the org's answer to
    `opportunities.filters.where`, true where there is none. `customer_problem` says why its
    account has no customer, as its own decision found.
    """

    record: Record
    items: Sequence[Record]
    meets_condition: bool
    customer_problem: Failure | None


def decide_opportunity(deal: Deal, state: OpportunityState, rules: Rules) -> OpportunityDecision:
    """Decide one opportunity against what the ledger knows of it."""
    record = deal.record
    known = state.invoices.get(record["Id"])
    invoiced = known is not None and known.status in _LIVE
    content = _wanted(deal, state, rules, invoiced=invoiced)
    if isinstance(content, InvoiceContent):
        decision = _with_content(record, content, known, state, rules)
        currency = content.currency
    else:
        moved = known is not None and (known.moved or not _is_as_it_was(record, state))
        decision = _without_content(record, content, known, rules, moved=moved)
        currency = _currency(record, rules)
    return _remember(decision, record, currency, state)


def _unmoved(record: Record, state: OpportunityState, rules: Rules) -> bool:
    """Whether the config changed since the deal was decided, and the deal itself did not."""
    return rules.changed and _is_as_it_was(record, state)


def _is_as_it_was(record: Record, state: OpportunityState) -> bool:
    """Whether the deal was not saved since an earlier run read it."""
    return state.stamps.get(record["Id"]) == as_text(record.get("SystemModstamp"))


def candidate(record: Record, rules: Rules, *, invoiced: bool) -> bool:
    """Whether the first questions let this opportunity through, so that more must be gathered."""
    filters = rules.settings.opportunities.filters
    return (
        not record.get("IsDeleted")
        and stage_and_date(record, filters, rules.today, invoiced=invoiced) is None
    )


def _wanted(
    deal: Deal, state: OpportunityState, rules: Rules, *, invoiced: bool
) -> InvoiceContent | Skip | Failure:
    """The invoice that this opportunity should have now, or why it should have none."""
    record = deal.record
    if record.get("IsDeleted"):
        return Skip("not-synced", "deleted in Salesforce")
    if record["Id"] in state.ignored:
        return Skip("ignored", state.ignored[record["Id"]] or SKIP_REASONS["ignored"])
    filters = rules.settings.opportunities.filters
    refusal = stage_and_date(record, filters, rules.today, invoiced=invoiced) or condition(
        deal.meets_condition, filters
    )
    if refusal is not None:
        return refusal
    total = total_of(record, rules)
    if isinstance(total, (Skip, Failure)):
        return total
    account_id = account_id_of(record, rules)
    if isinstance(account_id, Failure):
        return account_id
    customer_id = state.customers.get(account_id)
    if customer_id is None:
        return deal.customer_problem or _no_customer(record, account_id)
    content = build_invoice(record, deal.items, total, customer_id, rules)
    if isinstance(content, InvoiceContent):
        return unknown_product(content.lines, state.known_products) or content
    return content


def _no_customer(record: Record, account_id: str) -> Failure:
    name = account_name(record) or account_id
    return failure(
        "customer-not-found",
        f"no customer matches the account '{name}'",
        fix="add it (sfsync customer add) or link it (sfsync customer link), "
        "then: sfsync sync retry",
        source_field="AccountId",
        target="customer",
    )


def _with_content(
    record: Record,
    content: InvoiceContent,
    known: InvoiceState | None,
    state: OpportunityState,
    rules: Rules,
) -> OpportunityDecision:
    if known is None:
        create = DraftCreate(record["Id"], content)
        return OpportunityDecision(outcome_of(record, Outcome.CREATED), create=create)
    if known.status not in _LIVE:
        return _after_removal(record, content, known, rules)
    values = content.as_source()
    source = canonical_json(values)
    if known.source_hash == source_hash(source):
        outcome = outcome_of(record, Outcome.UNCHANGED, document_id=known.document_id)
        return OpportunityDecision(outcome, drift=closing(known))
    changes = differences(json.loads(known.source), values)
    if known.status is DocumentStatus.POSTED:
        if _unmoved(record, state, rules):
            return seen_anew(record, values, known, rules)
        return changed(record, known, changes)
    if known.edited is not None:
        return _beside_edits(record, content, known, known.edited)
    update = DraftUpdate(known.document_id, content, source, changes)
    outcome = outcome_of(record, Outcome.UPDATED, document_id=known.document_id, changes=changes)
    return OpportunityDecision(outcome, update=update, drift=closing(known))


def _beside_edits(
    record: Record, content: InvoiceContent, known: InvoiceState, edited: InvoiceContent
) -> OpportunityDecision:
    """New values for a draft of which a person set some: those stay, and the difference is said."""
    values = content.as_source()
    kept, pins = keep_pinned(content, edited, known.pins)
    changes = differences(edited.as_source(), kept.as_source())
    said = kept_words(differences(kept.as_source(), values), known.pins - pins)
    update = DraftUpdate(known.document_id, kept, canonical_json(values), changes, pins)
    outcome = outcome_of(
        record,
        Outcome.UPDATED,
        "edited",
        said,
        document_id=known.document_id,
        changes=changes,
    )
    return OpportunityDecision(outcome, update=update, drift=closing(known))


def _after_removal(
    record: Record, content: InvoiceContent, known: InvoiceState, rules: Rules
) -> OpportunityDecision:
    """A deleted or reversed invoice comes back on request, or when the deal has changed since."""
    stamp = as_text(record.get("SystemModstamp"))
    differs = known.source_hash != source_hash(canonical_json(content.as_source()))
    if (
        rules.resync
        or stamp > (known.removed_stamp or "")
        or (differs and _moved_within(stamp, record, known, rules))
    ):
        create = DraftCreate(record["Id"], content, predecessor_id=known.document_id)
        return OpportunityDecision(outcome_of(record, Outcome.CREATED), create=create)
    deleted = known.status is DocumentStatus.DELETED
    code = "deleted-here" if deleted else "reversed-here"
    name = known.draft if deleted else known.number or known.draft
    message = f"{name} was {known.status}; it comes back when the deal changes, or with resync"
    return OpportunityDecision(
        outcome_of(record, Outcome.SKIPPED, code, message, document_id=known.document_id)
    )


def _moved_within(stamp: str, record: Record, known: InvoiceState, rules: Rules) -> bool:
    """Whether the deal changed after it was read, but within the second that its stamp names.

    Only while no later stamp was read can that be: of any other deal the whole second was read,
    and a value that differs all the same is one that Salesforce reckons anew at each read.
    """
    if stamp != known.removed_stamp or rules.newest is None or stamp < rules.newest:
        return False
    before, now = json.loads(known.deal or "{}"), json.loads(as_read(record))
    # Its own fields, as far as both reads asked for them: the mapping may be another by now.
    return any(
        before[name] != now[name]
        for name in before.keys() & now.keys()
        if not isinstance(now[name], dict)
    )


def _without_content(
    record: Record,
    reason: Skip | Failure,
    known: InvoiceState | None,
    rules: Rules,
    *,
    moved: bool,
) -> OpportunityDecision:
    if known is not None and known.status in _LIVE:
        return unwanted(record, reason, known, rules, moved=moved)
    if isinstance(reason, Failure):
        return OpportunityDecision(failed_of(record, reason))
    document_id = None if known is None else known.document_id
    outcome = outcome_of(
        record, Outcome.SKIPPED, reason.code, reason.message, document_id=document_id
    )
    return OpportunityDecision(outcome)


def _currency(record: Record, rules: Rules) -> str:
    """The currency of a deal that becomes no invoice; the ledger's where it names none."""
    currency = deal_currency(record, rules)
    return rules.settings.ledger.currency if isinstance(currency, Failure) else currency


def _remember(
    decision: OpportunityDecision, record: Record, currency: str, state: OpportunityState
) -> OpportunityDecision:
    """Add what is remembered of the opportunity, unless an earlier run remembered just that."""
    seen = state.seen.get(record["Id"])
    if seen is None and record.get("IsDeleted"):
        # It was gone before the ledger ever knew it: there is nothing to notice about it.
        return decision._replace(outcome=decision.outcome._replace(repeated=True))
    remembered = memory_of(record, decision.outcome, currency)
    if seen is not None and seen == remembered.fingerprint:
        if decision.outcome.outcome is Outcome.SKIPPED:
            return decision._replace(outcome=decision.outcome._replace(repeated=True))
        return decision
    # Half the cost of `_replace`, once for every deal.
    return OpportunityDecision(decision.outcome, remembered, *decision[2:])
