from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from sfsync.errors import NotFoundError
from sfsync.ledger import pages
from sfsync.ledger.editing import edit_draft
from sfsync.ledger.history import (
    OutcomeCounts,
    cursors,
    finish_run,
    last_run,
    list_runs,
    record_counts,
    show_run,
)
from sfsync.ledger.invariants import check_ledger
from sfsync.ledger.invoices import show_invoice
from sfsync.ledger.model import (
    ContactChange,
    ContactContent,
    Cursor,
    CustomerChange,
    CustomerContent,
    DraftUpdate,
    DriftChange,
    Outcome,
    PageOfChanges,
    ProductKey,
    RecordOutcome,
    RunOutcome,
    canonical_json,
)
from sfsync.ledger.open_failures import MAX_TRIES, open_failures
from sfsync.ledger.removal import delete_draft
from tests.ledger.ledger_books import (
    NOW,
    ORG,
    account_id,
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

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sfsync.ledger import Ledger
    from sfsync.ledger.model import OpportunityState

CONTACT = "003000000000001AAA"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A bound ledger without records."""
    with new_ledger(tmp_path / "ledger.db") as opened:
        yield opened


def _write(ledger: Ledger, run_id: int, page: PageOfChanges) -> dict[str, int]:
    with ledger.transaction():
        return pages.apply(ledger, run_id, page)


def _state(ledger: Ledger, *numbers: int) -> OpportunityState:
    ids = [opportunity_id(number) for number in numbers]
    return pages.opportunity_state(ledger, ORG, ids, [account_id(1)], ["License"])


def test_what_is_written_is_what_is_asked(ledger: Ledger) -> None:
    """Links, customers by key, contacts, drafts and memory come back as they were written."""
    fill(ledger, 2)
    accounts = pages.account_state(ledger, ORG, [account_id(1)], ["GLOBEX", " "], ["none"])
    assert accounts.links[account_id(1)].customer_id == 1
    assert [one.number for one in accounts.by_name_key["globex"]] == ["C-0001"]
    assert accounts.by_id[1].content == CustomerContent("Globex, Inc.")
    state = _state(ledger, 1, 2, 3)
    mapped = canonical_json(content().as_source())
    assert {key: one.source for key, one in state.invoices.items()} == {
        opportunity_id(1): mapped, opportunity_id(2): mapped,
    }  # fmt: skip
    assert state.customers == {account_id(1): 1}
    assert state.known_products == {"License"}
    assert state.seen == {
        opportunity_id(number): remembered(number).fingerprint for number in (1, 2)
    }
    assert pages.remembered_count(ledger) == 2


def test_two_accounts_of_a_page_share_a_new_customer(ledger: Ledger) -> None:
    """`created_by` links a second account to the customer that the same page creates."""
    second = CustomerChange(account_id(2), "name", "{}", created_by=account_id(1))
    _write(ledger, begin(ledger), PageOfChanges((), customers=(customer_change(1), second)))
    state = pages.account_state(ledger, ORG, [account_id(1), account_id(2)], [], [])
    assert {link.customer_id for link in state.links.values()} == {1}


def test_contacts_are_written_once(ledger: Ledger) -> None:
    """A contact is created, then updated in place with its properties."""
    run_id = begin(ledger)
    first = ContactChange(CONTACT, "{}", ContactContent("Ann", None, "a@x", properties={"k": "1"}))
    _write(ledger, run_id, PageOfChanges((), contacts=(first,)))
    known, _ = pages.contact_state(ledger, [CONTACT], [])
    changed = replace(first, content=ContactContent("Ann B"), source='{"a":1}',
                      contact_id=known[CONTACT].contact_id)  # fmt: skip
    _write(ledger, run_id, PageOfChanges((), contacts=(changed,)))
    assert ledger.rows("SELECT name, email, source FROM contact") == [("Ann B", None, '{"a":1}')]
    assert ledger.rows("SELECT * FROM contact_property") == []


def test_updates_replace_lines(ledger: Ledger) -> None:
    """An update writes new values and lines, and nothing of the old ones is left."""
    fill(ledger, 2)
    new = content(line(700, "Other"), line(300, None, {"a": "b"}), region="APAC")
    update = DraftUpdate(2, new, canonical_json(new.as_source()), {"total": ("100.00", "10.00")})
    _write(ledger, begin(ledger), PageOfChanges((), updates=(update,)))
    free = show_invoice(ledger, "D-000002").as_json()
    assert (free["region"], free["total"], len(free["lines"])) == ("APAC", "10.00", 2)
    assert free["lines"][1]["properties"] == {"a": "b"}
    assert check_ledger(ledger) == []


def test_an_update_must_reckon_with_pins(ledger: Ledger) -> None:
    """Values that a person set are never overwritten by a page that was decided without them."""
    fill(ledger, 1)
    edit_draft(ledger, "D-000001", {"region": "LATAM"})
    new = content(region="APAC")
    update = DraftUpdate(1, new, canonical_json(new.as_source()), {})
    with pytest.raises(ValueError, match="reckoned"):
        _write(ledger, begin(ledger), PageOfChanges((), updates=(update,)))
    assert show_invoice(ledger, "D-000001").row.region == "LATAM"


def test_only_drafts_are_updated(ledger: Ledger) -> None:
    """An update of a document that is no draft is refused whole."""
    fill(ledger, 1)
    delete_draft(ledger, "D-000001", "test")
    update = DraftUpdate(1, content(), "{}", {})
    run_id = begin(ledger)
    with pytest.raises(ValueError, match="only drafts"):
        _write(ledger, run_id, PageOfChanges((outcome(1),), updates=(update,)))
    assert record_counts(ledger, run_id)["opportunities"].read == 0


def test_a_tombstone_tells_when_it_was_removed(ledger: Ledger) -> None:
    """A deleted draft is answered with the deal's stamp; a live successor comes before it."""
    fill(ledger, 1)
    delete_draft(ledger, "D-000001", "test")
    assert _state(ledger, 1).invoices[opportunity_id(1)].removed_stamp == (
        remembered(1).system_modstamp
    )
    again = replace(create(1), predecessor_id=1)
    assert _write(ledger, begin(ledger), PageOfChanges((), creates=(again,))) == {
        opportunity_id(1): 2
    }
    assert _state(ledger, 1).invoices[opportunity_id(1)].draft == "D-000002"


def test_products_that_must_exist_are_not_made(ledger: Ledger) -> None:
    """A product with `create` false is found by code, and refused when missing."""
    fill(ledger, 1)
    known = line(100)._replace(product=ProductKey("Named", code="P-1"))
    unknown = line(100)._replace(product=ProductKey("Other", code="P-2", create=False))
    run_id = begin(ledger)
    _write(ledger, run_id, PageOfChanges((), creates=(create(2, content(known)),)))
    with pytest.raises(ValueError, match="P-2"):
        _write(ledger, run_id, PageOfChanges((), creates=(create(3, content(unknown)),)))
    again = known._replace(product=ProductKey("Renamed", code="P-1", create=False))
    _write(ledger, run_id, PageOfChanges((), creates=(create(3, content(again)),)))
    assert ledger.rows("SELECT code, name FROM product WHERE code IS NOT NULL") == [
        ("P-1", "Named")
    ]


def test_drift_opens_and_closes(ledger: Ledger) -> None:
    """A drift is kept beside the document until a later page closes it."""
    fill(ledger, 1)
    run_id = begin(ledger)
    _write(ledger, run_id, PageOfChanges((), drifts=(DriftChange(1, '{"a":1}'),)))
    assert _state(ledger, 1).invoices[opportunity_id(1)].drift == '{"a":1}'
    _write(ledger, run_id, PageOfChanges((), drifts=(DriftChange(1, None),)))
    assert _state(ledger, 1).invoices[opportunity_id(1)].drift is None


def test_failures_stay_open_until_success(ledger: Ledger) -> None:
    """A failure counts its tries over runs, and a later success closes it."""
    failed = PageOfChanges((outcome(1, Outcome.FAILED, "missing-field"),))
    first, second = begin(ledger), 0
    _write(ledger, first, failed)
    _write(ledger, first, failed)
    second = begin(ledger)
    _write(ledger, second, failed)
    (failure,) = open_failures(ledger)
    assert (failure.first_run, failure.last_run, failure.tries) == (first, second, 2)
    _write(ledger, second, PageOfChanges((outcome(1, Outcome.UNCHANGED, repeated=True),)))
    assert open_failures(ledger) == []


def test_a_failure_is_given_up_on_until_its_record_changes(ledger: Ledger) -> None:
    """Ten runs that fail alike make it dead; another stamp, code, or its name revives it."""
    failed = outcome(1, Outcome.FAILED, "missing-field")

    def fail(stamp: str, record: RecordOutcome = failed) -> None:
        memory = (remembered(1, stamp),)
        _write(ledger, begin(ledger), PageOfChanges((record,), opportunities=memory))

    for _ in range(MAX_TRIES):
        assert len(open_failures(ledger)) == len(open_failures(ledger, dead=None))
        fail("2026-11-01T00:00:00.000+0000")
    assert open_failures(ledger) == []
    (dead,) = open_failures(ledger, dead=True)
    assert (dead.dead, dead.tries, dead.last_run) == (True, MAX_TRIES, MAX_TRIES)
    assert open_failures(ledger, dead=None) == [dead]
    fail("2026-11-02T00:00:00.000+0000")
    (alive,) = open_failures(ledger)
    assert (alive.tries, alive.dead) == (1, False)
    for _ in range(MAX_TRIES - 1):
        fail("2026-11-02T00:00:00.000+0000")
    fail("2026-11-02T00:00:00.000+0000", outcome(1, Outcome.FAILED, "invalid-amount"))
    assert [(one.code, one.tries) for one in open_failures(ledger)] == [("invalid-amount", 1)]


@pytest.mark.parametrize("kind", [Outcome.SKIPPED, Outcome.DRIFTED, Outcome.CREATED])
def test_any_other_outcome_closes_a_failure(ledger: Ledger, kind: Outcome) -> None:
    """A record that is skipped, drifted or created has no open failure, and no dead one."""

    def account(day: int) -> RecordOutcome:
        return RecordOutcome("Account", account_id(1), "A", Outcome.FAILED, "missing-field",
                             system_modstamp=f"2026-11-{day:02}T00:00:00.000+0000")  # fmt: skip

    for _ in range(MAX_TRIES):
        page = PageOfChanges((outcome(1, Outcome.FAILED, "missing-field"), account(1)))
        _write(ledger, begin(ledger), page)
    assert len(open_failures(ledger, dead=True)) == 2
    _write(ledger, begin(ledger), PageOfChanges((outcome(1, kind, "stage", repeated=False),)))
    assert [one.sobject for one in open_failures(ledger, dead=None)] == ["Account"]
    _write(ledger, begin(ledger), PageOfChanges((account(2),)))
    assert [one.tries for one in open_failures(ledger)] == [1]


def test_counts_add_up_with_compact_records(ledger: Ledger) -> None:
    """Repeated outcomes are kept many to a row; counts and records include each once."""
    run_id = begin(ledger)
    many = tuple(
        outcome(number, Outcome.SKIPPED, "stage", repeated=True) for number in range(1, 500)
    )
    _write(ledger, run_id, PageOfChanges((*many, outcome(500, Outcome.FAILED, "missing-field"))))
    _write(ledger, run_id, PageOfChanges((outcome(1, Outcome.FAILED, "missing-field"),)))
    finish_run(ledger, run_id, RunOutcome.PARTIAL, api_calls=7, finished_at=NOW)
    detail = show_run(ledger)
    expected = OutcomeCounts(read=500, skipped=498, failed=2)
    assert detail.summary.counts["opportunities"] == expected
    assert detail.summary.outcome is RunOutcome.PARTIAL
    assert len(detail.records) == 500
    assert ledger.row("SELECT count(*) FROM run_page") == (1,)
    assert check_ledger(ledger) == []


def test_a_dead_run_becomes_interrupted(ledger: Ledger) -> None:
    """Starting a run ends one that died, with what it had done."""
    dead = begin(ledger)
    _write(ledger, dead, PageOfChanges((outcome(1, Outcome.SKIPPED, "stage"),)))
    begin(ledger)
    assert [run.outcome for run in list_runs(ledger)] == ["running", "interrupted"]
    found = last_run(ledger, frozenset({RunOutcome.INTERRUPTED}))
    assert found is not None
    assert found.counts["opportunities"].skipped == 1
    with pytest.raises(NotFoundError):
        show_run(ledger, 99)


def test_the_cursor_moves_with_the_page_or_not_at_all(ledger: Ledger) -> None:
    """A page that is rolled back leaves the cursor where it was."""
    run_id = begin(ledger)
    cursor = Cursor("Opportunity", "2026-11-01T00:00:00.000+0000", opportunity_id(1), full=True)
    _write(ledger, run_id, PageOfChanges((), cursor=cursor))
    later = replace(cursor, salesforce_id=opportunity_id(2), full=False)
    with pytest.raises(ValueError, match="only drafts"):
        _write(
            ledger,
            run_id,
            PageOfChanges((), cursor=later, updates=(DraftUpdate(9, content(), "{}", {}),)),
        )
    assert cursors(ledger) == {"Opportunity": replace(cursor, rules="e")}


def test_an_unchanged_page_writes_no_ledger_row(ledger: Ledger) -> None:
    """The same records again leave everything but the history as it was."""
    fill(ledger, 3)
    tables = ("document", "document_line", "customer", "opportunity", "audit_event", "failure")
    before = [ledger.rows(f"SELECT * FROM {table}") for table in tables]  # noqa: S608 - constants
    unchanged = tuple(outcome(n, Outcome.UNCHANGED, repeated=True) for n in (1, 2, 3))
    again = tuple(remembered(number) for number in (1, 2, 3))
    _write(ledger, begin(ledger), PageOfChanges(unchanged, opportunities=again))
    assert [ledger.rows(f"SELECT * FROM {table}") for table in tables] == before  # noqa: S608 - constants


def test_a_page_of_two_thousand_is_written_whole(ledger: Ledger) -> None:
    """Two thousand drafts of three lines are written at once, with every row of theirs."""
    fill(ledger, 1)
    numbers = range(10, 2_010)
    body = content(line(100, "A"), line(200, "B", {"x": "y"}), line(300, "C"))
    page = PageOfChanges(
        tuple(outcome(number) for number in numbers),
        creates=tuple(create(number, body) for number in numbers),
        opportunities=tuple(remembered(number) for number in numbers),
    )
    run_id = begin(ledger)
    _write(ledger, run_id, page)
    for table, rows in (("document", 2_001), ("run_record", 2_000), ("opportunity", 2_000)):
        (found,) = ledger.row(f"SELECT count(*) FROM {table}")  # noqa: S608 - constants
        assert found >= rows
    (lines,) = ledger.row("SELECT count(*) FROM document_line WHERE document_id > 1")
    assert lines == 6_000
