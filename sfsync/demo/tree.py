"""Writes the records of sObject tree files into an org.

References are resolved across files; each record is written once what it refers to is there.
Fields ending in `__c` that the org lacks become custom fields, stages that it lacks are added,
and a price book that the files name by a foreign id is made with that id.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from sfsync.demo.catalogue.refusal import OrgRefusal
from sfsync.demo.identity import USER_ID, USERNAME
from sfsync.demo.seed.base import add_stage, plant_base
from sfsync.demo.seed.cast import SeedUser
from sfsync.demo.tree_files import TreeRecord, read_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from sfsync.demo.catalogue.sobject import SObject
    from sfsync.demo.store import OrgStore

_ORG_NAME: Final = "DEMO imported records"
# Whoever owned the records elsewhere is no user here: all of them belong to this one.
_OWNER: Final = SeedUser("finance", "DEMO", "finance user", USERNAME, id=USER_ID)
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d\Z")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT")
_SHORT_TEXT: Final = 255
_USER_FIELDS: Final = {"OwnerId", "CreatedById", "LastModifiedById"}


def plant_trees(store: OrgStore, folder: Path, stamp: datetime) -> None:
    """Write the base rows and every record of a folder of tree files.

    Raises:
        TreeFileError: a record cannot be read, resolved or written; it names file and record.
    """
    records = read_folder(folder)
    with store.file.transaction():
        ids = plant_base(store, stamp, name=_ORG_NAME, users=(_OWNER,))
        _Importer(store, stamp, ids).load(records)


class _Importer:
    """Writes tree records; keeps the ids that their references stand for."""

    def __init__(self, store: OrgStore, stamp: datetime, base: dict[str, str]) -> None:
        self._store = store
        self._stamp = stamp
        self._base = base
        self._ids: dict[str, str] = {}

    def load(self, records: list[TreeRecord]) -> None:
        references = {record.reference: record for record in records}
        for record in records:
            self._check_references(record, references)
        self._add_custom_fields(records)
        self._add_stages(records)
        waiting = [self._with_parent(record, references) for record in records]
        while waiting:
            later = [record for record in waiting if not self._write_if_ready(record)]
            if len(later) == len(waiting):
                raise later[0].error("it refers to itself, by way of " + _references(later))
            waiting = later

    def _sobject(self, record: TreeRecord) -> SObject:
        found = self._store.catalogue.sobject(record.sobject)
        if found is None:
            raise record.error(f"the org has no sObject {record.sobject}")
        return found

    def _check_references(self, record: TreeRecord, known: dict[str, TreeRecord]) -> None:
        for name, reference in _referred(record):
            if reference not in known:
                raise record.error(f"{name} refers to @{reference}, which no file holds")

    def _add_custom_fields(self, records: list[TreeRecord]) -> None:
        """Add the fields that the org lacks, each of a type that takes all its values."""
        lacking: dict[tuple[str, str], list[TreeRecord]] = {}
        for record in records:
            sobject = self._sobject(record)
            for name in record.fields:
                if sobject.field(name) is not None:
                    continue
                if not name.endswith("__c"):
                    raise record.error(f"{sobject.name} has no field {name}")
                lacking.setdefault((sobject.name, name), []).append(record)
        for (owner, name), holders in lacking.items():
            kind = _guess_type([record.fields[name] for record in holders])
            with _about(holders[0]):
                self._store.add_custom_field(owner, name, kind)

    def _add_stages(self, records: list[TreeRecord]) -> None:
        stages = self._store.ids("OpportunityStage")
        known = {self._store.get("OpportunityStage", each)["ApiName"] for each in stages}
        named = [each.fields.get("StageName") for each in records if each.sobject == "Opportunity"]
        for stage in dict.fromkeys(named):
            if isinstance(stage, str) and stage not in known:
                add_stage(self._store, stage, self._stamp)

    def _with_parent(self, record: TreeRecord, known: dict[str, TreeRecord]) -> TreeRecord:
        """The record with the lookup to the one that it is nested in."""
        if record.parent is None:
            return record
        reference, relationship = record.parent
        parent = self._sobject(known[reference])
        for field in self._sobject(record).fields:
            if field.child == relationship and parent.name in field.refers_to:
                fields = {**record.fields, field.name: f"@{reference}"}
                return TreeRecord(record.file, record.sobject, record.reference, fields)
        raise record.error(f"{parent.name} has no relationship {relationship}")

    def _write_if_ready(self, record: TreeRecord) -> bool:
        if any(reference not in self._ids for _, reference in _referred(record)):
            return False
        values = {name: self._value(record, name, value) for name, value in record.fields.items()}
        for name, value in (("CurrencyIsoCode", "USD"), ("OwnerId", self._base["finance"])):
            if self._sobject(record).field(name):
                values.setdefault(name, value)
        with _about(record):
            made = self._store.insert(record.sobject, values, stamp=self._stamp)
        self._ids[record.reference] = made
        return True

    def _value(self, record: TreeRecord, name: str, value: Any) -> Any:  # noqa: ANN401 - JSON values
        if isinstance(value, str) and value.startswith("@") and value[1:] in self._ids:
            return self._ids[value[1:]]
        field = self._sobject(record).field(name)
        if field is None or not field.refers_to or not isinstance(value, str):
            return value
        return self._foreign(record, name, field.refers_to[0], value)

    def _foreign(self, record: TreeRecord, name: str, target: str, value: str) -> str:
        """What stands for an id of another org: a price book is made, an owner is replaced."""
        try:
            self._store.get(target, value)
        except OrgRefusal:
            if name in _USER_FIELDS:
                return self._base["finance"]
            if target != "Pricebook2":
                message = f"{name} is {value}, a record of another org"
                raise record.error(message) from None
            book = {"Id": value, "Name": "Imported Price Book", "IsActive": True}
            with _about(record):
                return self._store.insert("Pricebook2", book, stamp=self._stamp)
        return value


@contextmanager
def _about(record: TreeRecord) -> Iterator[None]:
    """What the org refuses here is an error about this record."""
    try:
        yield
    except OrgRefusal as error:
        raise record.error(f"{error.error_code}: {error.message}") from error


def _referred(record: TreeRecord) -> Iterable[tuple[str, str]]:
    """The fields that hold `@Ref`, with the reference; an e-mail or handle elsewhere is text."""
    for name, value in record.fields.items():
        if isinstance(value, str) and re.fullmatch(r"@\w+", value) and name.endswith(("Id", "__c")):
            yield name, value[1:]


def _references(records: list[TreeRecord]) -> str:
    return ", ".join(record.reference for record in records)


def _guess_type(values: list[object]) -> str:
    """The type of a custom field that holds these values; texts, where they differ."""
    kinds = {_type_of(value) for value in values if value is not None}
    if len(kinds) == 1:
        return kinds.pop()
    return "textarea" if "textarea" in kinds else "string"


def _type_of(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float | Decimal):
        return "double"
    text = value if isinstance(value, str) else ""
    if _DATE.match(text):
        return "date"
    if _MOMENT.match(text):
        return "datetime"
    return "textarea" if len(text) > _SHORT_TEXT else "string"
