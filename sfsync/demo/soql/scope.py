"""What the names of a query mean: fields, relationships, and the joins that reach them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sfsync.demo.catalogue.fields import ADDRESS_PARTS, ID_TYPES, NUMBER_TYPES
from sfsync.demo.catalogue.refusal import SoqlError
from sfsync.demo.soql.errors import no_such_column, no_such_relationship

if TYPE_CHECKING:
    from sfsync.demo.catalogue import Catalogue, Field, SObject
    from sfsync.demo.soql.syntax import Path

MOST_LEVELS: Final = 5
"""Relationships a path may climb."""


@dataclass(frozen=True, slots=True)
class Operand:
    """Something that can be compared and sorted: SQL, and how its values are kept.

    `kind` is one of ``text id boolean number real int date datetime address``; `scale` the
    decimals of a scaled number; `name` what messages call it.
    """

    sql: str
    kind: str
    name: str
    soap_type: str
    scale: int = 0


@dataclass(frozen=True, slots=True)
class Column:
    """A field reached from the root: the relationships on the way, by their own names."""

    relationships: tuple[str, ...]
    field: Field
    owner: SObject
    table: str

    @property
    def path(self) -> str:
        """The whole path in the spelling of the catalogue."""
        return ".".join((*self.relationships, self.field.name))

    @property
    def operand(self) -> Operand:
        """The field as something to compare."""
        return Operand(
            sql=f'{self.table}."{self.field.name}"',
            kind=kind_of(self.field),
            name=self.field.name,
            soap_type=self.field.soap_type.partition(":")[2],
            scale=self.field.scale,
        )

    @property
    def address_parts(self) -> tuple[str, ...]:
        """The SQL of the eight parts behind a compound address."""
        prefix = self.field.name.removesuffix("Address")
        return tuple(f'{self.table}."{prefix}{suffix}"' for _, suffix in ADDRESS_PARTS)


def kind_of(field: Field) -> str:
    """How values of a field are kept and compared."""
    if field.type in NUMBER_TYPES:
        return "number"
    if field.type in ID_TYPES:
        return "id"
    return field.type if field.type in _OWN_KINDS else "text"


_OWN_KINDS: Final = frozenset({"boolean", "int", "date", "datetime", "address"})


@dataclass(slots=True)
class Scope:
    """The names one query can use; joins are added as paths are resolved.

    Args:
        catalogue: what the user sees.
        text: the whole query, for pictures in errors.
        root: the sObject of FROM.
        alias: its alias, if any.
        table: the SQL name of the root's table; joins are named after it.
    """

    catalogue: Catalogue
    text: str
    root: SObject
    alias: str | None = None
    table: str = "t"
    _joined: dict[tuple[str, ...], tuple[SObject, str]] = field(default_factory=dict)
    _joins: list[str] = field(default_factory=list)

    @property
    def from_sql(self) -> str:
        """FROM with every join that was needed so far."""
        return " ".join([f'FROM "{self.root.name}" AS {self.table}', *self._joins])

    def column(self, path: Path) -> Column:
        """The field a path leads to.

        Raises:
            SoqlError: an unknown relationship or field, or too long a path.
        """
        *climbed, name = self._without_prefix(path.parts)
        if len(climbed) > MOST_LEVELS:
            raise SoqlError(
                "INVALID_FIELD",
                f"Relationship path '{path.text}' has more than {MOST_LEVELS} levels",
            )
        owner, table = self.root, self.table
        relationships: tuple[str, ...] = ()
        for step in climbed:
            owner, table, relationships = self._climb(owner, table, relationships, step, path)
        found = owner.field(name)
        if found is None:
            raise no_such_column(name, owner.name, self.text, path.at)
        return Column(relationships, found, owner, table)

    def _without_prefix(self, parts: tuple[str, ...]) -> tuple[str, ...]:
        first = parts[0].lower()
        named = first == (self.alias or "").lower() or (
            first == self.root.name.lower() and self.root.lookup(first) is None
        )
        return parts[1:] if named and len(parts) > 1 else parts

    def _climb(
        self,
        owner: SObject,
        table: str,
        relationships: tuple[str, ...],
        step: str,
        path: Path,
    ) -> tuple[SObject, str, tuple[str, ...]]:
        lookup = owner.lookup(step)
        parent = (
            self.catalogue.sobject(lookup.refers_to[0]) if lookup and lookup.refers_to else None
        )
        if lookup is None or parent is None or lookup.relationship is None:
            raise no_such_relationship(step, self.text, path.at)
        reached = (*relationships, lookup.relationship)
        if reached not in self._joined:
            joined = f"{self.table}{len(self._joined) + 1}"
            self._joined[reached] = (parent, joined)
            self._joins.append(
                f'LEFT JOIN "{parent.name}" AS {joined} ON {joined}."Id" = {table}."{lookup.name}"'
            )
        return *self._joined[reached], reached
