"""Where a sign-in is kept: one small item per secret, in a store that the person chose."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Protocol

from sfsync.errors import SignInError
from sfsync.salesforce.private_files import private_folder, read_private, write_private

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

REFRESH_TOKEN = "refresh_token"  # noqa: S105 - a name or a pattern, not a secret
ACCESS_TOKEN = "access_token"  # noqa: S105 - a name or a pattern, not a secret
CLIENT_SECRET = "client_secret"  # noqa: S105 - a name or a pattern, not a secret
PRIVATE_KEY = "private_key"
ITEMS = (REFRESH_TOKEN, ACCESS_TOKEN, CLIENT_SECRET)


class TokenStore(Protocol):
    """Keeps the secrets of connections by connection name and item (`ITEMS`).

    `kind` is ``keyring``, ``file``, ``command`` or ``systemd``, as the connections file remembers
    it. The last two are `read_only`: others keep what they answer. Every method raises
    `SignInError` when the store cannot be used.
    """

    kind: str
    read_only: bool

    def probe(self) -> None:
        """Prove that what is written can be read back, before anybody signs in."""

    def read(self, name: str, item: str) -> str | None:
        """The secret, None when it is not there."""

    def write(self, name: str, item: str, secret: str) -> None:
        """Keep `secret`, in place of an earlier one."""

    def delete(self, name: str) -> None:
        """Forget every item of the connection `name`."""


class FileStore:
    """One JSON file per connection, mode 0600, in `folder`, mode 0700. Chosen, never fallen to."""

    kind = "file"
    read_only = False

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def probe(self) -> None:
        """Create the folder, or refuse one that is open to others."""
        private_folder(self._folder)

    def read(self, name: str, item: str) -> str | None:
        """The secret, None when it is not there.

        Raises:
            SignInError: others can read the file (``credential-file-open``), or it is damaged.
        """
        return self._read(name).get(item)

    def write(self, name: str, item: str, secret: str) -> None:
        """Keep `secret` beside the other items, in one step."""
        self._refuse_symlink(name)
        write_private(self._path(name), json.dumps({**self._read(name), item: secret}, indent=1))

    def delete(self, name: str) -> None:
        """Remove the connection's file."""
        self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"

    def _refuse_symlink(self, name: str) -> None:
        if self._path(name).is_symlink():
            raise SignInError(
                f"{self._path(name)} is a symbolic link; sfsync does not write through it.",
                code="credential-file-open",
                fix="Remove the link and run `sfsync connect --store file` again.",
            )

    def _read(self, name: str) -> Mapping[str, str]:
        text = read_private(self._path(name), code="credential-file-open")
        if text is None:
            return {}
        try:
            kept = json.loads(text)
        except (ValueError, RecursionError):
            kept = None
        if not isinstance(kept, dict):
            raise SignInError(
                f"{self._path(name)} is damaged.",
                code="credential-file-damaged",
                fix="Remove the file and run `sfsync connect --store file`.",
            )
        return {item: str(secret) for item, secret in kept.items()}
