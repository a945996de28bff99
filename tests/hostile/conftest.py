"""The fixtures of the command line's tests."""

from tests.cli.conftest import books, home, sfsync, synced

__all__ = ["books", "home", "sfsync", "synced"]
