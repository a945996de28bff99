"""Deals that changed because a parent did: their owner's name, their account's country."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sfsync.ledger import pages
from sfsync.sync.mapping import as_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sfsync.ledger import Ledger
    from sfsync.salesforce.records import Record

PARENTS = {"Account": ("Account", "account"), "Owner": ("User", "owner")}
"""Relationship of an opportunity: its object, and what the ledger calls the parent."""


def parent_fields(columns: Iterable[str], relationship: str) -> tuple[str, ...]:
    """The fields read of a parent itself; those of its own parents are not watched."""
    prefix = f"{relationship}."
    names = (column.removeprefix(prefix) for column in columns if column.startswith(prefix))
    return tuple(name for name in names if "." not in name)


def deals_of_changed(
    ledger: Ledger, relationship: str, fields: Sequence[str], records: Sequence[Record]
) -> Iterator[str]:
    """Deals that were read with other values of a parent than it has now.

    Comparing values matters: a login stamps a user, and must not re-read all of his deals.

    Args:
        ledger: the ledger.
        relationship: a key of `PARENTS`.
        fields: the fields that deals read of the parent.
        records: parents as they are now.
    """
    _, column = PARENTS[relationship]
    by_id = {record["Id"]: record for record in records}
    for deal, parent_id, source in pages.deals_of_parents(ledger, column, by_id):
        known = json.loads(source).get(relationship) or {}
        if _differs(known, by_id[parent_id], fields):
            yield deal


def _differs(known: Mapping[str, Any], record: Record, fields: Iterable[str]) -> bool:
    return any(
        as_text(known.get(name)) != as_text(record.get(name)) for name in fields if name in record
    )
