"""Whole runs against the demo org, over real HTTP, into a real ledger."""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from sfsync import demo
from sfsync.config import demo_template, load_text
from sfsync.demo.catalogue.catalogue import Features
from sfsync.demo.faults import Fault
from sfsync.demo.store import OrgStore
from sfsync.errors import ConfigError, LedgerError, RefusedError, UnavailableError
from sfsync.ledger import history, open_ledger
from sfsync.ledger.customers import add_customer, list_contacts
from sfsync.ledger.invariants import check_ledger
from sfsync.ledger.invoices import list_invoices, show_invoice
from sfsync.ledger.model import CustomerContent, Outcome
from sfsync.ledger.open_failures import open_failures
from sfsync.salesforce.request import DEFAULT_API_VERSION
from sfsync.sync import SyncRequest, planned, run_sync
from tests.sync.conftest import demo_settings
from tests.sync.world import faults_left, rows_of

if TYPE_CHECKING:
    from sfsync.ledger.history import RunDetail
    from tests.sync.conftest import Workplace

QUERIES = f"/services/data/v{DEFAULT_API_VERSION}/query"
EVERY_WON_DEAL = "opportunities: {}\n"


def outcomes(detail: RunDetail, sobject: str = "Opportunity") -> Counter[Outcome]:
    """How many records of one object had which outcome."""
    return Counter(one.outcome for one in detail.records if one.sobject == sobject)


def opportunity(place: Workplace, **wanted: Any) -> dict[str, Any]:
    """The first opportunity of the org with these values."""
    return next(
        deal for deal in place.deals() if all(deal[name] == value for name, value in wanted.items())
    )


def change(place: Workplace, record_id: str, **values: Any) -> None:
    """Change an opportunity in the org."""
    with OrgStore.open(place.server.path) as store:
        store.update("Opportunity", record_id, values)


def test_every_deal_that_passes_has_one_draft_with_the_right_values(workplace: Workplace) -> None:
    """Customer, total, description and date are the org's, for each deal and for no other."""
    workplace.sync()
    year_ago = datetime.now(demo_settings().schedule.time_zone).date() - timedelta(days=365)
    with OrgStore.open(workplace.server.path) as store:
        accounts = {one["Id"]: one for one in rows_of(store, "Account")}
        expected = {
            one["Id"]: one
            for one in rows_of(store, "Opportunity")
            if one["StageName"] == "Closed Won"
            and date.fromisoformat(str(one["CloseDate"])) >= year_ago
            and one["Amount"] is not None
            and one["Amount"] >= Decimal(500)
            and one["Project_Code__c"]
            and one["AccountId"]
        }
    with workplace.ledger() as ledger:
        drafts = {row.opportunity_id: row for row in list_invoices(ledger)}
    assert drafts.keys() == expected.keys()
    for key, deal in expected.items():
        assert drafts[key].total_minor == deal["Amount"] * 100
        assert drafts[key].description == deal["Name"]
        assert drafts[key].document_date.isoformat() == str(deal["CloseDate"])
        assert drafts[key].currency == deal["CurrencyIsoCode"]
        assert drafts[key].customer_name == accounts[deal["AccountId"]]["Name"]


def test_read_is_the_sum_of_the_outcomes(workplace: Workplace) -> None:
    """Each record read has exactly one outcome, and each that is left out has a reason."""
    detail = workplace.sync()
    for counts in detail.summary.counts.values():
        values = asdict(counts)
        assert values.pop("read") == sum(values.values()) > 0
    for record in detail.records:
        if record.outcome in {Outcome.SKIPPED, Outcome.FAILED}:
            assert record.code
            assert record.message


def test_a_second_full_sync_changes_nothing(workplace: Workplace) -> None:
    """Everything read again is unchanged, skipped or failed as before; no event is written."""
    first = workplace.sync()
    with workplace.ledger() as ledger:
        events = ledger.row("SELECT count(*) FROM audit_event")
    second = workplace.sync(request=SyncRequest(full=True))
    counts = second.summary.counts["opportunities"]
    assert (counts.created, counts.updated, counts.drifted) == (0, 0, 0)
    assert counts.unchanged == first.summary.counts["opportunities"].created
    assert counts.failed == first.summary.counts["opportunities"].failed
    with workplace.ledger() as ledger:
        assert ledger.row("SELECT count(*) FROM audit_event") == events


def test_an_incremental_sync_reads_only_what_changed(workplace: Workplace) -> None:
    """A changed deal is an updated draft, a new one a created draft, the others are not read."""
    workplace.sync()
    deal = opportunity(workplace, Name="Acme – platform licences")
    change(workplace, deal["Id"], CloseDate="2026-10-01", PO_Number__c="po-9 ")
    demo.close_deal(workplace.server.path, "A new deal", "1234.56")
    detail = workplace.sync()
    found = outcomes(detail)
    assert found[Outcome.UPDATED] == 1
    assert sum(found.values()) <= 2
    updated = next(one for one in detail.records if one.outcome is Outcome.UPDATED)
    assert updated.changes["document_date"][1] == "2026-10-01"
    assert updated.changes["po_number"][1] == "PO-9"


def test_a_cursor_beyond_the_orgs_time_is_not_believed(workplace: Workplace) -> None:
    """Whoever put it there: everything is read once more, and nothing that changed is lost."""
    workplace.sync()
    with workplace.ledger() as ledger, ledger.transaction():
        ledger.execute("UPDATE cursor SET system_modstamp = '2099-01-01T00:00:00.000+0000'")
    deal = opportunity(workplace, Name="Acme – platform licences")
    change(workplace, deal["Id"], PO_Number__c="po-9")
    assert outcomes(workplace.sync())[Outcome.UPDATED] == 1
    assert outcomes(workplace.sync()).total() <= 1
    with workplace.ledger() as ledger:
        (newest,) = ledger.row("SELECT max(system_modstamp) FROM cursor")
    assert newest < "2099"


def test_a_removed_line_is_noticed(workplace: Workplace) -> None:
    """Line items leave no trace; the whole set of a changed deal is read again."""
    workplace.sync()
    with OrgStore.open(workplace.server.path) as store:
        items = rows_of(store, "OpportunityLineItem")
        lines = Counter(one["OpportunityId"] for one in items)
        with workplace.ledger() as ledger:
            drafts = {row.opportunity_id: row for row in list_invoices(ledger)}
        deal = next(key for key, count in lines.items() if count > 1 and key in drafts)
        line = next(one["Id"] for one in items if one["OpportunityId"] == deal)
        store.delete("OpportunityLineItem", line)
        left = store.get("Opportunity", deal)["Amount"]
    workplace.sync()
    with workplace.ledger() as ledger:
        shown = show_invoice(ledger, deal)
    assert len(shown.lines) == lines[deal] - 1
    assert shown.row.total_minor == left * 100


def test_customers_that_are_there_are_found_not_doubled(workplace: Workplace) -> None:
    """An account whose name differs only by case, punctuation and suffix is that customer."""
    name = opportunity_account(workplace, "Globex – upgrade with credit")
    with workplace.ledger() as ledger:
        number = add_customer(ledger, CustomerContent(name=f"{name.upper()}, Inc.")).number
    workplace.sync(demo_settings("duplicates: {match_by: name}\n"))
    with workplace.ledger() as ledger:
        customers = {
            row.customer_id for row in list_invoices(ledger) if row.description.startswith("Globex")
        }
    assert customers == {number}


def opportunity_account(place: Workplace, deal: str) -> str:
    """The name of a deal's account."""
    record = opportunity(place, Name=deal)
    with OrgStore.open(place.server.path) as store:
        return str(store.get("Account", record["AccountId"])["Name"])


def test_two_matching_customers_are_never_guessed_between(workplace: Workplace) -> None:
    """An ambiguous match fails by name with both customers; the deal waits for a person."""
    with workplace.ledger() as ledger:
        first = add_customer(ledger, CustomerContent(name="Hooli XYZ")).number
        second = add_customer(ledger, CustomerContent(name="HOOLI XYZ Inc")).number
    detail = workplace.sync()
    failed = [one for one in detail.records if one.code == "customer-not-found"]
    assert failed
    assert all(first in (one.message or "") and second in (one.message or "") for one in failed)


def test_with_accounts_off_only_known_customers_are_invoiced(workplace: Workplace) -> None:
    """Without accounts.sync a deal whose account matches nobody is customer-not-found."""
    with workplace.ledger() as ledger:
        add_customer(ledger, CustomerContent(name="Initech"))
    settings = demo_settings(
        "accounts: {sync: false}\nduplicates: {match_by: name}\nline_items: {sync: false}\n"
    )
    detail = workplace.sync(settings)
    assert detail.summary.counts["customers"].read == 0
    with workplace.ledger() as ledger:
        assert {row.customer_name for row in list_invoices(ledger)} == {"Initech"}
    codes = Counter(one.code for one in detail.records if one.outcome is Outcome.FAILED)
    assert codes["customer-not-found"] > 5


def test_the_extra_condition_is_the_orgs_to_answer(workplace: Workplace) -> None:
    """What the SOQL condition leaves out is on record as condition."""
    settings = demo_settings("opportunities:\n  filters: {where: Amount > 20000}\n")
    detail = workplace.sync(settings)
    codes = Counter(one.code for one in detail.records if one.outcome is Outcome.SKIPPED)
    assert codes["condition"] > 0
    with workplace.ledger() as ledger:
        assert all(row.total_minor > 2000000 for row in list_invoices(ledger))


def test_a_condition_that_the_org_refuses_is_a_config_error(workplace: Workplace) -> None:
    """It is reported with its place before anything is read."""
    settings = demo_settings("opportunities:\n  filters: {where: Nonsense__c = 1}\n")
    with pytest.raises(ConfigError) as caught:
        workplace.sync(settings)
    assert caught.value.problems[0].line == 5


def test_a_hidden_mapped_field_fails_by_name_before_the_first_write(workplace: Workplace) -> None:
    """Field-level security hides it: exit 5, and the ledger holds nothing but the failed run."""
    with OrgStore.open(workplace.server.path) as store:
        store.set_features(
            Features(multi_currency=True, hidden_fields=frozenset({"Opportunity.Project_Code__c"}))
        )
    with pytest.raises(ConfigError, match="problem") as caught:
        workplace.sync()
    assert "Project_Code__c" in caught.value.problems[0].message
    with workplace.ledger() as ledger:
        assert list(list_invoices(ledger)) == []
        assert history.show_run(ledger).summary.error_code == "config-invalid"


def test_an_org_without_products_and_currencies_is_synced_as_it_is(workplace: Workplace) -> None:
    """No line objects, no CurrencyIsoCode: single lines in the ledger's currency."""
    with OrgStore.open(workplace.server.path) as store:
        store.set_features(Features(products=False, multi_currency=False))
    detail = workplace.sync(demo_settings(EVERY_WON_DEAL))
    assert outcomes(detail)[Outcome.CREATED] > 10
    with workplace.ledger() as ledger:
        rows = list(list_invoices(ledger))
        assert {row.currency for row in rows} == {"USD"}
        assert all(len(show_invoice(ledger, row.draft).lines) == 1 for row in rows[:5])


def test_a_plan_writes_nothing_and_equals_the_run_that_follows(workplace: Workplace) -> None:
    """The ledger's bytes stay as they are, and the same records get the same outcomes."""
    workplace.sync()
    change(workplace, opportunity(workplace, Name="Globex – training")["Id"], Amount="9999")
    before = hashlib.sha256(workplace.ledger_path.read_bytes()).hexdigest()
    with workplace.org() as org, planned(org, workplace.ledger_path, demo_settings()) as plan:
        rehearsal = history.show_run(*plan)
    assert hashlib.sha256(workplace.ledger_path.read_bytes()).hexdigest() == before
    run = workplace.sync()
    assert [(r.salesforce_id, r.outcome, r.changes) for r in rehearsal.records] == [
        (r.salesforce_id, r.outcome, r.changes) for r in run.records
    ]


def test_a_plan_needs_no_ledger(workplace: Workplace) -> None:
    """Before the first sync a plan works on an empty copy and leaves no file behind."""
    with workplace.org() as org, planned(org, workplace.ledger_path, demo_settings()) as plan:
        assert outcomes(history.show_run(*plan))[Outcome.CREATED] > 10
    assert not workplace.ledger_path.exists()


@pytest.mark.parametrize("nth", range(1, 9))
@pytest.mark.parametrize("action", ["reset", "truncate", "html"])
def test_a_fault_at_any_query_ends_the_run_and_the_next_one_converges(
    workplace: Workplace, action: str, nth: int
) -> None:
    """The run fails with exit 6, keeps its pages, and one more run gives what one would have."""
    demo.plan_faults(workplace.server.path, [Fault(QUERIES, nth, action)])
    with workplace.org(attempts=1) as org, workplace.ledger() as ledger:
        try:
            run_sync(org, ledger, demo_settings())
        except UnavailableError:
            assert history.show_run(ledger).summary.outcome.value == "failed"
    workplace.sync()
    with workplace.ledger() as ledger:
        assert len(list(list_invoices(ledger))) == 22
        assert check_ledger(ledger) == []


def test_passing_faults_are_ridden_out(workplace: Workplace) -> None:
    """Resets, pages of a proxy and cut bodies cost time, not records."""
    struck = ((2, "reset"), (4, "html"), (6, "truncate"))
    faults = [Fault(QUERIES, nth, action) for nth, action in struck]
    demo.plan_faults(workplace.server.path, faults)
    detail = workplace.sync()
    assert detail.summary.counts["opportunities"].created == 22
    assert faults_left(workplace.server.path) == 0


def test_an_expired_session_is_renewed_in_mid_run(workplace: Workplace) -> None:
    """With rotation on, one refresh is made and the run goes on."""
    demo.change_setting(workplace.server.path, "oauth.rotation", True)
    workplace.sync()
    demo.change_setting(workplace.server.path, "oauth.session_seconds", 0)
    demo.change_setting(workplace.server.path, "oauth.session_seconds", 7200)
    assert workplace.sync().summary.outcome.value in {"ok", "partial"}


def test_a_source_that_suddenly_answers_nothing_is_refused(workplace: Workplace) -> None:
    """Where many deals were, none is not read as all gone; --allow-empty accepts it."""
    workplace.sync()
    with closing(sqlite3.connect(workplace.server.path)) as org:
        # As for a user who has lost all access: not deleted, just not there.
        org.execute('DELETE FROM "Opportunity"')
        org.commit()
    with pytest.raises(RefusedError, match="no opportunity"):
        workplace.sync(request=SyncRequest(full=True))
    workplace.sync(request=SyncRequest(full=True, allow_empty=True))
    with workplace.ledger() as ledger:
        assert len(list(list_invoices(ledger))) == 22


def test_deals_that_grow_old_keep_their_invoices(workplace: Workplace) -> None:
    """A moving window decides which deals become invoices, not which invoices stay."""
    workplace.sync()
    next_year = datetime.now(UTC) + timedelta(days=400)
    with workplace.org() as org, workplace.ledger() as ledger:
        run_sync(org, ledger, demo_settings(), SyncRequest(full=True), clock=lambda: next_year)
        detail = history.show_run(ledger)
    found = outcomes(detail)
    assert (found[Outcome.DRIFTED], found[Outcome.UNCHANGED]) == (0, 22)


def test_just_the_named_deals_are_read(workplace: Workplace) -> None:
    """--opportunity reads that deal, its account and nothing else, and moves no cursor."""
    deal = opportunity(workplace, Name="Globex – training")
    detail = workplace.sync(request=SyncRequest(opportunity_ids=(deal["Id"],)))
    assert outcomes(detail) == {Outcome.CREATED: 1}
    assert outcomes(detail, "Account") == {Outcome.CREATED: 1}
    with workplace.ledger() as ledger:
        assert history.cursors(ledger) == {}


def test_a_changed_mapping_reads_everything_again(workplace: Workplace) -> None:
    """When what decides an outcome changes, the next run decides every deal anew."""
    workplace.sync()
    detail = workplace.sync(demo_settings(EVERY_WON_DEAL))
    assert detail.summary.counts["opportunities"].read == 50
    assert outcomes(detail)[Outcome.CREATED] > 0


def test_a_ledger_belongs_to_one_org(workplace: Workplace) -> None:
    """A demo org never enters a ledger that was made for a real one."""
    path = workplace.folder / "real.db"
    open_ledger(path).close()
    with (
        workplace.org() as org,
        open_ledger(path) as ledger,
        pytest.raises(LedgerError, match="demo"),
    ):
        run_sync(org, ledger, demo_settings())


def test_two_accounts_of_one_known_customer_both_add_to_it(workplace: Workplace) -> None:
    """Neither stops the run, and neither undoes what the other brought."""
    with workplace.ledger() as ledger:
        number = add_customer(ledger, CustomerContent(name="Acme Corp")).number
    settings = load_text(
        demo_template().replace("match_by: external_id", "match_by: name"), "mappings.yaml"
    )
    detail = workplace.sync(settings)
    assert detail.summary.outcome.value == "partial"
    linked = [
        one for one in detail.records if one.sobject == "Account" and one.name.startswith("Acme")
    ]
    assert {one.outcome for one in linked} == {Outcome.UPDATED}
    with workplace.ledger() as ledger:
        rows = [row for row in list_invoices(ledger) if row.description.startswith("Acme")]
        assert {row.customer_id for row in rows} == {number}
    again = workplace.sync(settings, SyncRequest(full=True))
    assert outcomes(again, "Account") == {Outcome.UNCHANGED: 15}


def test_a_total_beyond_any_unit_price_is_invoiced(workplace: Workplace) -> None:
    """Ten trillion of a currency without decimals: the line has the amount, and no unit price."""
    demo.close_deal(workplace.server.path, "A stadium", "1.00")
    deal = opportunity(workplace, Name="A stadium")
    change(workplace, deal["Id"], Amount="10000000000000", CurrencyIsoCode="JPY")
    settings = demo_settings("line_items: {sync: false}\n")
    assert workplace.sync(settings).summary.outcome.value == "partial"
    with workplace.ledger() as ledger:
        (line,) = show_invoice(ledger, deal["Id"]).lines
    assert (line.amount_minor, line.unit_price) == (10**13, None)


def test_an_account_without_its_mapped_name_keeps_its_own(workplace: Workplace) -> None:
    """A customer has a name whatever is mapped, and no empty field stops a run."""
    mapped = "name: {from: Name, required: true}"
    text = demo_template().replace(mapped, "name: Website", 1)
    detail = workplace.sync(load_text(text, "mappings.yaml"))
    assert detail.summary.outcome.value == "partial"
    names = {one.name for one in detail.records if one.sobject == "Account"}
    with workplace.ledger() as ledger:
        assert {row.customer_name for row in list_invoices(ledger)} <= names


def test_contacts_follow_an_account_that_finds_its_customer_later(workplace: Workplace) -> None:
    """Read while their account had no customer, they belong to it as soon as it has one."""
    text = demo_template().replace("match_by: external_id", "match_by: name\n  create: false")
    settings = load_text(text, "mappings.yaml")
    workplace.sync(settings)
    with workplace.ledger() as ledger:
        assert {one.customer for one in list_contacts(ledger)} == {None}
        add_customer(ledger, CustomerContent(name="Initech"))
        failed = [one.salesforce_id for one in open_failures(ledger)]
    workplace.sync(settings, SyncRequest(opportunity_ids=tuple(failed)))
    with workplace.ledger() as ledger:
        assert any(one.customer for one in list_contacts(ledger))


def test_a_deal_asked_for_by_id_may_be_deleted(workplace: Workplace) -> None:
    """Its failure is over, and its draft drifts: deleted rows are answered as well."""
    deal = opportunity(workplace, Name="Bottom-Dollar – expansion")
    workplace.sync()
    with OrgStore.open(workplace.server.path) as store:
        store.delete("Opportunity", deal["Id"])
    workplace.sync(request=SyncRequest(opportunity_ids=(deal["Id"],)))
    with workplace.ledger() as ledger:
        assert deal["Id"] not in {one.salesforce_id for one in open_failures(ledger)}
