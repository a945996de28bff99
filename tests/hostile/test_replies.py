"""Whatever an org answers: the run or the record fails by name, and the ledger is sound."""

from __future__ import annotations

import copy
import shutil
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.salesforce.describes import object_describe
from sfsync.salesforce.faults import PassingError
from sfsync.salesforce.retry import RetryPolicy
from sfsync.salesforce.soql import identifier
from tests.cli.command_line import start
from tests.hostile.inert import cases, drawn, require_ending, require_sound_ledger
from tests.hostile.lying_org import (
    BODIES,
    HUGE,
    WRONG,
    Liar,
    Lie,
    lies,
    lying_gateway,
    places_of,
)

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
    "a field that looks up nothing": Lie(2, "replace", stays=False, which=238, value=None),
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


DESCRIBE = {
    "name": "Opportunity",
    "label": "Opportunity",
    "fields": [
        {"name": "AccountId", "label": "Account ID", "type": "reference", "nillable": True,
         "filterable": True, "scale": 0, "length": 18, "relationshipName": "Account",
         "referenceTo": ["Account"], "picklistValues": []},
        {"name": "StageName", "label": "Stage", "type": "picklist", "nillable": False,
         "filterable": True, "scale": 0, "length": 255, "relationshipName": None,
         "referenceTo": [], "picklistValues": [{"value": "Closed Won", "active": True}]},
    ],
}  # fmt: skip


@pytest.mark.parametrize("place", range(len(list(places_of(DESCRIBE)))))
def test_a_description_is_taken_as_documented_or_not_at_all(place: int) -> None:
    """Whatever stands at one place of it: a bad reply, or names, texts and counts as promised."""
    for wrong in WRONG:
        reply = copy.deepcopy(DESCRIBE)
        holder, key = list(places_of(reply))[place]
        holder[key] = wrong
        try:
            found = object_describe(reply)
        except PassingError:
            continue
        for field in found.fields.values():
            names = (found.name, field.name, field.relationship_name or "Id", *field.reference_to)
            assert all(map(identifier, names))
            assert all(isinstance(value, str) for value in field.picklist_values)
            assert isinstance(field.scale, int)
            assert isinstance(field.length, int)


@pytest.mark.long
def test_a_thousand_lies_are_survived(
    liar: Liar, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same of a thousand lies."""
    run_cases(liar, tmp_path, monkeypatch, cases(1000))
