"""What the state machine found, each in as few steps as it takes."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from sfsync.ledger import Ledger, history
from sfsync.ledger.editing import edit_draft
from sfsync.ledger.invariants import check_ledger
from sfsync.ledger.invoices import show_invoice
from sfsync.ledger.removal import delete_draft
from sfsync.sync import SyncRequest
from tests.sync.twin import changed_rows, contents, newest
from tests.sync.world import Conditions, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.sync.world import World

DEAL = "Globex – training"


@pytest.fixture
def world(one_world: World) -> World:
    """The org as it was seeded, and no ledger."""
    one_world.restart()
    return one_world


def the_deal(world: World) -> dict[str, Any]:
    """The deal that these tests change."""
    with world.store() as store:
        return next(row for row in rows_of(store, "Opportunity") if row["Name"] == DEAL)


def change(world: World, sobject: str, key: str, **values: Any) -> None:
    """Change a record now."""
    with world.store() as store:
        store.update(sobject, key, values)


def test_a_deal_deleted_before_a_full_run_has_drifted_after_it(world: World) -> None:
    """A draft whose opportunity was deleted has drifted, whichever run comes next.

    A run that reads everything because the config changed loses the deletion in the same way.
    """
    world.sync()
    world.clock.tick(3600)
    deal = the_deal(world)["Id"]
    with world.store() as store:
        store.delete("Opportunity", deal)
    world.clock.tick(3600)
    world.sync(SyncRequest(full=True))
    world.clock.tick(60)
    world.sync()
    with world.ledger() as ledger:
        assert newest(ledger)[deal].drifted


def test_the_run_after_an_interrupted_first_one_knows_what_changed_meanwhile(world: World) -> None:
    """The next run converges to the same ledger as an undisturbed one."""

    def stop() -> None:
        raise KeyboardInterrupt

    # Accounts and contacts are nine pages of five; the tenth and later ones are deals.
    how = Conditions(page_size=5, meanwhile=stop, meanwhile_after=14)
    with pytest.raises(KeyboardInterrupt):
        world.sync(conditions=how)
    with world.ledger() as ledger:
        deal = next(iter(newest(ledger)))
    world.clock.tick(3600)
    change(world, "Opportunity", deal, PO_Number__c="po-changed")
    world.clock.tick(3600)
    world.sync()
    with world.ledger() as ledger:
        assert "PO-CHANGED" in newest(ledger)[deal].source


def test_a_change_in_the_second_of_the_last_read_brings_a_deleted_draft_back(world: World) -> None:
    """It comes back when the opportunity changes in Salesforce afterwards."""
    deal = the_deal(world)["Id"]
    change(world, "Opportunity", deal, PO_Number__c="po-1")
    world.sync()
    with world.ledger() as ledger:
        delete_draft(ledger, newest(ledger)[deal].draft, "wrong")
    change(world, "Opportunity", deal, PO_Number__c="po-2")
    world.clock.tick(60)
    world.sync()
    with world.ledger() as ledger:
        assert newest(ledger)[deal].live


@pytest.mark.parametrize("what", ["owner", "unmapped", "reckoned anew"])
def test_a_deleted_draft_stays_deleted_while_its_deal_says_the_same(
    world: World, what: str
) -> None:
    """Not for its owner's new name, a field that nothing maps, or a value reckoned at each read."""
    deal = the_deal(world)
    change(world, "Opportunity", deal["Id"], PO_Number__c="po-1")
    if what == "reckoned anew":
        world.clock.tick(5)
        with world.store() as store:
            other = next(row for row in rows_of(store, "Opportunity") if row["Name"] != DEAL)
        change(world, "Opportunity", other["Id"], PO_Number__c="po-3")
    world.sync()
    with world.ledger() as ledger:
        delete_draft(ledger, newest(ledger)[deal["Id"]].draft, "wrong")
    stamp = datetime.fromisoformat(the_deal(world)["SystemModstamp"][:19]).replace(tzinfo=UTC)
    with world.store() as store:
        if what == "owner":
            store.update("User", deal["OwnerId"], {"LastName": "Another"})
        elif what == "unmapped":
            store.update("Opportunity", deal["Id"], {"Probability": 40}, stamp=stamp)
        else:
            store.update("Opportunity", deal["Id"], {"PO_Number__c": "po-2"}, stamp=stamp)
    world.clock.tick(60)
    for full in (False, True):
        world.sync(SyncRequest(full=full))
        with world.ledger() as ledger:
            assert not newest(ledger)[deal["Id"]].live


@pytest.mark.parametrize(
    ("sobject", "reference", "name", "column"),
    [
        ("Account", "AccountId", "Name", "account_name"),
        ("User", "OwnerId", "LastName", "owner_name"),
    ],
)
def test_open_deals_are_remembered_under_new_names(
    world: World, sobject: str, reference: str, name: str, column: str
) -> None:
    """Owner and account of open deals are remembered, so the pipeline is right."""
    world.sync()
    world.clock.tick(3600)
    with world.store() as store:
        deal = next(
            row
            for row in rows_of(store, "Opportunity")
            if not row["IsClosed"] and row["AccountId"] and row["OwnerId"]
        )
    change(world, sobject, deal[reference], **{name: "Quite Another"})
    world.clock.tick(60)
    world.sync()
    with world.ledger() as ledger:
        (remembered,) = ledger.row(
            f"SELECT {column} FROM opportunity WHERE salesforce_id = ?",  # noqa: S608 - two names
            (deal["Id"],),
        )
    assert "Quite Another" in remembered


def test_each_watched_object_keeps_one_cursor(world: World) -> None:
    """Whether a look at owners, lines and products finds something new or what it knew."""
    world.sync()
    with world.ledger() as ledger:
        cursors = set(history.cursors(ledger))
    for name in ("Once", "Once", "Twice"):
        world.clock.tick(60)
        change(world, "User", the_deal(world)["OwnerId"], LastName=name)
        for _ in range(2):
            world.sync()
            with world.ledger() as ledger:
                assert set(history.cursors(ledger)) == cursors


class Commits:
    """Counts the transactions of ledgers, and ends a run after so many that are `left`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made, self.left = 0, -1
        real = Ledger.transaction

        @contextmanager
        def transaction(ledger: Ledger) -> Iterator[None]:
            with real(ledger):
                yield
            self.made += 1
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt

        monkeypatch.setattr(Ledger, "transaction", transaction)


@pytest.mark.parametrize("commits", [2, 3, 4, 5, 6, 7])
def test_an_interrupted_run_forgets_no_deal_whose_parents_changed(
    world: World, monkeypatch: pytest.MonkeyPatch, commits: int
) -> None:
    """The cursors of accounts and owners have moved on by then, further than any overlap."""
    world.sync()
    deal = the_deal(world)
    world.clock.tick(3600)
    change(world, "Account", deal["AccountId"], BillingCountry="Iceland")
    change(world, "User", deal["OwnerId"], LastName="Married")
    world.clock.tick(7200)
    with world.store() as store:
        others = {
            sobject: next(row["Id"] for row in rows_of(store, sobject) if row["Id"] != known)
            for sobject, known in (("Account", deal["AccountId"]), ("User", deal["OwnerId"]))
        }
    change(world, "Account", others["Account"], BillingCountry="Norway")
    change(world, "User", others["User"], LastName="Another")
    world.clock.tick(60)
    made = Commits(monkeypatch)
    made.left = commits
    with suppress(KeyboardInterrupt):
        world.sync()
    made.left = -1
    world.clock.tick(60)
    world.sync()
    with world.ledger() as ledger:
        row = show_invoice(ledger, newest(ledger)[deal["Id"]].draft).row
    assert (row.region, (row.sales_rep or "").split()[-1]) == ("Iceland", "Married")


@pytest.mark.parametrize("commits_left", [0, 1, 2, 3, 4, 5])
def test_a_first_run_that_died_late_leaves_nothing_unwatched(
    world: World, monkeypatch: pytest.MonkeyPatch, commits_left: int
) -> None:
    """The next run leaves every cursor, or lines and owners that changed would never be noticed."""
    commits = Commits(monkeypatch)
    world.sync()
    with world.ledger() as ledger:
        expected = set(history.cursors(ledger))
    commits.left = commits.made - commits_left
    world.restart()
    with suppress(KeyboardInterrupt):
        world.sync()
    world.sync()
    with world.ledger() as ledger:
        assert set(history.cursors(ledger)) == expected


def test_a_deal_that_was_gone_before_the_first_run_is_never_taken_in(world: World) -> None:
    """A full run that has nothing to do remembers nothing new: no deal deleted long before."""
    world.sync(SyncRequest(full=True))
    with world.ledger() as ledger:
        before = contents(ledger)
    again = world.sync(SyncRequest(full=True))
    with world.ledger() as ledger:
        assert changed_rows(before, contents(ledger)) == {}
    # It was read, and the history says what became of it.
    assert [one.code for one in again.records if "duplicate entry" in one.name] == ["not-synced"]


def test_a_full_run_after_a_change_beside_an_edit_has_nothing_to_do(world: World) -> None:
    """What a run said of an edited draft is in its history; the deal is remembered as ever."""
    world.sync()
    deal = the_deal(world)["Id"]
    with world.ledger() as ledger:
        edit_draft(ledger, newest(ledger)[deal].draft, {"region": "North"})
    world.clock.tick(3600)
    change(world, "Opportunity", deal, Name="Renamed there")
    world.clock.tick(3600)
    world.sync(SyncRequest(full=True))
    with world.ledger() as ledger:
        before = contents(ledger)
    world.sync(SyncRequest(full=True))
    with world.ledger() as ledger:
        assert not changed_rows(before, contents(ledger))


def test_a_deal_deleted_before_the_first_run_leaves_a_sound_ledger(world: World) -> None:
    """The next run tells of it last and moves its cursor there; every rule of a ledger holds."""
    deal = the_deal(world)["Id"]
    with world.store() as store:
        store.delete("Opportunity", deal)
    world.sync()
    world.sync()
    with world.ledger() as ledger:
        assert history.cursors(ledger)["Opportunity"].salesforce_id == deal
        assert check_ledger(ledger) == []
