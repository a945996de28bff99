"""The records of an org, with the rules a real org keeps when they are written.

`OrgStore` is the door: make or open a file, write records, read them back. Queries are in
`sfsync.demo.soql`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from sfsync.demo import rules
from sfsync.demo.catalogue.catalogue import Features
from sfsync.demo.catalogue.refusal import StoreError, not_found
from sfsync.demo.deletion import Deletion
from sfsync.demo.ids import make_id, new_org_id, to_18
from sfsync.demo.org_catalogue import OrgCatalogue
from sfsync.demo.org_file import OrgFile
from sfsync.demo.roll_up import roll_up
from sfsync.demo.rows import named, read_rows, write_rows
from sfsync.demo.stored import moment_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from types import TracebackType

    from sfsync.demo.catalogue.catalogue import Catalogue
    from sfsync.demo.catalogue.sobject import SObject
    from sfsync.demo.rules import Row

_STAMPED_ON_INSERT = (
    "CreatedDate",
    "LastModifiedDate",
    "SystemModstamp",
    "LastStageChangeDate",
)
_USERS = ("CreatedById", "LastModifiedById", "OwnerId")


def _now() -> datetime:
    return datetime.now(UTC)


class OrgStore:
    """One org in one SQLite file; safe for several threads and processes.

    Use `create` or `open`, and `close` (or a ``with`` block) when done.
    """

    def __init__(self, file: OrgFile, clock: Callable[[], datetime]) -> None:
        self._file = file
        self._clock = clock
        self._org = OrgCatalogue(file)

    @classmethod
    def create(
        cls,
        path: Path | str,
        *,
        features: Features | None = None,
        clock: Callable[[], datetime] | None = None,
        org_id: str | None = None,
    ) -> Self:
        """Make a new, empty org in a file that does not exist yet; its id is new unless given.

        Raises:
            FileExistsError: there is a file already.
        """
        # Two may make it at once: SQLite would let both of them fill it.
        Path(path).touch(mode=0o600, exist_ok=False)
        made = cls(OrgFile(Path(path)), clock or _now)
        made._file.make_tables(org_id or new_org_id())
        made.set_features(features or Features())
        return made

    @classmethod
    def open(cls, path: Path | str, *, clock: Callable[[], datetime] | None = None) -> Self:
        """Open an org made before.

        Raises:
            FileNotFoundError: there is no such file.
        """
        if not Path(path).is_file():
            raise FileNotFoundError(str(path))
        return cls(OrgFile(Path(path)), clock or _now)

    def close(self) -> None:
        """Close every connection to the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def path(self) -> Path:
        """The org's file."""
        return self._file.path

    @property
    def file(self) -> OrgFile:
        """The connections to the file, for queries."""
        return self._file

    # -- the org itself -------------------------------------------------------------------------

    @property
    def catalogue(self) -> Catalogue:
        """The sObjects as they are now; another process may have changed them."""
        return self._org.catalogue

    @property
    def features(self) -> Features:
        """What the org has switched on and what it hides."""
        return self._org.features

    def set_features(self, features: Features) -> None:
        """Switch features on or off, hide or show fields and sObjects."""
        self._org.set_features(features)

    def add_custom_field(self, sobject: str, name: str, kind: str) -> None:
        """Add a custom field; one that is there already stays as it is.

        Args:
            sobject: API name of the sObject.
            name: API name of the field, ending in ``__c``.
            kind: its type, e.g. ``string``, ``currency``, ``date``.

        Raises:
            StoreError: unknown sObject or type.
        """
        self._org.add_custom_field(self._table(sobject), name, kind)

    def get_setting(self, key: str, default: Any = None) -> Any:  # noqa: ANN401 (JSON values)
        """The JSON value kept under `key`, or `default`."""
        return self._file.get_setting(key, default)

    def set_setting(self, key: str, value: object) -> None:
        """Keep a JSON value under `key`."""
        self._file.set_setting(key, value)

    # -- writing --------------------------------------------------------------------------------

    def insert(
        self,
        sobject: str,
        values: Mapping[str, Any],
        *,
        stamp: datetime | None = None,
    ) -> str:
        """Make a record and return its id.

        Args:
            sobject: API name of the sObject.
            values: values by API names, in any case; ``Id`` may be given.
            stamp: when it happened; now, by default.

        Raises:
            StoreError: what the org refuses, with its code and text.
        """
        return self.insert_many(sobject, [values], stamp=stamp)[0]

    def insert_many(
        self,
        sobject: str,
        rows: Iterable[Mapping[str, Any]],
        *,
        stamp: datetime | None = None,
    ) -> list[str]:
        """Make many records in one transaction, as `insert` does; their ids in order."""
        target = self._table(sobject)
        moment = moment_text(stamp or self._clock())
        written = [named(target, values) for values in rows]
        with self._file.transaction():
            first = self._file.reserve(target.name, len(written))
            related = self._related(target, written)
            blank = _blank(target, moment, self._default_user())
            made = [
                {**blank, **values, "Id": values.get("Id") or make_id(target.prefix, first + place)}
                for place, values in enumerate(written)
            ]
            self._require_new(target, [values["Id"] for values in written if values.get("Id")])
            for row, values in zip(made, written, strict=True):
                row.update(rules.derive(target.name, row, values.keys(), related))
                _require(target, row)
            self._write(target, made)
            self._after_insert(target, made, moment)
        return [row["Id"] for row in made]

    def update(
        self,
        sobject: str,
        record_id: str,
        values: Mapping[str, Any],
        *,
        stamp: datetime | None = None,
    ) -> None:
        """Change fields of a record.

        An amount written by hand is ignored while the opportunity has lines, as in a real org.

        Raises:
            StoreError: no such record, or what the org refuses.
        """
        target = self._table(sobject)
        moment = moment_text(stamp or self._clock())
        written = named(target, values)
        with self._file.transaction():
            before = self._existing(target, record_id)
            if target.name == "Opportunity" and before["HasOpportunityLineItem"]:
                written.pop("Amount", None)
            row = {**before, **written, "SystemModstamp": moment}
            if "LastModifiedDate" not in written:
                row["LastModifiedDate"] = moment
            if written.get("StageName", before.get("StageName")) != before.get("StageName"):
                row["LastStageChangeDate"] = moment
            related = self._related(target, [row])
            row.update(rules.derive(target.name, row, written.keys(), related))
            _require(target, row)
            self._write(target, [row])
            self._after_update(target, row, moment)

    def delete(self, sobject: str, record_id: str, *, stamp: datetime | None = None) -> None:
        """Delete a record and what hangs on it; a line item goes without a trace.

        Raises:
            StoreError: no such record, or it is deleted already.
        """
        target = self._table(sobject)
        moment = moment_text(stamp or self._clock())
        with self._file.transaction() as connection:
            row = self._existing(target, record_id)
            Deletion(connection, moment).delete(target, row["Id"])
            if target.name == "OpportunityLineItem":
                roll_up(connection, [row["OpportunityId"]], moment)

    def undelete(self, sobject: str, record_id: str, *, stamp: datetime | None = None) -> None:
        """Take a record out of the recycle bin, with what was deleted along with it.

        Raises:
            StoreError: it is not in the recycle bin.
        """
        target = self._table(sobject)
        whole = to_18(record_id)
        with self._file.transaction() as connection:
            moment = moment_text(stamp or self._clock())
            if whole is None or not Deletion(connection, moment).undelete(target, whole):
                raise StoreError("UNDELETE_FAILED", "Entity is not in the recycle bin")

    def merge(
        self,
        sobject: str,
        winner: str,
        loser: str,
        *,
        stamp: datetime | None = None,
    ) -> None:
        """Merge `loser` into `winner`: its records move over, it is deleted.

        Raises:
            StoreError: not an sObject that merges, or no such records.
        """
        target = self._table(sobject)
        if "mergeable" not in target.abilities:
            raise StoreError("INVALID_TYPE", f"Merge is not supported for {target.name}")
        with self._file.transaction() as connection:
            kept = self._existing(target, winner)["Id"]
            lost = self._existing(target, loser)["Id"]
            moment = moment_text(stamp or self._clock())
            Deletion(connection, moment).merge(target, kept, lost)

    # -- reading --------------------------------------------------------------------------------

    def get(self, sobject: str, record_id: str) -> Row:
        """A record as the user sees it, by API names: Decimal, bool, ISO text.

        Raises:
            StoreError: no such sObject or record (``NOT_FOUND``), or it is deleted.
        """
        seen = self.catalogue.known(sobject)
        row = self._existing(self._table(sobject), record_id)
        return {field.name: row[field.name] for field in seen.fields if field.name in row}

    def count(self, sobject: str) -> int:
        """How many records of `sobject` there are, deleted ones left out."""
        return len(self.ids(sobject))

    def ids(self, sobject: str) -> list[str]:
        """The ids of the records of `sobject` in the order they were made, deleted left out."""
        target = self._table(sobject)
        alive = ' WHERE "IsDeleted" = 0' if target.field("IsDeleted") else ""
        with self._file.connection() as connection:
            found = connection.execute(f'SELECT "Id" FROM "{target.name}"{alive} ORDER BY "Id"')  # noqa: S608 (names of the catalogue)
            return [row[0] for row in found]

    # -- inside ---------------------------------------------------------------------------------

    def _table(self, name: str) -> SObject:
        found = self.catalogue.everything.get(name.lower())
        if found is None:
            raise not_found()
        return found

    def _default_user(self) -> str | None:
        with self._file.connection() as connection:
            row = connection.execute('SELECT MIN("Id") FROM "User"').fetchone()
        return None if row is None else row[0]

    def _existing(self, target: SObject, record_id: str) -> Row:
        with self._file.connection() as connection:
            rows = read_rows(connection, target, [to_18(record_id) or record_id])
        if not rows:
            raise not_found()
        if rows[0].get("IsDeleted"):
            raise StoreError("ENTITY_IS_DELETED", "entity is deleted")
        return rows[0]

    def _require_new(self, target: SObject, ids: Sequence[str]) -> None:
        with self._file.connection() as connection:
            taken = {row["Id"] for row in read_rows(connection, target, ids)}
        for given in ids:
            if given in taken:
                message = f"duplicate value found: Id duplicates value on record with id: {given}"
                raise StoreError("DUPLICATE_VALUE", message, ("Id",))
            taken.add(given)

    def _write(self, target: SObject, rows: Sequence[Row]) -> None:
        with self._file.transaction() as connection:
            write_rows(connection, target, rows)

    def _related(self, target: SObject, rows: Sequence[Row]) -> rules.Related:
        if target.name == "Opportunity":
            return rules.Related(stages=self._by("ApiName", "OpportunityStage"))
        if target.name == "PricebookEntry":
            products = (row.get("Product2Id") for row in rows)
            return rules.Related(products=self._by("Id", "Product2", products))
        if target.name != "OpportunityLineItem":
            return rules.Related()
        deals = self._by("Id", "Opportunity", (row.get("OpportunityId") for row in rows))
        return rules.Related(
            entries=self._by("Id", "PricebookEntry", (row.get("PricebookEntryId") for row in rows)),
            deal_names={deal_id: deal["Name"] for deal_id, deal in deals.items()},
        )

    def _by(
        self, key: str, sobject: str, ids: Iterable[str | None] | None = None
    ) -> dict[str, Row]:
        wanted = None if ids is None else {each for each in ids if each}
        with self._file.connection() as connection:
            return {row[key]: row for row in read_rows(connection, self._table(sobject), wanted)}

    def _after_insert(self, target: SObject, rows: Sequence[Row], moment: str) -> None:
        if target.name == "OpportunityLineItem":
            with self._file.transaction() as connection:
                roll_up(connection, sorted({row["OpportunityId"] for row in rows}), moment)
        for row in rows:
            if row.get("IsPersonAccount") and target.name == "Account":
                self._write(target, [{**row, "PersonContactId": self._contact_behind(row, moment)}])

    def _after_update(self, target: SObject, row: Row, moment: str) -> None:
        if target.name == "OpportunityLineItem":
            with self._file.transaction() as connection:
                roll_up(connection, [row["OpportunityId"]], moment)
        if target.name == "Account" and row.get("PersonContactId"):
            behind = rules.contact_behind(row)
            self.update("Contact", row["PersonContactId"], behind, stamp=_moment(moment))

    def _contact_behind(self, account: Row, moment: str) -> str:
        behind = {"AccountId": account["Id"], "IsPersonAccount": True}
        behind |= rules.contact_behind(account)
        return self.insert("Contact", behind, stamp=_moment(moment))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _blank(target: SObject, moment: str, user: str | None) -> Row:
    """A new record before anything is written to it."""
    row: Row = {field.name: None for field in target.fields if field.type != "address"}
    row |= {field.name: False for field in target.fields if field.type == "boolean"}
    row |= rules.DEFAULTS.get(target.name, {})
    row |= {name: moment for name in _STAMPED_ON_INSERT if name in row}
    row |= {name: user for name in _USERS if name in row}
    return row


def _require(target: SObject, row: Row) -> None:
    missing = [name for name in target.required if row[name] is None]
    if missing:
        listed = ", ".join(missing)
        raise StoreError(
            "REQUIRED_FIELD_MISSING",
            f"Required fields are missing: [{listed}]",
            tuple(missing),
        )
