"""What the operating system's scheduler calls: one command line that needs nothing around it."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sfsync.errors import UsageError
from sfsync.salesforce.network import VARIABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

_FOLDERS = ("SFSYNC_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
CARRIED = (*_FOLDERS, *VARIABLES)
"""The variables that say where files are and how Salesforce is reached; no scheduler has them."""


@dataclass(frozen=True, slots=True)
class Call:
    """A command line with absolute paths, and the variables that it needs.

    Args:
        program: the interpreter and what makes it sfsync.
        config: the mapping file.
        ledger: the ledger, where the config is not what says which.
        environment: of `CARRIED`, those that are set.
    """

    program: tuple[str, ...]
    config: Path
    ledger: Path | None
    environment: Mapping[str, str]

    def argv(self, *words: str) -> tuple[str, ...]:
        """The command line of a command: ``sync --quiet``."""
        ledger = () if self.ledger is None else ("--ledger", str(self.ledger))
        return (*self.program, *words, "--config", str(self.config), *ledger)

    @property
    def tick(self) -> tuple[str, ...]:
        """What is called every few minutes."""
        return self.argv("sync", "--quiet")

    @property
    def unit(self) -> str:
        """A name for this config among the units of a user: its folder's, and a short digest."""
        folder = re.sub(r"[^A-Za-z0-9]+", "-", self.config.parent.name).strip("-") or "home"
        digest = hashlib.sha256(os.fsencode(self.config)).hexdigest()
        return f"sfsync-{folder}-{digest[:8]}"


def call_for(
    python: str, config: Path, ledger: Path | None, environment: Mapping[str, str]
) -> Call:
    """The call of this installation of sfsync, whatever the working folder will be.

    Args:
        python: the interpreter that sfsync is installed for.
        config: the mapping file.
        ledger: the ledger, where a flag or SFSYNC_LEDGER names it.
        environment: the present one.

    Raises:
        UsageError: a path holds a line break, which no scheduler can be told.
    """
    kept = {name: environment[name] for name in CARRIED if environment.get(name)}
    call = Call(
        # -P: a folder called sfsync in the home folder is not taken for the program.
        program=(_absolute(python), "-P", "-m", "sfsync"),
        config=Path(_absolute(config)),
        ledger=None if ledger is None else Path(_absolute(ledger)),
        environment={
            name: _absolute(value) if name in _FOLDERS else value
            for name, value in kept.items()
            # A crontab holds no secret: a proxy with a password stays out of it.
            if not (name.upper().endswith("_PROXY") and "@" in value)
        },
    )
    for text in (*call.tick, *call.environment.values()):
        if "\n" in text or "\r" in text:
            raise UsageError(
                f"a path with a line break cannot be scheduled: {text!r}",
                code="path-not-schedulable",
                fix="move the file",
            )
    return call


def cron_environment(call: Call) -> dict[str, str]:
    """The variables that cron sets, and those that the call brings itself."""
    home = str(Path.home())
    user = os.environ.get("LOGNAME") or os.environ.get("USER") or Path.home().name
    return {
        "HOME": home,
        "LOGNAME": user,
        "USER": user,
        "SHELL": "/bin/sh",
        "PATH": "/usr/bin:/bin",
        **call.environment,
    }


def _absolute(path: Path | str) -> str:
    # Not resolved: the interpreter of a virtual environment is a link, and must stay one.
    return os.path.abspath(os.path.expanduser(path))  # noqa: PTH100, PTH111 - keeps links, drops ..
