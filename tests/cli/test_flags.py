from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sfsync.cli.frame import tree
from sfsync.cli.frame.flags import (
    GLOBAL_FLAGS,
    Color,
    Format,
    Words,
    hoist,
    wants_json,
)
from sfsync.errors import UsageError

if TYPE_CHECKING:
    from sfsync.cli.frame.flags import GlobalFlags


def lifted(*argv: str) -> tuple[GlobalFlags, list[str]]:
    """The flags and what is left, with the real command tree."""
    return hoist(argv, Words(tree.root(), tree.subcommand, tree.takes_value))


def test_flags_are_found_before_and_after_the_command() -> None:
    """`sfsync -c F help files` means the same as `sfsync help files -c F`."""
    before = lifted("-c", "a.yaml", "--json", "help", "files")
    after = lifted("help", "files", "--json", "--config=a.yaml")
    assert before == after
    assert before[0].config == Path("a.yaml")
    assert before[1] == ["help", "files"]


def test_words_after_the_double_dash_are_left_alone() -> None:
    """`--` ends the options, the global ones too."""
    flags, rest = lifted("help", "--", "--json", "-q")
    assert not flags.json
    assert rest == ["help", "--", "--json", "-q"]


def test_a_flag_that_is_the_value_of_an_option_stays_its_value() -> None:
    """`--reason -q` gives the reason "-q"; it does not silence the command."""
    flags, rest = lifted("invoice", "delete", "D-1", "--reason", "-q", "--json")
    assert not flags.quiet
    assert flags.json
    assert rest == ["invoice", "delete", "D-1", "--reason", "-q"]


def test_short_switches_may_be_joined_but_a_commands_own_are_not_touched() -> None:
    """`-qy` is two global flags; `-qx` belongs to the command."""
    flags, rest = lifted("-qy", "help", "-qx", "-n5")
    assert flags.quiet
    assert flags.yes
    assert rest == ["help", "-qx", "-n5"]


def test_every_flag_can_be_given() -> None:
    """Each global flag reaches its field, in the short and the joined form too."""
    flags, rest = lifted(
        *("-ccfg", "--ledger", "l.db", "--format", "csv", "--fields", "a, b", "-o", "out.csv"),
        *("--force", "-v", "--no-input", "--color=never", "--version"),
    )
    assert rest == []
    assert (flags.config, flags.ledger, flags.output) == (
        Path("cfg"),
        Path("l.db"),
        Path("out.csv"),
    )
    assert flags.fields == ("a", "b")
    assert flags.format is Format.CSV
    assert flags.color is Color.NEVER
    assert flags.force
    assert flags.verbose
    assert flags.no_input
    assert flags.version


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["help", "-c"], "-c needs a value"),
        (["--format", "xml"], "--format cannot be 'xml'"),
        (["--color=maybe"], "--color cannot be 'maybe'"),
        (["--json=yes"], "--json takes no value"),
    ],
)
def test_wrong_flags_are_refused(argv: list[str], said: str) -> None:
    """A flag without its value, or with a wrong one, is wrong usage."""
    with pytest.raises(UsageError, match=said):
        lifted(*argv)


def test_json_is_seen_even_in_an_argv_that_cannot_be_read() -> None:
    """A usage error under --json is a document too, unless --json stands after `--`."""
    assert wants_json(["--format", "json"])
    assert wants_json(["--nonsense", "--json", "-c"])
    assert not wants_json(["invoice", "--", "--json"])
    assert not wants_json([])


def test_no_command_takes_a_global_flag_for_itself() -> None:
    """Global flags keep one meaning; only `journal export` has formats of its own."""
    taken = {name for flag in GLOBAL_FLAGS.values() for name in flag.names}
    for path, command in tree.leaves(tree.root()):
        for parameter in command.params:
            own = {"--format"} if path == ("journal", "export") else set()
            assert taken.isdisjoint(set(parameter.opts) - own), path
