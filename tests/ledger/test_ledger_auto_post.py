from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from sfsync.ledger.apply import apply
from sfsync.ledger.audit import list_events
from sfsync.ledger.auto_posting import Rails, auto_post
from sfsync.ledger.chart import LedgerAccount
from sfsync.ledger.history import finish_run, show_run
from sfsync.ledger.invariants import check_ledger
from sfsync.ledger.invoices import show_invoice
from sfsync.ledger.marks import hold_invoice
from sfsync.ledger.model import PageOfChanges, RunOutcome
from sfsync.ledger.posting import post_invoice
from tests.ledger.ledger_books import (
    NOW,
    RULES,
    TODAY,
    begin,
    content,
    create,
    customer_change,
    fill,
    line,
    new_ledger,
    outcome,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sfsync.ledger import Ledger

OPEN = Rails(mapping="e")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A ledger with one customer and two drafts of an earlier run, 100.00 USD each."""
    with new_ledger(tmp_path / "ledger.db") as opened:
        fill(opened, 2)
        yield opened


def page(*amounts: int, start: int = 10) -> PageOfChanges:
    """New drafts of the first customer, a line each."""
    numbers = range(start, start + len(amounts))
    bodies = zip(numbers, (content(line(amount)) for amount in amounts), strict=True)
    return PageOfChanges(
        records=tuple(outcome(number) for number in numbers),
        creates=tuple(create(number, body) for number, body in bodies),
    )


def run_of(ledger: Ledger, *amounts: int, start: int = 10) -> int:
    """A run that is still at work, with drafts of these amounts."""
    run_id = begin(ledger)
    with ledger.transaction():
        apply(ledger, run_id, page(*amounts, start=start))
    return run_id


def finish(ledger: Ledger, run_id: int, outcome: RunOutcome = RunOutcome.OK) -> None:
    """End a run."""
    finish_run(ledger, run_id, outcome, api_calls=0, finished_at=NOW)


def codes(ledger: Ledger, run_id: int) -> list[str | None]:
    """What the run's history says of each draft: None where it was posted."""
    return [one.code for one in show_run(ledger, run_id).auto_post]


def tried(ledger: Ledger, rails: Rails, *amounts: int) -> list[str | None]:
    """A run with drafts of these amounts under these rails, ended."""
    run_id = run_of(ledger, *amounts)
    auto_post(ledger, run_id, RULES, rails, today=TODAY)
    finish(ledger, run_id)
    assert check_ledger(ledger) == []
    return codes(ledger, run_id)


def test_drafts_of_the_run_are_posted_and_no_others(ledger: Ledger) -> None:
    """Through the same posting as by hand, with the run in the audit; older drafts wait."""
    assert tried(ledger, OPEN, 5_000, 7_000) == [None, None]
    first = show_invoice(ledger, "D-000003").as_json()
    assert (first["status"], first["number"]) == ("posted", "INV-2026-00001")
    assert show_invoice(ledger, "D-000001").row.status.value == "draft"
    event = next(iter(list_events(ledger, action="invoice.post")))
    assert (event.run, event.entity) == (2, "D-000004")


@pytest.mark.parametrize(
    ("rails", "expected"),
    [
        (replace(OPEN, most=Decimal(60)), [None, "too-large"]),
        (replace(OPEN, most_by_currency={"USD": Decimal(50)}), [None, "too-large"]),
        (replace(OPEN, most_by_currency={"EUR": Decimal(50)}), ["currency-not-named"] * 2),
        (replace(OPEN, most_per_run=1), ["too-many"] * 2),
        (replace(OPEN, most_per_run=2), [None, None]),
        (replace(OPEN, after_reviewed=1), ["too-early"] * 2),
        (replace(OPEN, known_customers_only=True), ["new-customer"] * 2),
        (replace(OPEN, no_warnings=True), ["warnings"] * 2),
    ],
)
def test_each_rail_holds_and_says_so(
    ledger: Ledger, rails: Rails, expected: list[str | None]
) -> None:
    """A draft that meets a rail waits, and the run's history says which."""
    assert tried(ledger, rails, 5_000, 7_000) == expected


def test_rails_open_with_what_people_posted(ledger: Ledger) -> None:
    """Counted are invoices of this mapping that were posted by hand; then customers are known."""
    rails = replace(OPEN, after_reviewed=2, known_customers_only=True)
    post_invoice(ledger, "D-000001", RULES, today=TODAY)
    assert tried(ledger, rails, 5_000) == ["too-early"]
    post_invoice(ledger, "D-000002", RULES, today=TODAY)
    run_id = run_of(ledger, 6_000, start=20)
    auto_post(ledger, run_id, RULES, rails, today=TODAY)
    assert codes(ledger, run_id) == [None]
    finish(ledger, run_id)
    later = run_of(ledger, 6_000, start=30)
    # The third was posted by the run itself, and another mapping begins anew.
    auto_post(ledger, later, RULES, replace(rails, after_reviewed=3), today=TODAY)
    assert codes(ledger, later) == ["too-early"]
    finish(ledger, later)
    last = run_of(ledger, 6_000, start=40)
    auto_post(ledger, last, RULES, replace(rails, mapping="other"), today=TODAY)
    assert codes(ledger, last) == ["too-early"]


def test_what_posting_refuses_waits_and_does_not_stop_the_rest(ledger: Ledger) -> None:
    """A hold or a closed period is recorded under its own code, and the next draft is posted."""
    run_id = run_of(ledger, 5_000, 6_000)
    hold_invoice(ledger, "D-000003", "wait")
    auto_post(ledger, run_id, RULES, OPEN, today=TODAY)
    assert codes(ledger, run_id) == ["on-hold", None]
    finish(ledger, run_id)
    closed = replace(RULES, closed_through=date(2026, 10, 31))
    later = run_of(ledger, 5_000, start=20)
    auto_post(ledger, later, closed, OPEN, today=TODAY)
    assert codes(ledger, later) == ["period-closed"]
    finish(ledger, later)
    last = run_of(ledger, 5_000, start=30)
    other = (LedgerAccount("4000", "Revenue", "liability"), *RULES.chart[::2])
    auto_post(ledger, last, replace(RULES, chart=other), OPEN, today=TODAY)
    assert codes(ledger, last) == ["account-in-use"]
    assert check_ledger(ledger) == []


def test_drafts_of_a_run_that_died_are_taken_up_by_the_next(ledger: Ledger) -> None:
    """A crash between drafts and posting leaves nothing behind for good."""
    dead = run_of(ledger, 5_000)
    finish(ledger, dead, RunOutcome.INTERRUPTED)
    run_id = run_of(ledger, 6_000, start=20)
    auto_post(ledger, run_id, RULES, OPEN, today=TODAY)
    assert codes(ledger, run_id) == [None, None]
    finish(ledger, run_id)
    assert tried(ledger, OPEN) == []


def test_the_database_keeps_what_a_run_posted(ledger: Ledger) -> None:
    """On a plain connection: no record of a posting that was none, none twice, none changed."""
    run_id = run_of(ledger, 5_000, 6_000)
    auto_post(ledger, run_id, RULES, replace(OPEN, most=Decimal(50)), today=TODAY)
    with closing(sqlite3.connect(ledger.path)) as plain:
        for change in (
            "INSERT INTO auto_post VALUES (2, 1, NULL, NULL)",
            "INSERT INTO auto_post VALUES (2, 3, 'too-large', 'x')",
            "REPLACE INTO auto_post VALUES (2, 4, 'other', 'x')",
            "INSERT INTO auto_post VALUES (1, 1, 'too-large', 'x')",
            "UPDATE auto_post SET message = 'y'",
            "DELETE FROM auto_post",
        ):
            with pytest.raises(sqlite3.IntegrityError, match="auto_post"):
                plain.execute(change)


def test_new_customers_wait_and_known_ones_do_not(ledger: Ledger) -> None:
    """A second customer's first invoice waits while the first one's go."""
    post_invoice(ledger, "D-000001", RULES, today=TODAY)
    run_id = begin(ledger)
    with ledger.transaction():
        apply(ledger, run_id, PageOfChanges((), customers=(customer_change(2, "Initech"),)))
        apply(
            ledger,
            run_id,
            PageOfChanges(
                records=(outcome(20), outcome(21)),
                creates=(create(20, content(customer=2)), create(21, content(customer=1))),
            ),
        )
    auto_post(ledger, run_id, RULES, replace(OPEN, known_customers_only=True), today=TODAY)
    assert codes(ledger, run_id) == ["new-customer", None]
