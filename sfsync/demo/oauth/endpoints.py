"""The smaller sign-in endpoints: userinfo, identity URL, revoke, introspect, discovery."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sfsync.demo.catalogue.refusal import not_found
from sfsync.demo.identity import TIME_ZONE
from sfsync.demo.oauth import grants, people
from sfsync.demo.oauth.token import check_client
from sfsync.demo.org_settings import setting
from sfsync.demo.wire import ApiError, OAuthError, empty_reply, json_reply

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from sfsync.demo.exchange import Exchange
    from sfsync.demo.oauth.people import Person

_IDENTITY_SCOPES = {"id", "openid", "api", "full", "profile"}


def userinfo(exchange: Exchange) -> Response:
    """`GET /services/oauth2/userinfo`."""
    person = _who(exchange)
    return json_reply(
        {
            "sub": exchange.identity_of(person.id),
            "user_id": person.id,
            "organization_id": exchange.store.file.org_id,
            "preferred_username": person.username,
            "nickname": person.username.split("@")[0],
            "name": person.name,
            "email": person.email,
            "email_verified": True,
            "given_name": person.first_name,
            "family_name": person.last_name,
            "zoneinfo": TIME_ZONE,
            "photos": {},
            "profile": f"{exchange.origin}/{person.id}",
            "picture": "",
            "address": {"country": "US"},
            "is_salesforce_integration_user": False,
            "urls": _urls(exchange, person),
            "active": person.active,
            "user_type": "STANDARD",
            "language": "en_US",
            "locale": "en_US",
            "utcOffset": -18000000,
        }
    )


def identity(exchange: Exchange, org_id: str, user_id: str) -> Response:
    """`GET /id/ORG/USER`: the `id` of a token reply.

    Raises:
        StoreError: the org or the user is not the one of the session.
    """
    person = _who(exchange)
    if org_id != exchange.store.file.org_id or user_id != person.id:
        raise not_found()
    return json_reply(
        {
            "id": exchange.request.base_url,
            "asserted_user": True,
            "user_id": person.id,
            "organization_id": exchange.store.file.org_id,
            "username": person.username,
            "nick_name": person.username.split("@")[0],
            "display_name": person.name,
            "email": person.email,
            "first_name": person.first_name,
            "last_name": person.last_name,
            "timezone": TIME_ZONE,
            "active": person.active,
            "user_type": "STANDARD",
            "language": "en_US",
            "locale": "en_US",
            "utcOffset": -18000000,
            "urls": _urls(exchange, person),
        }
    )


def revoke(exchange: Exchange) -> Response:
    """`POST /services/oauth2/revoke`: 200 with an empty body.

    Raises:
        OAuthError: the token is unknown or ended already.
    """
    if not grants.revoke_token(exchange.state, exchange.request.values.get("token", "")):
        raise OAuthError("unsupported_token_type", "this token type is not supported")
    return empty_reply(200)


def introspect(exchange: Exchange) -> Response:
    """`POST /services/oauth2/introspect`; needs client authentication."""
    check_client(exchange, secret_required=True)
    life = timedelta(seconds=setting(exchange.store, "oauth.session_seconds"))
    token = exchange.request.form.get("token", "")
    session = grants.find_session(exchange.state, token, exchange.now, life)
    person = None if session is None else people.by_id(exchange.store, session.user_id)
    if session is None or person is None:
        return json_reply({"active": False})
    issued = session.issued_at // 1000
    return json_reply(
        {
            "active": True,
            "scope": session.scope,
            "client_id": session.client_id,
            "username": person.username,
            "sub": exchange.identity_of(person.id),
            "token_type": "access_token",
            "exp": issued + int(life.total_seconds()),
            "iat": issued,
            "nbf": issued,
        }
    )


def discovery(exchange: Exchange) -> Response:
    """`GET /.well-known/openid-configuration`."""
    oauth = f"{exchange.origin}/services/oauth2"
    return json_reply(
        {
            "issuer": exchange.origin,
            "authorization_endpoint": f"{oauth}/authorize",
            "token_endpoint": f"{oauth}/token",
            "revocation_endpoint": f"{oauth}/revoke",
            "userinfo_endpoint": f"{oauth}/userinfo",
            "introspection_endpoint": f"{oauth}/introspect",
            "scopes_supported": ["api", "id", "openid", "profile", "email", "refresh_token"],
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        }
    )


def _who(exchange: Exchange) -> Person:
    session = exchange.signed_in
    person = people.by_id(exchange.store, session.user_id)
    if person is None or not _IDENTITY_SCOPES & set(session.scope.split()):
        raise ApiError(403, "Missing_OAuth_Token", "Missing_OAuth_Token")
    return person


def _urls(exchange: Exchange, person: Person) -> dict[str, Any]:
    rest = f"{exchange.origin}/services/data/v{{version}}/"
    return {
        "rest": rest,
        "sobjects": f"{rest}sobjects/",
        "query": f"{rest}query/",
        "search": f"{rest}search/",
        "recent": f"{rest}recent/",
        "profile": f"{exchange.origin}/{person.id}",
        "custom_domain": exchange.origin,
    }
