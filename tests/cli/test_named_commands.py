from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import sfsync
from sfsync.cli.frame import tree

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(sfsync.__file__).parent
NAMED = re.compile(r"(?<![\w'./-])sfsync ([a-z][a-z-]*)((?: [a-z][a-z-]*)?)")
# What the program does, in sentences; a word that is neither this nor a command fails the test.
PROSE = {
    *("asks", "begins", "copies", "did", "does", "has", "is", "made", "mapping", "may", "never"),
    *("process", "reads", "run", "says", "shall", "stops", "turns", "uses", "will", "ledger"),
}


def _texts(path: Path) -> Iterator[str]:
    """Every string literal of a file but its docstrings; a placeholder reads as {}."""
    parsed = ast.parse(path.read_text(encoding="utf-8"))
    said = {
        id(node.value)
        for node in ast.walk(parsed)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(parsed):
        if isinstance(node, ast.JoinedStr):
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values
            )
        elif (
            isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said
        ):
            yield node.value


def _named() -> list[tuple[str, str, str]]:
    files = [*PACKAGE.rglob("*.py")]
    texts = [(file.name, text) for file in files for text in _texts(file)]
    texts += [(file.name, file.read_text(encoding="utf-8")) for file in PACKAGE.rglob("*.yaml")]
    return sorted(
        {
            (name, word, more.strip())
            for name, text in texts
            for word, more in NAMED.findall(text)
            if word not in PROSE
        }
    )


def _resolves(root: Any, word: str, more: str) -> bool:
    command = tree.subcommand(root, word)
    if command is None:
        return False
    below = getattr(command, "commands", None)
    # "sfsync status says" goes on in prose; after a group there must be one of its commands.
    return below is None or not more or more in below or more in {"and", "or", "then", "needs"}


@pytest.mark.parametrize(("file", "word", "more"), _named(), ids=str)
def test_every_command_that_is_named_exists(file: str, word: str, more: str) -> None:
    """Advice never names a command that this version does not have."""
    assert _resolves(tree.root(), word, more), f"{file}: sfsync {word} {more}"
