"""Deleting, undeleting and merging records, with what hangs on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.demo.catalogue.catalogue import STANDARD
from sfsync.demo.org_file import DELETED_WITH

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from sfsync.demo.catalogue.fields import Field
    from sfsync.demo.catalogue.sobject import SObject

_LEAVES_NO_TRACE = frozenset({"OpportunityLineItem"})


class Deletion:
    """Moves records in and out of the recycle bin, inside a transaction of the caller.

    Args:
        connection: the caller's connection.
        moment: the stamp of every change, as the store keeps it.
    """

    def __init__(self, connection: sqlite3.Connection, moment: str) -> None:
        self._connection = connection
        self._moment = moment

    def delete(self, target: SObject, record_id: str) -> None:
        """Put a record and its cascade into the recycle bin; some sObjects have none."""
        if target.name in _LEAVES_NO_TRACE or not target.field("IsDeleted"):
            self._connection.execute(f'DELETE FROM "{target.name}" WHERE "Id" = ?', (record_id,))  # noqa: S608 (names of the catalogue)
            return
        self._bin(target, [record_id], record_id)

    def undelete(self, target: SObject, record_id: str) -> bool:
        """Take a record out with all that went along; False when it is not in the bin."""
        found = self._connection.execute(
            f'SELECT 1 FROM "{target.name}" WHERE "Id" = ? AND "IsDeleted" = 1 '  # noqa: S608 (names of the catalogue)
            f'AND "{DELETED_WITH}" = "Id"',
            (record_id,),
        ).fetchone()
        if found is None:
            return False
        for each in STANDARD:
            if each.field("IsDeleted"):
                self._connection.execute(
                    f'UPDATE "{each.name}" SET "IsDeleted" = 0, "{DELETED_WITH}" = NULL, '  # noqa: S608 (names of the catalogue)
                    f'"SystemModstamp" = ? WHERE "{DELETED_WITH}" = ?',
                    (self._moment, record_id),
                )
        return True

    def merge(self, target: SObject, winner: str, loser: str) -> None:
        """Point every record of `loser` to `winner`, then delete `loser`."""
        for child, field in _lookups_to(target):
            if field.name == "MasterRecordId":
                continue
            self._connection.execute(
                f'UPDATE "{child.name}" SET "{field.name}" = ?, "SystemModstamp" = ?, '  # noqa: S608 (names of the catalogue)
                f'"LastModifiedDate" = ? WHERE "{field.name}" = ?',
                (winner, self._moment, self._moment, loser),
            )
        self._connection.execute(
            f'UPDATE "{target.name}" SET "IsDeleted" = 1, "MasterRecordId" = ?, '  # noqa: S608 (names of the catalogue)
            f'"SystemModstamp" = ?, "LastModifiedDate" = ? WHERE "Id" = ?',
            (winner, self._moment, self._moment, loser),
        )
        self._connection.execute(
            f'UPDATE "{target.name}" SET "SystemModstamp" = ?, "LastModifiedDate" = ? '  # noqa: S608 (names of the catalogue)
            'WHERE "Id" = ?',
            (self._moment, self._moment, winner),
        )

    def _bin(self, target: SObject, ids: list[str], root: str) -> None:
        for record_id in ids:
            self._connection.execute(
                f'UPDATE "{target.name}" SET "IsDeleted" = 1, "{DELETED_WITH}" = ?, '  # noqa: S608 (names of the catalogue)
                '"SystemModstamp" = ? WHERE "Id" = ? AND "IsDeleted" = 0',
                (root, self._moment, record_id),
            )
            for child, field in _lookups_to(target):
                if field.cascade:
                    self._bin(child, self._children(child, field, record_id), root)

    def _children(self, child: SObject, field: Field, parent: str) -> list[str]:
        found = self._connection.execute(
            f'SELECT "Id" FROM "{child.name}" WHERE "{field.name}" = ? AND "IsDeleted" = 0',  # noqa: S608 (names of the catalogue)
            (parent,),
        )
        return [row[0] for row in found]


def _lookups_to(target: SObject) -> Iterator[tuple[SObject, Field]]:
    for each in STANDARD:
        for field in each.fields:
            if target.name in field.refers_to:
                yield each, field
