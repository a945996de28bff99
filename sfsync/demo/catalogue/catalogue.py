"""The sObjects an org shows: all there are, less what is switched off or hidden from the user.

A hidden field is simply absent: from the describe, and from queries, which answer as they do for
a field that was never there.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from sfsync.demo.catalogue.deals import CONTACT_ROLE, CURRENCY_TYPE, DEAL_LINE, OPPORTUNITY, STAGE
from sfsync.demo.catalogue.describe import describe_global, describe_sobject
from sfsync.demo.catalogue.parties import ACCOUNT, CONTACT, ORGANIZATION, USER
from sfsync.demo.catalogue.products import LINE_ITEM, PRICEBOOK, PRICEBOOK_ENTRY, PRODUCT
from sfsync.demo.catalogue.refusal import not_found

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sfsync.demo.catalogue.fields import Field
    from sfsync.demo.catalogue.sobject import SObject

STANDARD: Final[tuple[SObject, ...]] = (
    ACCOUNT,
    CONTACT,
    CURRENCY_TYPE,
    DEAL_LINE,
    OPPORTUNITY,
    CONTACT_ROLE,
    LINE_ITEM,
    STAGE,
    ORGANIZATION,
    PRICEBOOK,
    PRICEBOOK_ENTRY,
    PRODUCT,
    USER,
)
"""Every sObject an org can have, whatever is switched on."""


@dataclass(frozen=True, slots=True)
class Features:
    """What an org has switched on, and what it hides from the signed-in user.

    `hidden_fields` holds ``Object.Field`` names, `hidden_objects` names of sObjects, in any case.
    """

    products: bool = True
    multi_currency: bool = False
    person_accounts: bool = False
    hidden_fields: frozenset[str] = field(default=frozenset())
    hidden_objects: frozenset[str] = field(default=frozenset())

    def has(self, feature: str) -> bool:
        """Whether `feature` is on; the empty name always is."""
        return not feature or bool(getattr(self, feature))


class Catalogue:
    """The sObjects and fields of one org, as its user sees them.

    Args:
        features: what is on and what is hidden.
        extra: fields added at run time, by the name of their sObject.
        stages: stages added at run time, besides the usual ones.
    """

    def __init__(
        self,
        features: Features | None = None,
        extra: Mapping[str, tuple[Field, ...]] | None = None,
        stages: tuple[str, ...] = (),
    ) -> None:
        self.features = features or Features()
        self._stages = stages
        self._extra = dict(extra or {})

    @cached_property
    def everything(self) -> Mapping[str, SObject]:
        """All sObjects with all their fields, shown or not, by lower-case name."""
        return MappingProxyType({each.name.lower(): self._extended(each) for each in STANDARD})

    @cached_property
    def _shown(self) -> Mapping[str, SObject]:
        hidden = {name.lower() for name in self.features.hidden_objects}
        return MappingProxyType(
            {
                key: self._visible(each)
                for key, each in self.everything.items()
                if key not in hidden and self.features.has(each.feature)
            },
        )

    @property
    def sobjects(self) -> Iterable[SObject]:
        """The sObjects the user sees, by name."""
        return self._shown.values()

    def sobject(self, name: str) -> SObject | None:
        """The sObject called `name` in any case; None when unknown, off or hidden."""
        return self._shown.get(name.lower())

    def known(self, name: str) -> SObject:
        """As `sobject`.

        Raises:
            StoreError: ``NOT_FOUND``, there is no such sObject for this user.
        """
        found = self.sobject(name)
        if found is None:
            raise not_found()
        return found

    def describe(self, name: str, version: str) -> dict[str, Any]:
        """The describe of one sObject as the org answers it; `version` is like ``67.0``.

        Raises:
            StoreError: ``NOT_FOUND``, there is no such sObject for this user.
        """
        return describe_sobject(self.known(name), tuple(self.sobjects), version)

    def global_describe(self, version: str) -> dict[str, Any]:
        """The list of all sObjects as the org answers it."""
        return describe_global(tuple(self.sobjects), version)

    def _extended(self, each: SObject) -> SObject:
        known = (self._with_stages(found) for found in each.fields)
        return replace(each, fields=(*known, *self._extra.get(each.name, ())))

    def _with_stages(self, found: Field) -> Field:
        if found.name != "StageName" or not self._stages:
            return found
        return replace(found, picklist=(*found.picklist, *self._stages))

    def _visible(self, each: SObject) -> SObject:
        hidden = {name.lower() for name in self.features.hidden_fields}
        prefix = each.name.lower()
        kept = tuple(
            found
            for found in each.fields
            if self.features.has(found.feature) and f"{prefix}.{found.name.lower()}" not in hidden
        )
        return replace(each, fields=kept)
