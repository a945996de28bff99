"""Whatever an org answers: the run or the record fails by name, and the ledger is sound."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.salesforce.retry import RetryPolicy
from tests.cli.command_line import start
from tests.hostile.inert import cases, drawn, require_ending, require_sound_ledger
from tests.hostile.lying_org import BODIES, HUGE, Liar, Lie, lies, lying_gateway

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.command_line import Done

ENDINGS = frozenset({0, 3, 4, 5, 6, 8, 11})
HONEST = frozenset({0, 3})


@pytest.fixture
def liar(home: Path, synced: Path, monkeypatch: pytest.MonkeyPatch) -> Liar:
    """A demo org that lies, in a copy of the synced demo; nothing waits between two tries."""
    liar = Liar()
    monkeypatch.setattr("sfsync.demo.server.Gateway", lying_gateway(liar))
    monkeypatch.setattr(RetryPolicy, "_wait", lambda *_: 0.0)
    (home.parent / "synced").symlink_to(synced)
    return liar


def fresh(tmp_path: Path, *, first: bool) -> Path:
    """The working folder anew; on the first sync there is no ledger yet."""
    work = tmp_path / "work"
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(tmp_path / "synced" / "work", work)
    if first:
        for path in work.glob("demo.db*"):
            path.unlink()
    return work


def sync(liar: Liar, told: tuple[Lie, ...], *argv: str) -> Done:
    """One sync against these lies."""
    liar.lies, liar.replies = told, 0
    liar.paths.clear()
    return start(["sync", *argv])


def check(told: object, done: Done, endings: frozenset[int] = ENDINGS) -> None:
    """A documented ending, said inertly, and a sound ledger."""
    require_ending(done, told, endings)
    require_sound_ledger((told, done))


def run_cases(liar: Liar, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """So many lies; after each, an honest sync goes through."""

    @drawn(count)
    @given(
        st.lists(lies, min_size=1, max_size=2).map(tuple),
        st.booleans(),
        st.sampled_from([("--now", "--full"), ("--now", "--json"), ("plan",)]),
    )
    def answer(told: tuple[Lie, ...], first: bool, argv: tuple[str, ...]) -> None:  # noqa: FBT001 - drawn
        monkeypatch.chdir(fresh(tmp_path, first=first))
        check(told, sync(liar, told, *argv))
        check(told, sync(liar, (), "--now", "--full"), HONEST)

    answer()


FOUND = {
    "a page that names each record twice": Lie(5, "double", stays=True),
    "a line whose place is no number": Lie(5, "replace", stays=True, which=1018, value="x"),
    "ids that are no ids": Lie(5, "replace", stays=True, which=3, value="006' OR Name != 'x"),
    "nothing but null": Lie(5, "all-null", stays=True),
    "pages without end": Lie(4, "more-pages", stays=True),
    "a number of a thousand million digits": Lie(4, "body", stays=False, which=BODIES.index(HUGE)),
}


@pytest.mark.parametrize("name", FOUND)
def test_a_lie_that_once_broke_a_run_does_not(
    liar: Liar, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Each ends in a way that is documented, and the ledger is sound."""
    monkeypatch.chdir(fresh(tmp_path, first=True))
    check(name, sync(liar, (FOUND[name],), "--now", "--full"))
    check(name, sync(liar, (), "--now", "--full"), HONEST)


def test_any_answer_of_an_org_is_survived(
    liar: Liar, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sample of lies: exit 6, 5 or 4, or records that failed by name; never a traceback."""
    run_cases(liar, tmp_path, monkeypatch, 5)
    assert liar.told > 0


@pytest.mark.long
def test_a_thousand_lies_are_survived(
    liar: Liar, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same of a thousand lies."""
    run_cases(liar, tmp_path, monkeypatch, cases(1000))
