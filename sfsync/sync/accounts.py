"""Decide what becomes of a page of accounts: create a customer, link, update, or leave as it is."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sfsync.ledger.customer_edit import content_of_flat
from sfsync.ledger.model import (
    LINKED_BY_HAND,
    AccountLink,
    CustomerChange,
    Outcome,
    RecordOutcome,
    canonical_json,
)
from sfsync.sync.customer_values import mapped_values, merged
from sfsync.sync.failures import Failure, failure
from sfsync.sync.mapping import as_text
from sfsync.sync.matching import Candidate, CustomerIndex
from sfsync.sync.outcomes import failed_outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sfsync.ledger.model import AccountState, CustomerState
    from sfsync.sync.mapping import Record, Values
    from sfsync.sync.matching import Match
    from sfsync.sync.rules import Rules

SOBJECT = "Account"
_KEEPS_NAME = frozenset({"name", LINKED_BY_HAND})
"""Links that say the customer's own name is the right one."""


@dataclass(frozen=True, slots=True)
class AccountDecision:
    """What becomes of one account; `change` is None where nothing is written for it.

    `problem` says why it failed.
    """

    outcome: RecordOutcome
    change: CustomerChange | None = None
    problem: Failure | None = None


def external_id_of(record: Record, rules: Rules) -> str | None:
    """The account's customer number, from the field that `duplicates.external_id` names."""
    field = rules.settings.duplicates.external_id
    return (as_text(record.get(field)).strip() or None) if field else None


def name_of(record: Record, rules: Rules) -> str:
    """The name that the account's customer would have: as mapped, else as Salesforce has it."""
    mapped = rules.account.target("name")
    name = mapped.value(record) if mapped is not None else None
    return name if isinstance(name, str) else as_text(record.get("Name"))


def decide_accounts(
    records: Sequence[Record], state: AccountState, rules: Rules
) -> list[AccountDecision]:
    """Decide a whole page; a customer that one account creates is seen by those after it.

    With `accounts.sync` off nothing is created and no values are written: accounts only find the
    customers that are there.
    """
    index = CustomerIndex.of(state)
    links = {**state.links, **_inherited(records, state)}
    matched = (one for group in (state.by_name_key, state.by_external_id) for one in group.values())
    by_id = {one.customer_id: one for customers in matched for one in customers} | {**state.by_id}
    page = replace(state, links=links, by_id=by_id)
    decisions = []
    for record in records:
        decision = _decide(record, page, index, rules)
        decisions.append(decision)
        change = decision.change
        if change is not None and change.customer_id in by_id and change.content is not None:
            # Two accounts may be one customer: the second adds to what the first has changed.
            known = by_id[change.customer_id]
            by_id[change.customer_id] = replace(known, content=change.content)
    return decisions


def _inherited(records: Sequence[Record], state: AccountState) -> dict[str, AccountLink]:
    """A merged account hands its customer to the account it was merged into, unless that has one.

    Invoices of the loser thereby stay with their customer when Salesforce moves its deals over.
    """
    return {
        winner: AccountLink(winner, state.links[record["Id"]].customer_id, "merged", None)
        for record in records
        if (winner := merged_into(record))
        and record["Id"] in state.links
        and winner not in state.links
    }


def merged_into(record: Record) -> str:
    """The account that a deleted account was merged into; empty where it was just deleted."""
    return as_text(record.get("MasterRecordId")) if record.get("IsDeleted") else ""


def _decide(
    record: Record, state: AccountState, index: CustomerIndex, rules: Rules
) -> AccountDecision:
    if record.get("IsDeleted"):
        return _deleted(record, state)
    values = mapped_values(record, rules.account, rules.settings.duplicates.external_id)
    if isinstance(values, Failure):
        return _failed(record, values)
    link = state.links.get(record["Id"])
    if link is not None:
        return _linked(record, values, link, state.by_id[link.customer_id], rules)
    name = name_of(record, rules)
    match = index.match(name, external_id_of(record, rules), rules.settings.duplicates)
    if match.blocked or len(match.candidates) > 1:
        return _failed(record, _not_found(record, name, match))
    if match.candidates:
        return _matched(record, values, match, state, rules)
    if rules.settings.accounts.sync and rules.settings.duplicates.create:
        index.add(Candidate(name, values.get("external_id"), name, created_by=record["Id"]))
        return _created(record, values)
    return _skipped(record, "no customer of this name or external id, and none is created")


def _deleted(record: Record, state: AccountState) -> AccountDecision:
    winner = merged_into(record)
    link = state.links.get(winner)
    if link is None or link.how != "merged" or link.source is not None:
        return _skipped(record, "deleted in Salesforce; its customer stays")
    change = CustomerChange(winner, "merged", None, link.customer_id)
    outcome = _skipped(record, f"merged into {winner}, which is its customer's account now")
    return AccountDecision(outcome.outcome, change)


def _linked(
    record: Record, values: Values, link: AccountLink, customer: CustomerState, rules: Rules
) -> AccountDecision:
    source = canonical_json(values)
    if link.source == source or not rules.settings.accounts.sync:
        return AccountDecision(_outcome(record, Outcome.UNCHANGED))
    before: Mapping[str, object] | None = None if link.source is None else json.loads(link.source)
    content, changes = merged(customer.content, before, values, keep_name=link.how in _KEEPS_NAME)
    change = CustomerChange(
        record["Id"], link.how, source, customer.customer_id, content=content, changes=changes
    )
    outcome = Outcome.UPDATED if changes else Outcome.UNCHANGED
    return AccountDecision(_outcome(record, outcome, changes=changes), change)


def _matched(
    record: Record, values: Values, match: Match, state: AccountState, rules: Rules
) -> AccountDecision:
    found = match.candidates[0]
    source = canonical_json(values)
    if found.customer is None:
        # A customer that this very page creates: only the link is new.
        change = CustomerChange(record["Id"], match.how, source, created_by=found.created_by)
        return AccountDecision(_outcome(record, Outcome.UPDATED, changes=_link(record)), change)
    if not rules.settings.accounts.sync:
        change = CustomerChange(record["Id"], match.how, source, found.customer.customer_id)
        return AccountDecision(_outcome(record, Outcome.UPDATED, changes=_link(record)), change)
    current = state.by_id[found.customer.customer_id].content
    content, changes = merged(current, None, values, keep_name=match.how == "name")
    changes = {**_link(record), **changes}
    change = CustomerChange(
        record["Id"],
        match.how,
        source,
        found.customer.customer_id,
        content=content,
        changes=changes,
    )
    return AccountDecision(_outcome(record, Outcome.UPDATED, changes=changes), change)


def _created(record: Record, values: Values) -> AccountDecision:
    change = CustomerChange(
        record["Id"], "created", canonical_json(values), content=content_of_flat(values)
    )
    return AccountDecision(_outcome(record, Outcome.CREATED), change)


def _link(record: Record) -> dict[str, tuple[object, object]]:
    return {"salesforce_account": (None, record["Id"])}


def _not_found(record: Record, name: str, match: Match) -> Failure:
    if match.blocked:
        message = f"'{name}' has no customer: {match.blocked} and duplicates.if_blank is fail"
        return failure("external-id-blank", message, source_field="AccountId", target="customer")
    labels = [candidate.label for candidate in match.candidates]
    return failure(
        "customer-not-found",
        f"'{name}' matches {len(labels)} customers: {', '.join(labels[:5])}",
        fix="merge them, or say which one it is: "
        f"sfsync customer link C-… --account {record['Id']}, then: sfsync sync retry",
        source_field="AccountId",
        target="customer",
    )


def _skipped(record: Record, message: str) -> AccountDecision:
    return AccountDecision(_outcome(record, Outcome.SKIPPED, "not-synced", message))


def _failed(record: Record, reason: Failure) -> AccountDecision:
    name = as_text(record.get("Name"))
    failed = failed_outcome(SOBJECT, record["Id"], name, reason)
    stamp = as_text(record.get("SystemModstamp")) or None
    return AccountDecision(failed._replace(system_modstamp=stamp), problem=reason)


def _outcome(
    record: Record,
    outcome: Outcome,
    code: str | None = None,
    message: str | None = None,
    changes: Mapping[str, tuple[object, object]] | None = None,
) -> RecordOutcome:
    return RecordOutcome(
        SOBJECT,
        record["Id"],
        as_text(record.get("Name")),
        outcome,
        code,
        message,
        changes=changes or {},
        repeated=outcome is Outcome.UNCHANGED,
        system_modstamp=as_text(record.get("SystemModstamp")) or None,
    )
