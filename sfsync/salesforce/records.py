"""What comes through the door of this room: an org's identity, its describe, pages of records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

Record = dict[str, Any]
"""One row as the org answers it: parents are nested dicts or None, numbers are Decimal or int."""


@dataclass(frozen=True, slots=True)
class OrgIdentity:
    """Which org answered, and as whom.

    `org_id` has 18 characters. `kind` is ``production``, ``sandbox`` or ``demo``. `name` is the
    Organization's name, or its id where the user may not read it.
    """

    org_id: str
    name: str
    kind: str
    user_id: str
    username: str
    instance_url: str
    api_version: str

    @property
    def is_demo(self) -> bool:
        """Whether it is the embedded demo org."""
        return self.kind == "demo"


@dataclass(frozen=True, slots=True)
class FieldDescribe:
    """The facts of one field that sfsync uses; `type` is the describe's type, e.g. currency."""

    name: str
    label: str
    type: str
    nillable: bool
    filterable: bool
    scale: int
    length: int
    relationship_name: str | None
    reference_to: tuple[str, ...]
    picklist_values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ObjectDescribe:
    """An sObject as the signed-in user sees it: hidden fields are not there at all."""

    name: str
    label: str
    fields: Mapping[str, FieldDescribe]

    def field(self, name: str) -> FieldDescribe | None:
        """The field called `name`, case-insensitively, as SOQL resolves it."""
        found = self.fields.get(name)
        if found is not None:
            return found
        folded = name.casefold()
        return next((f for f in self.fields.values() if f.name.casefold() == folded), None)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a query: at most 2,000 records, and how many the whole query has."""

    records: list[Record]
    total: int


@dataclass(frozen=True, slots=True)
class ApiUsage:
    """The org's rolling 24-hour API allowance, from ``Sforce-Limit-Info`` or ``/limits``."""

    used: int
    limit: int
    at: datetime
