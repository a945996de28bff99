"""Rich consoles that colour only where it is wanted, and never read markup in a text."""

from __future__ import annotations

import os
from typing import TextIO

from rich.console import Console

from sfsync.cli.frame.flags import Color

# A pipe has no width: nothing may wrap, be cut or be padded in it.
UNBOUNDED = 10_000
"""The width of a console that is no terminal."""


class _Console(Console):
    """A console that leaves a closed pipe to whoever ends the process."""

    def on_broken_pipe(self) -> None:
        """Rich would end the process with exit code 1."""
        raise BrokenPipeError


def colours(stream: TextIO, color: Color) -> bool:
    """Whether to colour `stream`: as told, else on a terminal without NO_COLOR."""
    if color is not Color.AUTO:
        return color is Color.ALWAYS
    return stream.isatty() and not os.environ.get("NO_COLOR")


def console_for(stream: TextIO, color: Color) -> Console:
    """A console on `stream`; without colour it writes no escape sequence at all, links included."""
    coloured = colours(stream, color)
    return _Console(
        file=stream,
        force_terminal=coloured,
        color_system="auto" if coloured else None,
        no_color=not coloured,
        width=None if stream.isatty() else UNBOUNDED,
        markup=False,
        emoji=False,
        highlight=False,
        legacy_windows=False,
    )
