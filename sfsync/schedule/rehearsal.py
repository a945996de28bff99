"""A call tried out as cron will make it: almost no environment, no terminal, the home folder."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfsync.errors import ExitCode, RefusedError

if TYPE_CHECKING:
    from sfsync.schedule.call import Call

_PATIENCE = 120.0


class RehearsalError(RefusedError):
    """A scheduled run would not work on this machine as things are."""


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


def rehearse(call: Call) -> None:
    """Have `doctor` look at everything, the org included, from where cron would start a run.

    Raises:
        RehearsalError: a check failed, or the program does not start there.
    """
    try:
        done = subprocess.run(  # noqa: S603 - the product's own command
            call.argv("doctor", "--online", "--json"),
            env=cron_environment(call),
            cwd=Path.home(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_PATIENCE,
            start_new_session=True,
        )
    except subprocess.TimeoutExpired:
        raise _failed(f"it did not end within {_PATIENCE:.0f} s", "") from None
    except OSError as problem:
        raise _failed(problem.strerror or str(problem), "") from None
    if done.returncode == ExitCode.DONE:
        return
    _raise_what_failed(done.stdout, done.stderr)


def _raise_what_failed(out: bytes, err: bytes) -> None:
    try:
        error: dict[str, Any] = json.loads(out)["error"]
    except (ValueError, KeyError, TypeError):
        last = err.decode(errors="replace").strip().rpartition("\n")[2]
        raise _failed(last or "it said nothing", "") from None
    failed = [one for one in error.get("checks") or () if one["verdict"] == "failed"]
    if not failed:
        raise _failed(error["message"], error["fix"])
    sentences = "\n".join(f"{one['check']}: {one['message']}" for one in failed)
    raise _failed(sentences, "; ".join(one["fix"] for one in failed if one["fix"]))


def _failed(what: str, fix: str) -> RehearsalError:
    return RehearsalError(
        f"a run would not work from the scheduler, which has no terminal and no desktop session\n"
        f"{what}",
        code="not-schedulable",
        fix=fix or "sfsync doctor --online; to install anyway add --force",
    )
