"""Merging two customers that are one: what may move moves, what is posted stays as it was."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfsync.errors import RefusedError
from sfsync.ledger.apply_parties import update_customers
from sfsync.ledger.audit import append_event, before_and_after, require_reason
from sfsync.ledger.customer_edit import content_of_flat, flat, refuse_merged
from sfsync.ledger.customers import show_customer
from sfsync.ledger.model import canonical_json
from sfsync.ledger.rechecks import recheck_of_accounts

if TYPE_CHECKING:
    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.customers import Customer
    from sfsync.ledger.differences import Changes
    from sfsync.ledger.model import CustomerContent


@dataclass(frozen=True, slots=True)
class MergePlan:
    """What a merge would do: counts of what moves, and the values that `into` is missing.

    `kept` counts the documents that are frozen; they are listed under `into` from then on.
    """

    source: Customer
    into: Customer
    drafts: int
    contacts: int
    kept: int
    filled: Changes


def plan_merge(ledger: Ledger, source: str, into: str) -> MergePlan:
    """What merging `source` into `into` would do; changes nothing.

    Raises:
        NotFoundError: there is no such customer.
        RefusedError: both are the same, or one was merged before.
    """
    from_customer, into_customer = show_customer(ledger, source), show_customer(ledger, into)
    for customer in (from_customer, into_customer):
        refuse_merged(customer)
    if from_customer.customer_id == into_customer.customer_id:
        raise RefusedError(
            f"Both are {into_customer.number}: name two customers.", code="same-customer"
        )
    key = (from_customer.customer_id,)
    (drafts, kept) = ledger.row(
        "SELECT coalesce(sum(status = 'draft'), 0), coalesce(sum(status <> 'draft'), 0)"
        " FROM document WHERE customer_id = ?",
        key,
    )
    (contacts,) = ledger.row("SELECT count(*) FROM contact WHERE customer_id = ?", key)
    filled = _filled(from_customer.content, into_customer.content)
    return MergePlan(from_customer, into_customer, drafts, contacts, kept, filled)


def _filled(source: CustomerContent, into: CustomerContent) -> Changes:
    """The values that `into` lacks and `source` has; an address moves whole or not at all."""
    offered, present = flat(source), flat(into)
    has_address = any(text for name, text in present.items() if name.startswith("address."))
    return {
        name: (None, text)
        for name, text in offered.items()
        if text and not present.get(name) and not (has_address and name.startswith("address."))
    }


def merge_customers(ledger: Ledger, source: str, into: str, reason: str) -> MergePlan:
    """Merge one customer into another, for good.

    Drafts, contacts, account links and missing values move; `source` stays, inactive. Posted
    documents keep their text. Later syncs find `into` by the links and by the merged name.

    Raises:
        NotFoundError, RefusedError: as `plan_merge`.
        UsageError: no reason.
    """
    require_reason(reason)
    with ledger.transaction():
        plan = plan_merge(ledger, source, into)
        old, new = plan.source.customer_id, plan.into.customer_id
        _move_drafts(ledger, old, new)
        _move_contacts(ledger, old, new)
        ledger.execute("UPDATE account_link SET customer_id = ? WHERE customer_id = ?", (new, old))
        if plan.filled:
            values = flat(plan.into.content) | {
                name: str(after) for name, (_, after) in plan.filled.items()
            }
            update_customers(ledger, [(new, content_of_flat(values))])
        # Whatever was merged into it before goes along: a merge never leads to another one.
        ledger.execute("UPDATE customer SET merged_into = ? WHERE merged_into = ?", (new, old))
        ledger.execute("UPDATE customer SET merged_into = ?, active = 0 WHERE id = ?", (new, old))
        recheck_of_accounts(ledger, plan.source.accounts)
        _audit(ledger, plan, reason)
    return plan


def _move_drafts(ledger: Ledger, old: int, new: int) -> None:
    # A person reviewed them for the other customer.
    ledger.execute(
        "DELETE FROM document_review WHERE document_id IN"
        " (SELECT id FROM document WHERE customer_id = ? AND status = 'draft')",
        (old,),
    )
    ledger.execute(
        "UPDATE document SET customer_id = ? WHERE customer_id = ? AND status = 'draft'",
        (new, old),
    )


def _move_contacts(ledger: Ledger, old: int, new: int) -> None:
    """Move the contacts; what was last synced of them names the customer as well."""
    contacts = ledger.rows("SELECT id, source FROM contact WHERE customer_id = ?", (old,))
    ledger.execute_many(
        "UPDATE contact SET customer_id = ?, source = ? WHERE id = ?",
        [(new, _renamed(source, old, new), key) for key, source in contacts],
    )


def _renamed(source: str, old: int, new: int) -> str:
    values = json.loads(source)
    if values.get("customer_id") != old:
        return source
    return canonical_json({**values, "customer_id": new})


def _audit(ledger: Ledger, plan: MergePlan, reason: str) -> None:
    before, filled = before_and_after(plan.filled)
    append_event(
        ledger,
        "customer.merge",
        plan.source.number,
        before={"active": plan.source.active, "merged_into": None, **before},
        after={
            "active": False,
            "merged_into": plan.into.number,
            "drafts": plan.drafts,
            "contacts": plan.contacts,
            "accounts": list(plan.source.accounts),
            "documents_kept": plan.kept,
            "filled": filled,
        },
        reason=reason,
    )


def dismiss_duplicate(ledger: Ledger, one: str, other: str, reason: str) -> tuple[str, str]:
    """Remember that two customers are not the same: they are not suggested again.

    Returns:
        Their numbers, the older one first.

    Raises:
        NotFoundError: there is no such customer.
        RefusedError: both are the same, or one was merged.
        UsageError: no reason.
    """
    require_reason(reason)
    with ledger.transaction():
        plan = plan_merge(ledger, one, other)
        numbers = {each.customer_id: each.number for each in (plan.source, plan.into)}
        low, high = sorted(numbers)
        known = ledger.row(
            "SELECT 1 FROM customer_distinct WHERE low = ? AND high = ?", (low, high)
        )
        ledger.execute(
            "INSERT INTO customer_distinct (low, high, reason, at, actor) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (low, high) DO UPDATE SET reason = excluded.reason, at = excluded.at,"
            " actor = excluded.actor",
            (low, high, reason, ledger.now(), ledger.actor),
        )
        append_event(
            ledger,
            "customer.distinct",
            numbers[low],
            before={"not_the_same_as": numbers[high] if known else None},
            after={"not_the_same_as": numbers[high]},
            reason=reason,
        )
    return numbers[low], numbers[high]
