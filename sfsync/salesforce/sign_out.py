"""Signing out: a sign-in is revoked in the org, and forgotten here."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from sfsync.errors import SfsyncError
from sfsync.salesforce.connections import cross_process_lock, find_connection, remove_connection
from sfsync.salesforce.network import Network
from sfsync.salesforce.oauth import OAuthEndpoints
from sfsync.salesforce.secret_sources import SOURCES
from sfsync.salesforce.store_choice import open_store
from sfsync.salesforce.stores import REFRESH_TOKEN
from sfsync.salesforce.tokens import kept_access_token, refresh_lock

if TYPE_CHECKING:
    from pathlib import Path

    from sfsync.salesforce.connections import Connection
    from sfsync.salesforce.stores import TokenStore

LOCK_WAIT = 30.0
"""Seconds that a person waits for a renewal that is under way."""


def disconnect(
    folder: Path,
    name: str,
    *,
    store: TokenStore | None = None,
    network: Network | None = None,
    force: bool = False,
) -> Connection:
    """Revoke the sign-in of `name` in the org, then forget it here; return what it was.

    A sign-in that the org no longer knows counts as revoked. The ledger is not touched. With
    `force` it is forgotten here even when it could not be revoked or its store does not answer.

    Raises:
        SignInError: there is no such connection (``not-connected``), or its store is unusable.
        UnavailableError: the org cannot be reached, so nothing was revoked or forgotten.
    """
    connection = find_connection(folder, name)
    if store is None and connection.store not in SOURCES:
        # What others keep is theirs: there is no token to revoke, and nothing to forget.
        store = open_store(connection.store, folder)
    with cross_process_lock(refresh_lock(folder, name), wait=LOCK_WAIT):
        try:
            _revoke_kept(connection, store, network or Network.from_environment())
            forget(store, name)
        except SfsyncError:
            if not force:
                raise
            with suppress(SfsyncError):
                forget(store, name)
        remove_connection(folder, name)
    return connection


def _revoke_kept(connection: Connection, store: TokenStore | None, network: Network) -> None:
    if store is None:
        return
    endpoints = OAuthEndpoints(
        connection.login_url, connection.client_id, client_secret=None, network=network
    )
    access = kept_access_token(store, connection)
    token = store.read(connection.name, REFRESH_TOKEN) or (access.token if access else None)
    if token is not None:
        endpoints.revoke(token)


def forget(store: TokenStore | None, name: str) -> None:
    """Delete what a store keeps of the sign-in `name`; without a store there is nothing."""
    if store is not None:
        store.delete(name)
