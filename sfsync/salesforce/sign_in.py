"""Signing in: from a grant to a confirmed connection with its secrets in their store."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sfsync.errors import SfsyncError, SignInError
from sfsync.salesforce.connections import (
    Connection,
    cross_process_lock,
    read_connections,
    save_connection,
)
from sfsync.salesforce.identity import confirmed_identity
from sfsync.salesforce.jwt_bearer import read_key, signed_assertion
from sfsync.salesforce.network import Network
from sfsync.salesforce.oauth import OAuthEndpoints
from sfsync.salesforce.redact import log
from sfsync.salesforce.request import SCOPES
from sfsync.salesforce.rest import RestClient
from sfsync.salesforce.secret_sources import SOURCES
from sfsync.salesforce.sign_out import LOCK_WAIT, forget
from sfsync.salesforce.store_choice import NO_STORE, chosen_kind, open_store
from sfsync.salesforce.stores import ACCESS_TOKEN, CLIENT_SECRET, REFRESH_TOKEN
from sfsync.salesforce.tokens import AccessToken, refresh_lock
from sfsync.salesforce.web import PendingSignIn

if TYPE_CHECKING:
    from pathlib import Path

    from sfsync.salesforce.oauth import TokenGrant
    from sfsync.salesforce.records import OrgIdentity
    from sfsync.salesforce.request import SignInRequest
    from sfsync.salesforce.stores import TokenStore


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A sign-in that was confirmed and kept. That it exists means that the API answers."""

    connection: Connection

    @property
    def identity(self) -> OrgIdentity:
        """Which org, and as whom."""
        return self.connection.identity


def begin_web_sign_in(
    request: SignInRequest,
    folder: Path,
    *,
    store: TokenStore | None = None,
    network: Network | None = None,
) -> PendingSignIn:
    """Probe the store, start listening, and make the URL to open in a browser.

    Args:
        request: with `auth` ``web``.
        folder: the config folder.
        store: in place of the one that `request` names.
        network: in place of what the environment says.

    Raises:
        SignInError: ``keyring-unusable``, ``port-taken``.
    """
    network = network or Network.from_environment()
    keep = _Keeper(request, folder, _probed(request, folder, store), network)
    return PendingSignIn(request, keep.endpoints, keep)


def sign_in(
    request: SignInRequest,
    folder: Path,
    *,
    store: TokenStore | None = None,
    network: Network | None = None,
) -> SignedIn:
    """Sign in without a person: `auth` is ``jwt`` or ``client-credentials``. Arguments as above.

    Raises:
        SignInError: refused, key file open to others, keyring unusable, API not enabled.
        UnavailableError: the login host does not answer.
    """
    network = network or Network.from_environment()
    store = _probed(request, folder, store)
    if request.auth == "client-credentials":
        keep = _Keeper(_with_secret(request, store), folder, store, network)
        return keep(keep.endpoints.client_credentials())
    if request.username is None:
        raise AssertionError("unreachable: a JWT request has a username")
    assertion = signed_assertion(
        read_key(request.key_file, store, request.name),
        client_id=request.client_id,
        username=request.username,
        login_url=request.login_url,
    )
    keep = _Keeper(request, folder, store, network)
    return keep(keep.endpoints.assert_jwt(assertion))


def _with_secret(request: SignInRequest, store: TokenStore | None) -> SignInRequest:
    """The request with its client secret, asked for where somebody hands it over."""
    if request.client_secret or store is None:
        return request
    secret = store.read(request.name, CLIENT_SECRET)
    if secret is None:
        raise SignInError(
            f"Nobody hands over the client secret of {request.name!r}.",
            code="client-secret-missing",
            fix="Pass it with --client-secret-file, or see docs/servers.md.",
        )
    return replace(request, client_secret=secret)


class _Keeper:
    """Confirms a grant and keeps it; what cannot be confirmed is revoked again."""

    def __init__(
        self, request: SignInRequest, folder: Path, store: TokenStore | None, network: Network
    ) -> None:
        self._request = request
        self._folder = folder
        self._store = store
        self._network = network
        self.endpoints = OAuthEndpoints(
            request.login_url,
            request.client_id,
            client_secret=request.client_secret,
            network=network,
        )

    def __call__(self, grant: TokenGrant) -> SignedIn:
        try:
            if self._request.auth == "web" and grant.refresh_token is None:
                raise _no_refresh_token()
            connection = self._connection(grant, self._identity(grant))
            with cross_process_lock(refresh_lock(self._folder, connection.name), wait=LOCK_WAIT):
                self._keep(connection, grant)
        except SfsyncError:
            # Salesforce keeps five approvals a user and app: do not leave a useless one.
            with suppress(SfsyncError):
                self.endpoints.revoke(grant.refresh_token or grant.access_token)
            raise
        log.info(
            "connected %s to org %s as user %s (%s, kept in: %s)",
            *(connection.name, connection.org_id, connection.user_id),
            *(connection.auth, connection.store),
        )
        return SignedIn(connection)

    def _identity(self, grant: TokenGrant) -> OrgIdentity:
        version = self._request.api_version
        with RestClient(_OneToken(grant), version, network=self._network) as client:
            return confirmed_identity(
                client,
                grant,
                self.endpoints.userinfo(grant),
                username=self._request.username,
            )

    def _connection(self, grant: TokenGrant, identity: OrgIdentity) -> Connection:
        request = self._request
        return Connection(
            name=request.name,
            org_id=identity.org_id,
            org_name=identity.name,
            kind=identity.kind,
            user_id=identity.user_id,
            username=identity.username,
            auth=request.auth,
            login_url=request.login_url,
            client_id=request.client_id,
            key_file=request.key_file.absolute() if request.key_file else None,
            store=self._store.kind if self._store else NO_STORE,
            scopes=grant.scopes or tuple(scope for scope, _ in SCOPES),
            obtained_at=datetime.now(UTC).replace(microsecond=0),
            api_version=identity.api_version,
            instance_url=identity.instance_url,
        )

    def _keep(self, connection: Connection, grant: TokenGrant) -> None:
        """Secrets first, then the file that points at them, then what they replace."""
        earlier = read_connections(self._folder).get(connection.name)
        if self._store is not None and not self._store.read_only:
            self._store.delete(connection.name)
            for item, secret in self._secrets(grant).items():
                _write_and_read_back(self._store, connection.name, item, secret)
        save_connection(self._folder, connection)
        if earlier and earlier.store not in {connection.store, NO_STORE, *SOURCES}:
            with suppress(SfsyncError):
                forget(open_store(earlier.store, self._folder), connection.name)

    def _secrets(self, grant: TokenGrant) -> dict[str, str]:
        found = {
            REFRESH_TOKEN: grant.refresh_token,
            CLIENT_SECRET: self._request.client_secret,
            ACCESS_TOKEN: AccessToken(grant.instance_url, grant.access_token).to_item(),
        }
        return {item: secret for item, secret in found.items() if secret}


class _OneToken:
    """The token of a grant that is not kept yet; it cannot be renewed."""

    def __init__(self, grant: TokenGrant) -> None:
        self._token = AccessToken(grant.instance_url, grant.access_token)

    def current(self) -> AccessToken:
        return self._token

    def renew(self, spent: AccessToken | None) -> AccessToken:
        del spent
        raise SignInError(
            "The org rejects the token that it has just given.",
            code="session-rejected",
            fix="Check the app's policies (IP ranges, session level) with an administrator.",
        )


def _probed(request: SignInRequest, folder: Path, store: TokenStore | None) -> TokenStore | None:
    """The store of a sign-in, proven to work before anybody is asked to consent."""
    if store is None:
        store = open_store(chosen_kind(request, folder), folder, request.credential)
    if store is not None:
        store.probe()
    return store


def _write_and_read_back(store: TokenStore, name: str, item: str, secret: str) -> None:
    try:
        store.write(name, item, secret)
        kept = store.read(name, item) == secret
    except SignInError:
        if item != ACCESS_TOKEN:
            raise
        # Only a cache: JWT-format tokens can exceed what Windows keeps in one entry.
        return
    if not kept and item != ACCESS_TOKEN:
        raise SignInError(
            f"The {store.kind} store did not keep the sign-in.",
            code=f"{store.kind}-unusable",
            fix="Run `sfsync connect --store file`, or use --auth jwt.",
        )


def _no_refresh_token() -> SignInError:
    return SignInError(
        "The app gave no refresh token, so the sign-in would end within hours.",
        code="scope-missing",
        fix="Add the scope refresh_token (Perform requests at any time) to the app.",
    )
