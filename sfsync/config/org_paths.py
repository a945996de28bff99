"""Following a field path through describes: ``Owner.Name`` from Opportunity to User."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class DescribedField(Protocol):
    """The facts of a field that are needed here, as in an org's describe."""

    @property
    def name(self) -> str:
        """API name."""

    @property
    def type(self) -> str:
        """The describe's type: currency, string, reference, address and so on."""

    @property
    def relationship_name(self) -> str | None:
        """How SOQL names the parent: Owner for OwnerId."""

    @property
    def reference_to(self) -> tuple[str, ...]:
        """The objects a lookup may point to."""


class DescribedObject(Protocol):
    """An object as the signed-in user sees it."""

    @property
    def name(self) -> str:
        """API name."""

    @property
    def fields(self) -> Mapping[str, DescribedField]:
        """Fields by API name."""


@dataclass(frozen=True, slots=True)
class Missing:
    """Where a path ends: `sobject` has nothing called `name` (None: the object is hidden).

    `offset` is where that part stands in the path; `candidates` are the names there are.
    """

    sobject: str
    name: str | None
    offset: int = 0
    is_last: bool = True
    candidates: tuple[str, ...] = ()


def resolve_path(
    describe: Callable[[str], DescribedObject | None], sobject: str, path: str
) -> DescribedField | None:
    """The field at the end of `path`, None when it or a parent is absent or hidden.

    Names must be spelled as the org spells them: SOQL ignores case, but the records that come
    back do not.
    """
    found = find_path(describe, sobject, path)
    return None if isinstance(found, Missing) else found


def find_path(
    describe: Callable[[str], DescribedObject | None], sobject: str, path: str, offset: int = 0
) -> DescribedField | Missing:
    """As `resolve_path`, with the part that is missing."""
    described = describe(sobject)
    if described is None:
        return Missing(sobject, None, offset)
    name, _, rest = path.partition(".")
    if not rest:
        fields = described.fields
        return fields.get(name) or Missing(sobject, name, offset, candidates=tuple(fields))
    parents = _parents(described)
    if name not in parents:
        return Missing(sobject, name, offset, is_last=False, candidates=tuple(parents))
    missing: Missing | None = None
    for parent in parents[name]:
        found = find_path(describe, parent, rest, offset + len(name) + 1)
        if not isinstance(found, Missing):
            return found
        missing = missing or found
    return missing or Missing(sobject, name, offset, is_last=False)


def _parents(described: DescribedObject) -> dict[str, tuple[str, ...]]:
    return {
        field.relationship_name: field.reference_to
        for field in described.fields.values()
        if field.relationship_name
    }
