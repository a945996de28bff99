"""Changes in Salesforce after a draft or a posted invoice exists: what each one leads to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from sfsync.cli.posting import rules_of
from sfsync.config import demo_template, load_text
from sfsync.demo.store import OrgStore
from sfsync.errors import RefusedError
from sfsync.ledger.account_links import link_account
from sfsync.ledger.customers import add_customer
from sfsync.ledger.invariants import check_ledger
from sfsync.ledger.invoices import list_invoices, show_invoice
from sfsync.ledger.marks import accept_drift
from sfsync.ledger.model import CustomerContent, Outcome
from sfsync.ledger.opportunities import OpportunityFilter
from sfsync.ledger.posting import post_invoice
from sfsync.ledger.removal import delete_draft, reverse_invoice
from sfsync.reports.deals import deals
from sfsync.sync import SyncRequest, run_sync
from tests.sync.conftest import demo_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfsync.ledger.history import RunDetail, RunRecord
    from tests.sync.conftest import Workplace

DEAL = "Globex – training"
WITHOUT_LINES = "Ana Trujillo – web shop"
RULES = rules_of(demo_settings())
TODAY = datetime.now(UTC).date() + timedelta(days=1)


@pytest.fixture
def synced(workplace: Workplace) -> Workplace:
    """The demo org after its first sync."""
    workplace.sync()
    return workplace


@pytest.fixture
def store(synced: Workplace) -> Iterator[OrgStore]:
    """The org's records, to change them as a person in Salesforce would."""
    with OrgStore.open(synced.server.path) as opened:
        yield opened


def deal_of(place: Workplace) -> dict[str, Any]:
    """The deal that these tests change."""
    return next(deal for deal in place.deals() if deal["Name"] == DEAL)


def post(place: Workplace, deal_id: str) -> str:
    """Post the deal's draft; its number."""
    with place.ledger() as ledger:
        draft = show_invoice(ledger, deal_id).row.draft
        return post_invoice(ledger, draft, RULES, today=TODAY).number


def outcome_of(detail: RunDetail, deal_id: str) -> RunRecord:
    """What the run made of the deal."""
    return next(one for one in detail.records if one.salesforce_id == deal_id)


CHANGES: dict[str, dict[str, Any]] = {
    "amount": {"Amount": "4321.00"},
    "close date": {"CloseDate": "2026-10-10"},
    "description": {"Name": "Globex – training, renamed"},
    "custom field": {"Project_Code__c": "PRJ-NEW"},
    "currency": {"CurrencyIsoCode": "EUR"},
}


def without_lines(store: OrgStore, deal_id: str) -> None:
    """Take the deal's lines away, so that its amount is its own."""
    for line in store.ids("OpportunityLineItem"):
        if store.get("OpportunityLineItem", line)["OpportunityId"] == deal_id:
            store.delete("OpportunityLineItem", line)


@pytest.mark.parametrize("what", CHANGES)
def test_a_changed_value_updates_the_draft(synced: Workplace, store: OrgStore, what: str) -> None:
    """A draft follows Salesforce, and the history shows before and after."""
    deal = deal_of(synced)
    without_lines(store, deal["Id"])
    synced.sync()
    store.update("Opportunity", deal["Id"], CHANGES[what])
    record = outcome_of(synced.sync(), deal["Id"])
    assert record.outcome is Outcome.UPDATED
    assert record.changes


@pytest.mark.parametrize("what", CHANGES)
def test_a_changed_value_never_touches_a_posted_invoice(
    synced: Workplace, store: OrgStore, what: str
) -> None:
    """The posted invoice is the same afterwards, marked as drifted, with the ways out."""
    deal = deal_of(synced)
    without_lines(store, deal["Id"])
    synced.sync()
    number = post(synced, deal["Id"])
    with synced.ledger() as ledger:
        before = show_invoice(ledger, number).as_json()
    store.update("Opportunity", deal["Id"], CHANGES[what])
    record = outcome_of(synced.sync(), deal["Id"])
    assert record.outcome is Outcome.DRIFTED
    assert "reverse" in (record.fix or "")
    with synced.ledger() as ledger:
        after = show_invoice(ledger, number).as_json()
        assert after.pop("drifted") is True
        assert before.pop("drifted") is False
        assert before.pop("drift") is None
        assert after.pop("drift")["changes"]
        assert {key: after[key] for key in before} == before
        assert check_ledger(ledger) == []


def test_a_lost_account_is_looked_for_where_the_mapping_takes_it(
    workplace: Workplace, store: OrgStore
) -> None:
    """A deal that is billed to the parent of its account drifts once there is no parent."""
    text = demo_template().replace("{from: AccountId, required: true}", "Account.ParentId")
    settings = load_text(text, "mappings.yaml")
    deal = deal_of(workplace)
    parent = next(one for one in store.ids("Account") if one != deal["AccountId"])
    store.update("Account", deal["AccountId"], {"ParentId": parent})
    found = [workplace.sync(settings)]
    for now in (None, parent):
        store.update("Account", deal["AccountId"], {"ParentId": now})
        found.append(workplace.sync(settings))
    made, lost, back = (outcome_of(one, deal["Id"]) for one in found)
    assert made.outcome is Outcome.UPDATED
    assert (lost.outcome, lost.code) == (Outcome.DRIFTED, "customer-not-found")
    assert back.outcome is Outcome.UNCHANGED


@pytest.mark.parametrize("state", ["draft", "posted"])
@pytest.mark.parametrize("gone", ["reopened", "deleted", "account lost", "stage left"])
def test_a_deal_that_goes_away_drifts_and_comes_back(
    synced: Workplace, store: OrgStore, gone: str, state: str
) -> None:
    """Reported once it is gone, blocked while it is, and free again when it is back."""
    posted = state == "posted"
    deal = deal_of(synced)
    name = post(synced, deal["Id"]) if posted else None
    if gone == "deleted":
        store.delete("Opportunity", deal["Id"])
    elif gone == "account lost":
        store.update("Opportunity", deal["Id"], {"AccountId": None})
    else:
        stage = "Closed Lost" if gone == "stage left" else "Prospecting"
        store.update("Opportunity", deal["Id"], {"StageName": stage})
    record = outcome_of(synced.sync(), deal["Id"])
    assert record.outcome is Outcome.DRIFTED
    assert gone != "account lost" or "fill AccountId in Salesforce" in (record.fix or "")
    with synced.ledger() as ledger:
        shown = show_invoice(ledger, name or deal["Id"]).row
        assert shown.drifted
        if not posted:
            with pytest.raises(RefusedError, match="no longer agrees"):
                post_invoice(ledger, shown.draft, RULES, today=TODAY)
    if gone == "deleted":
        store.undelete("Opportunity", deal["Id"])
    store.update(
        "Opportunity", deal["Id"], {"StageName": "Closed Won", "AccountId": deal["AccountId"]}
    )
    store.update("Opportunity", deal["Id"], {"CloseDate": str(deal["CloseDate"])})
    back = outcome_of(synced.sync(), deal["Id"])
    assert back.outcome is Outcome.UNCHANGED
    with synced.ledger() as ledger:
        assert not show_invoice(ledger, name or deal["Id"]).row.drifted


def test_a_renamed_owner_changes_the_drafts_of_his_deals(
    synced: Workplace, store: OrgStore
) -> None:
    """The deal's own record is not stamped when its owner marries."""
    deal = deal_of(synced)
    store.update("User", deal["OwnerId"], {"LastName": "Changed", "FirstName": "Quite"})
    record = outcome_of(synced.sync(), deal["Id"])
    assert record.outcome is Outcome.UPDATED
    assert record.changes["sales_rep"][1] == "Quite Changed"


def test_a_changed_account_changes_the_drafts_that_read_it(
    synced: Workplace, store: OrgStore
) -> None:
    """Region comes from Account.BillingCountry; the deal itself is not stamped."""
    deal = deal_of(synced)
    store.update("Account", deal["AccountId"], {"BillingCountry": "Iceland"})
    record = outcome_of(synced.sync(), deal["Id"])
    assert record.changes["region"][1] == "Iceland"


def test_an_edited_line_reaches_the_draft(synced: Workplace, store: OrgStore) -> None:
    """A line's description changes nothing else, and is noticed all the same."""
    deal_id = deal_of(synced)["Id"]
    lines = (store.get("OpportunityLineItem", key) for key in store.ids("OpportunityLineItem"))
    line = next(one for one in lines if one["OpportunityId"] == deal_id)
    store.update("OpportunityLineItem", line["Id"], {"Description": "In Bergen, two days"})
    record = outcome_of(synced.sync(), line["OpportunityId"])
    assert record.changes["line.1.description"][1] == "In Bergen, two days"


def test_merged_accounts_keep_the_customer_of_their_invoices(
    synced: Workplace, store: OrgStore
) -> None:
    """The winner takes over the loser's customer when it had none of its own."""
    deal = deal_of(synced)
    winner = store.insert("Account", {"Name": "Globex Worldwide", "BillingCountry": "USA"})
    with synced.ledger() as ledger:
        before = show_invoice(ledger, deal["Id"]).row.customer_id
    store.merge("Account", winner, deal["AccountId"])
    synced.sync()
    with synced.ledger() as ledger:
        assert show_invoice(ledger, deal["Id"]).row.customer_id == before
        assert check_ledger(ledger) == []


def test_a_changed_mapping_does_not_make_posted_invoices_drift(synced: Workplace) -> None:
    """The config changed, not the deal: the draft follows, the posted invoice stays at peace."""
    deal = deal_of(synced)
    number = post(synced, deal["Id"])
    text = demo_template().replace("    description: Name\n", '    description: "Deal {Name}"\n')
    changed = load_text(text, "mappings.yaml")
    detail = synced.sync(changed)
    assert "mapping" in detail.summary.selection
    assert outcome_of(detail, deal["Id"]).outcome is Outcome.UNCHANGED
    with synced.ledger() as ledger:
        assert not show_invoice(ledger, number).row.drifted
        drafts = [row for row in list_invoices(ledger) if row.number is None]
        assert all(row.description.startswith("Deal ") for row in drafts)
    again = synced.sync(changed, SyncRequest(full=True))
    assert outcome_of(again, deal["Id"]).outcome is Outcome.UNCHANGED


@pytest.mark.parametrize("resync", [False, True])
def test_nor_in_a_run_over_named_deals(synced: Workplace, store: OrgStore, *, resync: bool) -> None:
    """Before the next whole run a deal named by hand is no drift either, unless it did change."""
    deal = deal_of(synced)
    number = post(synced, deal["Id"])
    text = demo_template().replace("    description: Name\n", '    description: "Deal {Name}"\n')
    changed = load_text(text, "mappings.yaml")
    asked = SyncRequest(opportunity_ids=(deal["Id"],), resync=resync)
    detail = synced.sync(changed, asked)
    assert "mapping" not in detail.summary.selection
    assert outcome_of(detail, deal["Id"]).outcome is Outcome.UNCHANGED
    with synced.ledger() as ledger:
        assert not show_invoice(ledger, number).row.drifted
    # The config is taken back: what was tried out leaves nothing behind.
    full = synced.sync(request=SyncRequest(full=True))
    assert outcome_of(full, deal["Id"]).outcome is Outcome.UNCHANGED
    moment = datetime.now(UTC) + timedelta(seconds=2)
    store.update("Opportunity", deal["Id"], {"Name": "Another name"}, stamp=moment)
    assert outcome_of(synced.sync(changed, asked), deal["Id"]).outcome is Outcome.DRIFTED


@pytest.mark.parametrize("below", [False, True])
def test_a_changed_mapping_does_not_excuse_what_the_deal_did(
    synced: Workplace, store: OrgStore, *, below: bool
) -> None:
    """A drift stays open through an edit of the config, also one that lets the deal in again."""
    deal = next(one for one in synced.deals() if one["Name"] == WITHOUT_LINES)
    number = post(synced, deal["Id"])
    moment = datetime.now(UTC) + timedelta(seconds=2)
    amount = "300.00" if below else "9999.00"
    store.update("Opportunity", deal["Id"], {"Amount": amount}, stamp=moment)
    found = outcome_of(synced.sync(), deal["Id"])
    assert (found.outcome, found.code) == (
        Outcome.DRIFTED, "minimum-amount" if below else "changed",
    )  # fmt: skip
    text = demo_template().replace("min_amount: 500.00", "min_amount: 250.00")
    assert text != demo_template()
    for _ in range(2):
        text = text.replace("    description: Name\n", '    description: "Deal {Name}"\n')
        again = outcome_of(synced.sync(load_text(text, "mappings.yaml")), deal["Id"])
        assert (again.outcome, again.code) == (Outcome.DRIFTED, "changed")
        # What differs by the config alone is no part of what the deal did, where both are known.
        assert ("description" in again.changes) is below
        assert again.changes["total"][1] == amount
        text = text.replace("phone: Phone", "phone: Fax", 1)
    with synced.ledger() as ledger:
        assert show_invoice(ledger, number).row.drifted
        assert check_ledger(ledger) == []


def test_a_filter_that_is_taken_back_leaves_no_drift(synced: Workplace) -> None:
    """The deal stood still all the while: the invoice is at peace, whatever else was edited."""
    deal = deal_of(synced)
    post(synced, deal["Id"])
    high = demo_template().replace("min_amount: 500.00", "min_amount: 500000.00")
    found = outcome_of(synced.sync(load_text(high, "mappings.yaml")), deal["Id"])
    assert (found.outcome, found.code) == (Outcome.DRIFTED, "minimum-amount")
    text = demo_template().replace("    description: Name\n", '    description: "Deal {Name}"\n')
    back = outcome_of(synced.sync(load_text(text, "mappings.yaml")), deal["Id"])
    assert back.outcome is Outcome.UNCHANGED


def test_what_was_deleted_here_comes_back_when_the_deal_changes(
    synced: Workplace, store: OrgStore
) -> None:
    """Not before; and the new draft names the one it replaces."""
    deal = deal_of(synced)
    with synced.ledger() as ledger:
        draft = show_invoice(ledger, deal["Id"]).row.draft
        delete_draft(ledger, draft, "wrong")
    full = SyncRequest(full=True)
    assert outcome_of(synced.sync(request=full), deal["Id"]).code == "deleted-here"
    moment = datetime.now(UTC) + timedelta(seconds=2)
    store.update("Opportunity", deal["Id"], {"Department__c": "Sales"}, stamp=moment)
    assert outcome_of(synced.sync(request=full), deal["Id"]).outcome is Outcome.CREATED
    with synced.ledger() as ledger:
        assert show_invoice(ledger, deal["Id"]).predecessor == draft


def test_a_reversed_invoice_stays_away_until_the_deal_changes(synced: Workplace) -> None:
    """The same after a reversal, with its own reason."""
    deal = deal_of(synced)
    number = post(synced, deal["Id"])
    with synced.ledger() as ledger:
        reverse_invoice(ledger, number, RULES, reason="wrong customer", today=TODAY)
    detail = synced.sync(request=SyncRequest(full=True))
    assert outcome_of(detail, deal["Id"]).code == "reversed-here"


def test_resync_brings_back_what_was_deleted(synced: Workplace) -> None:
    """Without a change in Salesforce, because a person asked for it; linked to the old one."""
    deal = deal_of(synced)
    with synced.ledger() as ledger:
        draft = show_invoice(ledger, deal["Id"]).row.draft
        delete_draft(ledger, draft, "wrong")
    asked = SyncRequest(opportunity_ids=(deal["Id"],), resync=True)
    assert outcome_of(synced.sync(request=asked), deal["Id"]).outcome is Outcome.CREATED
    with synced.ledger() as ledger:
        assert show_invoice(ledger, deal["Id"]).predecessor == draft


@pytest.mark.parametrize("what", ["amount", "stage"])
def test_an_accepted_drift_is_at_peace_until_another_change(
    synced: Workplace, store: OrgStore, what: str
) -> None:
    """Right as posted stays right; what changes after that drifts again."""
    deal = deal_of(synced)
    without_lines(store, deal["Id"])
    synced.sync()
    number = post(synced, deal["Id"])
    change = {"Amount": "4321.00"} if what == "amount" else {"StageName": "Prospecting"}
    store.update("Opportunity", deal["Id"], change)
    assert outcome_of(synced.sync(), deal["Id"]).outcome is Outcome.DRIFTED
    with synced.ledger() as ledger:
        accept_drift(ledger, number, "agreed with the customer")
        assert not show_invoice(ledger, number).row.drifted
        assert check_ledger(ledger) == []
    full = SyncRequest(full=True)
    assert outcome_of(synced.sync(request=full), deal["Id"]).outcome is Outcome.UNCHANGED
    again = {"Amount": "5000.00"} if what == "amount" else {"StageName": "Closed Lost"}
    store.update("Opportunity", deal["Id"], again)
    assert outcome_of(synced.sync(), deal["Id"]).outcome is Outcome.DRIFTED
    # Back at what was accepted, nothing is left of what came after it.
    store.update("Opportunity", deal["Id"], change)
    assert outcome_of(synced.sync(), deal["Id"]).outcome is Outcome.UNCHANGED
    with synced.ledger() as ledger:
        assert not show_invoice(ledger, number).row.drifted
        assert check_ledger(ledger) == []


def test_a_changed_mapping_keeps_the_reason_of_an_acceptance(
    synced: Workplace, store: OrgStore
) -> None:
    """The pipeline gives the person's words, and calls nothing accepted that nobody accepted."""
    deal, other = deal_of(synced), WITHOUT_LINES
    without_lines(store, deal["Id"])
    synced.sync()
    number = post(synced, deal["Id"])
    post(synced, next(one["Id"] for one in synced.deals() if one["Name"] == other))
    store.update("Opportunity", deal["Id"], {"Amount": "4321.00"})
    synced.sync()
    with synced.ledger() as ledger:
        accept_drift(ledger, number, "agreed with the customer")
    text = demo_template().replace("    description: Name\n", '    description: "Deal {Name}"\n')
    synced.sync(load_text(text, "mappings.yaml"))
    with synced.ledger() as ledger:
        found = {
            deal.row.name: document.accepted
            for deal in deals(ledger, OpportunityFilter())
            for document in deal.documents
            if document.status == "posted"
        }
    assert found == {DEAL: "agreed with the customer", other: None}


def test_a_relinked_account_moves_its_drafts_at_the_next_sync(synced: Workplace) -> None:
    """What a person did in the ledger decides the deal anew, though Salesforce did not change."""
    deal = deal_of(synced)
    with synced.ledger() as ledger:
        number = add_customer(ledger, CustomerContent(name="Globex Holding")).number
        link_account(ledger, number, deal["AccountId"])
        before = show_invoice(ledger, deal["Id"]).row.customer_id
    record = outcome_of(synced.sync(), deal["Id"])
    assert record.outcome is Outcome.UPDATED
    # Named as everywhere else, not by a key of the ledger's own.
    assert tuple(record.changes["customer"]) == (before, number)
    with synced.ledger() as ledger:
        assert show_invoice(ledger, deal["Id"]).row.customer_id == number


def test_a_quiet_sync_makes_few_calls(synced: Workplace) -> None:
    """Watching six objects costs five calls: what can be asked together is."""
    synced.sync()
    assert synced.sync().summary.api_calls <= 6


def test_rows_that_commit_late_are_found_by_the_overlap(synced: Workplace, store: OrgStore) -> None:
    """A row may appear behind the cursor, with a stamp of some minutes ago."""
    synced.sync()
    late = datetime.now(UTC) - timedelta(minutes=8)
    store.update("Opportunity", deal_of(synced)["Id"], {"PO_Number__c": "PO-LATE"}, stamp=late)
    assert outcome_of(synced.sync(), deal_of(synced)["Id"]).changes["po_number"][1] == "PO-LATE"


def test_the_first_run_of_a_day_looks_back_further(workplace: Workplace) -> None:
    """A row hours behind the cursor is found by the daily wide pass, and by no other."""
    yesterday = datetime.now(UTC) - timedelta(days=1)
    with workplace.org() as org, workplace.ledger() as ledger:
        run_sync(org, ledger, demo_settings(), clock=lambda: yesterday)
    deal_id = deal_of(workplace)["Id"]
    late = datetime.now(UTC) - timedelta(hours=5)
    with OrgStore.open(workplace.server.path) as store:
        store.update("Opportunity", deal_id, {"PO_Number__c": "PO-1"}, stamp=late)
        assert outcome_of(workplace.sync(), deal_id).changes["po_number"][1] == "PO-1"
        store.update("Opportunity", deal_id, {"PO_Number__c": "PO-2"}, stamp=late)
    assert deal_id not in {one.salesforce_id for one in workplace.sync().records}
