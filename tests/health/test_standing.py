from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from sfsync.errors import ExitCode
from sfsync.health.standing import Event, Heard, Standing, news, read_standing, write_standing

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
ALL = frozenset({"failed", "partial", "overdue", "recovered"})

GOOD = Heard(Event.OK)
FAILED = Heard(Event.FAILED, ExitCode.SIGN_IN)
OUTAGE = Heard(Event.FAILED, ExitCode.UNAVAILABLE)
OVERDUE = Heard(Event.FAILED, ExitCode.SIGN_IN, overdue=True)
IDLE = Heard(None)
STOPPED = Heard(Event.INTERRUPTED)


def partial(newest_failure: int) -> Heard:
    """A run in which records failed."""
    return Heard(Event.PARTIAL, newest_failure=newest_failure)


def told(*heard: Heard, wanted: frozenset[str] = ALL) -> list[list[str]]:
    """What is told after each of these, by a program that always works."""
    standing, found = Standing(), []
    for one in heard:
        events, standing = news(standing.after(one, NOW), one, wanted)
        found.append([event.value for event in events])
    return found


def test_a_failure_is_told_once_and_so_is_its_end() -> None:
    """Not every tick: the second failure alike says nothing new."""
    assert told(GOOD, FAILED, FAILED, IDLE, FAILED, GOOD, GOOD) == [
        *([], ["failed"], [], [], [], ["recovered"], []),
    ]


def test_another_kind_of_failure_is_news() -> None:
    """An outage that became a dead sign-in needs a person."""
    assert told(OUTAGE, OUTAGE, FAILED, GOOD) == [["failed"], [], ["failed"], ["recovered"]]


def test_a_record_that_did_not_fail_before_is_news() -> None:
    """The same failed records are told once; a new one among them again."""
    heard = (partial(1), partial(1), partial(7), partial(2), partial(2), partial(9), GOOD)
    assert told(*heard) == [["partial"], [], ["partial"], [], [], ["partial"], ["recovered"]]


def test_overdue_is_told_beside_the_failure_that_made_it() -> None:
    """Both end together, with one word."""
    assert told(FAILED, OVERDUE, OVERDUE, GOOD) == [["failed"], ["overdue"], [], ["recovered"]]
    assert told(Heard(None, overdue=True), Heard(None, overdue=True), GOOD) == [
        *(["overdue"], [], ["recovered"]),
    ]


def test_an_interrupted_try_mends_nothing() -> None:
    """Ctrl-C during a failure is neither its end nor told."""
    assert told(FAILED, STOPPED, FAILED, GOOD) == [["failed"], [], [], ["recovered"]]


def test_only_what_is_wanted_is_told() -> None:
    """A recovery from what nobody wanted to hear of is no news; ok is every good run."""
    assert told(FAILED, GOOD, wanted=frozenset({"partial", "recovered"})) == [[], []]
    assert told(FAILED, partial(1), GOOD, wanted=frozenset({"failed", "recovered"})) == [
        *(["failed"], ["recovered"], []),
    ]
    assert told(GOOD, IDLE, GOOD, wanted=frozenset({"ok"})) == [["ok"], [], ["ok"]]


@given(st.lists(st.sampled_from([GOOD, FAILED, OUTAGE, OVERDUE, IDLE, STOPPED, partial(3)])))
def test_troubles_and_recoveries_alternate(heard: list[Heard]) -> None:
    """Whatever happens, a recovery follows a trouble, and nothing follows itself unchanged."""
    standing, troubled, last = Standing(), False, None
    for one in heard:
        events, standing = news(standing.after(one, NOW), one, ALL)
        if Event.RECOVERED in events:
            assert troubled
            assert events == [Event.RECOVERED]
        troubled = bool(standing.told)
        assert not (events and one == last and one.condition is not None)
        last = one


def test_refusals_of_the_sign_in_are_counted_until_one_is_not_refused() -> None:
    """Only a sign-in counts; an outage or a good run begins anew."""
    standing = Standing()
    for _ in range(3):
        standing = standing.after(FAILED, NOW)
    assert (standing.refusals, standing.refused_at) == (3, NOW)
    assert standing.after(IDLE, NOW) == standing
    for other in (OUTAGE, GOOD):
        assert standing.after(other, NOW).refused_at is None


def test_a_standing_is_kept_privately_and_read_back(tmp_path: Path) -> None:
    """What was written is what is read, mode 0600; a damaged file is a fresh start."""
    path = tmp_path / "standing" / "acme.json"
    assert read_standing(path) == Standing()
    standing = Standing(Event.FAILED, 4, 7, {"failed": 4, "partial": 7}, 2, NOW)
    write_standing(path, standing)
    assert read_standing(path) == standing
    assert path.stat().st_mode & 0o777 == 0o600
    for damage in ("", "{", "[]", '{"condition": "x"}', '{"condition": "ok", "told": 3}'):
        path.write_text(damage)
        assert read_standing(path) == Standing()
