"""Which hosts may see a password, a code or a token."""

from __future__ import annotations

from urllib.parse import urlsplit

from sfsync.errors import SignInError
from sfsync.loopback import is_loopback
from sfsync.salesforce.network import host_within, origin

PRODUCTION_LOGIN = "https://login.salesforce.com"
SANDBOX_LOGIN = "https://test.salesforce.com"

_SALESFORCE_DOMAINS = (
    "salesforce.com",
    "force.com",
    "salesforce.mil",
    "cloudforce.com",
    "database.com",
    "sfcrmproducts.cn",
)


def checked_login_url(url: str) -> str:
    """`url` without path or trailing slash: https anywhere, plain http on loopback only.

    Raises:
        SignInError: ``login-url-refused``.
    """
    reason = _refusal(url)
    if reason:
        raise SignInError(
            f"login_url {url!r} {reason}.",
            code="login-url-refused",
            fix="Use the org's My Domain, such as https://acme.my.salesforce.com.",
        )
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.casefold()}"


def checked_instance_url(url: str, login_url: str) -> str:
    """`url` of a token reply, when it is safe to send the token there.

    Raises:
        SignInError: ``instance-url-refused``: neither a Salesforce host nor the login server
            itself, port included: on loopback each port is somebody else.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").casefold()
    known = any(host_within(host, domain) for domain in _SALESFORCE_DOMAINS)
    reason = _refusal(url)
    if not reason and not known and not _same_server(url, login_url):
        reason = "is not a Salesforce host"
    if reason:
        raise SignInError(
            f"The org's address {url!r} {reason}; no token was sent there.",
            code="instance-url-refused",
            fix="Check that login_url is your org's own My Domain.",
        )
    return f"{parts.scheme}://{parts.netloc.casefold()}"


def jwt_audience(login_url: str) -> str:
    """The `aud` of an assertion for the org behind `login_url`.

    Salesforce Help, "OAuth 2.0 JWT Bearer Flow": login.salesforce.com, test.salesforce.com for a
    sandbox, else (Experience Cloud site, other clouds, loopback) the login host itself.
    """
    host = (urlsplit(login_url).hostname or "").casefold()
    if host == "test.salesforce.com" or is_sandbox_host(host):
        return SANDBOX_LOGIN
    if host_within(host, "salesforce.com"):
        return PRODUCTION_LOGIN
    return login_url.rstrip("/")


def is_sandbox_host(host: str) -> bool:
    """Whether a My Domain host is a sandbox's: ``acme--uat.sandbox.my.salesforce.com``."""
    return ".sandbox." in host or "--" in host.split(".", 1)[0]


def _same_server(url: str, login_url: str) -> bool:
    """Whether both have one scheme, host and port; loopback has several names."""
    (scheme, host, port), (login_scheme, login_host, login_port) = origin(url), origin(login_url)
    one_host = host == login_host or (is_loopback(host) and is_loopback(login_host))
    return (scheme, port) == (login_scheme, login_port) and one_host


def _refusal(url: str) -> str:
    """Why `url` is no place for a secret; empty when it is one."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is not a URL"
    if not host or parts.username is not None or parts.password is not None:
        return "is not a URL of a host"
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)):
        return ""
    return "does not use https"
