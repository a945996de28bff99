"""Which store keeps a sign-in: what was asked for, else what was chosen before, else the keyring.

There is no silent downgrade: a keyring that cannot be used is an error, with the ways out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.errors import UsageError
from sfsync.salesforce.connections import read_connections
from sfsync.salesforce.stores import FileStore

if TYPE_CHECKING:
    from pathlib import Path

    from sfsync.salesforce.stores import TokenStore

NO_STORE = "none"


def credentials_folder(folder: Path) -> Path:
    """Where the file store and the refresh locks are, in the config folder `folder`."""
    return folder / "credentials"


def open_store(kind: str, folder: Path) -> TokenStore | None:
    """The store called `kind`; None for ``none``.

    Raises:
        UsageError: there is no such store.
    """
    if kind == NO_STORE:
        return None
    if kind == "file":
        return FileStore(credentials_folder(folder))
    if kind == "keyring":
        from sfsync.salesforce.keyring_store import KeyringStore  # noqa: PLC0415 - start-up time

        return KeyringStore()
    raise UsageError(
        f"There is no token store {kind!r}.", code="store-unknown", fix="Use keyring or file."
    )


def chosen_kind(asked: str, name: str, auth: str, folder: Path) -> str:
    """The kind of store for a sign-in: ``none`` for JWT, `asked` unless it is ``auto``."""
    if auth == "jwt":
        return NO_STORE
    if asked != "auto":
        return asked
    earlier = read_connections(folder).get(name)
    return earlier.store if earlier and earlier.store != NO_STORE else "keyring"
