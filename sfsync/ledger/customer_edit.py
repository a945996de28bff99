"""Changing a customer by hand: field by field, audited with the values before and after."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from sfsync.errors import RefusedError, UsageError
from sfsync.ledger.apply_parties import update_customers
from sfsync.ledger.audit import AuditEntry, append_events, before_and_after
from sfsync.ledger.customers import refuse_known_external_ids, show_customer
from sfsync.ledger.differences import value_differences
from sfsync.ledger.model import Address, CustomerContent
from sfsync.ledger.rechecks import recheck_unmatched

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.customers import Customer
    from sfsync.ledger.differences import Changes

PLAIN_FIELDS = ("name", "external_id", "industry", "phone", "email", "tax_id", "terms")
ADDRESS_FIELDS = ("street", "city", "state", "postal_code", "country")
EDITABLE = (*PLAIN_FIELDS, *(f"address.{part}" for part in ADDRESS_FIELDS), "properties.NAME")
"""What `edit_customer` can change."""


def edit_customer(
    ledger: Ledger, reference: str, values: Mapping[str, str | None]
) -> tuple[Customer, Changes]:
    """Change fields of a customer; a later sync keeps them until Salesforce changes its own.

    Args:
        ledger: the ledger.
        reference: the customer, as `show_customer` finds it.
        values: by the names in `EDITABLE`; None or blank empties a field.

    Returns:
        The customer as it now is, and each changed field with its value before and after.

    Raises:
        NotFoundError: there is no such customer.
        RefusedError: it was merged away, or the external id is another customer's.
        UsageError: an unknown field, or an empty name.
    """
    with ledger.transaction():
        customer = show_customer(ledger, reference)
        refuse_merged(customer)
        before = flat(customer.content)
        after = {**before, **{name: (text or "").strip() or None for name, text in values.items()}}
        changes = value_differences(before, after)
        content = content_of_flat(after)
        if "external_id" in changes and content.external_id:
            refuse_known_external_ids(ledger, [content])
        if changes:
            update_customers(ledger, [(customer.customer_id, content)])
            recheck_unmatched(ledger)
            halves = before_and_after(changes)
            append_events(ledger, [AuditEntry("customer.edit", customer.number, *halves)])
    return replace(customer, content=content), changes


def refuse_merged(customer: Customer) -> None:
    """Refuse what only a customer that still stands can take part in.

    Raises:
        RefusedError: it was merged away.
    """
    if customer.merged_into is not None:
        raise RefusedError(
            f"{customer.number} was merged into {customer.merged_into}.",
            code="customer-merged",
            fix=f"name {customer.merged_into} instead",
        )


def flat(content: CustomerContent) -> dict[str, str | None]:
    """A customer's values under the names of `EDITABLE`."""
    return {
        **{name: getattr(content, name) for name in PLAIN_FIELDS},
        **{f"address.{part}": getattr(content.address, part) for part in ADDRESS_FIELDS},
        **{f"properties.{name}": text for name, text in content.properties.items()},
    }


def content_of_flat(values: Mapping[str, str | None]) -> CustomerContent:
    """The customer of values under the names of `EDITABLE`.

    Raises:
        UsageError: an unknown name, or no name for the customer.
    """
    known: dict[str, Any] = {}
    address: dict[str, str | None] = {}
    properties: dict[str, str] = {}
    for name, text in values.items():
        group, _, part = name.partition(".")
        if name in PLAIN_FIELDS:
            known[name] = text
        elif group == "address" and part in ADDRESS_FIELDS:
            address[part] = text
        elif group == "properties" and part.strip():
            properties |= {part: text} if text is not None else {}
        else:
            raise _unknown(name)
    if not known["name"]:
        raise UsageError("A customer needs a name.", code="name-missing")
    return CustomerContent(**known, address=Address(**address), properties=properties)


def _unknown(name: str) -> UsageError:
    near = get_close_matches(name, EDITABLE, 1)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    return UsageError(
        f"A customer has no field '{name}'.{hint}",
        code="unknown-field",
        fix=f"name one of: {', '.join(EDITABLE)}",
    )
