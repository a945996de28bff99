"""A second process of this Python, for work that another core can do meanwhile."""

from __future__ import annotations

import subprocess
import sys

_OUR_MODULES = "import sys; sys.path[:] = sys.argv[1:]; "
"""The modules of this process, whatever it was started by."""


def start_python(
    statement: str, *, reads: bool = False, quiet: bool = False
) -> subprocess.Popen[bytes]:
    """Start a process that runs a statement of ours, and answers through its stdout.

    Args:
        statement: Python, in which `sys` is imported.
        reads: whether it is told things through a pipe as well.
        quiet: whether its stderr is nobody's.

    Raises:
        OSError: it could not be started.
    """
    return subprocess.Popen(  # noqa: S603 - this Python, and nothing of a person
        [sys.executable, f"-{_flags()}", "-c", _OUR_MODULES + statement, *sys.path],
        stdin=subprocess.PIPE if reads else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL if quiet else None,
        # Ctrl-C is for the process that people see.
        start_new_session=True,
    )


def _flags() -> str:
    """Python's own: what this process did not heed as it began, the other one does not either."""
    ours = {"E": "ignore_environment", "s": "no_user_site", "S": "no_site"}
    # P keeps the working folder out of it.
    return "P" + "".join(flag for flag, name in ours.items() if getattr(sys.flags, name))
