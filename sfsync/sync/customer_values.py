"""A customer's values as one flat mapping, so that two versions can be compared and merged.

Keys are those of `customer_edit.flat`: ``name``, ``address.city``, ``properties.segment``. Merging
is three-way: a value is written only where Salesforce changed it since it was last synced, so that
what a person entered in the ledger stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfsync.ledger.customer_edit import content_of_flat, flat
from sfsync.sync.failures import Failure, failure
from sfsync.sync.mapping import as_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfsync.ledger.differences import Changes
    from sfsync.ledger.model import CustomerContent
    from sfsync.sync.mapping import Record, Values
    from sfsync.sync.rules import CompiledRecord

ADDRESS_PARTS = {
    "street": "Street",
    "city": "City",
    "state": "State",
    "postal_code": "PostalCode",
    "country": "Country",
}
"""Our name of each part of an address, and the suffix of its Salesforce field."""


def mapped_values(
    record: Record, compiled: CompiledRecord, external_id_field: str | None
) -> Values | Failure:
    """The flat values that an account maps to, or the first failure."""
    mapped = compiled.read(record)
    if isinstance(mapped, Failure):
        return mapped
    values, properties = mapped
    # A customer needs a name: the account's own where the mapped field is empty.
    values["name"] = values.get("name") or as_text(record.get("Name")).strip()
    if not values["name"]:
        return failure(
            "missing-field",
            "Name is empty: a customer needs one",
            source_field="Name",
            target="name",
        )
    if external_id_field and not values.get("external_id"):
        values["external_id"] = as_text(record.get(external_id_field)).strip() or None
    address = compiled.target("billing_address")
    if address is not None and address.mapping.source:
        values.update(_address(record, address.mapping.source))
    values.update({f"properties.{name}": text for name, text in properties.items()})
    return values


def merged(
    current: CustomerContent, before: Mapping[str, Any] | None, after: Values, *, keep_name: bool
) -> tuple[CustomerContent, Changes]:
    """Write what Salesforce changed into a customer, and say what that was.

    Args:
        current: the customer as it is in the ledger.
        before: the values last synced from this account; None at the first sync, when only
            values that Salesforce has are written and blanks erase nothing.
        after: the values now.
        keep_name: the account was matched by its name, so the ledger's spelling stays.
    """
    values = flat(current)
    changes: Changes = {}
    for name, new in after.items():
        if keep_name and name == "name" and before is None:
            continue
        moved = bool(new) if before is None else before.get(name) != new
        if moved and values.get(name) != new:
            changes[name] = (values.get(name), new)
            values[name] = new
    return content_of_flat(values), changes


def _address(record: Record, source: str) -> Values:
    compound = record.get(source)
    if isinstance(compound, dict):
        parts = {part: as_text(compound.get(_camel(part))) for part in ADDRESS_PARTS}
    else:
        stem = source.removesuffix("Address")
        parts = {part: as_text(record.get(stem + name)) for part, name in ADDRESS_PARTS.items()}
    return {f"address.{part}": text or None for part, text in parts.items()}


def _camel(part: str) -> str:
    return "postalCode" if part == "postal_code" else part
