"""The one way to open a ledger: a private file, its transactions, the binding to an org."""

from __future__ import annotations

import getpass
import os
import socket
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING, Any, Self

from sfsync.errors import LedgerError
from sfsync.ledger.audit import append_event
from sfsync.ledger.files import create_private, newer, refuse_unsuitable
from sfsync.ledger.many import write_many
from sfsync.ledger.migrations import fingerprint, migrate, schema_version
from sfsync.ledger.sqlite_file import connect, connect_for_reading, translated, write_ahead

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    Parameters = Sequence[object] | Mapping[str, object]


@dataclass(frozen=True, slots=True)
class LedgerIdentity:
    """Whose ledger it is; the org's fields are None until the first sync binds it."""

    demo: bool
    created_at: str
    org_id: str | None
    org_name: str | None
    org_kind: str | None
    instance_url: str | None


class Ledger:
    """An open ledger. Reads go through `rows` and `row`; writes need `transaction`.

    Args:
        path: the SQLite file.
        connection: from `connect`.
        actor: who acts, for the audit trail, as ``user@host``.
        clock: answers the present time, aware, in UTC.
    """

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        *,
        actor: str,
        clock: Callable[[], datetime],
    ) -> None:
        self.path = path
        self.actor = actor
        self._connection = connection
        self._clock = clock

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; an open transaction is rolled back."""
        self._connection.close()

    def now(self) -> str:
        """The present time as the ledger stores it: ``2026-11-22T08:31:07Z``."""
        return self._clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def rows(self, sql: str, parameters: Parameters = ()) -> list[Any]:
        """Every row that a query answers, as tuples."""
        with translated(self.path):
            return self._connection.execute(sql, parameters).fetchall()

    def row(self, sql: str, parameters: Parameters = ()) -> Any:  # noqa: ANN401 - sqlite3's own
        """The first row, or None."""
        with translated(self.path):
            return self._connection.execute(sql, parameters).fetchone()

    def each(self, sql: str, parameters: Parameters = ()) -> Iterator[Any]:
        """Rows one by one, for answers too large to hold."""
        with translated(self.path):
            # Through a chain: a cursor that is left in the middle is closed with its generator, and
            # says so on stderr where the ledger was closed before.
            yield from chain(self._connection.execute(sql, parameters))

    def execute(self, sql: str, parameters: Parameters = ()) -> int:
        """Run one writing statement inside `transaction`; how many rows it touched."""
        self.require_transaction()
        with translated(self.path):
            return self._connection.execute(sql, parameters).rowcount

    def insert(self, sql: str, parameters: Parameters = ()) -> int:
        """Insert one row inside `transaction`; its integer key."""
        self.require_transaction()
        with translated(self.path):
            return self._connection.execute(sql, parameters).lastrowid or 0

    def execute_many(self, sql: str, parameters: Iterable[Parameters]) -> None:
        """Run one writing statement for many rows inside `transaction`."""
        self.require_transaction()
        with translated(self.path):
            write_many(self._connection, sql, parameters)

    def require_transaction(self) -> None:
        """Raise RuntimeError outside `transaction`: a write without one is a defect."""
        if not self._connection.in_transaction:
            raise RuntimeError("writes belong inside ledger.transaction()")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit when the block ends normally, roll back otherwise. Not nested.

        Raises:
            LockedError: another process kept the ledger for longer than `BUSY_SECONDS`.
            LedgerError: the disk is full or the file is damaged.
        """
        with translated(self.path):
            # IMMEDIATE: a deferred transaction that first reads cannot wait for the write lock.
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            finally:
                # After a full disk SQLite has rolled back by itself.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """See one state of the ledger in all queries of the block, whoever writes meanwhile."""
        with translated(self.path):
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                # After a full disk, where a sort waits, SQLite has rolled back by itself.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    def schema_fingerprint(self) -> str:
        """SHA-256 of every table, index and trigger of this file."""
        with translated(self.path):
            return fingerprint(self._connection)

    @property
    def identity(self) -> LedgerIdentity:
        """Whose ledger it is."""
        demo, *rest = self.row(
            "SELECT demo, created_at, org_id, org_name, org_kind, instance_url FROM ledger"
        )
        return LedgerIdentity(bool(demo), *rest)

    def bind_org(self, org_id: str, name: str, kind: str, instance_url: str) -> None:
        """Bind the ledger to the org of its first sync; later, check that it is the same one.

        Name and URL follow the org; id and kind are written once. A demo org is at another port
        each time, so that an address of its records would lead nowhere: none is kept.

        Raises:
            LedgerError: another org, or a demo org and a real ledger or the other way round.
        """
        identity = self.identity
        address = None if kind == "demo" else instance_url
        _check_org(identity, org_id, name, kind)
        known = (identity.org_id, identity.org_name, identity.org_kind, identity.instance_url)
        if known == (org_id, name, kind, address):
            return
        with self.transaction():
            self.execute(
                "UPDATE ledger SET org_id = ?, org_name = ?, org_kind = ?, instance_url = ?,"
                " bound_at = coalesce(bound_at, ?)",
                (org_id, name, kind, address, self.now()),
            )
            after = {"org": org_id, "name": name, "kind": kind, "instance_url": address}
            append_event(self, "ledger.bind", "ledger", after=after)


def _check_org(identity: LedgerIdentity, org_id: str, name: str, kind: str) -> None:
    fix = "use another ledger: --ledger FILE, or SFSYNC_LEDGER"
    if (kind == "demo") != identity.demo:
        of_ledger = "for demo data" if identity.demo else "not for demo data"
        raise LedgerError(
            f"This ledger is {of_ledger}, and {name} is a {kind} org.",
            code="ledger-of-another-org",
            fix="keep demo data in a folder of its own: sfsync demo start"
            if kind == "demo"
            else fix,
        )
    if identity.org_id is not None and (identity.org_id, identity.org_kind) != (org_id, kind):
        raise LedgerError(
            f"This ledger belongs to {identity.org_name} ({identity.org_id}, {identity.org_kind}),"
            f" not to {name} ({org_id}, {kind}).",
            code="ledger-of-another-org",
            fix=fix,
        )


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _os_user() -> str:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        # A container's bare uid has no name.
        user = f"uid{os.getuid()}"
    return f"{user}@{socket.gethostname()}"


def open_ledger(
    path: Path,
    *,
    demo: bool = False,
    create: bool = True,
    actor: str | None = None,
    clock: Callable[[], datetime] = _utc_now,
) -> Ledger:
    """Open the ledger at `path`, creating it (0600, folder 0700) or migrating it if need be.

    Args:
        path: the SQLite file.
        demo: whether a ledger that is created now is one for demo data.
        create: false refuses a file that does not exist.
        actor: who acts; the OS user by default.
        clock: answers the present time in UTC.

    Raises:
        NotFoundError: there is no such file, and `create` is false.
        LedgerError: foreign, damaged, newer, unwritable. Such a file is not touched.
    """
    refuse_unsuitable(path, create=create)
    with translated(path):
        try:
            create_private(path)
        except OSError as error:
            raise LedgerError(
                f"{path} cannot be created: {error.strerror}.",
                code="ledger-unwritable",
                fix="choose another place: --ledger FILE, or SFSYNC_LEDGER",
            ) from error
        connection = connect(path)
        ledger = Ledger(path, connection, actor=actor or _os_user(), clock=clock)
        try:
            _bring_up_to_date(ledger, connection, demo=demo)
        except BaseException:
            connection.close()
            raise
    return ledger


def open_ledger_read_only(path: Path, *, clock: Callable[[], datetime] = _utc_now) -> Ledger:
    """Open an existing, up-to-date ledger for reading; the file cannot be written through it.

    Raises:
        NotFoundError: there is no such file.
        LedgerError: foreign, damaged, newer or older than this program.
    """
    refuse_unsuitable(path, create=False)
    with translated(path):
        connection = connect_for_reading(path)
        try:
            _require_current(path, connection)
        except BaseException:
            connection.close()
            raise
    return Ledger(path, connection, actor=_os_user(), clock=clock)


def _require_current(path: Path, connection: sqlite3.Connection) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version != schema_version():
        # It may have become empty only now: what a killed creation had begun is taken back.
        refuse_unsuitable(path, create=False)
        raise LedgerError(
            f"{path} has schema {version}; this sfsync reads schema {schema_version()}.",
            code="ledger-older",
            fix="sfsync db migrate",
        )


def _keep_before_migration(path: Path) -> Path:
    from sfsync.ledger import backups  # noqa: PLC0415 - it opens ledgers itself

    kept = backups.keep_copy(path, "before-migration")
    backups.prune(path, backups.KEPT, "before-migration")
    return kept


def _tell_of_migration(ledger: Ledger, before: int, kept: Path | None) -> None:
    after = {"schema_version": schema_version(), "backup": kept and kept.name}
    append_event(ledger, "ledger.migrate", "ledger", before={"schema_version": before}, after=after)


def _bring_up_to_date(ledger: Ledger, connection: sqlite3.Connection, *, demo: bool) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > schema_version():
        raise newer(ledger.path, version)
    if version < schema_version():
        # Not yet WAL when new: an interrupted creation then leaves an empty file behind.
        kept = _keep_before_migration(ledger.path) if version else None
        migrate(
            connection,
            demo=demo,
            now=ledger.now(),
            tell=lambda before: _tell_of_migration(ledger, before, kept),
        )
    mode = write_ahead(connection)
    if mode != "wal":
        raise LedgerError(
            f"{ledger.path} is on a file system that cannot share memory (journal mode {mode}).",
            code="ledger-file-system",
            fix="keep the ledger on a local disk",
        )
