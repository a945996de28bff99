"""The settings of the org that the wire obeys, with the value each has until it is set.

They live in the org's file, so every process that serves it sees a change with its next request.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, Final

from sfsync.demo.identity import CLIENT_ID, CLIENT_SECRET, USERNAME

if TYPE_CHECKING:
    from sfsync.demo.store import OrgStore

_PORTS = (1717, 1718, 1719)

DEFAULTS: Final[dict[str, Any]] = {
    "oauth.client_id": CLIENT_ID,
    "oauth.client_secret": CLIENT_SECRET,
    # Callback URLs of the app; a redirect must equal one of them, port included.
    "oauth.redirect_uris": [
        f"http://{host}:{port}/OauthRedirect"
        for host in ("localhost", "127.0.0.1")
        for port in _PORTS
    ],
    # "Require secret for Web Server Flow" and "... for Refresh Token Flow" of the app.
    "oauth.require_secret": False,
    # Refresh Token Rotation: each refresh answers a new refresh token, the old one is spent.
    "oauth.rotation": False,
    # Session timeout policy, in seconds from the issue of the access token.
    "oauth.session_seconds": 7200,
    # PEM text of the certificate or public key uploaded to the app, for the JWT bearer flow.
    "oauth.certificate": None,
    # Users whom an admin pre-approved for the app; others need an approval in the browser.
    "oauth.preapproved": [USERNAME],
    # Username that the client-credentials flow runs as; `None` when no user is set in the app.
    "oauth.run_as": USERNAME,
    # Daily API Requests of the org.
    "api.daily_limit": 15000,
    # Usernames that lack the permission "API Enabled".
    "api.disabled_users": [],
    # What `demo break` has broken; see `faults`.
    "broken": {},
}


def setting(store: OrgStore, name: str) -> Any:  # noqa: ANN401 - settings are JSON values of many types
    """Read one of the settings above."""
    return store.get_setting(name, deepcopy(DEFAULTS[name]))


def change(store: OrgStore, name: str, value: object) -> None:
    """Set one of the settings above.

    Raises:
        KeyError: no setting has that name.
    """
    if name not in DEFAULTS:
        raise KeyError(name)
    store.set_setting(name, value)
