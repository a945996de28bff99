"""The OAuth endpoints of one login host: exchange, refresh, assert, revoke, userinfo."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from sfsync.errors import SignInError, UnavailableError
from sfsync.ids import normalise_id
from sfsync.salesforce.faults import PassingError
from sfsync.salesforce.hosts import checked_instance_url
from sfsync.salesforce.network import origin
from sfsync.salesforce.oauth_errors import oauth_error
from sfsync.salesforce.redact import log

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfsync.errors import SfsyncError
    from sfsync.salesforce.network import Network

_JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_CONNECT_ATTEMPTS = 3
_PRE_CHECK_SECONDS = 5.0
_UNKNOWN_CLIENT = "error=invalid_client_id"


@dataclass(frozen=True, slots=True)
class TokenGrant:
    """A reply of the token endpoint, checked; tokens are not in its repr.

    `refresh_token` is None where none was granted or, on a refresh, where it stays the same.
    `org_id` and `user_id` have 18 characters.
    """

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    instance_url: str
    org_id: str
    user_id: str
    scopes: tuple[str, ...]


class OAuthEndpoints:
    """The token, revoke and userinfo endpoints behind `login_url`.

    Args:
        login_url: checked by `sfsync.salesforce.hosts.checked_login_url`.
        client_id: the app's consumer key.
        client_secret: only for apps that demand one.
        network: proxies and trusted certificates.
    """

    def __init__(
        self, login_url: str, client_id: str, *, client_secret: str | None, network: Network
    ) -> None:
        self._login_url = login_url.rstrip("/")
        self._client_id = client_id
        self._client_secret = client_secret
        self._network = network

    def exchange(self, code: str, *, verifier: str, redirect_uri: str) -> TokenGrant:
        """Tokens for an authorization code, which this uses up."""
        return self._token(
            grant_type="authorization_code",
            code=code,
            code_verifier=verifier,
            redirect_uri=redirect_uri,
        )

    def refresh(self, refresh_token: str) -> TokenGrant:
        """A new access token, and a new refresh token where the org rotates them.

        It is never repeated after it may have reached the org: a rotated token that is used twice
        ends the sign-in.
        """
        return self._token(grant_type="refresh_token", refresh_token=refresh_token)

    def assert_jwt(self, assertion: str) -> TokenGrant:
        """An access token for a signed assertion."""
        return self._token(grant_type=_JWT_GRANT, assertion=assertion)

    def client_credentials(self) -> TokenGrant:
        """An access token for the client id and secret themselves."""
        return self._token(grant_type="client_credentials")

    def revoke(self, token: str) -> None:
        """End `token` and everything that came from it; one that is gone already is fine."""
        status, reply = self._post("revoke", {"token": token})
        gone = {"unsupported_token_type", "invalid_token", "invalid_grant"}
        if status >= HTTPStatus.BAD_REQUEST and reply.get("error") not in gone:
            raise _refusal(status, reply)

    def userinfo(self, grant: TokenGrant) -> Mapping[str, Any] | None:
        """Who signed in, as the org says; None where it does not tell."""
        url = f"{grant.instance_url}/services/oauth2/userinfo"
        headers = {"Authorization": f"Bearer {grant.access_token}"}
        status, reply = self._send("GET", url, headers=headers)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise _refusal(status, reply)
        return reply if status == HTTPStatus.OK else None

    def refuses_client(self, authorize_url: str) -> bool:
        """Whether the org says, asked before any browser is, that it does not know the client id.

        To a browser it would say so on a page, and never call back. Anything but that clear answer
        counts as no: a login page, a redirect, no answer at all.
        """
        import requests  # noqa: PLC0415 - start-up time

        from sfsync.salesforce.transport import OrgSession  # noqa: PLC0415 - start-up time

        try:
            with OrgSession(self._network) as session:
                reply = session.get(
                    authorize_url, allow_redirects=False, timeout=_PRE_CHECK_SECONDS
                )
        except requests.RequestException:
            return False
        return reply.status_code == HTTPStatus.BAD_REQUEST and _UNKNOWN_CLIENT in reply.text

    def _token(self, **form: str) -> TokenGrant:
        form["client_id"] = self._client_id
        if self._client_secret is not None:
            form["client_secret"] = self._client_secret
        by_key = form["grant_type"] == _JWT_GRANT
        if by_key:
            del form["client_id"]  # the assertion's issuer says it
        status, reply = self._post("token", form)
        if status != HTTPStatus.OK:
            raise _refusal(status, reply, by_key=by_key)
        return _grant(reply, self._login_url)

    def _post(self, endpoint: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        return self._send("POST", f"{self._login_url}/services/oauth2/{endpoint}", data=form)

    def _send(self, method: str, url: str, **kwargs: Any) -> tuple[int, dict[str, Any]]:  # noqa: ANN401 - a reply or arguments of a foreign library
        """Status and JSON object; only a request that was never sent is sent again."""
        import requests  # noqa: PLC0415 - start-up time

        from sfsync.salesforce.transport import OrgSession, never_sent, wire_error  # noqa: PLC0415 - start-up time

        with OrgSession(self._network) as session:
            for attempt in range(1, _CONNECT_ATTEMPTS + 1):
                try:
                    reply = session.request(method, url, **kwargs)
                except requests.RequestException as error:
                    if attempt < _CONNECT_ATTEMPTS and never_sent(error):
                        continue
                    raise _settled(wire_error(error, origin(url)[1])) from None
                log.debug("%s %s: %d", method, url, reply.status_code)
                return reply.status_code, _json_object(reply)
        raise AssertionError("unreachable: the last attempt returns or raises")


def _settled(error: SfsyncError) -> SfsyncError:
    """A fault of a sign-in request is final: nobody may repeat it without thinking."""
    if isinstance(error, PassingError):
        return UnavailableError(error.message, code=error.code, fix=error.fix)
    return error


def _json_object(reply: Any) -> dict[str, Any]:  # noqa: ANN401 - a reply or arguments of a foreign library
    try:
        body = reply.json()
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _refusal(status: int, reply: Mapping[str, Any], *, by_key: bool = False) -> SfsyncError:
    return oauth_error(
        str(reply.get("error", "")),
        str(reply.get("error_description", "")),
        status=status,
        by_key=by_key,
    )


def _grant(reply: Mapping[str, Any], login_url: str) -> TokenGrant:
    """The token reply, checked: `instance_url` before any token is sent there."""
    try:
        access_token, identity_url = str(reply["access_token"]), str(reply["id"])
        org_id, user_id = (normalise_id(part) for part in identity_url.rstrip("/").split("/")[-2:])
        instance_url = str(reply["instance_url"])
    except (KeyError, ValueError):
        raise SignInError(
            "Salesforce's reply to the sign-in is not a token reply.",
            code="sign-in-bad-reply",
            fix="Check that login_url is a Salesforce login host.",
        ) from None
    return TokenGrant(
        access_token=access_token,
        refresh_token=reply.get("refresh_token"),
        instance_url=checked_instance_url(instance_url, login_url),
        org_id=org_id,
        user_id=user_id,
        scopes=tuple(str(reply.get("scope", "")).split()),
    )
