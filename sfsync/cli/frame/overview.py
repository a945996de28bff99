"""What bare `sfsync` and `sfsync -h` print: the next step, the commands, the global flags."""

from __future__ import annotations

from sfsync import __version__
from sfsync.cli.frame.flags import GLOBAL_FLAGS
from sfsync.cli.frame.paths import Paths
from sfsync.cli.frame.tree import SECTIONS

INTRODUCTION = "sfsync copies closed Salesforce deals into an accounts-receivable ledger you own."


def overview() -> str:
    """The whole text; looks only at which files exist."""
    parts = [f"{INTRODUCTION}  ({__version__})", _next_step()]
    parts += [_section(title, commands) for title, commands in _sections()]
    parts.append(_section("Global flags, before or after any command", _flags()))
    return "\n\n".join(parts) + "\n"


def _next_step() -> str:
    paths = Paths.of_environment()
    if any(candidate.is_file() for candidate in paths.config_candidates()):
        return "Next:  sfsync status"
    return (
        "Not connected yet.\n"
        "  Try it without an account:  sfsync demo start\n"
        "  Connect your org:           sfsync config init, then: sfsync connect"
    )


def _sections() -> list[tuple[str, dict[str, str]]]:
    return [
        (title, {word: entry.summary for word, entry in commands.items()})
        for title, commands in SECTIONS.items()
    ]


def _flags() -> dict[str, str]:
    return {
        ", ".join(flag.names) + (f" {flag.value}" if flag.value else ""): flag.help
        for flag in GLOBAL_FLAGS.values()
    } | {"-h, --help": "explain a command; also: sfsync help COMMAND"}


def _section(title: str, rows: dict[str, str]) -> str:
    width = min(max(len(name) for name in rows), 26)
    lines = [f"  {name:<{width}}  {text}" for name, text in rows.items()]
    return "\n".join([title, *lines])
