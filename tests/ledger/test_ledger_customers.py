from __future__ import annotations

import random
import sqlite3
from typing import TYPE_CHECKING

import pytest

from sfsync.ledger import pages
from sfsync.ledger.account_links import link_account
from sfsync.ledger.cautions import cautions
from sfsync.ledger.customer_edit import edit_customer
from sfsync.ledger.customer_merge import merge_customers
from sfsync.ledger.customers import add_customer, import_customers, show_customer
from sfsync.ledger.duplicates import find_duplicates
from sfsync.ledger.invariants import check_ledger
from sfsync.ledger.model import (
    Address,
    ContactChange,
    ContactContent,
    CustomerChange,
    CustomerContent,
    Outcome,
    PageOfChanges,
    canonical_json,
)
from sfsync.ledger.posting import post_invoice
from sfsync.ledger.removal import delete_draft, reverse_invoice
from tests.ledger.ledger_books import (
    ORG,
    RULES,
    TODAY,
    account_id,
    begin,
    fill,
    new_ledger,
    opportunity_id,
    outcome,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sfsync.ledger import Ledger

CONTACT = "003000000000001AAA"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Globex with a draft and a posted invoice, a contact, and Initech beside it."""
    with new_ledger(tmp_path / "ledger.db") as opened:
        fill(opened, 2)
        post_invoice(opened, "D-000002", RULES, today=TODAY)
        contact = ContactChange(
            CONTACT, canonical_json({"customer_id": 1}), ContactContent("Ann", 1)
        )
        run_id = begin(opened)
        with opened.transaction():
            pages.apply(opened, run_id, PageOfChanges((), contacts=(contact,)))
        add_customer(opened, CustomerContent("Initech", address=Address(city="Bonn")))
        yield opened


def _apply(ledger: Ledger, page: PageOfChanges) -> None:
    run_id = begin(ledger)
    with ledger.transaction():
        pages.apply(ledger, run_id, page)


def test_a_sync_finds_the_merged_name_at_the_other_customer(ledger: Ledger) -> None:
    """Links, name and external id of the merged customer lead to the one that stays."""
    add_customer(ledger, CustomerContent("Umbrella AG", "U-1"))
    add_customer(ledger, CustomerContent("Umbrella Two", "U-2"))
    merge_customers(ledger, "C-0001", "C-0002", "same")
    merge_customers(ledger, "C-0003", "C-0004", "same")
    names = ["GLOBEX", "umbrella", "Umbrella Two"]
    state = pages.account_state(ledger, ORG, [account_id(1)], names, ["U-1", "U-2"])
    assert state.links[account_id(1)].customer_id == 2
    assert set(state.by_id) == {2}
    found = {key: [(one.number, one.name) for one in many]
             for key, many in state.by_name_key.items()}  # fmt: skip
    assert found == {
        "globex": [("C-0002", "Globex, Inc.")],
        "umbrella": [("C-0004", "Umbrella AG")],
        "umbrella two": [("C-0004", "Umbrella Two")],
    }
    assert state.by_name_key["globex"][0].content.name == "Initech"
    assert {key: [one.number for one in many] for key, many in state.by_external_id.items()} == {
        "U-1": ["C-0004"], "U-2": ["C-0004"],
    }  # fmt: skip
    assert pages.contact_state(ledger, [CONTACT], [account_id(1)])[1] == {account_id(1): 2}


def test_customers_that_differ_only_in_what_a_key_forgets_merge_into_one_candidate(
    ledger: Ledger,
) -> None:
    """After a merge of two equal names, the name has one candidate, not two."""
    add_customer(ledger, CustomerContent("GLOBEX"))
    add_customer(ledger, CustomerContent("Globex Ltd"))
    merge_customers(ledger, "C-0003", "C-0001", "same")
    merge_customers(ledger, "C-0004", "C-0001", "same")
    state = pages.account_state(ledger, ORG, [], ["globex"], [])
    assert [one.number for one in state.by_name_key["globex"]] == ["C-0001"]


def test_a_merge_alone_is_no_change_of_an_invoice(ledger: Ledger) -> None:
    """What was last synced of draft and posted invoice names the customer that stays."""
    merge_customers(ledger, "C-0001", "C-0002", "same")
    ids = [opportunity_id(1), opportunity_id(2)]
    invoices = pages.opportunity_state(ledger, ORG, ids, [account_id(1)], []).invoices
    assert {'"customer":2,' in one.source for one in invoices.values()} == {True}
    assert ledger.rows("SELECT id, customer_id FROM document ORDER BY id") == [(1, 2), (2, 1)]
    assert ledger.row("SELECT customer_id, source FROM contact") == (2, '{"customer_id":2}')
    assert pages.opportunities_to_recheck(ledger) == tuple(ids)
    assert check_ledger(ledger) == []


def test_a_merge_fills_what_is_missing_and_no_more(ledger: Ledger) -> None:
    """Values of the one that stays win; an address is taken whole or not at all."""
    old = CustomerContent("Old", "O-1", phone="1", address=Address("Road 1", "Berlin"),
                          properties={"a": "old", "b": "old"})  # fmt: skip
    add_customer(ledger, old)
    add_customer(ledger, CustomerContent("New", phone="2", address=Address(city="Rome"),
                                         properties={"a": "new"}))  # fmt: skip
    done = merge_customers(ledger, "C-0003", "C-0004", "same")
    assert set(done.filled) == {"external_id", "properties.b"}
    assert show_customer(ledger, "C-0004").content == CustomerContent(
        "New", "O-1", phone="2", address=Address(city="Rome"), properties={"a": "new", "b": "old"}
    )
    assert show_customer(ledger, "O-1").number == "C-0004"


def test_the_database_itself_refuses_chains_and_dead_ends(ledger: Ledger) -> None:
    """No merge into a merged customer, no way back, no link to one that is gone."""
    merge_customers(ledger, "C-0001", "C-0002", "same")
    add_customer(ledger, CustomerContent("Third"))
    for sql in (
        "UPDATE customer SET merged_into = 1, active = 0 WHERE id = 3",
        "UPDATE customer SET merged_into = 3, active = 0 WHERE id = 2",
        "UPDATE customer SET merged_into = NULL WHERE id = 1",
        "UPDATE account_link SET customer_id = 1",
        "INSERT INTO customer_distinct VALUES (2, 1, 'x', 'now', 'me')",
    ):
        with pytest.raises(sqlite3.IntegrityError), ledger.transaction():
            ledger.execute(sql)


def test_a_sync_does_not_move_a_link_made_by_hand(ledger: Ledger) -> None:
    """A decision made before the person linked keeps its source and loses its customer."""
    link_account(ledger, "C-0002", account_id(1))
    assert pages.opportunities_to_recheck(ledger) == (opportunity_id(1), opportunity_id(2))
    stale = CustomerChange(account_id(1), "name", '{"a":1}', customer_id=1)
    _apply(ledger, PageOfChanges((), customers=(stale,)))
    link = pages.account_state(ledger, ORG, [account_id(1)], [], []).links[account_id(1)]
    assert (link.customer_id, link.how, link.source) == (2, "hand", '{"a":1}')


def test_rechecks_go_when_the_deal_was_decided(ledger: Ledger) -> None:
    """An outcome takes a deal off the list, whatever it is; the others stay."""
    link_account(ledger, "C-0002", account_id(1))
    _apply(ledger, PageOfChanges((outcome(1, Outcome.FAILED, "missing-field"),)))
    assert pages.opportunities_to_recheck(ledger) == (opportunity_id(2),)


@pytest.mark.parametrize("mend", [
    lambda ledger: link_account(ledger, "C-0002", account_id(5)),
    lambda ledger: add_customer(ledger, CustomerContent("New")),
    lambda ledger: edit_customer(ledger, "C-0002", {"name": "Other"}),
])  # fmt: skip
def test_deals_without_a_customer_are_rechecked_once_there_may_be_one(
    ledger: Ledger, mend: Callable[[Ledger], object]
) -> None:
    """A person who links, adds or renames mends customer-not-found, and no other failure."""
    failed = (
        outcome(7, Outcome.FAILED, "customer-not-found"),
        outcome(8, Outcome.FAILED, "missing-field"),
    )
    _apply(ledger, PageOfChanges(failed))
    mend(ledger)
    assert pages.opportunities_to_recheck(ledger) == (opportunity_id(7),)


def test_a_merged_customer_is_known_and_its_invoices_are_looked_at(ledger: Ledger) -> None:
    """A draft is not the first of the one that stays, and may be the other's invoice once more."""
    merge_customers(ledger, "C-0001", "C-0002", "same")
    found = {one.code: one.message for one in cautions(ledger, 1, RULES)}
    assert "new-customer" not in found
    assert found["alike"].startswith("INV-2026-00001 is for the same customer")


def test_a_group_counts_invoices_as_the_list_of_customers_does(ledger: Ledger) -> None:
    """Credit notes and deleted drafts are none; those of a customer that was merged are its own."""
    reverse_invoice(ledger, "D-000002", RULES, reason="wrong", today=TODAY)
    delete_draft(ledger, "D-000001", "double")
    merge_customers(ledger, "C-0001", "C-0002", "same")
    add_customer(ledger, CustomerContent("INITECH Inc."))
    (group,) = find_duplicates(ledger)
    assert [(one.number, one.invoices) for one in group.customers] == [("C-0002", 1), ("C-0003", 0)]
    assert show_customer(ledger, "C-0002").invoices == 1


def test_duplicates_among_many_are_found(tmp_path: Path) -> None:
    """Among 20,000 customers a planted typo is found."""
    chance = random.Random(7)  # noqa: S311 - names for a test
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(chance.choices(letters, k=chance.randint(4, 9))) for _ in range(2_000)]
    names = [" ".join(chance.choices(words, k=2)) + f" {chance.randint(1, 9)}"
             for _ in range(19_998)]  # fmt: skip
    with new_ledger(tmp_path / "ledger.db") as ledger:
        planted = ["Northwind Traders International", "Northwind Tradres International"]
        import_customers(ledger, [CustomerContent(name) for name in [*names, *planted]])
        groups = find_duplicates(ledger)
    found = [{one.name for one in group.customers} for group in groups]
    assert set(planted) in found
