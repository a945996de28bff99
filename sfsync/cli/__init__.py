"""The command line: one file per command group; parses, calls, renders; nothing else.

`frame/` holds what every command stands in, `render/` how results become output.
"""

from __future__ import annotations

import sys


def main() -> None:
    """The `sfsync` command: runs it and ends the process with its exit code."""
    from sfsync.cli.frame.boundary import run  # noqa: PLC0415 - start-up time of `import sfsync.cli`

    sys.exit(run(sys.argv[1:]))
