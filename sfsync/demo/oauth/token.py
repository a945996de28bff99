"""`/services/oauth2/token`: every flow that ends in an access token.

Source: Salesforce help, "OAuth 2.0 Web Server Flow", "Refresh Token Flow", "JWT Bearer Flow",
"Client Credentials Flow" and "OAuth Authorization Flow Errors".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING, Any, Final

from sfsync.demo.mending import lift_expired_sign_in
from sfsync.demo.oauth import grants, people
from sfsync.demo.oauth.assertion import subject_of
from sfsync.demo.oauth.grants import Issued
from sfsync.demo.org_settings import setting
from sfsync.demo.wire import OAuthError, json_reply, milliseconds

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from werkzeug.wrappers import Response

    from sfsync.demo.exchange import Exchange
    from sfsync.demo.oauth.people import Person

CODE_LIFE_MS: Final = 15 * 60 * 1000
_SERVER_SCOPE = "api id"
_IN_PERSON = "authorization_code"
_LASTING = {"refresh_token", "offline_access"}


def token(exchange: Exchange) -> Response:
    """Answer the token endpoint.

    Raises:
        OAuthError: the request is refused; the gateway renders it with its status.
    """
    grant_type = exchange.request.form.get("grant_type", "")
    flow = _FLOWS.get(grant_type)
    if flow is None:
        raise OAuthError("unsupported_grant_type", "grant type not supported")
    in_person = grant_type == _IN_PERSON
    if not in_person and "expired-sign-in" in setting(exchange.store, "broken"):
        raise OAuthError("invalid_grant", "expired access/refresh token")
    issued = flow(exchange)
    if in_person:
        lift_expired_sign_in(exchange.store)
    return json_reply(_token_body(exchange, issued))


def check_client(exchange: Exchange, *, secret_required: bool) -> str:
    """Check client id and secret, from the form or from basic authentication.

    Returns:
        The client id.

    Raises:
        OAuthError: the app is unknown, or its secret is wrong or missing.
    """
    form, basic = exchange.request.form, exchange.request.authorization
    client_id, secret = form.get("client_id"), form.get("client_secret")
    if basic is not None and basic.type == "basic":
        client_id, secret = basic.username, basic.password
    if client_id != setting(exchange.store, "oauth.client_id"):
        raise OAuthError("invalid_client_id", "client identifier invalid")
    if secret is None and not secret_required:
        return str(client_id)
    expected = setting(exchange.store, "oauth.client_secret")
    if secret is None or not hmac.compare_digest(secret.encode(), expected.encode()):
        raise OAuthError("invalid_client", "invalid client credentials")
    return str(client_id)


def _authorization_code(exchange: Exchange) -> Issued:
    client_id = _public_client(exchange)
    form = exchange.request.form
    with exchange.state.transaction():
        row, refusal = _spend(exchange, form.get("code", ""), client_id)
    if row is None:
        raise refusal
    at = milliseconds(exchange.now)
    approval = row["approval"]
    session = grants.issue_session(
        exchange.state,
        client_id=client_id,
        user_id=row["user_id"],
        scope=row["scope"],
        at=at,
        approval=approval,
    )
    lasting = bool(_LASTING & set(row["scope"].split()))
    return Issued(session, grants.issue_refresh(exchange.state, approval) if lasting else None)


def _spend(
    exchange: Exchange, code: str, client_id: str
) -> tuple[dict[str, Any] | None, OAuthError]:
    """Spend a code; a refusal must not roll back what it revokes, so it is returned."""
    state = exchange.state
    row = state.row("SELECT * FROM wire_code WHERE code = ? AND client_id = ?", (code, client_id))
    if row is None:
        return None, OAuthError("invalid_grant", "invalid authorization code")
    refusal = _code_refusal(exchange, row)
    if refusal is not None:
        if row["approval"] is not None:
            grants.revoke_approval(state, row["approval"])
        return None, refusal
    at = milliseconds(exchange.now)
    approval = grants.approve(state, client_id, row["user_id"], row["scope"], at)
    state.write("UPDATE wire_code SET approval = ? WHERE code = ?", (approval, code))
    return {**dict(row), "approval": approval}, OAuthError("invalid_grant", "")


def _code_refusal(exchange: Exchange, row: sqlite3.Row) -> OAuthError | None:
    form = exchange.request.form
    late = milliseconds(exchange.now) - row["issued_at"] > CODE_LIFE_MS
    if late or row["approval"] is not None:
        return OAuthError("invalid_grant", "expired authorization code")
    if form.get("redirect_uri") != row["redirect_uri"]:
        return OAuthError("redirect_uri_mismatch", "redirect_uri must match configuration")
    if _challenge(form.get("code_verifier", "")) != row["challenge"]:
        return OAuthError("invalid_grant", "invalid code verifier")
    return None


def _refresh_token(exchange: Exchange) -> Issued:
    client_id = _public_client(exchange)
    issued = grants.refresh(
        exchange.state,
        exchange.request.form.get("refresh_token", ""),
        client_id,
        milliseconds(exchange.now),
        rotation=setting(exchange.store, "oauth.rotation"),
    )
    _check_active(people.by_id(exchange.store, issued.session.user_id))
    return issued


def _jwt_bearer(exchange: Exchange) -> Issued:
    username = subject_of(exchange)
    person = _check_active(people.by_username(exchange.store, username))
    client_id = setting(exchange.store, "oauth.client_id")
    preapproved = username in setting(exchange.store, "oauth.preapproved")
    if not preapproved and not grants.is_approved(exchange.state, client_id, person.id):
        raise OAuthError("invalid_grant", "user hasn't approved this consumer")
    return _server_session(exchange, client_id, person)


def _client_credentials(exchange: Exchange) -> Issued:
    client_id = check_client(exchange, secret_required=True)
    username = setting(exchange.store, "oauth.run_as")
    if username is None:
        raise OAuthError("invalid_grant", "no client credentials user enabled")
    person = _check_active(people.by_username(exchange.store, username))
    return _server_session(exchange, client_id, person)


def _server_session(exchange: Exchange, client_id: str, person: Person) -> Issued:
    session = grants.issue_session(
        exchange.state,
        client_id=client_id,
        user_id=person.id,
        scope=_SERVER_SCOPE,
        at=milliseconds(exchange.now),
    )
    return Issued(session)


def _public_client(exchange: Exchange) -> str:
    required = setting(exchange.store, "oauth.require_secret")
    return check_client(exchange, secret_required=required)


def _check_active(person: Person | None) -> Person:
    if person is None:
        raise OAuthError("invalid_grant", "authentication failure")
    if not person.active:
        raise OAuthError("invalid_grant", "inactive user")
    return person


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _token_body(exchange: Exchange, issued: Issued) -> dict[str, str]:
    """The token reply. There is no `expires_in`: expiry is learnt from a 401."""
    session = issued.session
    identity = exchange.identity_of(session.user_id)
    issued_at = str(session.issued_at)
    body = {"access_token": session.token}
    if issued.refresh_token is not None:
        body["refresh_token"] = issued.refresh_token
    body |= {
        "signature": _signature(exchange, identity + issued_at),
        "scope": session.scope,
        "instance_url": exchange.origin,
        "id": identity,
        "token_type": "Bearer",
        "issued_at": issued_at,
    }
    return body


def _signature(exchange: Exchange, text: str) -> str:
    key = setting(exchange.store, "oauth.client_secret").encode()
    return base64.b64encode(hmac.digest(key, text.encode(), "sha256")).decode()


_FLOWS: Final[dict[str, Callable[[Exchange], Issued]]] = {
    _IN_PERSON: _authorization_code,
    "refresh_token": _refresh_token,
    "urn:ietf:params:oauth:grant-type:jwt-bearer": _jwt_bearer,
    "client_credentials": _client_credentials,
}
