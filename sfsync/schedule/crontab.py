"""A marked block in a crontab: put in, replaced, taken out of its bytes; the rest stays."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from sfsync.errors import UsageError
from sfsync.schedule.due import TICK

if TYPE_CHECKING:
    from sfsync.schedule.call import Call

_LONGEST = 990
"""Characters of a command that every cron takes; the common limit is a little higher."""

_NO_CRONTAB = b"# There was no crontab before this.\n"
_NO_NEWLINE = b"# The line above had no newline.\n"


def cron_line(call: Call) -> str:
    """The one line that cron reads.

    Raises:
        UsageError: cron would read something else, or cut it.
    """
    variables = [f"{name}={_quoted(value)}" for name, value in call.environment.items()]
    command = " ".join([*variables, *map(_quoted, call.tick)])
    if "\\" in command.replace("\\%", ""):
        raise _unschedulable("cron changes backslashes, and a path has one", call)
    if len(os.fsencode(command)) > _LONGEST:
        raise _unschedulable(f"cron takes commands of {_LONGEST} bytes; this one is longer", call)
    return f"*/{int(TICK.total_seconds() // 60)} * * * * {command}"


def _unschedulable(why: str, call: Call) -> UsageError:
    return UsageError(
        f"{why}: {call.config}",
        code="path-not-schedulable",
        fix="move the file, or use a systemd timer: sfsync schedule install systemd",
    )


def _quoted(word: str) -> str:
    # A percent sign is a newline to cron unless a backslash stands before it. Outside of quotes
    # the shell drops that backslash where cron has not.
    return "\\%".join(shlex.quote(part) if part else "" for part in word.split("%")) or "''"


def cron_block(call: Call) -> bytes:
    """The line between its two marks, as it stands in a crontab."""
    return b"\n".join((_begin(call), os.fsencode(cron_line(call)), _end(call), b""))


def with_block(crontab: bytes | None, call: Call) -> bytes:
    """The crontab with this call in it, in place of an earlier one; None is no crontab at all."""
    before = b"" if crontab is None else crontab
    found = _find(before, call)
    block = cron_block(call)
    if found is not None:
        start, end = found
        return before[:start] + _kept_notes(before[start:end]).join(_split(block)) + before[end:]
    notes = _NO_CRONTAB if crontab is None else b""
    if before and not before.endswith(b"\n"):
        before += b"\n"
        notes = _NO_NEWLINE
    return before + notes.join(_split(block))


def without_block(crontab: bytes | None, call: Call) -> bytes | None:
    """The crontab as it was before the call came into it; None when there was none."""
    found = None if crontab is None else _find(crontab, call)
    if crontab is None or found is None:
        return crontab
    start, end = found
    block, above, below = crontab[start:end], crontab[:start], crontab[end:]
    if _NO_NEWLINE in block and not below:
        above = above.removesuffix(b"\n")
    return None if _NO_CRONTAB in block and not above + below else above + below


def has_block(crontab: bytes | None, call: Call) -> bool:
    """Whether the call is in the crontab."""
    return crontab is not None and _find(crontab, call) is not None


def _begin(call: Call) -> bytes:
    return b"# >>> sfsync " + os.fsencode(call.config) + b" >>>"


def _end(call: Call) -> bytes:
    return b"# <<< sfsync " + os.fsencode(call.config) + b" <<<"


def _split(block: bytes) -> tuple[bytes, bytes]:
    """A block at the place where a note about what was before stands."""
    first, _, rest = block.partition(b"\n")
    return first + b"\n", rest


def _kept_notes(block: bytes) -> bytes:
    return b"".join(note for note in (_NO_CRONTAB, _NO_NEWLINE) if note in block)


def _find(crontab: bytes, call: Call) -> tuple[int, int] | None:
    """Where the block begins and ends, both marks being whole lines."""
    lines = crontab.splitlines(keepends=True)
    bare = [line.rstrip(b"\r\n") for line in lines]
    if _begin(call) not in bare:
        return None
    first = bare.index(_begin(call))
    if _end(call) not in bare[first:]:
        return None
    last = bare.index(_end(call), first)
    return len(b"".join(lines[:first])), len(b"".join(lines[: last + 1]))
