"""The real command, in this process: its output and exit code."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from unittest.mock import patch

from sfsync.cli.frame.boundary import run

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Done:
    """What one command left behind."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on stdout."""
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        """Yes."""
        return True


class Sfsync(Protocol):
    """`sfsync("invoice", "list", terminal=True)` runs the command."""

    def __call__(self, *argv: str, terminal: bool = False, answer: str = "") -> Done:
        """Run one command line; with `terminal` all three streams are terminals."""


def start(argv: Sequence[str], *, terminal: bool = False, answer: str = "") -> Done:
    """Run one command line with streams of its own."""
    kind = Terminal if terminal else io.StringIO
    out, err, given = kind(), kind(), kind(answer)
    with patch.multiple(sys, stdout=out, stderr=err, stdin=given):
        status = run(argv)
    return Done(status, out.getvalue(), err.getvalue())


def in_mapping(old: str, new: str) -> None:
    """Change a text of the mapping file."""
    path = Path("mappings.yaml")
    text = path.read_text(encoding="utf-8")
    assert old in text, old
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
