"""Whatever a person types: a documented exit code, and nothing that a terminal obeys."""

from __future__ import annotations

import csv
import io
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.cli.frame import tree
from tests.cli.command_line import start
from tests.hostile.inert import cases, drawn, require_ending, require_sound_ledger

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.command_line import Sfsync

# They wait for somebody, or play the whole tour.
WAITING = {("demo", "serve"), ("sync", "watch"), ("demo",)}
# Each would call a host, or start a program of this machine.
KEPT = {"login_url", "sandbox", "auth", "no_browser", "open", "as_cron"}
FIXED = {
    "connect": ["--login-url", "http://127.0.0.1:9", "--auth", "client-credentials"],
    "disconnect": ["--no-input"],
}
LEAVES = [(words, found) for words, found in tree.leaves(tree.root()) if words not in WAITING]
GLOBAL = ("--json", "--force", "-q", "-v", "--no-input", "-y", "--version")
GLOBAL_VALUES = ("-c", "--ledger", "--format", "--fields", "-o", "--color")

PLACES = [
    "folder", "unreadable", "link", "loop", "dangling", "mappings.yaml", "demo-org.db", "/dev/null",
    "/dev/full", "/", ".", "..", "-", "", "missing/file", "x" * 300, "a/" * 3000, "~",
    "~nobody/x", "~no-such-person/x", "x" * 255, "demo-org.db/x",
]  # fmt: skip
VALUES = [
    "0", "-1", "-0.00", "1e400", "9" * 400, "NaN", "Infinity", "1,000.00", "0x10", "\u0663",
    "1_000", "2026-02-30", "-2026-01-01", "0000-00-00", "99999-12-31", "9999-12-31",
    "0001-01-01", "2026-11-22", "today", "latest", "D-000001", "D-9999999999999999999999",
    "D-\u0660\u0661", "006000000000001AAA", "006" + "0" * 12, "https://x/006000000000001AAA",
    "http://[::1", "USD", "A=B", "=", "a=b=c", "1s", "-5m", "9999999999h", "--", "-", "--json",
    "'; DROP TABLE invoice; --", "%", "_", "\\", "{0}", "[/bold]", "\x1b]0;x\x07", "\u202e",
    "\udc80\udcff", "\x9b2J", "a\nb\tc", "null", "month", "rep", "USD 5", "5 USD", "1" * 30,
]  # fmt: skip

values = st.one_of(
    st.sampled_from(VALUES),
    st.sampled_from(PLACES),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12),
    st.integers().map(str),
    st.integers(-(10**40), 10**40).map(str),
    st.dates().map(str),
    st.decimals(allow_nan=True).map(str),
)


def _options(command: Any) -> list[Any]:
    return [p for p in command.params if p.name not in {*KEPT, "help"}]


@st.composite
def command_lines(draw: st.DrawFn) -> list[str]:
    """A command with some of its own options, values of any kind, and global flags."""
    words, command = draw(st.sampled_from(LEAVES))
    argv = [*words, *FIXED.get(words[0], [])]
    for parameter in _options(command):
        if parameter.param_type_name == "argument":
            argv += draw(st.lists(values, min_size=0 if not parameter.required else 1, max_size=2))
        elif draw(st.integers(0, 3)) == 0:
            argv.append(draw(st.sampled_from(parameter.opts)))
            if not parameter.is_flag:
                argv.append(_choice(draw, parameter))
    argv += draw(st.lists(st.sampled_from(GLOBAL), max_size=2))
    if draw(st.integers(0, 3)) == 0:
        argv += [draw(st.sampled_from(GLOBAL_VALUES)), draw(values)]
    return argv


def _choice(draw: st.DrawFn, parameter: Any) -> str:
    choices = getattr(parameter.type, "choices", None)
    if choices and draw(st.booleans()):
        picked = draw(st.sampled_from(list(choices)))
        return str(getattr(picked, "value", picked))
    typed: str = draw(values)
    return typed


@pytest.fixture
def world(home: Path, synced: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for a copy of the synced demo, with no program to call."""
    for name, folder in (("HOME", "person"), ("PATH", "no-programs")):
        monkeypatch.setenv(name, str(home.parent / folder))
    monkeypatch.setattr("sfsync.salesforce.retry.RetryPolicy.run", lambda _, read: read())
    (home.parent / "synced").symlink_to(synced)
    return home.parent


def fresh(world: Path) -> Path:
    """The working folder anew: the demo as it was, and places of every unwelcome kind."""
    for name in ("work", "home", "person"):
        shutil.rmtree(world / name, ignore_errors=True)
    shutil.copytree(world / "synced" / "work", world / "work")
    if (world / "synced" / "home").exists():
        shutil.copytree(world / "synced" / "home", world / "home")
    work = world / "work"
    (work / "folder").mkdir()
    (work / "unreadable").write_text("x")
    (work / "unreadable").chmod(0)
    (work / "link").symlink_to("mappings.yaml")
    (work / "loop").symlink_to("loop")
    (work / "dangling").symlink_to("nowhere")
    return work


@pytest.mark.parametrize("flag", ["-c", "--ledger", "-o"])
@pytest.mark.parametrize("path", ["9" * 400, "a/" * 3000, "~no-such-person/x"])
def test_a_path_that_cannot_be_is_wrong_usage(books: Sfsync, flag: str, path: str) -> None:
    """Too long, or of a person who is not there: exit 2, and the flag is named."""
    done = books("invoice", "list", flag, path)
    assert done.status == 2
    assert flag in done.err.splitlines()[0]
    assert len(done.err) < 400


@pytest.mark.parametrize("name", ["SFSYNC_HOME", "SFSYNC_CONFIG", "SFSYNC_LEDGER"])
def test_a_path_of_the_environment_that_cannot_be_is_wrong_usage(
    books: Sfsync, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The same for what the environment says."""
    monkeypatch.setenv(name, "9" * 400)
    done = books("invoice", "list", "--json")
    assert done.status == 2
    assert done.document["error"]["code"] == "path-unusable"
    assert name in done.document["error"]["message"]


@pytest.mark.parametrize("amount", ["folder", "NaN", "9" * 40, "-", "1e400"])
def test_a_deal_that_the_demo_org_refuses_is_wrong_usage(books: Sfsync, amount: str) -> None:
    """An amount that is none, or too large: exit 2."""
    done = books("demo", "close-deal", "--amount", amount)
    assert done.status == 2, done


SPACES = ("", "\t", "\r", "\n ")
FORMULAS = "=+-@\uff1d\uff0b\uff0d\uff20"


def test_no_cell_of_csv_begins_a_formula(books: Sfsync) -> None:
    """Half and full width, after tabs and line ends: an apostrophe stands before them."""
    for number, first in enumerate(f"{space}{sign}" for space in SPACES for sign in FORMULAS):
        text = f"{first}SUM(A1)"
        added = books("customer", "add", f"x{number}", "--industry", text, "--city", text)
        assert added.status == 0
    out = books("customer", "list", "--format", "csv").out
    cells = [cell for row in csv.reader(io.StringIO(out)) for cell in row]
    assert not [cell for cell in cells if cell.lstrip()[:1] in set(FORMULAS)]


def run_cases(world: Path, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """So many command lines, each on a fresh copy of the demo."""

    @drawn(count)
    @given(command_lines(), st.booleans())
    def answer(argv: list[str], terminal: bool) -> None:  # noqa: FBT001 - drawn
        monkeypatch.chdir(fresh(world))
        require_ending(start(argv, terminal=terminal, answer="\n\x1b\n"), argv)
        require_sound_ledger(argv)

    answer()


def test_any_command_line_is_answered(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sample: exit codes of the list, no traceback, nothing that a terminal obeys."""
    run_cases(world, monkeypatch, 30)


@pytest.mark.long
def test_a_thousand_command_lines_are_answered(
    world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same of a thousand command lines."""
    run_cases(world, monkeypatch, cases(1000))
