"""Reading and writing rows of the org's tables, as records by API names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sfsync.demo.catalogue.fields import NUMBER_TYPES
from sfsync.demo.catalogue.refusal import StoreError
from sfsync.demo.stored import decode, encode, scaled

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sfsync.demo.catalogue import Field, SObject
    from sfsync.demo.rules import Row
    from sfsync.demo.stored import Stored


def read_rows(
    connection: sqlite3.Connection,
    target: SObject,
    ids: Iterable[str] | None = None,
) -> list[Row]:
    """The records of `target` with these ids, deleted ones too; all that are not, when None."""
    fields = _stored_fields(target)
    columns = ", ".join(f'"{field.name}"' for field in fields)
    if ids is None:
        alive = '"IsDeleted" = 0' if target.field("IsDeleted") else "1"
        condition, parameters = alive, []
    else:
        condition, parameters = '"Id" IN (SELECT value FROM json_each(?))', [json.dumps([*ids])]
    sql = f'SELECT {columns} FROM "{target.name}" WHERE {condition}'  # noqa: S608 (names of the catalogue)
    return [
        {field.name: decode(field, stored) for field, stored in zip(fields, row, strict=True)}
        for row in connection.execute(sql, parameters)
    ]


def write_rows(connection: sqlite3.Connection, target: SObject, rows: Sequence[Row]) -> None:
    """Keep whole records; one whose id is there already is replaced."""
    fields = _stored_fields(target)
    columns = ", ".join(f'"{field.name}"' for field in fields)
    marks = ", ".join("?" * len(fields))
    changes = ", ".join(f'"{field.name}" = excluded."{field.name}"' for field in fields[1:])
    statement = (
        f'INSERT INTO "{target.name}" ({columns}) VALUES ({marks}) '  # noqa: S608 (names of the catalogue)
        f'ON CONFLICT ("Id") DO UPDATE SET {changes}'
    )
    writers = [(field.name, _writer(field)) for field in fields]
    connection.executemany(
        statement,
        (
            [None if row[name] is None else write(row[name]) for name, write in writers]
            for row in rows
        ),
    )


def named(target: SObject, values: Mapping[str, object]) -> Row:
    """What a caller wrote, under the fields' own names, each value as it will be read back.

    Raises:
        StoreError: an unknown field, or a value that does not fit it.
    """
    found: Row = {}
    for name, value in values.items():
        field = target.field(name)
        if field is None or field.type == "address":
            message = f"No such column '{name}' on sobject of type {target.name}"
            raise StoreError("INVALID_FIELD", message, (name,))
        found[field.name] = decode(field, encode(field, value))
    return found


def _stored_fields(target: SObject) -> list[Field]:
    return [field for field in target.fields if field.type != "address"]


def _writer(field: Field) -> Callable[[Any], Stored]:
    if field.type in NUMBER_TYPES:
        return lambda value: scaled(field, value)
    return int if field.type == "boolean" else _as_it_is


def _as_it_is(value: str | int) -> Stored:
    return value
