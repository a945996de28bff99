"""Signing in with a private key: the assertion of the JWT bearer flow."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sfsync.errors import SignInError
from sfsync.salesforce.hosts import jwt_audience
from sfsync.salesforce.private_files import read_private
from sfsync.salesforce.stores import PRIVATE_KEY

if TYPE_CHECKING:
    from pathlib import Path

    from sfsync.salesforce.stores import TokenStore

LIFETIME = timedelta(minutes=2)
"""Salesforce takes no assertion that lives for longer than three minutes."""


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A private key in PEM, and where it came from, in words."""

    text: str = field(repr=False)
    origin: str


def read_key(key_file: Path | None, store: TokenStore | None, name: str) -> PrivateKey:
    """The private key of the connection `name`: from its file, or from whoever hands it over.

    Raises:
        SignInError: the key file is missing (``key-file-missing``) or open to others
            (``key-file-open``), or nobody hands a key over.
    """
    if key_file is not None:
        text = read_private(key_file, code="key-file-open")
        if text is not None:
            return PrivateKey(text, str(key_file))
        raise SignInError(
            f"The key file {key_file} does not exist.",
            code="key-file-missing",
            fix="Correct --key-file or connection.key_file.",
        )
    handed = store.read(name, PRIVATE_KEY) if store is not None else None
    if handed is None:
        raise SignInError(
            f"Nobody hands over the private key of {name!r}.",
            code="key-file-missing",
            fix="Run `sfsync connect --auth jwt --key-file KEY`, or see docs/servers.md.",
        )
    return PrivateKey(handed, "what was handed over")


def signed_assertion(
    key: PrivateKey,
    *,
    client_id: str,
    username: str,
    login_url: str,
    now: datetime | None = None,
) -> str:
    """A signed assertion (RS256) that `username` is here, good for two minutes.

    Raises:
        SignInError: not an RSA key in PEM without a passphrase (``key-file-invalid``).
    """
    import jwt  # noqa: PLC0415 - start-up time

    claims = {
        "iss": client_id,
        "sub": username,
        "aud": jwt_audience(login_url),
        "exp": (now or datetime.now(UTC)) + LIFETIME,
    }
    try:
        return jwt.encode(claims, key.text, algorithm="RS256")
    except (ValueError, TypeError, jwt.PyJWTError):
        # The library's own words may quote the key.
        raise SignInError(
            f"{key.origin} is not an RSA private key in PEM without a passphrase.",
            code="key-file-invalid",
            fix="Make one: openssl req -x509 -newkey rsa:2048 -nodes -keyout KEY -out CERT",
        ) from None
