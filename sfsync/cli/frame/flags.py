"""Global flags: accepted before or after any command, taken out of argv before it is parsed.

The parser of the command line only accepts global options in front; people add a flag at the end
of the line they have just run. So the flags are lifted out first, with the command tree at hand to
know which of a command's own options take the next word as their value.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfsync.cli.frame.paths import usable_path
from sfsync.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Format(StrEnum):
    """How results are written; ``table`` is for people, ``tsv`` is what a pipe gets.

    The last three make files: they are not for a terminal.
    """

    TABLE = "table"
    TSV = "tsv"
    CSV = "csv"
    JSON = "json"
    JSONL = "jsonl"
    MD = "md"
    XLSX = "xlsx"
    PDF = "pdf"
    HTML = "html"


class Color(StrEnum):
    """When to colour: ``auto`` is on a terminal without NO_COLOR."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class GlobalFlags:
    """The global flags of one command line; `format` is None when none was asked for."""

    config: Path | None = None
    ledger: Path | None = None
    format: Format | None = None
    json: bool = False
    fields: tuple[str, ...] = ()
    output: Path | None = None
    force: bool = False
    quiet: bool = False
    verbose: bool = False
    no_input: bool = False
    yes: bool = False
    color: Color = Color.AUTO
    version: bool = False

    @property
    def file(self) -> Path | None:
        """The file of ``-o``, None for stdout."""
        return None if self.output == Path("-") else self.output

    @property
    def lists_fields(self) -> bool:
        """Whether the names of fields are asked for, and not their values: ``--fields help``."""
        return self.fields == ("help",)


@dataclass(frozen=True, slots=True)
class GlobalFlag:
    """One global flag as help shows it: its spellings, its value's name (None: a switch)."""

    names: tuple[str, ...]
    value: str | None
    help: str


GLOBAL_FLAGS: dict[str, GlobalFlag] = {
    "config": GlobalFlag(("-c", "--config"), "FILE", "the mapping file"),
    "ledger": GlobalFlag(("--ledger",), "FILE", "the ledger file"),
    "json": GlobalFlag(("--json",), None, "one JSON document on stdout, also on failure"),
    "format": GlobalFlag(("--format",), "FORMAT", ", ".join(Format)),
    "fields": GlobalFlag(("--fields",), "A,B", "only these fields; '--fields help' lists them"),
    "output": GlobalFlag(
        ("-o", "--output"), "FILE", "write to a file; its ending tells the format"
    ),
    "force": GlobalFlag(("--force",), None, "overwrite the output file"),
    "quiet": GlobalFlag(("-q", "--quiet"), None, "say nothing when all is well"),
    "verbose": GlobalFlag(("-v", "--verbose"), None, "log each request; show the log on stderr"),
    "no_input": GlobalFlag(("--no-input",), None, "never ask, even on a terminal"),
    "yes": GlobalFlag(("-y", "--yes"), None, "answer yes to what would be asked"),
    "color": GlobalFlag(("--color",), "WHEN", ", ".join(Color)),
    "version": GlobalFlag(("--version",), None, "print the version"),
}

_BY_NAME = {name: key for key, flag in GLOBAL_FLAGS.items() for name in flag.names}
_SHORT_SWITCHES = frozenset(
    name[1]
    for flag in GLOBAL_FLAGS.values()
    for name in flag.names
    if flag.value is None and len(name) == len("-x")
)
_SHORT_VALUES = ("-c", "-o")


def _one_of(name: str, value: str, allowed: type[Format | Color]) -> Any:  # noqa: ANN401 - a member of either enum
    if value not in list(allowed):
        choices = ", ".join(allowed)
        raise UsageError(f"{name} cannot be '{value}': one of {choices}", code="usage")
    return allowed(value)


_PARSERS: dict[str, Callable[[str], Any]] = {
    "config": lambda value: usable_path(value, "-c/--config"),
    "ledger": lambda value: usable_path(value, "--ledger"),
    "output": lambda value: usable_path(value, "-o/--output"),
    "fields": lambda value: tuple(part.strip() for part in value.split(",") if part.strip()),
    "format": lambda value: _one_of("--format", value, Format),
    "color": lambda value: _one_of("--color", value, Color),
}


class Words:
    """Follows argv through the command tree, to tell options' values from flags.

    Args:
        root: the root command; sub-commands are asked for by name through `subcommand`.
        subcommand: the command of that name below a command, None when there is none.
        takes_value: whether an option of a command consumes the next word.
    """

    def __init__(
        self,
        root: Any,  # noqa: ANN401 - the parser's command classes are private to it
        subcommand: Callable[[Any, str], Any],
        takes_value: Callable[[Any, str], bool],
    ) -> None:
        self._path = [root]
        self._subcommand = subcommand
        self._takes_value = takes_value

    def follow(self, word: str) -> None:
        """A word that is not an option: perhaps the name of a sub-command."""
        found = self._subcommand(self._path[-1], word)
        if found is not None:
            self._path.append(found)

    def owns(self, word: str) -> bool:
        """Whether `word` is an option, with a value, of the command itself: `journal --format`."""
        name = word.partition("=")[0]
        return word.startswith("--") and self._takes_value(self._path[-1], name)

    def takes_value(self, option: str) -> bool:
        """Whether `option` of the command reached so far takes the next word."""
        return "=" not in option and self._takes_value(self._path[-1], option)


def wants_json(argv: Sequence[str]) -> bool:
    """Whether argv asks for JSON at all: how to report an argv that cannot be read."""
    words = list(argv[: argv.index("--")] if "--" in argv else argv)
    pairs = zip(words, [*words[1:], ""], strict=False)
    return any(
        word in {"--json", "--format=json"} or (word, following) == ("--format", "json")
        for word, following in pairs
    )


def hoist(argv: Sequence[str], words: Words) -> tuple[GlobalFlags, list[str]]:
    """Take the global flags out of `argv`; what is after ``--`` is left alone.

    Raises:
        UsageError: a flag without its value, or with one that is not allowed.
    """
    flags = GlobalFlags()
    rest: list[str] = []
    place = 0
    while place < len(argv):
        word = argv[place]
        if word == "--":
            rest.extend(argv[place:])
            break
        found, used = ({}, 1) if words.owns(word) else _global_flag(argv, place)
        if found:
            flags = replace(flags, **found)
        elif _is_option(word):
            used = 2 if words.takes_value(word) else 1
            rest.extend(argv[place : place + used])
        else:
            words.follow(word)
            rest.append(word)
        place += used
    if flags.json:
        flags = replace(flags, format=flags.format or Format.JSON)
    return flags, rest


def _is_option(word: str) -> bool:
    return word.startswith("-") and word != "-"


def _global_flag(argv: Sequence[str], place: int) -> tuple[dict[str, Any], int]:
    """The flags that the word at `place` sets, and how many words they take."""
    word = argv[place]
    if not _is_option(word):
        return {}, 1
    name, equals, value = _split(word)
    key = _BY_NAME.get(name)
    if key is None:
        return _switches(word), 1
    if GLOBAL_FLAGS[key].value is None:
        if equals:
            raise UsageError(f"{name} takes no value", code="usage")
        return {key: True}, 1
    if equals:
        return {key: _PARSERS[key](value)}, 1
    if place + 1 >= len(argv):
        raise UsageError(f"{name} needs a value: {GLOBAL_FLAGS[key].value}", code="usage")
    return {key: _PARSERS[key](argv[place + 1])}, 2


def _split(word: str) -> tuple[str, bool, str]:
    if word.startswith("--"):
        name, equals, value = word.partition("=")
        return name, bool(equals), value
    if word[:2] in _SHORT_VALUES and len(word) > len("-x"):
        return word[:2], True, word[2:].removeprefix("=")
    return word, False, ""


def _switches(word: str) -> dict[str, Any]:
    """``-qy`` is ``-q -y``; any other letter makes it a command's own option."""
    letters = word[1:]
    if word.startswith("--") or not letters or not set(letters) <= _SHORT_SWITCHES:
        return {}
    return {_BY_NAME[f"-{letter}"]: True for letter in letters}
