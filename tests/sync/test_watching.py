from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from sfsync import demo
from sfsync.demo.store import OrgStore
from sfsync.errors import LockedError, SignInError, UnavailableError
from sfsync.ledger import history
from sfsync.sync.polling import Poller
from sfsync.sync.watching import Rhythm, beats

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sync.conftest import Workplace


@dataclass
class Hours:
    """A clock that only sleeping moves."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        """Let so much time go by."""
        self.slept.append(seconds)
        self.now += seconds

    def rhythm(self, every: float, during: float | None = None) -> Rhythm:
        """A rhythm by this clock."""
        return Rhythm(every, during, clock=lambda: self.now, sleep=self.sleep)


def test_intervals_begin_evenly_and_end_in_time() -> None:
    """A long run shortens the wait after it; the last wait ends with the time."""
    hours = Hours()

    def step() -> int:
        hours.now += 10
        return 7

    found = list(beats(step, hours.rhythm(60, 150)))
    assert [beat.run for beat in found] == [7, 7, 7]
    assert hours.slept == [50, 50, 20]
    assert hours.now == 150


def test_trouble_is_waited_out_longer_and_longer() -> None:
    """Doubled up to a quarter of an hour, back to the interval when it is over."""
    hours, looks = Hours(), 0

    def step() -> None:
        nonlocal looks
        looks += 1
        if looks <= 6:
            raise UnavailableError("503", code="salesforce-unavailable")

    found = [beat for beat, _ in zip(beats(step, hours.rhythm(60)), range(8), strict=False)]
    assert [beat.wait for beat in found] == [120, 240, 480, 900, 900, 900, 60, 60]
    assert [beat.trouble is None for beat in found] == [False] * 6 + [True] * 2
    slow = next(beats(_refuse, Hours().rhythm(3600)))
    assert slow.wait == 3600


def _refuse() -> None:
    raise UnavailableError("503", code="salesforce-unavailable")


def test_another_run_at_work_is_no_trouble_and_a_dead_sign_in_ends_it() -> None:
    """The first waits for the next interval; for the second only a person can do something."""

    def locked() -> None:
        raise LockedError("another", code="ledger-locked")

    def dead() -> None:
        raise SignInError("expired", code="sign-in-expired")

    beat = next(beats(locked, Hours().rhythm(60)))
    assert (beat.run, beat.trouble, beat.wait) == (None, None, 60)
    with pytest.raises(SignInError):
        next(beats(dead, Hours().rhythm(60)))


def _past(late: timedelta) -> Callable[[], datetime]:
    return lambda: datetime.now(UTC) - late


def _looked(workplace: Workplace, poller: Poller) -> bool:
    with workplace.ledger() as ledger:
        return poller.changed(history.cursors(ledger))


def test_a_quiet_look_is_one_call(workplace: Workplace) -> None:
    """Six objects are watched, five queries fit a call: those that change least take turns."""
    workplace.sync()
    with workplace.org() as org:
        poller = Poller(org)
        _looked(workplace, poller)
        poller.dealt_with()
        before = len(demo.requests_of(workplace.server.path))
        assert not any(_looked(workplace, poller) for _ in range(4))
        asked = demo.requests_of(workplace.server.path)[before:]
    assert len(asked) == 4
    assert all(one.path.endswith("/composite") for one in asked)


@pytest.mark.parametrize(
    ("sobject", "changes"),
    [
        ("Opportunity", {"Amount": "1.00"}),
        ("Account", {"Name": "Renamed"}),
        ("Contact", {"LastName": "Renamed"}),
        ("OpportunityLineItem", {"Description": "Renamed"}),
        ("User", {"LastName": "Renamed"}),
        ("Product2", {"Name": "Renamed"}),
    ],
)
def test_each_change_is_seen_within_two_looks_and_only_once(
    workplace: Workplace, sobject: str, changes: dict[str, str]
) -> None:
    """Whatever a run reads; also when it commits behind the cursor."""
    workplace.sync()
    with workplace.org() as org:
        poller = Poller(org)
        _looked(workplace, poller)
        poller.dealt_with()
        for record, late in enumerate((timedelta(0), timedelta(minutes=5))):
            with OrgStore.open(workplace.server.path, clock=_past(late)) as store:
                store.update(sobject, sorted(store.ids(sobject))[record], changes)
            looks = [_looked(workplace, poller) for _ in range(2)]
            assert any(looks), late
            poller.dealt_with()
            assert not any(_looked(workplace, poller) for _ in range(3)), late


def test_a_deal_that_is_deleted_is_a_change(workplace: Workplace) -> None:
    """Deleted rows are asked for as well; an object that runs no longer read is not."""
    workplace.sync()
    with workplace.org() as org:
        poller = Poller(org, frozenset({"Contact"}))
        _looked(workplace, poller)
        poller.dealt_with()
        with OrgStore.open(workplace.server.path) as store:
            store.delete("Opportunity", store.ids("Opportunity")[0])
        assert _looked(workplace, poller)
        poller.dealt_with()
        with OrgStore.open(workplace.server.path) as store:
            store.update("Contact", store.ids("Contact")[0], {"LastName": "Renamed"})
        assert not any(_looked(workplace, poller) for _ in range(2))


def test_a_second_that_is_not_over_is_not_settled(workplace: Workplace) -> None:
    """A row stamped now may change again under the same stamp; an older one may not."""
    workplace.sync()
    with workplace.org() as org:
        poller = Poller(org)
        _looked(workplace, poller)
        poller.dealt_with()
        assert not poller.is_unsettled
        for late, unsettled in ((timedelta(seconds=-1), True), (timedelta(seconds=90), False)):
            with OrgStore.open(workplace.server.path, clock=_past(late)) as store:
                store.update("Opportunity", store.ids("Opportunity")[0], {"Amount": "1.00"})
            assert _looked(workplace, poller)
            assert poller.is_unsettled is unsettled
            poller.dealt_with()


def test_an_object_that_is_gone_hides_no_other_change(workplace: Workplace) -> None:
    """The others are asked one by one; whether its absence matters is for a run to say."""
    workplace.sync()
    with workplace.org() as org, workplace.ledger() as ledger:
        cursors = history.cursors(ledger)
        gone = {"Gone__c>Opportunity": replace(cursors["Opportunity"], sobject="Gone__c")}
        poller = Poller(org)
        poller.changed(cursors | gone)
        poller.dealt_with()
        assert not poller.changed(cursors | gone)
        with OrgStore.open(workplace.server.path) as store:
            store.update("Opportunity", store.ids("Opportunity")[0], {"Amount": "1.00"})
        assert poller.changed(cursors | gone)
