"""sObject tree files, as `sf data export tree` writes them: from a folder to a list of records.

A file holds `{"records": [{"attributes": {"type", "referenceId"}, field: value, …}]}`; a value
`"@Ref"` stands for the id of another record, and a value `{"records": […]}` holds child records.
A plan file lists the files in an order; without one all `*.json` files of the folder are read.
Source: Salesforce CLI reference, `data import tree`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class TreeFileError(Exception):
    """A tree file cannot be loaded.

    Args:
        file: name of the file.
        reference: `referenceId` of the record, or its place (`record 3`); empty for the file.
        message: what is wrong with it.
    """

    def __init__(self, file: str, reference: str, message: str) -> None:
        where = f"{file}, {reference}" if reference else file
        super().__init__(f"{where}: {message}")
        self.file = file
        self.reference = reference
        self.message = message


@dataclass(frozen=True)
class TreeRecord:
    """One record of a tree file.

    Args:
        file: name of the file it is from.
        sobject: `attributes.type`.
        reference: `attributes.referenceId`; `record N` when the file gives none.
        fields: its values; `"@Ref"` where another record is meant.
        parent: reference of the record that it is nested in, with the relationship's name.
    """

    file: str
    sobject: str
    reference: str
    fields: dict[str, Any]
    parent: tuple[str, str] | None = None

    def error(self, message: str) -> TreeFileError:
        """An error about this record."""
        return TreeFileError(self.file, self.reference, message)


@dataclass
class _Reader:
    """Reads records and sees to it that no reference is given twice."""

    file: str
    seen: set[str]
    records: list[TreeRecord] = field(default_factory=list)

    def read(self, entries: object, parent: tuple[str, str] | None = None) -> None:
        if not isinstance(entries, list):
            raise TreeFileError(self.file, "", '"records" must be a list')
        for number, entry in enumerate(entries, 1):
            self._read_one(entry, f"record {number}", parent)

    def _read_one(self, entry: object, place: str, parent: tuple[str, str] | None) -> None:
        attributes = entry.get("attributes") if isinstance(entry, dict) else None
        if not isinstance(entry, dict) or not isinstance(attributes, dict):
            raise TreeFileError(self.file, place, 'a record needs "attributes"')
        sobject = attributes.get("type")
        if not isinstance(sobject, str):
            raise TreeFileError(self.file, place, 'a record needs "attributes.type"')
        reference = self._reference(attributes, place)
        values = {name: value for name, value in entry.items() if name != "attributes"}
        children = {name: value for name, value in values.items() if _holds_records(value)}
        plain = {name: value for name, value in values.items() if name not in children}
        self.records.append(TreeRecord(self.file, sobject, reference, plain, parent))
        for relationship, child in children.items():
            self.read(child["records"], (reference, relationship))

    def _reference(self, attributes: dict[str, Any], place: str) -> str:
        given = attributes.get("referenceId")
        if given is None:
            return f"{place} of {self.file}"
        if not isinstance(given, str):
            raise TreeFileError(self.file, place, "the referenceId is no text")
        if given in self.seen:
            raise TreeFileError(self.file, given, "this referenceId is given twice")
        self.seen.add(given)
        return given


def read_folder(folder: Path) -> list[TreeRecord]:
    """Read every record of a folder of tree files, in the order of its plan.

    Raises:
        TreeFileError: a file is missing, is no JSON, or is no tree file.
    """
    seen: set[str] = set()
    records: list[TreeRecord] = []
    for path in _files(folder):
        reader = _Reader(path.name, seen)
        content = _load(path)
        if not isinstance(content, dict) or "records" not in content:
            raise TreeFileError(path.name, "", 'this is no tree file: it has no "records"')
        reader.read(content["records"])
        records.extend(reader.records)
    return records


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise TreeFileError(str(folder), "", "there is no such folder")
    plans = sorted(folder.glob("*-plan.json"))
    if len(plans) > 1:
        names = ", ".join(plan.name for plan in plans)
        raise TreeFileError(str(folder), "", f"the folder has more than one plan: {names}")
    files = list(_planned(plans[0])) if plans else sorted(folder.glob("*.json"))
    if not files:
        raise TreeFileError(str(folder), "", "the folder has no *.json files")
    return files


def _planned(plan: Path) -> Iterator[Path]:
    steps = _load(plan)
    if not isinstance(steps, list):
        raise TreeFileError(plan.name, "", "a plan is a list of steps")
    for number, step in enumerate(steps, 1):
        names = step.get("files") if isinstance(step, dict) else None
        if not isinstance(names, list):
            raise TreeFileError(plan.name, f"step {number}", 'a step needs "files"')
        for name in names:
            path = plan.parent / str(name)
            if not path.is_file():
                raise TreeFileError(plan.name, f"step {number}", f"there is no file {name}")
            yield path


def _load(path: Path) -> Any:  # noqa: ANN401 - JSON is any value
    try:
        return json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except OSError as error:
        raise TreeFileError(path.name, "", f"cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise TreeFileError(path.name, "", f"not valid JSON: {error}") from error


def _holds_records(value: object) -> bool:
    return isinstance(value, dict) and "records" in value
