"""Signing in with a private key: the assertion of the JWT bearer flow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sfsync.errors import SignInError
from sfsync.salesforce.hosts import jwt_audience
from sfsync.salesforce.private_files import read_private

if TYPE_CHECKING:
    from pathlib import Path

LIFETIME = timedelta(minutes=2)
"""Salesforce takes no assertion that lives for longer than three minutes."""


def signed_assertion(
    *, client_id: str, username: str, login_url: str, key_file: Path, now: datetime | None = None
) -> str:
    """A signed assertion (RS256) that `username` is here, good for two minutes.

    Raises:
        SignInError: the key file is missing (``key-file-missing``), open to others
            (``key-file-open``), or not an RSA key in PEM without a passphrase
            (``key-file-invalid``).
    """
    import jwt  # noqa: PLC0415 - start-up time

    key = read_private(key_file, code="key-file-open")
    if key is None:
        raise SignInError(
            f"The key file {key_file} does not exist.",
            code="key-file-missing",
            fix="Correct --key-file or connection.key_file.",
        )
    claims = {
        "iss": client_id,
        "sub": username,
        "aud": jwt_audience(login_url),
        "exp": (now or datetime.now(UTC)) + LIFETIME,
    }
    try:
        return jwt.encode(claims, key, algorithm="RS256")
    except (ValueError, TypeError, jwt.PyJWTError):
        # The library's own words may quote the key.
        raise SignInError(
            f"{key_file} is not an RSA private key in PEM without a passphrase.",
            code="key-file-invalid",
            fix="Make one: openssl req -x509 -newkey rsa:2048 -nodes -keyout KEY -out CERT",
        ) from None
