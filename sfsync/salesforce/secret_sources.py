"""Secrets that others keep: a program of the person's own, or the folder that systemd hands over.

Both are only read, at every sign-in; nothing is ever written there. So they serve a private key
(JWT) or a client secret, and not a browser sign-in, which has tokens to keep.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from sfsync.errors import SignInError
from sfsync.programs import run_program
from sfsync.salesforce.private_files import read_private
from sfsync.salesforce.stores import CLIENT_SECRET, PRIVATE_KEY

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMAND = "command"
SYSTEMD = "systemd"
SOURCES = frozenset({COMMAND, SYSTEMD})
"""The kinds of store that are only read."""

TIME_LIMIT = 10.0
"""Seconds that `credential.command` may take."""

DIRECTORY_VARIABLE = "CREDENTIALS_DIRECTORY"
_FILES = {PRIVATE_KEY: "key", CLIENT_SECRET: "secret"}


class _ReadOnly:
    """What a store that others keep leaves undone."""

    read_only = True

    def write(self, name: str, item: str, secret: str) -> None:
        """Keep nothing; a caller that sees `read_only` does not ask."""
        del secret
        raise AssertionError(f"unreachable: {item} of {name} is kept by others")

    def delete(self, name: str) -> None:
        """Forget nothing: there is nothing of ours."""


class CommandSource(_ReadOnly):
    """A program that prints the private key or the client secret on its stdout.

    Args:
        argv: the program and its arguments; no shell reads them.
        time_limit: seconds.
    """

    kind = COMMAND

    def __init__(self, argv: Sequence[str], *, time_limit: float = TIME_LIMIT) -> None:
        self._argv = argv
        self._time_limit = time_limit

    def probe(self) -> None:
        """Have the program print something.

        Raises:
            SignInError: it cannot (``credential-command``).
        """
        self.read("", CLIENT_SECRET)

    def read(self, name: str, item: str) -> str | None:
        """What the program prints, for a key or a client secret; None for any other item.

        Raises:
            SignInError: ``credential-command``.
        """
        del name
        if item not in _FILES:
            return None
        done = run_program(self._argv, seconds=self._time_limit)
        # What it says on stderr is not shown: it may quote the secret.
        if done.trouble:
            raise self._useless(done.trouble)
        if not done.out.strip():
            raise self._useless("printed nothing")
        return done.out.strip()

    def _useless(self, trouble: str) -> SignInError:
        return SignInError(
            f"credential.command ({Path(self._argv[0]).name}) {trouble}.",
            code="credential-command",
            fix="Run it by hand as the same user; it must print the key or secret, no more.",
        )


class CredentialsDirectory(_ReadOnly):
    """The folder in which systemd puts what a unit's LoadCredential= names.

    Its files are called ``sfsync-NAME-key`` and ``sfsync-NAME-secret``.

    Args:
        folder: ``$CREDENTIALS_DIRECTORY``.
    """

    kind = SYSTEMD

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @classmethod
    def of_environment(cls) -> CredentialsDirectory:
        """The folder of this process.

        Raises:
            SignInError: systemd has given it none (``credentials-directory-missing``).
        """
        folder = os.environ.get(DIRECTORY_VARIABLE)
        if not folder:
            raise SignInError(
                f"The sign-in is handed over by systemd, and ${DIRECTORY_VARIABLE} is not set.",
                code="credentials-directory-missing",
                fix="Start it as a unit with LoadCredential=, or run `sfsync connect` again here.",
            )
        return cls(Path(folder))

    def probe(self) -> None:
        """Look for the folder.

        Raises:
            SignInError: it is not there.
        """
        if not self._folder.is_dir():
            raise SignInError(
                f"${DIRECTORY_VARIABLE} is {self._folder}, which is no folder.",
                code="credentials-directory-missing",
                fix="Start it as a unit with LoadCredential=.",
            )

    def read(self, name: str, item: str) -> str | None:
        """The credential, None where the unit loads none of that name.

        Raises:
            SignInError: every user can read it (``credential-file-open``).
        """
        if item not in _FILES:
            return None
        # systemd grants the service's user access by an ACL, which shows as a mode for the group.
        text = read_private(self.path(name, item), code="credential-file-open", group=True)
        return text.strip() if text and text.strip() else None

    def path(self, name: str, item: str) -> Path:
        """Where the credential of the connection `name` is."""
        return self._folder / f"sfsync-{name}-{_FILES[item]}"


def handed_over(name: str, item: str) -> bool:
    """Whether systemd has given this process the `item` of the connection `name`."""
    folder = os.environ.get(DIRECTORY_VARIABLE)
    return bool(folder) and CredentialsDirectory(Path(folder or "")).path(name, item).exists()
