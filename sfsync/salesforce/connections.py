"""Which orgs are connected, and how: ``connections.json``. It never holds a secret."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfsync.errors import SignInError, UsageError
from sfsync.salesforce.private_files import private_folder, read_private, write_private
from sfsync.salesforce.records import OrgIdentity

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_FILE = "connections.json"
_LOCK_WAIT = 10.0


@dataclass(frozen=True, slots=True)
class Connection:
    """One signed-in org, as the last `connect` left it.

    `auth` is ``web``, ``jwt`` or ``client-credentials``; `store` says where the secrets are:
    ``keyring``, ``file``, ``command``, ``systemd``, or ``none`` (a JWT with a key file keeps none).
    `username` is the one that signed in, and the subject of a JWT. `obtained_at` is UTC.
    """

    name: str
    org_id: str
    org_name: str
    kind: str
    user_id: str
    username: str
    auth: str
    login_url: str
    client_id: str
    key_file: Path | None
    store: str
    scopes: tuple[str, ...]
    obtained_at: datetime
    api_version: str
    instance_url: str

    @property
    def identity(self) -> OrgIdentity:
        """Which org, and as whom, without asking the org."""
        return OrgIdentity(
            org_id=self.org_id,
            name=self.org_name,
            kind=self.kind,
            user_id=self.user_id,
            username=self.username,
            instance_url=self.instance_url,
            api_version=self.api_version,
        )


def check_name(name: str) -> str:
    """`name`, when it can stand in file names and keyring entries.

    Raises:
        UsageError: it cannot.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} cannot name a connection.",
            code="connection-name",
            fix="Use up to 64 letters, digits, dots, dashes and underscores.",
        )
    return name


def read_connections(folder: Path) -> dict[str, Connection]:
    """Every connection in `folder`, by name; empty when nothing was ever connected.

    Raises:
        SignInError: the file is damaged (``connections-damaged``) or open to others.
    """
    path = folder / _FILE
    text = read_private(path, code="connections-open")
    if text is None:
        return {}
    try:
        kept = json.loads(text)["connections"]
        return {name: _from_json(name, entry) for name, entry in kept.items()}
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        raise SignInError(
            f"{path} is damaged.",
            code="connections-damaged",
            fix="Remove the file and run `sfsync connect` again.",
        ) from None


def find_connection(folder: Path, name: str) -> Connection:
    """The connection called `name`.

    Raises:
        SignInError: there is none (``not-connected``).
    """
    found = read_connections(folder).get(name)
    if found is None:
        raise SignInError(
            f"The connection {name!r} is not signed in to any org.",
            code="not-connected",
            fix="Run `sfsync connect`.",
        )
    return found


def save_connection(folder: Path, connection: Connection) -> None:
    """Put `connection` in the file, in place of an earlier one of the same name."""
    with _locked(folder):
        _write(folder, {**read_connections(folder), connection.name: connection})


def remove_connection(folder: Path, name: str) -> None:
    """Take the connection `name` out of the file."""
    with _locked(folder):
        kept = read_connections(folder)
        if kept.pop(name, None) is not None:
            _write(folder, kept)


@contextmanager
def cross_process_lock(path: Path, *, wait: float) -> Iterator[None]:
    """Hold a lock on `path` against other processes and threads; its file has mode 0600.

    Raises:
        SignInError: it is not free within `wait` seconds (``sign-in-busy``), or its file cannot be
            used: no permission, a folder, a symbolic link (``file-unwritable``).
    """
    from filelock import FileLock, Timeout  # noqa: PLC0415 - start-up time

    private_folder(path.parent)
    lock = FileLock(path, timeout=wait, mode=0o600)
    try:
        lock.acquire()
    except Timeout:
        raise SignInError(
            "Another sfsync process is busy with this sign-in.",
            code="sign-in-busy",
            fix="Wait for it to end, then try again.",
        ) from None
    except OSError as problem:
        raise SignInError(
            f"{path} cannot be used as a lock: {problem.strerror}",
            code="file-unwritable",
            fix="Remove it, or mend its permissions.",
        ) from None
    try:
        yield
    finally:
        lock.release()


def _locked(folder: Path) -> AbstractContextManager[object]:
    return cross_process_lock(folder / f".{_FILE}.lock", wait=_LOCK_WAIT)


def _write(folder: Path, connections: dict[str, Connection]) -> None:
    entries = {name: _to_json(one) for name, one in sorted(connections.items())}
    text = json.dumps({"version": 1, "connections": entries}, indent=2, ensure_ascii=False)
    write_private(folder / _FILE, f"{text}\n")


def _to_json(connection: Connection) -> dict[str, Any]:
    entry = asdict(connection)
    del entry["name"]
    entry["key_file"] = str(connection.key_file) if connection.key_file else None
    entry["obtained_at"] = connection.obtained_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return entry


def _from_json(name: str, entry: dict[str, Any]) -> Connection:
    known = {field.name for field in fields(Connection)} - {"name"}
    values = {key: entry[key] for key in known}
    values["key_file"] = Path(entry["key_file"]) if entry["key_file"] else None
    values["scopes"] = tuple(entry["scopes"])
    values["obtained_at"] = datetime.fromisoformat(entry["obtained_at"])
    return Connection(name=check_name(name), **values)
