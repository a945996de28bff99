"""A token store that keeps nothing when the test ends; held to the suite of the real ones."""

from __future__ import annotations

from sfsync.salesforce.stores import ITEMS


class MemoryStore:
    """Keeps secrets for as long as this process lives."""

    kind = "memory"
    read_only = False

    def __init__(self) -> None:
        self._secrets: dict[tuple[str, str], str] = {}

    def probe(self) -> None:
        """Memory always works."""

    def read(self, name: str, item: str) -> str | None:
        """The secret, None when it is not there."""
        return self._secrets.get((name, item))

    def write(self, name: str, item: str, secret: str) -> None:
        """Keep `secret`."""
        self._secrets[name, item] = secret

    def delete(self, name: str) -> None:
        """Forget every item of `name`."""
        for item in ITEMS:
            self._secrets.pop((name, item), None)
