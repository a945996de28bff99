"""Keyrings as machines have them: one that works, and the ways in which others do not."""

from __future__ import annotations

import threading
from typing import ClassVar

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError

SECRET = "5Aep861plantedSecret"


class Working(KeyringBackend):
    """A keyring that keeps things in memory."""

    priority = 1.0

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # keyring ships no types for it
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        """What was kept."""
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep it."""
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        """Forget it."""
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError("not found")


class Forgetful(Working):
    """Takes everything, keeps nothing."""

    def get_password(self, service: str, username: str) -> str | None:  # noqa: ARG002 - the interface of keyring
        """Nothing, ever."""
        return None


class Locked(Working):
    """Raises, with a secret in its words."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Refuse."""
        raise KeyringLocked(f"{service} {username} locked; wanted to keep {SECRET} {password!r}")


class Hanging(Working):
    """Waits for a prompt that nobody answers."""

    def __init__(self) -> None:
        super().__init__()
        self.release = threading.Event()

    def set_password(self, service: str, username: str, password: str) -> None:
        """Wait for the test to end."""
        self.release.wait(20)
        super().set_password(service, username, password)


class PlaintextKeyring(Working):
    """Would write plain text."""


class Raising(Working):
    """Fails in a way of its own, with a secret in its words."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Fail."""
        raise OSError(f"dbus died while it kept {SECRET} {service} {username} {password!r}")


class Desktop(Working):
    """Works, and keeps what it is told for as long as the process lives, as a real one does."""

    desktop: ClassVar[dict[tuple[str, str], str]] = {}

    def __init__(self) -> None:
        super().__init__()
        self.kept = self.desktop
