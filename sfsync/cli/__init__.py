"""The command line: one file per command group; parses, calls, renders; nothing else.

`frame/` holds what every command stands in, `render/` how results become output.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import NoReturn


def main() -> None:
    """The `sfsync` command: runs it and ends the process with its exit code."""
    from sfsync.cli.frame.boundary import run  # noqa: PLC0415 - start-up time of `import sfsync.cli`

    _leave(run(sys.argv[1:]))


def _leave(status: int) -> NoReturn:
    """End the process, also while a thread still waits for an org that does not answer.

    Such a thread, left by an interrupted run, may wake while the interpreter is being taken apart,
    and then crashes it: so nothing is taken apart.
    """
    if len(getattr(sys.modules.get("threading"), "enumerate", list)()) > 1:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)
    sys.exit(status)
