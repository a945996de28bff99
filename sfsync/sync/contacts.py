"""Decide what becomes of a page of contacts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sfsync.ledger.differences import value_differences
from sfsync.ledger.model import (
    ContactChange,
    ContactContent,
    Outcome,
    RecordOutcome,
    canonical_json,
)
from sfsync.sync.failures import Failure
from sfsync.sync.mapping import as_text
from sfsync.sync.outcomes import failed_outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfsync.ledger.model import ContactState
    from sfsync.sync.mapping import Record, Values
    from sfsync.sync.rules import Rules

SOBJECT = "Contact"


def decide_contact(
    record: Record, known: ContactState | None, customers: Mapping[str, int], rules: Rules
) -> tuple[RecordOutcome, ContactChange | None]:
    """Decide one contact.

    Args:
        record: the contact as read.
        known: the contact as it is in the ledger, None if it is new.
        customers: customer ids by the account ids of the page.
        rules: the run's rules.
    """
    name = as_text(record.get("Name")) or as_text(record.get("LastName"))
    if record.get("IsDeleted"):
        message = "deleted in Salesforce; it stays in the ledger"
        return RecordOutcome(
            SOBJECT, record["Id"], name, Outcome.SKIPPED, "not-synced", message
        ), None
    values = _values(record, rules)
    if isinstance(values, Failure):
        return failed_outcome(SOBJECT, record["Id"], name, values), None
    customer_id = customers.get(values.get("customer") or "")
    source = canonical_json(values)
    if known is not None and (known.source, known.customer_id) == (source, customer_id):
        return RecordOutcome(SOBJECT, record["Id"], name, Outcome.UNCHANGED, repeated=True), None
    changes = {} if known is None else value_differences(json.loads(known.source), values)
    change = ContactChange(
        record["Id"],
        source,
        _content(values, name, customer_id),
        contact_id=None if known is None else known.contact_id,
        changes=changes,
    )
    outcome = Outcome.CREATED if known is None else Outcome.UPDATED
    return RecordOutcome(SOBJECT, record["Id"], name, outcome, changes=changes), change


def _values(record: Record, rules: Rules) -> Values | Failure:
    mapped = rules.contact.read(record)
    if isinstance(mapped, Failure):
        return mapped
    values, properties = mapped
    return {**values, **{f"properties.{key}": text for key, text in properties.items()}}


def _content(values: Values, name: str, customer_id: int | None) -> ContactContent:
    return ContactContent(
        name=values.get("name") or name,
        customer_id=customer_id,
        email=values.get("email"),
        phone=values.get("phone"),
        title=values.get("title"),
        properties={
            key.removeprefix("properties."): text
            for key, text in values.items()
            if key.startswith("properties.") and text is not None
        },
    )
