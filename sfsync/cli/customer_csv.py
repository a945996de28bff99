"""Customers from a CSV file."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

from sfsync.errors import NotFoundError, UsageError
from sfsync.exports.inert import unguarded
from sfsync.ledger.customer_edit import ADDRESS_FIELDS, PLAIN_FIELDS
from sfsync.ledger.model import Address, CustomerContent

if TYPE_CHECKING:
    from pathlib import Path


def read_csv(file: Path) -> list[CustomerContent]:
    """The customers of a CSV file.

    Raises:
        NotFoundError: there is no such file.
        UsageError: it is not UTF-8, has no name column, or a row that cannot be read.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            # Asked here: the headings of an empty file are looked for again on every question.
            headings = [heading.strip() for heading in reader.fieldnames or ()]
            rows = list(reader)
    except FileNotFoundError:
        raise NotFoundError(f"there is no file {file}", code="file-not-found") from None
    except (UnicodeDecodeError, csv.Error, OSError) as error:
        raise UsageError(f"{file} is not a readable CSV file: {error}", code="csv") from None
    if "name" not in headings or len(set(headings)) != len(headings):
        raise UsageError(
            f"{file} needs a heading with the column 'name', each column once", code="csv"
        )
    return [_content(file, line, row) for line, row in enumerate(rows, start=2)]


def _content(file: Path, record: int, row: dict[str | Any, Any]) -> CustomerContent:
    if None in row or None in row.values():
        raise UsageError(f"{file}, record {record}: not as many values as headings", code="csv")
    # A file of our own has a mark before what a spreadsheet would calculate: +1 555 0100.
    values = {name.strip(): unguarded(value.strip()) or None for name, value in row.items()}
    if not values["name"]:
        raise UsageError(f"{file}, record {record}: the name is empty", code="csv")
    known: dict[str, Any] = {name: values.pop(name) for name in PLAIN_FIELDS if name in values}
    address = Address(**{part: values.pop(part) for part in ADDRESS_FIELDS if part in values})
    rest = {name: value for name, value in values.items() if value}
    return CustomerContent(**known, address=address, properties=rest)
