"""A mapping file that was made to hurt: exit 5 with a place, in little time and memory."""

from __future__ import annotations

import re
import time
import tracemalloc
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.config import find_problems
from tests.hostile.inert import cases, drawn, obeyed

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.command_line import Sfsync

HEAD = "version: 1\n"
BOMBS = {
    "aliases": "a: &a [x]\n" + "".join(f"b{n}: &b{n} [*a,*a,*a,*a]\n" for n in range(9)),
    "aliases of aliases": "a: &a [x]\n"
    + "".join(f"a{n}: &a{n} [{'*a,' * 9}]\n" for n in range(99)),
    "depth of lists": "[" * 100_000,
    "depth of groups": "{a: " * 100_000,
    "depth by indents": "\n".join(" " * n + "a:" for n in range(1300)),
    "dashes": "- " * 100_000,
    "a tag": HEAD + "ledger: !!python/object/apply:os.system ['id']",
    "tags": HEAD + "ledger: " + "!x \n" + "k: !!binary aa\n" * 20_000,
    "anchors": "".join(f"k{n}: &a{n} x\n" for n in range(50_000)),
    "duplicates": HEAD + "ledger: {}\n" * 60_000,
    "merge": HEAD + "<<: " * 9 + "x",
    "10 MB of lines": "a: b\n" * 2_500_000,
    "10 MB of one text": 'a: "' + "x" * 10_000_000 + '"',
    "10 MB of nothing": "\n" * 10_000_000,
    "10 MB of comment": "#" * 10_000_000,
    "a long name": "x" * 900_000 + ": 1",
    "a long text": 'seller: {name: "' + "x" * 900_000 + '"}',
    "a long condition": HEAD + 'opportunities: {filters: {where: "' + "(" * 900_000 + '"}}',
    "a long template": HEAD + 'opportunities: {map: {description: "' + "{" * 900_000 + '"}}',
    "escapes": 'a: "' + "\\x41" * 200_000 + '"',
    "a bad escape": 'a: "\\uD800"',
    "documents": "---\n" * 200_000,
    "directives": "%YAML 1.1\n" * 100_000,
    "keys that are lists": "? [" * 50_000,
    "bytes": "\x00" * 100_000,
    "line ends": HEAD + "a\u2028b\u0085c: 1\r\r\r",
}


def seconds_to_refuse(path: Path) -> float:
    """CPU seconds until the problems are known."""
    start = time.process_time()
    assert find_problems(path).problems
    return time.process_time() - start


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_at_its_place_in_little_memory(
    sfsync: Sfsync, tmp_path: Path, name: str
) -> None:
    """Exit 5, file:line:column, at most a tenth of a second and 50 MB."""
    path = tmp_path / "bomb.yaml"
    path.write_text(BOMBS[name], encoding="utf-8", newline="")
    done = sfsync("config", "validate", "-c", str(path))
    assert done.status == 5, done
    assert re.search(r"bomb\.yaml:\d+:\d+: C\d{3} ", done.out + done.err), done
    assert obeyed(done.out + done.err) == []
    # The best of three: a collection of garbage is not the file's fault.
    assert any(seconds_to_refuse(path) < 0.1 for _ in range(3))
    tracemalloc.start()
    find_problems(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 50_000_000


PIECES = [
    "version: 1",
    "ledger:",
    "posting:",
    "accounts:",
    "receivable: 0100",
    "region: NO",
    "at: 18:30",
    "\n",
    "\n  ",
    "\n    ",
    ": ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    "&a",
    "*a",
    "!!str ",
    "!x",
    "<<: *a",
    "? ",
    "|",
    ">",
    "|2-",
    "'",
    '"',
    "\\",
    "#",
    "%",
    "@",
    "`",
    "\t",
    "---",
    "...",
    ",",
    "~",
    "null",
    "\ufeff",
    "\u2028",
    "é",
    "👩",
]


@pytest.mark.long
def test_a_thousand_heaps_of_yaml_are_answered_with_a_place(tmp_path: Path, sfsync: Sfsync) -> None:
    """Any heap of YAML's own signs: settings, or exit 5 with places; never anything else."""
    path = tmp_path / "heap.yaml"

    @drawn(cases(1000))
    @given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
    def answer(text: str) -> None:
        path.write_text(HEAD + text, encoding="utf-8", newline="")
        done = sfsync("config", "validate", "-c", str(path))
        assert done.status in {0, 5}, (text, done)
        if done.status:
            assert re.search(r"heap\.yaml:\d+:\d+: C\d{3} ", done.out + done.err), (text, done)
        assert obeyed(done.out + done.err) == [], (text, done)

    answer()
