"""Which store keeps a sign-in: what was asked for, else what was chosen before, else the keyring.

There is no silent downgrade: a keyring that cannot be used is an error, with the ways out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.errors import SignInError, UsageError
from sfsync.salesforce.connections import read_connections
from sfsync.salesforce.request import HANDED
from sfsync.salesforce.secret_sources import (
    COMMAND,
    SOURCES,
    SYSTEMD,
    CommandSource,
    CredentialsDirectory,
    handed_over,
)
from sfsync.salesforce.stores import FileStore

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sfsync.salesforce.request import SignInRequest
    from sfsync.salesforce.stores import TokenStore

NO_STORE = "none"


def credentials_folder(folder: Path) -> Path:
    """Where the file store and the refresh locks are, in the config folder `folder`."""
    return folder / "credentials"


def open_store(kind: str, folder: Path, command: Sequence[str] | None = None) -> TokenStore | None:
    """The store called `kind`; None for ``none``.

    Args:
        kind: as the connections file remembers it.
        folder: the config folder.
        command: `credential.command` of the config, for the kind ``command``.

    Raises:
        UsageError: there is no such store.
        SignInError: others were to hand over the secret, and it is not said who.
    """
    if kind == NO_STORE:
        return None
    if kind == "file":
        return FileStore(credentials_folder(folder))
    if kind == "keyring":
        from sfsync.salesforce.keyring_store import KeyringStore  # noqa: PLC0415 - start-up time

        return KeyringStore()
    if kind in SOURCES:
        return _source(kind, command)
    raise UsageError(
        f"There is no token store {kind!r}.", code="store-unknown", fix="Use keyring or file."
    )


def _source(kind: str, command: Sequence[str] | None) -> TokenStore:
    if kind == SYSTEMD:
        return CredentialsDirectory.of_environment()
    if command is None:
        raise SignInError(
            "The sign-in was to come from credential.command, and the config names none.",
            code="credential-missing",
            fix="Put it back into mappings.yaml, or run `sfsync connect` again.",
        )
    return CommandSource(command)


def chosen_kind(request: SignInRequest, folder: Path) -> str:
    """The kind of store for a sign-in: who hands over its key or secret, else where tokens stay.

    A key file or a secret that was given goes before `credential.command`, and that before what
    systemd hands over. A JWT keeps nothing. Otherwise it is the store that was asked for, the one
    that was chosen before, or the keyring.
    """
    item = HANDED.get(request.auth)
    if item is not None and not request.has_secret:
        if request.credential is not None:
            return COMMAND
        if handed_over(request.name, item):
            return SYSTEMD
    if request.auth == "jwt":
        return NO_STORE
    if request.store != "auto":
        return request.store
    earlier = read_connections(folder).get(request.name)
    if earlier is None or earlier.store in {NO_STORE, *SOURCES}:
        return "keyring"
    return earlier.store
