"""Rows of Bulk results as the records that REST answers: nested parents, typed values.

CSV is text throughout: the describes of the objects along each column's path tell the types.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from sfsync.salesforce.faults import bad_reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sfsync.salesforce.records import FieldDescribe, ObjectDescribe, Record

    Describe = Callable[[str], ObjectDescribe | None]
    Convert = Callable[[str], Any]

_FROM = re.compile(r"\sFROM\s+(\w+)", re.IGNORECASE)
_BOOLEANS = {"true": True, "false": False}


@dataclass(slots=True)
class RecordForm:
    """Which columns make up a record, and which its parents.

    Attributes:
        values: name, column, and how the text is read.
        parents: forms of the parents by relationship name.
        lookup: the column with the id of this (parent) record, where it was asked for.
    """

    values: list[tuple[str, int, Convert]] = field(default_factory=list)
    parents: dict[str, RecordForm] = field(default_factory=dict)
    lookup: int | None = None

    def record(self, row: Sequence[str]) -> Record:
        """The record of one row.

        A parent whose columns are all empty is None, unless the column of its id shows that it is
        there: CSV cannot tell a parent with empty fields from no parent.

        Raises:
            PassingError: a value is not of its field's type (``bad-reply``).
        """
        try:
            found: Record = {
                name: convert(row[column]) if row[column] else None
                for name, column, convert in self.values
            }
        except (KeyError, ValueError, InvalidOperation):
            raise bad_reply("A value of Salesforce's bulk results is not of its type.") from None
        for name, parent in self.parents.items():
            found[name] = parent.record(row) if parent.is_there(row) else None
        return found

    def is_there(self, row: Sequence[str]) -> bool:
        """Whether `row` has anything of this parent."""
        return any(row[column] for column in self.columns())

    def columns(self) -> Iterator[int]:
        """Every column of this record and its parents."""
        if self.lookup is not None:
            yield self.lookup
        for _, column, _ in self.values:
            yield column
        for parent in self.parents.values():
            yield from parent.columns()


def records_of(form: RecordForm, rows: Iterable[Sequence[str]]) -> list[Record]:
    """The records of rows.

    Raises:
        PassingError: a value is not of its field's type, or an Id is empty (``bad-reply``).
    """
    records = [form.record(row) for row in rows]
    if not all(record.get("Id", True) for record in records):
        raise bad_reply("A row of Salesforce's bulk results has no Id.")
    return records


def object_of(soql: str) -> str:
    """The object that a query without sub-queries reads.

    Raises:
        ValueError: there is no FROM.
    """
    found = _FROM.search(soql)
    if found is None:
        raise ValueError("a query needs FROM")
    return found[1]


def record_form(header: Sequence[str], sobject: str, describe: Describe) -> RecordForm:
    """How a row under `header` becomes a record of `sobject`, names spelled as REST spells them."""
    whole = RecordForm()
    lookups: dict[tuple[str, str], int] = {}
    for column, path in enumerate(header):
        *relationships, name = path.split(".")
        form, way = whole, ""
        objects: Sequence[str] = (sobject,)
        for relationship in relationships:
            found = _find(objects, describe, _by_relationship(relationship))
            key = found.relationship_name or relationship if found else relationship
            form = form.parents.setdefault(key, RecordForm())
            objects, way = found.reference_to if found else (), f"{way}{key}."
        described = _find(objects, describe, _by_name(name))
        form.values.append((described.name if described else name, column, _reader(described)))
        if described is not None and described.relationship_name is not None:
            lookups[way, described.relationship_name] = column
    _know_lookups(whole, "", lookups)
    return whole


def _know_lookups(form: RecordForm, way: str, lookups: dict[tuple[str, str], int]) -> None:
    for name, parent in form.parents.items():
        parent.lookup = lookups.get((way, name))
        _know_lookups(parent, f"{way}{name}.", lookups)


def _find(
    objects: Sequence[str],
    describe: Describe,
    pick: Callable[[ObjectDescribe], FieldDescribe | None],
) -> FieldDescribe | None:
    """The first that `pick` finds: a lookup may lead to several objects."""
    described = (describe(name) for name in objects)
    return next((found for one in described if one and (found := pick(one))), None)


def _by_name(name: str) -> Callable[[ObjectDescribe], FieldDescribe | None]:
    return lambda described: described.field(name)


def _by_relationship(name: str) -> Callable[[ObjectDescribe], FieldDescribe | None]:
    folded = name.casefold()
    return lambda described: next(
        (
            one
            for one in described.fields.values()
            if one.relationship_name and one.relationship_name.casefold() == folded
        ),
        None,
    )


def _reader(described: FieldDescribe | None) -> Convert:
    return _READERS.get(described.type, str) if described else str


def _number(text: str) -> int | Decimal:
    """As the JSON of the same number is read: a fraction or exponent makes it Decimal."""
    if text.lstrip("-").isdecimal():
        return int(text)
    number = Decimal(text)
    if not number.is_finite():
        raise ValueError("not a number")
    return number


def _datetime(text: str) -> str:
    """``…T08:31:07.000Z`` in REST's form, ``…T08:31:07.000+0000``."""
    return f"{text[:-1]}+0000" if text.endswith("Z") else text


_READERS: dict[str, Convert] = {
    "boolean": _BOOLEANS.__getitem__,
    "currency": _number,
    "datetime": _datetime,
    "double": _number,
    "int": _number,
    "long": _number,
    "percent": _number,
}
"""By the describe's type; every other type is text in JSON too."""
