"""Where the sign-in endpoints are."""

from __future__ import annotations

from typing import Final

from sfsync.demo.exchange import OPEN, SIGNED_IN, Route
from sfsync.demo.oauth import endpoints
from sfsync.demo.oauth.authorize import authorize
from sfsync.demo.oauth.token import token

_OAUTH = "/services/oauth2"

ROUTES: Final = (
    Route("GET", f"{_OAUTH}/authorize", authorize, OPEN),
    Route("POST", f"{_OAUTH}/authorize", authorize, OPEN),
    Route("POST", f"{_OAUTH}/token", token, OPEN),
    Route("GET", f"{_OAUTH}/revoke", endpoints.revoke, OPEN),
    Route("POST", f"{_OAUTH}/revoke", endpoints.revoke, OPEN),
    Route("POST", f"{_OAUTH}/introspect", endpoints.introspect, OPEN),
    Route("GET", f"{_OAUTH}/userinfo", endpoints.userinfo, SIGNED_IN),
    Route("POST", f"{_OAUTH}/userinfo", endpoints.userinfo, SIGNED_IN),
    Route("GET", "/id/<org_id>/<user_id>", endpoints.identity, SIGNED_IN),
    Route("GET", "/.well-known/openid-configuration", endpoints.discovery, OPEN),
)
"""Every sign-in endpoint of the org."""
