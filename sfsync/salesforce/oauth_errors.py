"""The error replies of the OAuth endpoints, as sentences with a way out.

Words and codes: Salesforce Help, "OAuth 2.0 Authorization Errors".
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from sfsync.errors import SignInError, UnavailableError
from sfsync.salesforce.redact import redact

if TYPE_CHECKING:
    from sfsync.errors import SfsyncError

_CONNECT = "Run `sfsync connect`."


@dataclass(frozen=True, slots=True)
class _Row:
    """One kind of refusal: `error` and a part of the description, both optional when empty."""

    error: str
    part: str
    code: str
    message: str
    fix: str


_ROWS: tuple[_Row, ...] = (
    _Row("invalid_grant", "expired access/refresh token", "sign-in-expired",
         "The sign-in has expired or was revoked.", _CONNECT),
    _Row("invalid_grant", "authorization code", "sign-in-code-expired",
         "The authorization code was used twice, or too late.", _CONNECT),
    _Row("invalid_grant", "inactive user", "user-inactive",
         "The Salesforce user is not active.",
         "Ask an administrator to activate the user, or connect as another one."),
    _Row("invalid_grant", "inactive org", "org-inactive",
         "The Salesforce org is not active.", "Check login_url, or ask Salesforce."),
    _Row("invalid_grant", "login hours", "sign-in-restricted",
         "The org refuses sign-ins from this IP address or at this hour.",
         "Ask an administrator for the user's login hours and IP ranges; sfsync will try again."),
    _Row("invalid_grant", "ip restricted", "sign-in-restricted",
         "The org refuses sign-ins from this IP address.",
         "Ask an administrator to relax the app's IP restrictions for this address."),
    _Row("invalid_grant", "approved this consumer", "consent-missing",
         "The user has not approved this app yet.",
         "Set the app's Permitted Users to admin pre-approved and assign the app to the user (by "
         "profile or permission set); check also --username."),
    _Row("invalid_grant", "audience", "jwt-audience",
         "The org does not accept the host that the assertion names.",
         "Set login_url to the org's own My Domain, or --sandbox for a sandbox."),
    _Row("invalid_grant", "client credentials user", "run-as-user-missing",
         "The app has no user to run as for client credentials.",
         "In the app's policies, enable Client Credentials Flow and choose the Run As user."),
    _Row("invalid_grant", "authentication failure", "sign-in-refused",
         "The org refused the credentials.",
         "Check username, key or secret, and the user's IP ranges."),
    *(
        _Row(error, part, "jwt-invalid",
             "The org does not accept what the private key signed.",
             "Upload the certificate that belongs to the key file to the app (Use digital "
             "signatures, Enable JWT Bearer Flow); check also client_id and this machine's clock.")
        for error, part in (("invalid_assertion", ""), ("invalid_grant", "invalid assertion"))
    ),
    _Row("invalid_client_id", "", "invalid-client-id",
         "The org does not know this client id.",
         "Check client_id, the app's consumer key, and login_url (production or sandbox); "
         "a new app takes ten minutes."),
    _Row("invalid_client", "", "client-secret-wrong",
         "The client id or secret is wrong, or the app demands a secret.",
         "Pass the secret with --client-secret-file, or untick Require Secret in the app."),
    _Row("unsupported_grant_type", "", "flow-disabled",
         "This way of signing in is switched off in the app or the org.",
         "Enable the flow in the app's OAuth settings, or use another --auth."),
    _Row("redirect_uri_mismatch", "", "callback-mismatch",
         "The callback URL is not the one registered in the app.",
         "Register http://localhost:PORT/OauthRedirect with the same port as --port."),
    _Row("invalid_scope", "", "scope-missing",
         "The app does not grant the scopes that sfsync asks for.",
         "Select the scopes api and refresh_token in the app's OAuth settings."),
    _Row("access_denied", "", "sign-in-denied",
         "Access was denied in the browser.", "Run `sfsync connect` again and choose Allow."),
    *(
        _Row(error, "", "app-not-approved",
             "The org does not let this user use the app.",
             "Ask an administrator to install the app and to permit the user (permission set).")
        for error in (
            "invalid_app_access", "oauth_app_access_denied", "oauth_app_blocked",
            "oauth_approval_error_generic", "oauth_ec_app_not_found",
        )
    ),
)  # fmt: skip


REFUSALS: dict[str, tuple[str, str]] = {row.code: (row.message, row.fix) for row in _ROWS}
"""What each code of a refused sign-in means, and its way out."""


def oauth_error(
    error: str, description: str, *, status: int = 400, by_key: bool = False
) -> SfsyncError:
    """What the reply ``{"error": error, "error_description": description}`` means.

    An unknown body, such as HTML, counts as an outage from status 500 on. With `by_key` the
    sign-in was by a signed assertion: then bad credentials are a key that the app does not know.
    """
    if by_key and error.casefold() == "invalid_client":
        error = "invalid_assertion"
    words = f"{error} {description}".casefold()
    if "login rate exceeded" in words or "login_rate_exceeded" in words:
        return UnavailableError(
            "The user has signed in too often in the last hour.",
            code="login-rate",
            fix="Wait some minutes; other tools may share this user.",
        )
    if "already being processed" in words:
        return UnavailableError(
            "Another request is renewing this sign-in at this moment.",
            code="sign-in-busy",
            fix="Try again.",
        )
    for row in _ROWS:
        if error.casefold() == row.error and row.part in description.casefold():
            return SignInError(row.message, code=row.code, fix=row.fix)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return UnavailableError(
            f"Salesforce's sign-in service answered {status}.",
            code="salesforce-unavailable",
            fix="Try again in a few minutes.",
        )
    said = redact(" ".join(f"{error} {description}".split()))[:200] or f"status {status}"
    return SignInError(
        f"Salesforce refused the sign-in: {said}",
        code="sign-in-refused",
        fix="Check the app's settings, client_id and login_url, then run `sfsync connect`.",
    )
