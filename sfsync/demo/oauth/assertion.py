"""The signed assertion of the JWT bearer flow.

RS256, signed with the key whose certificate is registered with the app; `iss` is the client id,
`sub` the username, `aud` the login host, `exp` at most some minutes ahead.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from sfsync.demo.org_settings import setting
from sfsync.demo.wire import OAuthError

if TYPE_CHECKING:
    from jwt.types import Options

    from sfsync.demo.exchange import Exchange

_CERTIFICATE_HEAD = "-----BEGIN CERTIFICATE-----"
# Time and audience are checked against the org's own clock and hosts, not the library's.
_UNCHECKED: Final[Options] = {
    "verify_exp": False,
    "verify_aud": False,
    "verify_iat": False,
    "verify_nbf": False,
}
_SKEW: Final = timedelta(minutes=3)
_AUDIENCES: Final = {"https://login.salesforce.com", "https://test.salesforce.com"}
_LOOPBACK: Final = {"localhost", "127.0.0.1", "::1"}


def subject_of(exchange: Exchange) -> str:
    """Check the assertion of a request and return the username that it speaks for.

    Raises:
        OAuthError: no certificate is registered, the signature or a claim is wrong.
    """
    certificate = setting(exchange.store, "oauth.certificate")
    if certificate is None:
        raise OAuthError("invalid_client", "invalid client credentials")
    claims = _verified(exchange.request.form.get("assertion", ""), certificate)
    if claims.get("iss") != setting(exchange.store, "oauth.client_id"):
        raise OAuthError("invalid_client_id", "client identifier invalid")
    if not _is_this_org(exchange, claims.get("aud")):
        raise OAuthError("invalid_grant", "audience is invalid")
    _check_expiry(exchange, claims.get("exp"))
    subject = claims.get("sub")
    if not isinstance(subject, str):
        raise OAuthError("invalid_grant", "invalid assertion")
    return subject


def public_key(pem: str) -> str:
    """PEM of the public key in a certificate; a public key is returned as it is.

    Raises:
        ValueError: the text is neither.
    """
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - start-up time
    from cryptography.x509 import load_pem_x509_certificate  # noqa: PLC0415 - start-up time

    if _CERTIFICATE_HEAD in pem:
        key = load_pem_x509_certificate(pem.encode()).public_key()
    else:
        key = serialization.load_pem_public_key(pem.encode())  # type: ignore[assignment] # a wider union of key types
    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()


def _verified(assertion: str, certificate: str) -> dict[str, Any]:
    import jwt  # noqa: PLC0415 - start-up time

    try:
        claims: dict[str, Any] = jwt.decode(
            assertion, public_key(certificate), algorithms=["RS256"], options=_UNCHECKED
        )
    except jwt.InvalidTokenError as error:
        raise OAuthError("invalid_grant", "invalid assertion") from error
    return claims


def _is_this_org(exchange: Exchange, audience: object) -> bool:
    if not isinstance(audience, str):
        return False
    if audience.rstrip("/") in _AUDIENCES:
        return True
    asked, own = urlsplit(audience), urlsplit(exchange.origin)
    return asked.hostname in _LOOPBACK and asked.port == own.port


def _check_expiry(exchange: Exchange, expiry: object) -> None:
    now = exchange.now.timestamp()
    if not isinstance(expiry, int | float) or expiry < now - _SKEW.total_seconds():
        raise OAuthError("invalid_grant", "expired authorization code")
