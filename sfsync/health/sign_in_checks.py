"""Checks of the sign-in, without the org: who, where its secret is, and that it can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.errors import SfsyncError
from sfsync.health.findings import failed, ok, skipped, warning

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sfsync.config.settings import Settings
    from sfsync.health.findings import Check, Finding, Surroundings
    from sfsync.salesforce.connections import Connection
    from sfsync.salesforce.stores import TokenStore


def _sign_in(around: Surroundings) -> Iterator[Finding]:
    from sfsync.salesforce.connections import find_connection  # noqa: PLC0415 - start-up time

    settings = around.settings
    if settings is None:
        yield skipped("sign-in", "needs a valid config")
        return
    if settings.connection.is_demo:
        yield ok("sign-in", "the embedded demo org needs none")
        return
    try:
        connection = find_connection(around.config_dir, settings.connection.name)
    except SfsyncError as error:
        yield failed("sign-in", error)
        return
    who = f"{connection.username} at {connection.org_name} ({connection.kind})"
    yield ok("sign-in", f"{who}, by {connection.auth}, connected {_age(connection, around.now)}")
    yield from _store(around, settings, connection)
    yield from _scopes(connection)


def _age(connection: Connection, now: datetime) -> str:
    days = (now - connection.obtained_at).days
    return "today" if days < 1 else f"{days} day{'s' if days > 1 else ''} ago"


def _store(around: Surroundings, settings: Settings, connection: Connection) -> Iterator[Finding]:
    """That the store works, and holds what this sign-in needs; a value is never shown."""
    from sfsync.salesforce.store_choice import open_store  # noqa: PLC0415 - start-up time

    try:
        store = open_store(connection.store, around.config_dir, settings.credential)
        if store is not None:
            store.probe()
        _require_secret(connection, store)
        kept = _kept(connection, store)
    except SfsyncError as error:
        yield failed("credentials", error)
        return
    yield ok("credentials", kept)


def _require_secret(connection: Connection, store: TokenStore | None) -> None:
    from sfsync.salesforce.stores import CLIENT_SECRET, REFRESH_TOKEN  # noqa: PLC0415 - start-up time
    from sfsync.salesforce.tokens import assertion_of, lost  # noqa: PLC0415 - as above

    if connection.auth == "jwt":
        assertion_of(connection, store)
        return
    item = CLIENT_SECRET if connection.auth == "client-credentials" else REFRESH_TOKEN
    if store is None or store.read(connection.name, item) is None:
        raise lost(connection)


def _kept(connection: Connection, store: TokenStore | None) -> str:
    from sfsync.salesforce.keyring_store import KeyringStore  # noqa: PLC0415 - start-up time

    if store is None:
        return f"the key file {connection.key_file} signs in; no token is kept"
    if isinstance(store, KeyringStore):
        return f"kept in the keyring ({store.backend_name}), which takes, gives back and forgets"
    if store.read_only:
        giver = "systemd" if connection.store == "systemd" else "credential.command"
        return f"handed over by {giver} at every sign-in; no token is kept"
    return f"kept in: {connection.store}"


def _scopes(connection: Connection) -> Iterator[Finding]:
    from sfsync.salesforce.request import SCOPES, UNATTENDED_SCOPES  # noqa: PLC0415 - start-up time

    wanted = {name for name, _ in (SCOPES if connection.auth == "web" else UNATTENDED_SCOPES)}
    granted = set(connection.scopes)
    if "full" in granted:
        granted.add("api")
    if missing := sorted(wanted - granted):
        said = f"the app did not grant: {', '.join(missing)}"
        yield warning("scopes", said, "add it to the app's OAuth scopes, then: sfsync connect")
    else:
        yield ok("scopes", f"granted: {', '.join(connection.scopes)}")


SIGN_IN_CHECKS: tuple[Check, ...] = (_sign_in,)
"""The checks of this file, in order."""
