"""Whatever people do to the books, in any order: they balance after every step."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from sfsync.errors import RefusedError, UsageError
from sfsync.ledger.apply import apply
from sfsync.ledger.chart import close_period
from sfsync.ledger.credit_plan import CreditRequest, LinePart
from sfsync.ledger.crediting import credit_invoice
from sfsync.ledger.editing import edit_draft
from sfsync.ledger.history import finish_run
from sfsync.ledger.invariants import check_ledger
from sfsync.ledger.invoices import list_invoices
from sfsync.ledger.journal import list_entries, trial_balance
from sfsync.ledger.model import InvoiceContent, PageOfChanges, RunOutcome
from sfsync.ledger.payment_list import list_payments
from sfsync.ledger.payments import PaymentOrder, add_payment, void_payment
from sfsync.ledger.posting import post_many
from sfsync.ledger.removal import delete_draft, reverse_invoice
from tests.ledger.ledger_books import (
    NOW,
    RULES,
    TODAY,
    begin,
    content,
    create,
    customer_change,
    line,
    new_ledger,
    outcome,
    remembered,
)
from tests.stories import long_stories, short_stories

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from sfsync.ledger.invoices import InvoiceRow

EXPONENTS = {"USD": 2, "JPY": 0, "KWD": 3}
# Some days are closed before long, some are still to come.
DAYS = st.integers(-40, 2).map(lambda days: TODAY + timedelta(days=days))
AMOUNT = st.one_of(st.integers(1, 300), st.integers(1, 20_000))
WHICH = st.integers(0, 30)


class BooksMachine(RuleBasedStateMachine):
    """One person at the ledger."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="sfsync-books-"))
        self.ledger = new_ledger(self.folder / "ledger.db")
        self.deals = 0
        self.entries: list[object] = []

    def teardown(self) -> None:
        """Close the file and take it away."""
        self.ledger.close()
        shutil.rmtree(self.folder)

    @contextmanager
    def refusable(self) -> Iterator[None]:
        """What the ledger refuses is part of the story; any other failure ends it."""
        try:
            yield
        except (RefusedError, UsageError) as refusal:
            note(f"refused: {refusal.message}")

    def some(self, which: int, *states: str) -> InvoiceRow | None:
        """One of the documents in these states."""
        found = [row for row in list_invoices(self.ledger) if row.status in states]
        return found[which % len(found)] if found else None

    @rule(
        amounts=st.lists(AMOUNT, min_size=1, max_size=3),
        currency=st.sampled_from(sorted(EXPONENTS)),
        day=DAYS,
    )
    def create(self, amounts: list[int], currency: str, day: date) -> None:
        """A sync writes a draft of one to three lines."""
        self.deals += 1
        products = ("License", "Implementation", None)
        lines = tuple(line(amount, products[at]) for at, amount in enumerate(amounts))
        plain = content(*lines, day=day)
        body = InvoiceContent(
            customer_id=1,
            description=plain.description,
            document_date=day,
            due_date=day + timedelta(days=30),
            currency=currency,
            exponent=EXPONENTS[currency],
            total_minor=plain.total_minor,
            lines=lines,
        )
        run_id = begin(self.ledger)
        with self.ledger.transaction():
            page = PageOfChanges(
                records=(outcome(self.deals),),
                customers=(customer_change(1),) if self.deals == 1 else (),
                creates=(create(self.deals, body),),
                opportunities=(remembered(self.deals),),
            )
            apply(self.ledger, run_id, page)
        finish_run(self.ledger, run_id, RunOutcome.OK, api_calls=1, finished_at=NOW)

    @rule(which=WHICH, text=st.sampled_from(["A", "B", "C"]))
    def edit(self, which: int, text: str) -> None:
        """A person changes a document, which only a draft allows."""
        if row := self.some(which, "draft", "draft", "posted"):
            with self.refusable():
                edit_draft(self.ledger, row.draft, {"description": text})

    @rule(count=st.integers(1, 4), which=WHICH, day=st.one_of(st.none(), DAYS))
    def post(self, count: int, which: int, day: date | None) -> None:
        """Some documents are posted at once, whatever their state."""
        rows = [row for at in range(count) if (row := self.some(which + at, "draft", "posted"))]
        for reference, done in post_many(
            self.ledger, [row.draft for row in rows], RULES, day=day, today=TODAY
        ):
            note(f"{reference}: {done}")

    @rule(which=WHICH)
    def delete(self, which: int) -> None:
        """A draft is deleted."""
        if row := self.some(which, "draft"):
            delete_draft(self.ledger, row.draft, "not ours")

    @rule(which=WHICH, day=st.one_of(st.none(), DAYS))
    def reverse(self, which: int, day: date | None) -> None:
        """A document is reversed, where that is allowed."""
        if row := self.some(which, "posted", "reversed"):
            with self.refusable():
                reverse_invoice(self.ledger, row.draft, RULES, reason="x", day=day, today=TODAY)

    @rule(which=WHICH, amount=AMOUNT, by_line=st.booleans())
    def credit(self, which: int, amount: int, *, by_line: bool) -> None:
        """A part of an invoice is credited, where that is allowed."""
        if row := self.some(which, "posted"):
            part = Decimal(amount).scaleb(-row.exponent)
            request = CreditRequest(lines=(LinePart(1, amount=part),)) if by_line else (
                CreditRequest(amount=part)
            )  # fmt: skip
            with self.refusable():
                credit_invoice(self.ledger, row.draft, RULES, request, reason="x", today=TODAY)

    @rule(which=WHICH, amount=AMOUNT, whole=st.booleans(), day=DAYS)
    def pay(self, which: int, amount: int, *, whole: bool, day: date) -> None:
        """Something is paid: all that is owed, or any amount, too much included."""
        if row := self.some(which, "posted", "reversed", "draft"):
            minor = row.balance_minor if whole else amount
            order = PaymentOrder(Decimal(minor).scaleb(-row.exponent), day)
            with self.refusable():
                add_payment(self.ledger, row.draft, order, RULES, today=TODAY)

    @rule(which=WHICH, day=st.one_of(st.none(), DAYS))
    def void(self, which: int, day: date | None) -> None:
        """A payment is voided, where that is allowed."""
        if found := list(list_payments(self.ledger)):
            name = found[which % len(found)].name
            with self.refusable():
                void_payment(self.ledger, name, RULES, reason="x", day=day, today=TODAY)

    @rule(day=st.integers(-60, -10).map(lambda days: TODAY + timedelta(days=days)))
    def close(self, day: date) -> None:
        """A period is closed, where that goes forward."""
        with self.refusable():
            close_period(self.ledger, day)

    @invariant()
    def balanced(self) -> None:
        """Debits equal credits, and what customers owe is the receivable account."""
        balances = trial_balance(self.ledger)
        for currency in EXPONENTS:
            mine = [one for one in balances if one.currency == currency]
            assert sum(one.debit_minor - one.credit_minor for one in mine) == 0
            receivable = sum(
                one.debit_minor - one.credit_minor for one in mine if one.account == "1200"
            )
            posted = [row for row in list_invoices(self.ledger) if row.status == "posted"]
            assert receivable == sum(
                row.balance_minor for row in posted if row.currency == currency
            )
            assert all(row.balance_minor >= 0 for row in posted)

    @invariant()
    def numbered(self) -> None:
        """The numbers of every series have no gap."""
        for first, after, count, low, high in self.ledger.rows(
            "SELECT s.first, s.next, count(*), min(d.sequence), max(d.sequence)"
            " FROM number_series s JOIN document d ON d.series_id = s.id GROUP BY s.id"
        ):
            assert (count, low, high) == (after - first, first, after - 1)

    @invariant()
    def sound(self) -> None:
        """Every rule holds, and no entry that was there is gone or different."""
        assert check_ledger(self.ledger) == []
        entries = list(list_entries(self.ledger))
        assert all(entry in entries for entry in self.entries)
        self.entries = list(entries)


QUICK = short_stories(number=8, steps=20)
LONG = long_stories(steps=50)


def test_the_books_balance_whatever_is_done() -> None:
    """A few short stories, the same ones each time."""
    run_state_machine_as_test(BooksMachine, settings=QUICK)


@pytest.mark.long
def test_the_books_balance_in_long_stories() -> None:
    """Many long stories, new ones each time; a failure is shrunk and can be replayed."""
    run_state_machine_as_test(BooksMachine, settings=LONG)
