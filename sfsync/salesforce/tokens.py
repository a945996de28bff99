"""The access token of one connection: from memory, the store, or the org, renewed in safety.

With refresh token rotation a refresh token works once, and using an old one ends the sign-in. So
one process at a time refreshes, under a lock; it reads the store again first; and it keeps the new
refresh token, and reads it back, before it uses the access token.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sfsync.errors import SfsyncError, SignInError
from sfsync.salesforce.connections import cross_process_lock, save_connection
from sfsync.salesforce.hosts import checked_instance_url
from sfsync.salesforce.jwt_bearer import read_key, signed_assertion
from sfsync.salesforce.redact import log
from sfsync.salesforce.store_choice import credentials_folder
from sfsync.salesforce.stores import ACCESS_TOKEN, CLIENT_SECRET, REFRESH_TOKEN

if TYPE_CHECKING:
    from pathlib import Path

    from sfsync.salesforce.connections import Connection
    from sfsync.salesforce.network import Network
    from sfsync.salesforce.oauth import OAuthEndpoints, TokenGrant
    from sfsync.salesforce.stores import TokenStore

_LOCK_WAIT = 180.0
_ORG_PREFIX = re.compile(r"(00D[A-Za-z0-9]{12})(?:[A-Za-z0-9]{3})?!")


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token, and the one address that it may be sent to."""

    instance_url: str
    token: str = field(repr=False)

    def to_item(self) -> str:
        """As one line of text, for a store."""
        return f"{self.instance_url} {self.token}"

    @classmethod
    def from_item(cls, text: str, login_url: str) -> AccessToken | None:
        """What `to_item` wrote; None when it is something else."""
        instance_url, _, token = text.partition(" ")
        try:
            return cls(checked_instance_url(instance_url, login_url), token) if token else None
        except SignInError:
            return None


class TokenSource:
    """Hands out the access token of `connection` and renews it.

    Args:
        connection: from the connections file.
        store: where its secrets are; None for JWT, which keeps none.
        folder: the config folder.
        network: proxies and trusted certificates.
        client_secret: comes before the store's own.

    Attributes:
        warnings: what a person must know although the work went on.
    """

    def __init__(
        self,
        connection: Connection,
        store: TokenStore | None,
        folder: Path,
        *,
        network: Network,
        client_secret: str | None = None,
    ) -> None:
        self.connection = connection
        self.warnings: list[str] = []
        self._store = store
        self._folder = folder
        self._network = network
        self._client_secret = client_secret
        self._current: AccessToken | None = None
        self._unsaved_refresh_token: str | None = None

    def sibling(self) -> TokenSource:
        """Another source of the same sign-in, for another thread; warnings are shared."""
        twin = TokenSource(
            self.connection,
            self._store,
            self._folder,
            network=self._network,
            client_secret=self._client_secret,
        )
        twin.warnings = self.warnings
        twin._current = self._current
        return twin

    def current(self) -> AccessToken:
        """The token to use now; asks the org only when none is kept."""
        if self._current is None:
            self._current = self._kept() or self.renew(None)
        return self._current

    def renew(self, spent: AccessToken | None) -> AccessToken:
        """A token other than `spent`: another process's newer one, or a new one from the org.

        Raises:
            SignInError: the sign-in has ended (``sign-in-expired``), or is not there.
            UnavailableError: the org does not answer.
        """
        with cross_process_lock(refresh_lock(self._folder, self.connection.name), wait=_LOCK_WAIT):
            # Another process may have renewed it while this one waited.
            kept = self._kept()
            if kept is None or kept == spent:
                kept = self._renewed()
            self._current = kept
        return kept

    def _kept(self) -> AccessToken | None:
        if self._store is None:
            return None
        kept = kept_access_token(self._store, self.connection)
        if kept is not None:
            self._refuse_other_org(kept.token)
        return kept

    def _renewed(self) -> AccessToken:
        grant = self._grant()
        if grant.org_id != self.connection.org_id:
            raise _other_org(self.connection)
        if grant.refresh_token is not None:
            self._keep_refresh_token(grant.refresh_token)
        self._follow(grant.instance_url)
        token = AccessToken(grant.instance_url, grant.access_token)
        self._keep_access_token(token)
        log.info("signed in to org %s (%s)", grant.org_id, self.connection.auth)
        return token

    def _follow(self, instance_url: str) -> None:
        """Orgs move: the address of the last token reply is the one to remember."""
        if instance_url != self.connection.instance_url:
            self.connection = replace(self.connection, instance_url=instance_url)
            save_connection(self._folder, self.connection)

    def _grant(self) -> TokenGrant:
        connection = self.connection
        if connection.auth == "jwt":
            return self._endpoints().assert_jwt(assertion_of(connection, self._store))
        if connection.auth == "client-credentials":
            return self._endpoints(required=True).client_credentials()
        return self._endpoints().refresh(self._refresh_token())

    def _endpoints(self, *, required: bool = False) -> OAuthEndpoints:
        from sfsync.salesforce.oauth import OAuthEndpoints  # noqa: PLC0415 - start-up time

        secret = self._client_secret or self._read(CLIENT_SECRET)
        if required and secret is None:
            raise lost(self.connection)
        return OAuthEndpoints(
            self.connection.login_url,
            self.connection.client_id,
            client_secret=secret,
            network=self._network,
        )

    def _refresh_token(self) -> str:
        token = self._unsaved_refresh_token or self._read(REFRESH_TOKEN)
        if token is None:
            raise lost(self.connection)
        return token

    def _read(self, item: str) -> str | None:
        return None if self._store is None else self._store.read(self.connection.name, item)

    def _keep_refresh_token(self, token: str) -> None:
        """Write and read back; when that fails the token lives as long as this process."""
        self._unsaved_refresh_token = token
        try:
            if self._store is not None:
                self._store.write(self.connection.name, REFRESH_TOKEN, token)
            if self._read(REFRESH_TOKEN) == token:
                self._unsaved_refresh_token = None
                return
            reason = "it could not be read back"
        except SfsyncError as error:
            reason = error.message
        self.warnings.append(
            f"The renewed sign-in could not be kept ({reason}). This run goes on;"
            " run `sfsync connect` before the next one."
        )

    def _keep_access_token(self, token: AccessToken) -> None:
        """Spare the next process a sign-in; where that fails it signs in itself."""
        if self._store is None or self._store.read_only:
            return
        try:
            self._store.write(self.connection.name, ACCESS_TOKEN, token.to_item())
        except SfsyncError as error:
            log.warning("the access token could not be kept: %s", error.message)

    def _refuse_other_org(self, token: str) -> None:
        found = _ORG_PREFIX.match(token)
        if found and not self.connection.org_id.startswith(found[1]):
            raise _other_org(self.connection)


def kept_access_token(store: TokenStore, connection: Connection) -> AccessToken | None:
    """The access token in the store, if there is one."""
    text = store.read(connection.name, ACCESS_TOKEN)
    return AccessToken.from_item(text, connection.login_url) if text else None


def assertion_of(connection: Connection, store: TokenStore | None) -> str:
    """What a JWT connection signs in with, good for two minutes.

    Raises:
        SignInError: its key is missing, open to others, or none.
    """
    return signed_assertion(
        read_key(connection.key_file, store, connection.name),
        client_id=connection.client_id,
        username=connection.username,
        login_url=connection.login_url,
    )


def refresh_lock(folder: Path, name: str) -> Path:
    """The lock file of the sign-in `name`, in the config folder `folder`."""
    return credentials_folder(folder) / f"{name}.refresh.lock"


def lost(connection: Connection) -> SignInError:
    """The error for a store that does not hold what this sign-in needs."""
    return SignInError(
        f"The {connection.store} store does not hold the sign-in of {connection.name!r}.",
        code="sign-in-lost",
        fix="Run `sfsync connect`.",
    )


def _other_org(connection: Connection) -> SignInError:
    return SignInError(
        f"The connection {connection.name!r} now leads to another org than {connection.org_id}.",
        code="org-changed",
        fix="Run `sfsync connect` for the org you mean, or start the run again.",
    )
