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


@dataclass(frozen=True, slots=True)
class Finished:
    """How a program ended.

    `trouble` says in a few words what went wrong; it is empty when the program ended with status 0.
    `out` and `last_words`, the last line on stderr, may quote a secret: not in the repr.
    """

    out: str = field(repr=False)
    trouble: str
    last_words: str = field(default="", repr=False)


def run_program(
    argv: Sequence[str],
    *,
    seconds: float,
    given: str = "",
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
        return Finished("", f"cannot be started: {reason}")
    try:
        out, err = process.communicate(given.encode(), timeout=seconds)
    except subprocess.TimeoutExpired:
        _kill(process)
        return Finished("", f"was still running after {seconds:g} s and was stopped")
    except BaseException:
        _kill(process)
        raise
    trouble = "" if process.returncode == 0 else _status(process.returncode)
    return Finished(out.decode(errors="replace"), trouble, _last_words(err))


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the program with all that it has started."""
    with suppress(ProcessLookupError):
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    with suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=_AFTER_KILL)


def _status(status: int) -> str:
    return f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"


def _last_words(err: bytes) -> str:
    lines = err.decode(errors="replace").split("\n")
    return next((line.strip()[:200] for line in reversed(lines) if line.strip()), "")
