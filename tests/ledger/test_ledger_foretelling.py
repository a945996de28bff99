"""What is foretold of posting many drafts is what posting them then does."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.errors import RefusedError
from sfsync.ledger.apply import apply
from sfsync.ledger.chart import LedgerAccount, close_period
from sfsync.ledger.marks import hold_invoice
from sfsync.ledger.model import PageOfChanges
from sfsync.ledger.posting import post_invoice, post_many
from sfsync.ledger.posting_plan import foretell_posting
from sfsync.ledger.removal import delete_draft
from tests.ledger.ledger_books import (
    RULES,
    TODAY,
    begin,
    content,
    create,
    customer_change,
    fill,
    line,
    new_ledger,
)

if TYPE_CHECKING:
    from sfsync.ledger import Ledger
    from sfsync.ledger.posting_rules import PostingRules

DAYS = [date(2026, 1, 11), date(2026, 11, 1), date(2026, 10, 30), TODAY + timedelta(days=9)]
PRODUCTS = ["License", "Implementation", "Training"]
# How a plain connection, or time, may leave a draft; each is a guard's matter.
SPOILED = {
    "drifted": "INSERT INTO document_drift VALUES (:id, '{}', NULL, '', 1)",
    "content-missing": "UPDATE document SET description = ' ' WHERE id = :id",
    "out-of-balance": "UPDATE document_line SET amount_minor = 1 WHERE document_id = :id",
    "total-not-positive": "UPDATE document SET total_minor = 0 WHERE id = :id",
    "customer-inactive": "UPDATE document SET customer_id = 2 WHERE id = :id",
}
OBSTACLES = ["none", "none", "none", "on-hold", "already-deleted", "already-posted", *SPOILED]
CHART = RULES.chart
RULE_CHANGES: dict[str, PostingRules] = {
    "as usual": RULES,
    "not-reviewed": replace(RULES, require_review=True),
    "account-unknown": replace(RULES, revenue_by_product={"Training": "4900"}),
    "account-inactive": replace(
        RULES, chart=(*CHART[:2], replace(CHART[2], active=False))
    ),
    "account-type": replace(
        RULES, revenue_by_product={"Training": "1900"},
        chart=(*CHART, LedgerAccount("1900", "Bank", "asset")),
    ),
    "account-in-use": replace(
        RULES, chart=(CHART[0], replace(CHART[1], type="liability"), CHART[2])
    ),
    "period-closed": replace(RULES, closed_through=date(2026, 10, 31)),
    # Free at first, until it comes to the number that another series has given.
    "number-taken": replace(RULES, numbering="INV-2026-0{seq:04}"),
    "by month": replace(RULES, numbering="{year}/{month}/{seq}", first_number=7),
}  # fmt: skip


def spoil(ledger: Ledger, document_id: int, obstacle: str) -> None:
    """Put an obstacle in the way of one draft."""
    draft = f"D-{document_id:06d}"
    if obstacle == "on-hold":
        hold_invoice(ledger, draft, "ask Dana")
    elif obstacle == "already-deleted":
        delete_draft(ledger, draft, "duplicate")
    elif obstacle == "already-posted":
        if ledger.row("SELECT document_date FROM document WHERE id = ?", (document_id,)) <= (
            TODAY.isoformat(),
        ):
            post_invoice(ledger, draft, RULES, today=TODAY)
    elif obstacle in SPOILED:
        with ledger.transaction():
            ledger.execute(SPOILED[obstacle], {"id": document_id})


def books(path: Path, drafts: list[tuple[date, str, str]]) -> Ledger:
    """A ledger with one posted invoice, an inactive customer, and these drafts."""
    ledger = new_ledger(path)
    fill(ledger, 1)
    post_invoice(ledger, "D-000001", replace(RULES, first_number=3), today=TODAY)
    run_id = begin(ledger)
    bodies = [content(line(10_000, product), day=day) for day, product, _ in drafts]
    bodies = [replace(one, due_date=max(one.due_date, one.document_date)) for one in bodies]
    with ledger.transaction():
        creates = tuple(create(number, body) for number, body in enumerate(bodies, 2))
        apply(
            ledger,
            run_id,
            PageOfChanges(records=(), customers=(customer_change(2, "Gone"),), creates=creates),
        )
        ledger.execute("UPDATE customer SET active = 0 WHERE id = 2")
    for document_id, (_, _, obstacle) in enumerate(drafts, 2):
        spoil(ledger, document_id, obstacle)
    return ledger


@settings(max_examples=20, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(DAYS), st.sampled_from(PRODUCTS), st.sampled_from(sorted(OBSTACLES))
        ),
        min_size=1,
        max_size=12,
    ),
    st.sampled_from(sorted(RULE_CHANGES)),
    st.none() | st.sampled_from([TODAY, TODAY + timedelta(days=1)]),
    st.none() | st.just(date(2026, 10, 15)),
)
def test_what_is_foretold_happens(
    drafts: list[tuple[date, str, str]], change: str, day: date | None, closed: date | None
) -> None:
    """Each draft is posted under the number, day and entry foretold, or refused for that reason."""
    rules = RULE_CHANGES[change]
    with (
        tempfile.TemporaryDirectory() as folder,
        books(Path(folder) / "l.db", drafts) as ledger,
    ):
        if closed is not None:
            close_period(ledger, closed)
        named = [f"D-{number:06d}" for number in range(1, len(drafts) + 2)]
        before = ledger.row("SELECT count(*), max(seq) FROM audit_event")
        foretold = [
            (one.document.draft, one.refusals[0].code if one.refusals else
             (one.number, one.posting_date, one.journal))
            for one in foretell_posting(ledger, named, rules, day=day, today=TODAY)
        ]  # fmt: skip
        assert ledger.row("SELECT count(*), max(seq) FROM audit_event") == before
        done = [
            (draft, one.code if isinstance(one, RefusedError) else
             (one.number, one.posting_date, one.journal))
            for draft, one in post_many(ledger, named, rules, day=day, today=TODAY)
        ]  # fmt: skip
        assert foretold == done


def test_each_guard_is_foretold(tmp_path: Path) -> None:
    """No guard is left out of the mix: each is met by some draft or under some rules."""
    met: set[str] = set()
    drafts = [(DAYS[2], "Training", one) for one in [*sorted(set(OBSTACLES)), "none"]]
    drafts += [(DAYS[3], "License", "none"), (DAYS[2], "Implementation", "none")]
    drafts += [(DAYS[0], "License", "none")] * 4
    for place, rules in enumerate(RULE_CHANGES.values()):
        with books(tmp_path / f"{place}.db", drafts) as ledger:
            named = [f"D-{number:06d}" for number in range(1, len(drafts) + 2)]
            for one in foretell_posting(ledger, named, rules, today=TODAY):
                met |= {refusal.code for refusal in one.refusals}
    assert met == {
        "already-posted", "already-deleted", "on-hold", *SPOILED, "not-reviewed",
        "account-unknown", "account-inactive", "account-type", "account-in-use", "period-closed",
        "number-taken", "future-date",
    }  # fmt: skip
