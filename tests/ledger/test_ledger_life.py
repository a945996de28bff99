"""The life of documents: random steps, kills; the ledger is sound after each."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from sfsync.errors import RefusedError, UsageError
from sfsync.ledger import open_ledger, pages
from sfsync.ledger.audit import list_events
from sfsync.ledger.chart import close_period
from sfsync.ledger.invariants import check_ledger
from sfsync.ledger.marks import accept_drift, hold_invoice, release_invoice, review_invoice
from sfsync.ledger.model import (
    DraftUpdate,
    DriftChange,
    PageOfChanges,
    canonical_json,
)
from sfsync.ledger.posting import post_invoice
from sfsync.ledger.removal import delete_draft, reverse_invoice
from tests.ledger.ledger_books import (
    ORG,
    RULES,
    TODAY,
    begin,
    content,
    create,
    customer_change,
    fill,
    line,
    new_ledger,
    opportunity_id,
    outcome,
    remembered,
)

DEALS = st.integers(min_value=1, max_value=3)


class LifeOfDocuments(RuleBasedStateMachine):
    """Three deals, anything done to them in any order; refusals are answers too."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.ledger = new_ledger(Path(self._folder.name) / "ledger.db")
        self.run = begin(self.ledger)
        self._apply(PageOfChanges((), customers=(customer_change(1),)))

    def _apply(self, page: PageOfChanges) -> None:
        with self.ledger.transaction():
            pages.apply(self.ledger, self.run, page)

    @rule(deal=DEALS, amounts=st.lists(st.integers(-500, 50_000), min_size=1, max_size=3))
    def sync(self, deal: int, amounts: list[int]) -> None:
        """Create a draft where no live one is, update a draft, report drift of a posted one."""
        body = content(*(line(amount) for amount in amounts))
        source = canonical_json(body.as_source())
        state = pages.opportunity_state(self.ledger, ORG, [opportunity_id(deal)], [], [])
        found = state.invoices.get(opportunity_id(deal))
        memory = (remembered(deal),)
        if found is None or found.removed_stamp:
            page = PageOfChanges((outcome(deal),), creates=(create(deal, body),))
        elif found.number is None:
            page = PageOfChanges((), updates=(DraftUpdate(found.document_id, body, source, {}),))
        else:
            page = PageOfChanges((), drifts=(DriftChange(found.document_id, source),))
        self._apply(PageOfChanges(page.records, creates=page.creates, updates=page.updates,
                                  drifts=page.drifts, opportunities=memory))  # fmt: skip

    @rule(deal=DEALS, step=st.sampled_from(["post", "delete", "reverse", "hold", "release"]))
    def act(self, deal: int, step: str) -> None:
        """Do to the deal's document what a person might; a refusal must change nothing."""
        name = opportunity_id(deal)
        if self.ledger.row("SELECT 1 FROM document WHERE opportunity_id = ?", (name,)) is None:
            return
        events = self.ledger.row("SELECT count(*) FROM audit_event")
        try:
            self._do(step, name)
        except RefusedError:
            assert self.ledger.row("SELECT count(*) FROM audit_event") == events
        else:
            assert self.ledger.row("SELECT count(*) FROM audit_event") > events

    def _do(self, step: str, name: str) -> None:
        if step == "post":
            post_invoice(self.ledger, name, RULES, today=TODAY)
        elif step == "delete":
            delete_draft(self.ledger, name, "test")
        elif step == "reverse":
            reverse_invoice(self.ledger, name, RULES, reason="test", today=TODAY)
        elif step == "hold":
            hold_invoice(self.ledger, name, "test")
        else:
            release_invoice(self.ledger, name)

    @rule(day=st.dates(date(2026, 1, 1), date(2026, 11, 1)))
    def close_books(self, day: date) -> None:
        """Close a period, or be refused because a later one is closed."""
        try:
            close_period(self.ledger, day)
        except RefusedError:
            return

    @invariant()
    def sound(self) -> None:
        """Every invariant of the ledger holds after every step."""
        assert check_ledger(self.ledger) == []

    def teardown(self) -> None:
        """Close and forget the ledger."""
        self.ledger.close()
        self._folder.cleanup()


def test_documents_stay_sound_whatever_is_done_to_them() -> None:
    """Random lives of documents never break an invariant."""
    run_state_machine_as_test(
        LifeOfDocuments, settings=settings(max_examples=12, stateful_step_count=15, deadline=None)
    )


_POST_ALL = """
import sys
from pathlib import Path
from sfsync.ledger import open_ledger
from sfsync.ledger.posting import post_many
from tests.ledger.ledger_books import RULES, TODAY
with open_ledger(Path(sys.argv[1])) as ledger:
    for name, result in post_many(ledger, sys.argv[2:], RULES, today=TODAY):
        print(getattr(result, "number", ""), flush=True)
"""


@pytest.mark.long
def test_kills_while_posting_lose_nothing(tmp_path: Path) -> None:
    """SIGKILL at random moments: what was acknowledged is there, numbers stay contiguous."""
    path = tmp_path / "ledger.db"
    with new_ledger(path) as ledger:
        drafts = fill(ledger, 400)
    seed = random.SystemRandom().randrange(10**6)
    chance = random.Random(seed)  # noqa: S311 - moments, not secrets
    acknowledged: list[str] = []
    for _ in range(15):
        process = subprocess.Popen(
            [sys.executable, "-c", _POST_ALL, str(path), *drafts], stdout=subprocess.PIPE
        )
        time.sleep(chance.uniform(0.1, 0.5))
        os.kill(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        acknowledged += [name for name in output.decode().split("\n")[:-1] if name]
        with open_ledger(path) as ledger:
            numbers = {name for (name,) in ledger.rows("SELECT number FROM document")}
            assert set(acknowledged) <= numbers, f"seed {seed}"
            assert check_ledger(ledger) == [], f"seed {seed}"


def test_holds_and_reviews_say_what_was_before_and_after(tmp_path: Path) -> None:
    """The trail tells of each mark what it replaced."""
    with new_ledger(tmp_path / "ledger.db") as ledger:
        (draft,) = fill(ledger, 1)
        hold_invoice(ledger, draft, "wait for the PO")
        hold_invoice(ledger, draft, "wait for legal")
        release_invoice(ledger, draft)
        review_invoice(ledger, draft)
        newest_last = reversed(list(list_events(ledger, entities=[draft])))
        events = {one.action: one for one in newest_last}
    assert events["invoice.hold"].before == {"hold": "wait for the PO"}
    assert events["invoice.hold"].after == {"hold": "wait for legal"}
    assert events["invoice.release"].before == {"hold": "wait for legal"}
    assert events["invoice.release"].after == {"hold": None}
    assert events["invoice.review"].after == {"reviewed_by": ledger.actor}


def test_a_drift_is_not_accepted_without_a_reason(tmp_path: Path) -> None:
    """Blanks are none: the trail would not say why the invoice is right as posted."""
    with new_ledger(tmp_path / "ledger.db") as ledger, pytest.raises(UsageError):
        accept_drift(ledger, "D-000001", " ")
