"""Calling a person's own program: an argument list, never a shell, with a limit in time."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_AFTER_KILL = 1.0
"""Seconds for a killed program's pipes to close; a child of its own may still hold them."""

_LONGEST_WORDS = 200


@dataclass(frozen=True, slots=True)
class Finished:
    """How a program ended; what it wrote may quote a secret, so it is not in the repr.

    `trouble` says in a few words what went wrong; it is empty when the program ended with status 0.
    `status` is None where it did not end by itself.
    """

    trouble: str
    status: int | None = None
    stdout: bytes = field(default=b"", repr=False)
    stderr: bytes = field(default=b"", repr=False)

    @property
    def out(self) -> str:
        """What it wrote, as text."""
        return self.stdout.decode(errors="replace")

    @property
    def complaint(self) -> str:
        """What it wrote on stderr."""
        return self.stderr.decode(errors="replace").strip()

    @property
    def last_words(self) -> str:
        """The last line that it wrote on stderr."""
        lines = self.complaint.split("\n")
        return lines[-1].strip()[:_LONGEST_WORDS]


def run_program(
    argv: Sequence[str],
    *,
    seconds: float,
    given: bytes = b"",
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Finished:
    """Run `argv` with `given` on its stdin, and wait for it for at most `seconds`.

    Environment and working folder are those of this process where none are given. What it has
    started itself ends with it when it takes too long.
    """
    try:
        process = subprocess.Popen(  # noqa: S603 - the person's own program; no shell reads it
            list(argv),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            env=environment,
            cwd=folder,
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return Finished(f"cannot be started: {reason}")
    try:
        stdout, stderr = process.communicate(given, timeout=seconds)
    except subprocess.TimeoutExpired:
        _kill(process)
        return Finished(f"was still running after {seconds:g} s and was stopped")
    except BaseException:
        _kill(process)
        raise
    trouble = "" if process.returncode == 0 else how_it_ended(process.returncode)
    return Finished(trouble, process.returncode, stdout, stderr)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the program with all that it has started."""
    with suppress(ProcessLookupError):
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    with suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=_AFTER_KILL)


def how_it_ended(status: int) -> str:
    """A process's return code in words."""
    return f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
