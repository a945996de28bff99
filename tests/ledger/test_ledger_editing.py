from __future__ import annotations

import tempfile
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.errors import NotFoundError, RefusedError, UsageError
from sfsync.ledger import pages
from sfsync.ledger.audit import list_events
from sfsync.ledger.contents import stored_content
from sfsync.ledger.customers import add_customer
from sfsync.ledger.editing import edit_draft
from sfsync.ledger.invariants import check_ledger
from sfsync.ledger.invoices import show_invoice
from sfsync.ledger.marks import review_invoice
from sfsync.ledger.model import (
    CustomerContent,
    DraftUpdate,
    LineContent,
    PageOfChanges,
    ProductKey,
    canonical_json,
)
from sfsync.ledger.pins import keep_pinned
from sfsync.ledger.posting import post_invoice
from sfsync.ledger.removal import delete_draft
from sfsync.money import MAX_MINOR
from tests.ledger.ledger_books import (
    ORG,
    RULES,
    TODAY,
    begin,
    content,
    fill,
    new_ledger,
    opportunity_id,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfsync.ledger import Ledger
    from sfsync.ledger.model import InvoiceContent, InvoiceState


def priced(number: int, quantity: str, price: str, discount: str | None = None) -> LineContent:
    """The n-th line item of a deal, as Salesforce has it."""
    full = Decimal(quantity) * Decimal(price) * (1 - Decimal(discount or 0) / 100)
    return LineContent(
        ProductKey(f"Product {number}", f"P-{number}"), f"Line {number}", Decimal(quantity),
        Decimal(price), None if discount is None else Decimal(discount), int(full * 100),
        salesforce_id=f"00k{number:012d}AAA",
    )  # fmt: skip


def deal(*lines: LineContent) -> InvoiceContent:
    """An invoice of these lines, or of three."""
    return content(*(lines or (priced(1, "2", "50"), priced(2, "10", "30"), priced(3, "1", "7"))))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A ledger with two drafts of three lines, 407.00 USD, and a second customer."""
    with new_ledger(tmp_path / "ledger.db") as opened:
        fill(opened, 2, deal())
        add_customer(opened, CustomerContent("Initech"))
        yield opened


def state_of(ledger: Ledger, number: int = 1) -> InvoiceState:
    """What a sync knows of the n-th deal's invoice."""
    found = pages.opportunity_state(ledger, ORG, [opportunity_id(number)], [], [])
    return found.invoices[opportunity_id(number)]


def synced(ledger: Ledger, new: InvoiceContent) -> dict[str, object]:
    """The first draft after a sync that found `new`."""
    known = state_of(ledger)
    kept, pins = (new, None) if known.edited is None else keep_pinned(new, known.edited, known.pins)
    update = DraftUpdate(1, kept, canonical_json(new.as_source()), {}, pins)
    run_id = begin(ledger)
    with ledger.transaction():
        pages.apply(ledger, run_id, PageOfChanges((), updates=(update,)))
    return show_invoice(ledger, "D-000001").as_json()


def test_an_edit_changes_values_amounts_and_total_and_is_audited(ledger: Ledger) -> None:
    """Quantity and price make the amount, lines the total; one event has before and after."""
    done = edit_draft(
        ledger,
        "d-1",
        {"line.2.qty": "8", "line.1.discount": "10", "description": "New", "customer": "C-0002",
         "properties.cost_center": "", "properties.team": "A", "rep": "", "line.3.product": "P-1"},
    )  # fmt: skip
    shown = show_invoice(ledger, "D-000001").as_json()
    assert [line["amount"] for line in shown["lines"]] == ["90.00", "240.00", "7.00"]
    assert (shown["total"], shown["description"], shown["sales_rep"]) == ("337.00", "New", None)
    assert (shown["customer"]["name"], shown["properties"]) == ("Initech", {"team": "A"})
    assert shown["lines"][2]["product"] == "Product 1"
    assert done.changes["line.2.quantity"] == ("10", "8")
    event = next(iter(list_events(ledger)))
    assert (event.action, event.entity) == ("invoice.edit", "D-000001")
    assert (event.before["total"], event.after["total"]) == ("407.00", "337.00")
    assert event.before["pinned"] == []
    assert event.after["pinned"] == shown["pinned"] == sorted(done.pinned)
    assert check_ledger(ledger) == []


def test_a_moved_date_takes_the_due_date_along(ledger: Ledger) -> None:
    """The due date keeps its distance from the date unless it is given; both are then pinned."""
    done = edit_draft(ledger, "D-000001", {"date": "2026-11-02"})
    assert show_invoice(ledger, "D-000001").row.due_date == date(2026, 12, 2)
    assert done.pinned == ("document_date", "due_date")
    edit_draft(ledger, "D-000001", {"date": "2026-11-05", "due": "2026-11-05"})
    assert show_invoice(ledger, "D-000001").row.due_date == date(2026, 11, 5)


BROKEN = {
    "line.4.quantity": "1",
    "line.1.quantity": "many",
    "line.1.discount": "101",
    "line.2.amount": "1.005",
    "line.2.unit_price": "1e3",
    "line.3.amount": "-5000",
    "line.1.unit_price": "",
    "line.0.quantity": "1",
    "totall": "1",
    "total": "5",
    "description": " ",
    "date": "30/10/2026",
    "due": "2026-10-29",
    "line.1.colour": "red",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_value_that_cannot_be_is_refused_and_nothing_changes(ledger: Ledger, name: str) -> None:
    """Every value is read before any is written."""
    before = stored_content(ledger, 1)
    with pytest.raises(UsageError):
        edit_draft(ledger, "D-000001", {"region": "APAC", name: BROKEN[name]})
    assert stored_content(ledger, 1) == before
    assert state_of(ledger).pins == frozenset()


def test_what_is_named_must_be_there(ledger: Ledger) -> None:
    """Customer, contact and product are looked up; an inactive customer is refused."""
    for values in ({"customer": "C-0099"}, {"contact": "003x"}, {"line.1.product": "Nope"}):
        with pytest.raises(NotFoundError):
            edit_draft(ledger, "D-000001", values)
    with ledger.transaction():
        ledger.execute("UPDATE customer SET active = 0 WHERE id = 2")
    with pytest.raises(RefusedError) as refused:
        edit_draft(ledger, "D-000001", {"customer": "C-0002"})
    assert refused.value.code == "customer-inactive"


def test_only_drafts_are_edited(ledger: Ledger) -> None:
    """A posted or deleted document is refused with the ways out; a review ends with an edit."""
    review_invoice(ledger, "D-000001")
    edit_draft(ledger, "D-000001", {"region": "APAC"})
    assert show_invoice(ledger, "D-000001").reviewed_by is None
    number = post_invoice(ledger, "D-000001", RULES, today=TODAY).number
    delete_draft(ledger, "D-000002", "x")
    with pytest.raises(RefusedError) as refused:
        edit_draft(ledger, number, {"region": "EMEA"})
    assert refused.value.code == "already-posted"
    assert f"invoice reverse {number}" in refused.value.fix
    with pytest.raises(RefusedError) as refused:
        edit_draft(ledger, "D-000002", {"region": "EMEA"})
    assert (refused.value.code, refused.value.fix) == (
        "already-deleted", "sfsync invoice resync D-000002",
    )  # fmt: skip


def test_what_changed_meanwhile_is_not_overwritten(ledger: Ledger) -> None:
    """An edit of something that the person has not seen is refused."""
    seen = stored_content(ledger, 1)
    edit_draft(ledger, "D-000001", {"region": "APAC"})
    with pytest.raises(RefusedError, match="meanwhile"):
        edit_draft(ledger, "D-000001", {"region": "LATAM"}, seen=seen)


def test_pins_follow_their_line_and_fall_with_it(ledger: Ledger) -> None:
    """A pinned line is found by its id wherever it moves; a line that is gone takes its pins."""
    edit_draft(ledger, "D-000001", {"line.2.quantity": "8", "line.3.amount": "5", "region": "APAC"})
    moved = synced(ledger, deal(priced(9, "1", "1"), priced(1, "2", "50"), priced(2, "10", "40")))
    assert [one["amount"] for one in moved["lines"]] == ["1.00", "100.00", "320.00"]  # type: ignore[attr-defined]  # JSON
    assert moved["pinned"] == ["line.3.quantity", "region"]
    assert (moved["region"], moved["total"]) == ("APAC", "421.00")
    assert check_ledger(ledger) == []


def test_an_unpinned_value_follows_salesforce_again(ledger: Ledger) -> None:
    """After unpinning, the next sync sees a difference and writes Salesforce's value."""
    edit_draft(ledger, "D-000001", {"region": "APAC", "line.2.quantity": "8", "description": "X"})
    untouched = state_of(ledger).source_hash
    done = edit_draft(ledger, "D-000001", {}, unpin=["region", "line.2.qty"])
    assert (done.pinned, done.unpinned) == (("description",), ("line.2.quantity", "region"))
    assert state_of(ledger).source_hash != untouched
    assert pages.opportunities_to_recheck(ledger) == (opportunity_id(1),)
    again = synced(ledger, deal())
    assert (again["region"], again["total"], again["description"]) == ("EMEA", "407.00", "X")
    assert edit_draft(ledger, "D-000001", {}, unpin=["all"]).pinned == ()
    with pytest.raises(UsageError, match="not pinned"):
        edit_draft(ledger, "D-000001", {}, unpin=["region"])


numbers = st.integers(1, 10**6).map(lambda n: f"{Decimal(n).scaleb(-3):f}")
percents = st.integers(0, 100).map(str)
amounts = st.integers(0, 10**6).map(lambda n: f"{Decimal(n).scaleb(-2):f}")
words = st.sampled_from(["", "EMEA", "A – “quoted” ☃", "=1+1"])
edits = st.dictionaries(
    st.sampled_from(
        [f"line.{n}.{name}" for n in (1, 2, 3)
         for name in ("quantity", "unit_price", "discount", "amount")]
        + ["region", "po", "properties.cost_center", "properties.new", "line.2.properties.x"]
    ),
    st.none(),
    min_size=1,
).flatmap(
    lambda names: st.fixed_dictionaries({
        name: percents if name.endswith("discount")
        else amounts if name.endswith("amount")
        else numbers if name.startswith("line") and "properties" not in name
        else words
        for name in names
    })
)  # fmt: skip
lines_of_deals = st.lists(
    st.tuples(st.integers(1, 5), numbers, numbers, st.none() | percents), min_size=1, max_size=5,
    unique_by=lambda one: one[0],
)  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(st.lists(st.one_of(edits, lines_of_deals), min_size=1, max_size=6))
def test_any_edits_and_syncs_keep_the_sum_and_the_pinned_values(
    story: list[dict[str, str] | list[tuple[int, str, str, str | None]]],
) -> None:
    """Whatever is set and synced: total = lines, and each pinned value is the one that was set."""
    with (
        tempfile.TemporaryDirectory() as folder,
        new_ledger(Path(folder) / "ledger.db") as ledger,
    ):
        fill(ledger, 1, deal())
        for step in story:
            before = show_invoice(ledger, "D-000001").as_json()
            if isinstance(step, dict):
                here = {n: t for n, t in step.items() if _fits(n, len(before["lines"]))}
                done = edit_draft(ledger, "D-000001", here)
                assert set(done.pinned) >= set(before["pinned"])
            else:
                _after_sync(ledger, before, deal(*(priced(*one) for one in step)))
            shown = show_invoice(ledger, "D-000001")
            assert shown.row.total_minor == sum(line.amount_minor for line in shown.lines)
            assert abs(shown.row.total_minor) <= MAX_MINOR
        assert check_ledger(ledger) == []


def _fits(name: str, lines: int) -> bool:
    return not name.startswith("line.") or int(name.split(".")[1]) <= lines


def _after_sync(ledger: Ledger, before: dict[str, object], new: InvoiceContent) -> None:
    ids = [line.salesforce_id for line in stored_content(ledger, 1).lines]
    after = synced(ledger, new)
    for pin in before["pinned"]:  # type: ignore[attr-defined]  # JSON
        kind, _, rest = pin.partition(".")
        if kind != "line":
            assert _value(after, pin) == _value(before, pin)
            continue
        number, _, name = rest.partition(".")
        places = [line.salesforce_id for line in new.lines]
        mine = ids[int(number) - 1]
        if mine in places:
            moved = f"line.{places.index(mine) + 1}.{name}"
            assert moved in after["pinned"]  # type: ignore[operator]  # JSON
            assert _value(after, moved) == _value(before, pin)


def _value(shown: dict[str, object], pin: str) -> object:
    found: object = shown
    name = pin.replace("line.", "lines.", 1) if pin.startswith("line.") else pin
    parts = name.split(".")
    for part in parts:
        if isinstance(found, list):
            found = found[int(part) - 1]
        else:
            assert isinstance(found, dict)
            found = found.get(part)
    return found
