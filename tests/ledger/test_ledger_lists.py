from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from sfsync.errors import NotFoundError, RefusedError, UsageError
from sfsync.ids import full_id
from sfsync.ledger.audit import head, list_events, verify_chain
from sfsync.ledger.customers import (
    add_customer,
    import_customers,
    list_contacts,
    list_customers,
    show_customer,
)
from sfsync.ledger.invariants import check_ledger
from sfsync.ledger.invoice_filter import InvoiceFilter
from sfsync.ledger.invoices import count_invoices, list_invoices, show_invoice
from sfsync.ledger.marks import hold_invoice
from sfsync.ledger.model import Address, CustomerContent, DocumentStatus
from sfsync.ledger.posting import post_invoice
from sfsync.ledger.products import list_products, show_product
from sfsync.ledger.references import find_document
from sfsync.ledger.removal import delete_draft, reverse_invoice
from tests.ledger.ledger_books import (
    RULES,
    TODAY,
    account_id,
    fill,
    new_ledger,
    opportunity_id,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sfsync.ledger import Ledger

KEYS = {
    "number", "draft", "status", "kind", "customer", "opportunity", "url", "description",
    "document_date", "due_date", "currency", "total", "balance", "payment_status", "sales_rep",
    "region", "properties", "drifted", "on_hold",
}  # fmt: skip


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """One posted, one deleted, one held draft of 100.00."""
    with new_ledger(tmp_path / "ledger.db") as opened:
        fill(opened, 3)
        post_invoice(opened, "D-000001", RULES, today=TODAY)
        delete_draft(opened, "D-000002", "test")
        hold_invoice(opened, "D-000003", "wait")
        yield opened


def test_list_has_every_key(ledger: Ledger) -> None:
    """A listed invoice has the contract's keys, money as text, the customer by number."""
    posted, held = (row.as_json() for row in list_invoices(ledger))
    assert set(posted) == KEYS
    assert posted["customer"] == {
        "id": "C-0001", "name": "Globex, Inc.", "salesforce_id": account_id(1),
    }  # fmt: skip
    assert (posted["number"], posted["total"], posted["balance"]) == (
        "INV-2026-00001", "100.00", "100.00",
    )  # fmt: skip
    assert posted["url"] == f"https://acme.my.salesforce.com/{opportunity_id(1)}"
    assert posted["properties"] == {"cost_center": "CC1"}
    assert (held["number"], held["on_hold"], held["drifted"]) == (None, True, False)
    shown = show_invoice(ledger, "D-000001").as_json()
    assert set(shown) >= KEYS | {
        "lines", "journal", "source", "posted_at", "posted_by", "reverses", "reversed_by",
    }  # fmt: skip
    assert shown["lines"] == [{
        "no": 1, "product": "License", "description": "A line", "quantity": "1",
        "unit_price": "100", "discount": None, "amount": "100.00", "properties": {},
    }]  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "drafts"),
    [
        (InvoiceFilter(), [1, 3]),
        (InvoiceFilter(status=DocumentStatus.DELETED), [2]),
        (InvoiceFilter(status=DocumentStatus.DRAFT), [3]),
        (InvoiceFilter(customer="glob"), [1, 3]),
        (InvoiceFilter(customer=account_id(1)[:15]), [1, 3]),
        (InvoiceFilter(customer="c-0001"), [1, 3]),
        (InvoiceFilter(customer="Initech"), []),
        (InvoiceFilter(date_from=date(2026, 10, 30), date_to=date(2026, 10, 30)), [1, 3]),
        (InvoiceFilter(date_from=date(2026, 10, 31)), []),
        (InvoiceFilter(minimum=Decimal(100), maximum=Decimal("100.00")), [1, 3]),
        (InvoiceFilter(minimum=Decimal("100.0001")), []),
        (InvoiceFilter(rep="dana", region="emea", run=1), [1, 3]),
        (InvoiceFilter(properties={"cost_center": "CC1"}), [1, 3]),
        (InvoiceFilter(properties={"cost_center": "CC2"}), []),
        (InvoiceFilter(on_hold=True), [3]),
        (InvoiceFilter(drifted=True), []),
        (InvoiceFilter(sort="-draft", limit=1), [3]),
    ],
)
def test_filters(ledger: Ledger, wanted: InvoiceFilter, drafts: list[int]) -> None:
    """Each filter lets through what it says, and no deleted draft unless asked for."""
    found = [row.document_id for row in list_invoices(ledger, wanted)]
    assert found == drafts
    assert count_invoices(ledger, wanted) >= len(found)


def test_unknown_sort_is_refused(ledger: Ledger) -> None:
    """A sort key that does not exist names those that do."""
    with pytest.raises(UsageError) as refused:
        list(list_invoices(ledger, InvoiceFilter(sort="colour")))
    assert "total" in refused.value.fix


def test_references(ledger: Ledger) -> None:
    """Draft id, number, opportunity id and URL lead to the document, a typo to its neighbours."""
    url = f"https://acme.lightning.force.com/lightning/r/Opportunity/{opportunity_id(1)}/view"
    for name in ("D-000001", "d-1", "inv-2026-00001", opportunity_id(1), opportunity_id(1)[:15],
                 url):  # fmt: skip
        assert find_document(ledger, name).document_id == 1
    assert full_id("0065g00000AbCdE") == "0065g00000AbCdEAAV"
    with pytest.raises(NotFoundError) as missing:
        find_document(ledger, "INV-2026-00002")
    assert "INV-2026-00001" in missing.value.fix


def test_customers_by_hand(ledger: Ledger) -> None:
    """Entered and imported customers are found by number, external id and name, and audited."""
    content = CustomerContent("Initech LLC", "X-1", address=Address(city="Bonn"))
    added = add_customer(ledger, content)
    assert (added.number, added.origin, added.content) == ("C-0002", "entered", content)
    with pytest.raises(RefusedError, match="X-1"):
        import_customers(ledger, [CustomerContent("New"), CustomerContent("Other", "X-1")])
    twins = import_customers(ledger, [CustomerContent("Twin Ltd"), CustomerContent("TWIN")])
    assert [one.number for one in twins] == ["C-0003", "C-0004"]
    for name in ("c-0002", "X-1", "initech"):
        assert show_customer(ledger, name).number == "C-0002"
    assert show_customer(ledger, account_id(1)).number == "C-0001"
    assert show_customer(ledger, "TWIN").number == "C-0004"
    with pytest.raises(RefusedError, match="2 customers"):
        show_customer(ledger, "twin")
    with pytest.raises(NotFoundError):
        show_customer(ledger, "Nobody")
    assert [one.number for one in list_customers(ledger, search="Twin")] == ["C-0003", "C-0004"]
    events = list_events(ledger, entities=["C-0002"])
    assert [event.action for event in events] == ["customer.create"]
    assert list(list_contacts(ledger)) == []
    assert [one.name for one in list_products(ledger)] == ["License"]
    assert check_ledger(ledger) == []


def test_a_product_counts_the_invoices_that_a_customer_counts(ledger: Ledger) -> None:
    """Neither counts deleted drafts nor credit notes; a reversed invoice is one still."""
    reverse_invoice(ledger, "INV-2026-00001", RULES, reason="wrong", today=TODAY)
    assert count_invoices(ledger, InvoiceFilter()) == 3
    assert show_customer(ledger, "C-0001").invoices == 2
    assert show_product(ledger, "License").invoices == 2


def test_a_kept_head_shows_a_cut_tail(ledger: Ledger) -> None:
    """A chain that lost its newest events is only found by a head that was kept elsewhere."""
    kept = head(ledger)
    assert verify_chain(ledger, kept) == []
    with ledger.transaction():
        ledger.execute("DROP TRIGGER audit_event_delete")
        ledger.execute("DELETE FROM audit_event WHERE seq = (SELECT max(seq) FROM audit_event)")
    assert verify_chain(ledger) == []
    assert [one.code for one in verify_chain(ledger, kept)] == ["audit-head"]


def test_many_invoices_are_listed_by_one_query(tmp_path: Path) -> None:
    """A long list is one question to the database, not one for each invoice."""
    with new_ledger(tmp_path / "ledger.db") as ledger:
        fill(ledger, 500)
        asked: list[str] = []
        ledger._connection.set_trace_callback(asked.append)  # noqa: SLF001 - to count
        assert sum(1 for _ in list_invoices(ledger)) == 500
        assert len(asked) < 10
