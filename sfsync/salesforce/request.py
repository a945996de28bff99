"""What a sign-in asks for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sfsync.errors import UsageError
from sfsync.salesforce.connections import check_name
from sfsync.salesforce.hosts import PRODUCTION_LOGIN, checked_login_url
from sfsync.salesforce.secret_sources import handed_over
from sfsync.salesforce.stores import CLIENT_SECRET, PRIVATE_KEY

if TYPE_CHECKING:
    from pathlib import Path

SCOPES: tuple[tuple[str, str], ...] = (
    ("api", "read your Salesforce records through the API, as you; sfsync never changes them"),
    ("refresh_token", "stay signed in until `sfsync disconnect`, so that it can run on a schedule"),
)
"""Every scope that is asked for, and what it is for; `api` also opens userinfo."""

UNATTENDED_SCOPES = SCOPES[:1]
"""What a key or a secret gets: it signs in anew each time, so that no token is kept for later."""

DEFAULT_API_VERSION = "62.0"
"""As the config's, for a sign-in before there is one."""

DEFAULT_PORT = 1717

_NEEDS: dict[str, tuple[tuple[str, str], ...]] = {
    "web": (),
    "jwt": (("username", "--username"),),
    "client-credentials": (),
}
_GIVEN = {"jwt": "--key-file", "client-credentials": "--client-secret-file"}

HANDED = {"jwt": PRIVATE_KEY, "client-credentials": CLIENT_SECRET}
"""What somebody else may hand over at each sign-in, by way of signing in."""


@dataclass(frozen=True, slots=True)
class SignInRequest:
    """One `sfsync connect`.

    Args:
        name: the connection's name.
        client_id: the app's consumer key.
        login_url: My Domain or login host; https, or http on loopback.
        auth: ``web``, ``jwt`` or ``client-credentials``.
        client_secret: for client credentials, and for web apps that demand one.
        username: the subject of a JWT; a hint for the login page otherwise.
        key_file: the private key of a JWT, PEM, mode 0600.
        port: of the callback URL that the app has registered; 0 picks a free one.
        api_version: such as ``66.0``.
        store: ``keyring``, ``file``, or ``auto``: as chosen before, else the keyring.
        credential: `credential.command` of the config; prints the key or the client secret.

    Raises:
        UsageError: something that this `auth` needs is missing (``sign-in-incomplete``).
        SignInError: the login host must not be given secrets (``login-url-refused``).
    """

    name: str
    client_id: str
    login_url: str = PRODUCTION_LOGIN
    auth: str = "web"
    client_secret: str | None = field(default=None, repr=False)
    username: str | None = None
    key_file: Path | None = None
    port: int = DEFAULT_PORT
    api_version: str = DEFAULT_API_VERSION
    store: str = "auto"
    credential: tuple[str, ...] | None = None

    @property
    def has_secret(self) -> bool:
        """Whether the key or the secret that this `auth` needs was given with the request."""
        return bool(self.key_file if self.auth == "jwt" else self.client_secret)

    def __post_init__(self) -> None:
        check_name(self.name)
        object.__setattr__(self, "login_url", checked_login_url(self.login_url))
        if self.auth not in _NEEDS:
            raise UsageError(
                f"There is no way to sign in called {self.auth!r}.",
                code="auth-unknown",
                fix="Use --auth web, jwt or client-credentials.",
            )
        needed = (("client_id", "--client-id"), *_NEEDS[self.auth])
        missing = [flag for attribute, flag in needed if not getattr(self, attribute)]
        if self.auth in HANDED and not (self.has_secret or self._is_handed):
            missing.append(_GIVEN[self.auth])
        if missing:
            them = "it" if len(missing) == 1 else "them"
            # The config holds no secret, so that there is nowhere to set one.
            secret = missing == [_GIVEN["client-credentials"]]
            config = "" if secret else f", or set {them} under `connection` in mappings.yaml"
            raise UsageError(
                f"Signing in with {self.auth} needs {' and '.join(missing)}.",
                code="sign-in-incomplete",
                fix=f"Pass {them}{config}; docs/servers.md has the other ways.",
            )

    @property
    def _is_handed(self) -> bool:
        return self.credential is not None or handed_over(self.name, HANDED[self.auth])
