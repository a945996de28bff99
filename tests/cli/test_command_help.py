from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

import pytest

from sfsync.cli.frame import tree
from sfsync.cli.frame.flags import Words, hoist

if TYPE_CHECKING:
    from tests.cli.command_line import Sfsync

LEAVES = list(tree.leaves(tree.root()))
PAGES: dict[tuple[str, ...], Any] = {
    **{(word,): tree.subcommand(tree.root(), word) for word in tree.entries()},
    **dict(LEAVES),
}


@pytest.mark.parametrize("words", PAGES, ids=" ".join)
def test_every_command_explains_itself_with_examples(
    sfsync: Sfsync, words: tuple[str, ...]
) -> None:
    """-h and --help exit 0, and the help has two to four examples of this command or group."""
    done = sfsync(*words, "-h")
    assert done.status == 0
    assert done.out == sfsync(*words, "--help").out
    examples = re.findall(r"\$ (.+)", done.out)
    assert 2 <= len(examples) <= 4
    assert any(" ".join(words) in example for example in examples)


@pytest.mark.parametrize(("words", "command"), PAGES.items(), ids=map(" ".join, PAGES))
def test_examples_are_command_lines_that_parse(words: tuple[str, ...], command: object) -> None:
    """No example names an option that does not exist."""
    examples = re.findall(r"\$ (sfsync .+)", str(getattr(command, "help", "")))
    assert examples, words
    for example in examples:
        argv = shlex.split(re.split(r" \| | \|\| | > ", example)[0])[1:]
        root = tree.root()
        _, rest = hoist(argv, Words(root, tree.subcommand, tree.takes_value))
        found = root
        while rest and (below := tree.subcommand(found, rest[0])) is not None:
            found, rest = below, rest[1:]
        found.make_context("sfsync", list(rest), resilient_parsing=False)


@pytest.mark.parametrize("words", [path for path, _ in LEAVES], ids=" ".join)
def test_every_command_fails_with_one_json_document(sfsync: Sfsync, words: tuple[str, ...]) -> None:
    """A wrong option under --json is a document, whatever the command."""
    done = sfsync(*words, "--json", "--no-such-option")
    assert (done.status, done.err) == (2, "")
    assert done.document["schema"] == "sfsync.error.v1"
    assert done.document["error"]["message"].startswith("No such option: --no-such-option")


def test_the_overview_says_what_each_command_says_of_itself() -> None:
    """The lines of the overview are in the tree, so every word of it must be importable."""
    for word in tree.entries():
        assert tree.subcommand(tree.root(), word) is not None
