"""Anything may happen in the org, in the ledger and on the way, in any order; what holds then."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from sfsync.errors import RefusedError, UnavailableError, UsageError
from sfsync.ledger import history
from sfsync.ledger.credit_plan import CreditRequest
from sfsync.ledger.crediting import credit_invoice
from sfsync.ledger.customers import add_customer
from sfsync.ledger.editing import edit_draft
from sfsync.ledger.invariants import check_ledger
from sfsync.ledger.invoices import show_invoice
from sfsync.ledger.model import CustomerContent
from sfsync.ledger.posting import post_invoice
from sfsync.ledger.removal import delete_draft, reverse_invoice
from sfsync.sync import SyncRequest
from tests.stories import long_stories, short_stories
from tests.sync.org_edits import EDITS, Edit
from tests.sync.twin import (
    changed_rows,
    contents,
    deals_with_two_invoices,
    differences,
    header_pins,
    newest,
    posted_documents,
)
from tests.sync.world import (
    POSTING,
    Conditions,
    faults_at,
    remove_ledger,
    rows_of,
)

if TYPE_CHECKING:
    from sfsync.ledger.history import RunDetail
    from tests.sync.world import World

# Drawn more often than the single fields: most of what engines lose, they lose here.
_GRAVE = ("delete deal", "undelete deal", "reopen", "close", "merge accounts", "remove line")
EDIT = st.builds(
    Edit,
    kind=st.sampled_from((*sorted(EDITS), *_GRAVE * 3)),
    which=st.integers(0, 60),
    value=st.integers(0, 60),
    late=st.sampled_from((0, 0, 0, 1, 240, 540)),
)
PAUSE = st.sampled_from((0, 0, 1, 59, 700, 4000, 90_000))
FAULTS = st.lists(
    st.tuples(
        st.integers(1, 12),
        st.sampled_from(("reset", "truncate", "html", "status")),
        st.sampled_from(("503", "500", "429")),
    ),
    min_size=1,
    max_size=3,
).map(faults_at)
REQUEST = st.sampled_from(
    (
        SyncRequest(),
        SyncRequest(),
        SyncRequest(full=True),
        SyncRequest(only=frozenset({"opportunities"})),
        SyncRequest(only=frozenset({"accounts", "contacts"})),
    )
)
BY_HAND = st.sampled_from(
    (
        {"region": "Moon"},
        {"region": "", "description": "As agreed"},
        {"document_date": "2026-01-15"},
        {"properties.cost_center": "HAND"},
        {"line.1.quantity": "3"},
        {"line.1.amount": "12"},
        {"line.2.unit_price": "7", "line.1.discount": "50"},
    )
)
PAGE_SIZE = st.sampled_from((4, 11, 20, 2000))


class SyncMachine(RuleBasedStateMachine):
    """People in Salesforce, a person at the ledger, and runs that may go wrong."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.posted: dict[str, Any] = {}
        self.entered: list[str] = []
        self.by_hand: dict[str, dict[str, Any]] = {}

    @initialize(first=st.booleans())
    def begin(self, *, first: bool) -> None:
        """A fresh org; mostly one that has been synced."""
        self.world.restart()
        if first:
            self.world.sync()

    # -- Salesforce -----------------------------------------------------------------------------

    @rule(edits=st.lists(EDIT, min_size=1, max_size=4), pause=PAUSE)
    def edit_org(self, edits: list[Edit], pause: int) -> None:
        """People work in Salesforce, perhaps within one second, perhaps after a day."""
        self.world.clock.tick(pause)
        for edit in edits:
            edit.apply(self.world)

    @rule()
    def expire_sessions(self) -> None:
        """An admin ends every session."""
        self.world.expire_sessions()

    # -- the ledger -----------------------------------------------------------------------------

    @rule(which=st.integers(0, 60))
    def post(self, which: int) -> None:
        """A draft is posted, unless it has drifted."""
        with self.world.ledger() as ledger:
            drafts = [one for one in newest(ledger).values() if one.status == "draft"]
            if not drafts:
                return
            draft = drafts[which % len(drafts)]
            today = self.world.clock.now.date()
            refused = None
            try:
                post_invoice(ledger, draft.draft, POSTING, today=today)
            except RefusedError as refusal:
                note(f"not posted: {refusal.message}")
                refused = refusal.code
            # Others are refused too: a total of nothing, a date to come.
            assert (refused == "drifted") == draft.drifted

    @rule(which=st.integers(0, 60))
    def delete(self, which: int) -> None:
        """A person deletes a draft."""
        with self.world.ledger() as ledger:
            drafts = [one for one in newest(ledger).values() if one.status == "draft"]
            if drafts:
                delete_draft(ledger, drafts[which % len(drafts)].draft, "not ours")

    @rule(which=st.integers(0, 60))
    def reverse(self, which: int) -> None:
        """A posted invoice is reversed."""
        with self.world.ledger() as ledger:
            posted = [one for one in newest(ledger).values() if one.status == "posted"]
            if posted:
                today = self.world.clock.now.date()
                draft = posted[which % len(posted)].draft
                reverse_invoice(ledger, draft, POSTING, reason="wrong", today=today)

    @rule(which=st.integers(0, 60), values=BY_HAND)
    def edit(self, which: int, values: dict[str, str]) -> None:
        """A person sets values of a draft; not every value fits every draft."""
        with self.world.ledger() as ledger:
            drafts = [one for one in newest(ledger).values() if one.status == "draft"]
            if not drafts:
                return
            draft = drafts[which % len(drafts)].draft
            try:
                edit_draft(ledger, draft, values)
            except UsageError as unfit:
                note(f"not edited: {unfit.message}")
                return
            self.by_hand[draft] = header_pins(ledger, draft)

    @rule(which=st.integers(0, 60))
    def let_go(self, which: int) -> None:
        """A person lets a draft follow Salesforce again."""
        with self.world.ledger() as ledger:
            drafts = [one for one in newest(ledger).values() if one.status == "draft"]
            if drafts:
                draft = drafts[which % len(drafts)].draft
                edit_draft(ledger, draft, {}, unpin=["all"])
                self.by_hand.pop(draft, None)

    @rule(which=st.integers(0, 60), part=st.sampled_from(("0.01", "100", "2500.50")))
    def credit(self, which: int, part: str) -> None:
        """A part of a posted invoice is credited, if so much of it is left."""
        with self.world.ledger() as ledger:
            posted = [one for one in newest(ledger).values() if one.status == "posted"]
            if not posted:
                return
            today = self.world.clock.now.date()
            wanted = CreditRequest(amount=Decimal(part))
            draft = posted[which % len(posted)].draft
            try:
                credit_invoice(ledger, draft, POSTING, wanted, reason="less", today=today)
            except (RefusedError, UsageError) as refusal:
                # A yen has no cents.
                assert refusal.code in {"over-credited", "invalid-amount"}, refusal.message  # noqa: PT017 - the code is the point

    @rule()
    def enter_customer(self) -> None:
        """A customer is entered by hand, and Salesforce learns of it afterwards."""
        name = f"Entered {len(self.entered)}"
        self.entered.append(name)
        with self.world.ledger() as ledger:
            add_customer(ledger, CustomerContent(name=name))
        with self.world.store() as store:
            store.insert("Account", {"Name": name.upper()})

    # -- runs -----------------------------------------------------------------------------------

    @rule(request=REQUEST, size=PAGE_SIZE, faults=FAULTS, patient=st.booleans())
    def sync_badly(
        self, request: SyncRequest, size: int, faults: tuple[Any, ...], *, patient: bool
    ) -> None:
        """The network fails in mid-run: the run rides it out, or ends as failed with exit 6."""
        how = Conditions(page_size=size, attempts=5 if patient else 1, faults=faults)
        try:
            self.count(self.world.sync(request, how))
        except UnavailableError:
            with self.world.ledger() as ledger:
                failed = history.show_run(ledger)
            assert failed.summary.outcome.value == "failed"
            self.count(failed)

    @rule(
        request=REQUEST,
        size=st.sampled_from((5, 9, 16)),
        edits=st.lists(EDIT, min_size=1, max_size=3),
        after=st.integers(1, 8),
        lost=st.lists(st.integers(1, 15), max_size=2),
    )
    def sync_while_people_work(
        self, request: SyncRequest, size: int, edits: list[Edit], after: int, lost: list[int]
    ) -> None:
        """Records change between two pages, the session ends, and locators die."""

        def meanwhile() -> None:
            for edit in edits:
                edit.apply(self.world)
            self.world.expire_sessions()
            self.world.clock.tick(1)

        how = Conditions(
            page_size=size, lost=tuple(lost), meanwhile=meanwhile, meanwhile_after=after
        )
        self.count(self.world.sync(request, how))

    @rule(request=REQUEST, size=st.sampled_from((5, 9, 16)), after=st.integers(1, 20))
    def sync_interrupted(self, request: SyncRequest, size: int, after: int) -> None:
        """Somebody presses Ctrl-C between two pages, if the run has so many."""

        def stop() -> None:
            raise KeyboardInterrupt

        how = Conditions(page_size=size, meanwhile=stop, meanwhile_after=after)
        try:
            self.count(self.world.sync(request, how))
        except KeyboardInterrupt:
            with self.world.ledger() as ledger:
                stopped = history.show_run(ledger)
            assert stopped.summary.outcome.value == "interrupted"
            self.count(stopped)

    @rule(full=st.booleans(), size=PAGE_SIZE)
    def sync_quietly(self, size: int, *, full: bool) -> None:
        """After an undisturbed run the ledger is what a new one would be; one more does nothing."""
        request = SyncRequest(full=full)
        self.count(self.world.sync(request, Conditions(page_size=size)))
        self.compare()
        with self.world.ledger() as ledger:
            before = contents(ledger)
        again = self.world.sync(request, Conditions(page_size=size))
        self.count(again)
        with self.world.ledger() as ledger:
            after = contents(ledger)
        changed = changed_rows(before, after)
        assert not changed, f"a run that had nothing to do changed {changed}"

    def compare(self) -> None:
        """Hold the ledger to a new one of the same org."""
        path = self.world.folder / "twin.db"
        remove_ledger(path)
        with self.world.ledger(path) as twin:
            for name in self.entered:
                add_customer(twin, CustomerContent(name=name))
        self.world.sync(path=path)
        with self.world.store() as store:
            stamps = {
                row["Id"]: f"{row['SystemModstamp'][:19]}.000+0000"
                for row in rows_of(store, "Opportunity")
            }
        with self.world.ledger() as ledger, self.world.ledger(path) as twin:
            found = differences(ledger, twin, stamps)
        assert not found, "\n".join(found)

    def count(self, detail: RunDetail) -> None:
        """Each record read has exactly one outcome."""
        for name, sobject in (("opportunities", "Opportunity"), ("customers", "Account")):
            counts = detail.summary.counts[name]
            outcomes = (counts.created, counts.updated, counts.unchanged, counts.skipped,
                        counts.failed, counts.drifted)  # fmt: skip
            assert counts.read == sum(outcomes)
            assert counts.read == len([1 for one in detail.records if one.sobject == sobject])

    # -- what always holds ----------------------------------------------------------------------

    @invariant()
    def sound(self) -> None:
        """The books balance, deals have one invoice, and what is posted stays as it was."""
        if not self.world.ledger_path.exists():
            return
        with self.world.ledger() as ledger:
            problems = check_ledger(ledger)
            assert not problems, problems
            assert deals_with_two_invoices(ledger) == []
            posted = posted_documents(ledger)
            self.by_hand = {
                draft: values
                for draft, values in self.by_hand.items()
                if show_invoice(ledger, draft).row.status.value == "draft"
            }
            for draft, values in self.by_hand.items():
                assert header_pins(ledger, draft) == values
        for number, frozen in self.posted.items():
            assert posted[number] == frozen
        self.posted = posted

    def teardown(self) -> None:
        """Whatever happened, a quiet run leads to the ledger that should be."""
        self.world.clock.tick(1)
        self.sync_quietly(2000, full=False)


QUICK = short_stories(number=6, steps=15)
LONG = long_stories(steps=40)


def machine_in(world: World) -> type[RuleBasedStateMachine]:
    """The machine as Hypothesis wants it: made without arguments."""

    class MachineInThisWorld(SyncMachine):
        def __init__(self) -> None:
            super().__init__(world)

    return MachineInThisWorld


def test_whatever_happens_the_ledger_converges(one_world: World) -> None:
    """A few short stories, the same ones each time."""
    run_state_machine_as_test(machine_in(one_world), settings=QUICK)


@pytest.mark.long
def test_whatever_happens_the_ledger_converges_in_long_stories(one_world: World) -> None:
    """Many long stories, new ones each time; a failure is shrunk and can be replayed."""
    run_state_machine_as_test(machine_in(one_world), settings=LONG)
