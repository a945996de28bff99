"""An sObject of the org: its fields, as the signed-in user sees them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfsync.demo.catalogue.fields import Field

ALL_ABILITIES: Final = frozenset(
    {
        *("createable", "deletable", "feedEnabled", "layoutable", "mruEnabled", "queryable"),
        *("replicateable", "retrieveable", "searchLayoutable", "searchable", "triggerable"),
        *("undeletable", "updateable", "compactLayoutable"),
    },
)
"""What an ordinary sObject can do, by the names of the describe."""


@dataclass(frozen=True, kw_only=True)
class SObject:
    """One sObject: `prefix` is the three characters its ids begin with.

    `abilities` are the describe's true flags; `feature` names the org feature it needs.
    """

    name: str
    label: str
    plural: str
    prefix: str
    fields: tuple[Field, ...]
    abilities: frozenset[str] = ALL_ABILITIES
    custom: bool = False
    feature: str = ""

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        """The fields by their names in lower case: the org ignores case."""
        return MappingProxyType({found.name.lower(): found for found in self.fields})

    @cached_property
    def by_relationship(self) -> Mapping[str, Field]:
        """The lookups by the lower-case names of their relationships."""
        return MappingProxyType(
            {found.relationship.lower(): found for found in self.fields if found.relationship},
        )

    @cached_property
    def required(self) -> tuple[str, ...]:
        """The fields a record cannot be without."""
        return tuple(
            found.name
            for found in self.fields
            if not found.nillable and found.createable and not found.defaulted
        )

    def field(self, name: str) -> Field | None:
        """The field called `name`, in any case, or None."""
        return self.by_name.get(name.lower())

    def lookup(self, relationship: str) -> Field | None:
        """The lookup behind a relationship name (``Owner``, ``Opportunity__r``), or None."""
        return self.by_relationship.get(relationship.lower())
