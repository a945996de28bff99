"""Walks through the program, kept as transcripts in docs/walks: read, walked again, compared.

A console block holds commands (`$ …`) and what they say on a terminal of 100 columns, without
colour. A line that is `…` stands for any number of lines. What differs from one walk to the next
(dates, times, hashes, the org's own id, the year in a number, ports) is compared by its kind only.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from unittest.mock import patch

from sfsync.cli.frame.boundary import run
from tests.cli.command_line import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
_NUMBER = re.compile(r"\b(?:INV|CN)-\d{4}-\d{5}\b")
_KINDS = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"), "TIME"),
    (re.compile(r"\b\d{4}-\d\d-\d\d\b"), "DATE"),
    (re.compile(r"\b\d\d:\d\d(?::\d\d)?\b"), "CLOCK"),
    (re.compile(r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b"), "DAY"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "HASH"),
    (re.compile(r"\b00DDEMO\w+"), "ORG"),
    (re.compile(r"(?<=127\.0\.0\.1:)\d+"), "PORT"),
    (re.compile(r"\b(INV|CN)-\d{4}-(\d{5})\b"), r"\1-YEAR-\2"),
    (re.compile(r"─+"), "─"),
    (re.compile(r"[ \t]+"), " "),
)
_PROGRESS = re.compile(r"^\d\d:\d\d:\d\d \w+ \d+ read\n", re.MULTILINE)
"""What stands there instead of a bar, when no bar can be drawn."""


@dataclass(frozen=True)
class Step:
    """One command of a transcript and what the reader is told that it says."""

    command: str
    said: str


@dataclass
class Walk:
    """Where a walk stands; its numbers may be of another year than the transcript's."""

    folder: Path
    stand_ins: dict[str, str] = field(default_factory=dict)
    served: list[subprocess.Popen[str]] = field(default_factory=list)
    status: int = 0

    def take(self, step: Step) -> str:
        """Run one command in the walk's folder; what it wrote, both streams as a terminal."""
        command = step.command
        for written, actual in self.stand_ins.items():
            command = command.replace(written, actual)
        said = self._serve(command) if command.endswith(" &") else self._say(command)
        said = _PROGRESS.sub("", said).replace(str(self.folder), "/srv")
        said = said.replace(sys.executable, "python3")
        said = said.replace(f":{self.stand_ins['8080']}", ":8080")
        self._remember(step.said, said)
        return "\n".join(line.rstrip() for line in said.rstrip().split("\n"))

    def _say(self, command: str) -> str:
        """One command line as a shell would take it; `sfsync` runs in this process."""
        words = shlex.split(command)
        if words[0] == "sfsync":
            return self._sfsync(words[1:])
        if words[0] == "cd":
            os.chdir(words[1])
            return ""
        if words == ["echo", "$?"]:
            return str(self.status)
        if words == ["kill", "%1"]:
            return self.end()
        done = subprocess.run(command, shell=True, check=True, text=True, capture_output=True)  # noqa: S602 - a line of the transcript
        return done.stdout + done.stderr

    def _sfsync(self, argv: list[str]) -> str:
        screen = Terminal()
        with patch.multiple(sys, stdout=screen, stderr=screen, stdin=Terminal()):
            self.status = run(argv)
        return screen.getvalue()

    def _serve(self, command: str) -> str:
        """Start a program that goes on while the walk does; what it says in its first lines."""
        words = shlex.split(command.removesuffix("&"))
        assert words[0] == "sfsync"
        program = subprocess.Popen(
            [sys.executable, "-m", *words], stderr=subprocess.PIPE, text=True
        )
        self.served.append(program)
        assert program.stderr is not None
        return "".join(program.stderr.readline() for _ in range(3))

    def end(self) -> str:
        """Stop what still serves; what it says to that."""
        said = ""
        while self.served:
            program = self.served.pop()
            program.terminate()
            said += program.communicate(timeout=10)[1]
        return said

    def _remember(self, expected: str, said: str) -> None:
        pairs = zip(_NUMBER.findall(expected), _NUMBER.findall(said), strict=False)
        for written, actual in pairs:
            self.stand_ins.setdefault(written, actual)


def steps(text: str) -> list[Step]:
    """The commands of a transcript in their order."""
    found = []
    for block in _BLOCK.findall(text):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, said = part.partition("\n")
            found.append(Step(command, said.rstrip("\n")))
    return found


def agrees(expected: str, said: str) -> bool:
    """Whether a transcript tells what was said, but for what differs each time."""
    parts = [re.escape(by_kind(part)) for part in re.split(r"^…$", expected, flags=re.MULTILINE)]
    return re.fullmatch(r"(?:.*)".join(parts), by_kind(said), re.DOTALL) is not None


def by_kind(text: str) -> str:
    """A text with what differs each time replaced by its kind."""
    for pattern, kind in _KINDS:
        text = pattern.sub(kind, text)
    return text


def rewritten(text: str, said: Callable[[Step], str]) -> str:
    """The transcript with the answers of today where they are not told rightly."""
    answers = iter(steps(text))

    def command(_found: re.Match[str]) -> str:
        step = next(answers)
        now = said(step)
        kept = step.said if agrees(step.said, now) else now
        return f"$ {step.command}\n" + (f"{kept}\n" if kept else "")

    def block(found: re.Match[str]) -> str:
        body = re.sub(r"^\$ [^\n]*\n(?:(?!\$ )[^\n]*\n)*", command, found[1], flags=re.MULTILINE)
        return f"```console\n{body}```"

    return _BLOCK.sub(block, text)
