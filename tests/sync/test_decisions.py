"""Single deals against single rules: what each question answers, and in which order."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from sfsync.ledger.model import (
    DocumentStatus,
    InvoiceState,
    OpportunityState,
    Outcome,
    canonical_json,
    source_hash,
)
from sfsync.sync.opportunities import Deal, decide_opportunity

if TYPE_CHECKING:
    from sfsync.sync.opportunity_outcomes import OpportunityDecision
    from tests.sync.conftest import RulesOf

ID = "006000000000001AAA"
ACCOUNT = "001000000000001AAA"
FILTERED = """\
opportunities:
  filters:
    stages: [Closed Won]
    min_amount: 500
    close_date: {from: 2026-01-01, to: 2026-12-31}
    where: Type != 'Renewal'
"""


def won(**changes: Any) -> dict[str, Any]:
    """A won deal as the org answers it, with some fields changed."""
    return {
        "Id": ID,
        "Name": "Acme – platform",
        "AccountId": ACCOUNT,
        "Account": {"Name": "Acme"},
        "OwnerId": "005000000000001AAA",
        "Owner": {"Name": "Dana Reyes"},
        "StageName": "Closed Won",
        "IsWon": True,
        "IsClosed": True,
        "IsDeleted": False,
        "Amount": Decimal("1000.0"),
        "CloseDate": "2026-11-20",
        "SystemModstamp": "2026-11-20T10:00:00.000+0000",
        **changes,
    }


def known(invoices: dict[str, InvoiceState] | None = None, **changes: Any) -> OpportunityState:
    """What the ledger knows: the account's customer, and perhaps an invoice."""
    values: dict[str, Any] = {
        "invoices": invoices or {},
        "customers": {ACCOUNT: 7},
        "ignored": {},
        "known_products": frozenset(),
        "seen": {},
        **changes,
    }
    return OpportunityState(**values)


def document(
    source: str, status: DocumentStatus, removed_stamp: str | None = None
) -> dict[str, InvoiceState]:
    """The deal's newest document, with the source that was synced into it."""
    state = InvoiceState(
        document_id=1,
        draft="D-000001",
        number="INV-2026-00001" if status is not DocumentStatus.DRAFT else None,
        status=status,
        source=source,
        source_hash=source_hash(source),
        drift=None,
        removed_stamp=removed_stamp,
    )
    return {ID: state}


def decide(
    rules_of: RulesOf,
    record: dict[str, Any],
    config: str = "",
    state: OpportunityState | None = None,
    items: tuple[dict[str, Any], ...] = (),
    *,
    meets_condition: bool = True,
) -> OpportunityDecision:
    """Decide one deal."""
    deal = Deal(record, items, meets_condition, None)
    return decide_opportunity(deal, state or known(), rules_of(config))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"StageName": "Negotiation", "CloseDate": "2020-01-01", "Amount": None}, "stage"),
        ({"CloseDate": "2025-12-31", "Amount": None}, "close-date"),
        ({"CloseDate": "2027-01-01", "Amount": Decimal(1)}, "close-date"),
        ({"CloseDate": None}, "close-date"),
        ({"CloseDate": True}, "close-date"),
        ({"Amount": Decimal("499.99")}, "minimum-amount"),
        ({"IsDeleted": True}, "not-synced"),
    ],
)
def test_the_first_question_that_says_no_is_the_reason(
    rules_of: RulesOf, changes: dict[str, Any], code: str
) -> None:
    """Stage, then date, then condition, then amount: the first refusal is recorded."""
    decision = decide(rules_of, won(**changes), FILTERED)
    assert (decision.outcome.outcome, decision.outcome.code) == (Outcome.SKIPPED, code)
    assert decision.outcome.message
    assert decision.create is None


def test_the_condition_is_asked_before_the_amount(rules_of: RulesOf) -> None:
    """A deal that the org's condition leaves out is not failed for its amount."""
    decision = decide(rules_of, won(Amount=None), FILTERED, meets_condition=False)
    assert decision.outcome.code == "condition"


@pytest.mark.parametrize("amount", [None, "", "n/a", Decimal(-5), Decimal("1E+30")])
def test_an_amount_that_is_none_fails_before_the_minimum(rules_of: RulesOf, amount: object) -> None:
    """Empty, text, negative and absurd amounts are invalid-amount, not a skip."""
    decision = decide(
        rules_of, won(Amount=amount), "opportunities:\n  filters: {stages: [Closed Won]}\n"
    )
    assert (decision.outcome.outcome, decision.outcome.code) == (Outcome.FAILED, "invalid-amount")
    assert decision.outcome.target == "total"


def test_an_amount_that_a_transform_cannot_read_is_not_called_empty(rules_of: RulesOf) -> None:
    """The reason names what stands in Salesforce."""
    config = "opportunities:\n  map: {total: {from: Net__c, transform: [{round: 2}]}}\n"
    outcome = decide(rules_of, won(Net__c="1,200 net"), config).outcome
    assert (outcome.code, outcome.message) == (
        "invalid-amount",
        "Net__c: '1,200 net' is not a number",
    )


def test_without_stages_won_is_what_salesforce_calls_won(rules_of: RulesOf) -> None:
    """A translated stage name does not matter when no stage is named."""
    assert decide(rules_of, won(StageName="Gewonnen")).outcome.outcome is Outcome.CREATED
    assert decide(rules_of, won(IsWon=False)).outcome.code == "stage"


def test_an_ignored_deal_is_skipped_with_its_reason(rules_of: RulesOf) -> None:
    """A person's word comes before every filter."""
    state = known(ignored={ID: "invoiced in the old system"})
    decision = decide(rules_of, won(StageName="Lost"), state=state)
    assert (decision.outcome.code, decision.outcome.message) == (
        "ignored",
        "invoiced in the old system",
    )


def test_the_default_mapping_makes_the_invoice(rules_of: RulesOf) -> None:
    """Customer from account, total from amount, description from name, date from close date."""
    decision = decide(rules_of, won(Amount=Decimal("1.2345678E7")))
    assert decision.create is not None
    content = decision.create.content
    assert (content.customer_id, content.total_minor, content.currency) == (7, 1234567800, "USD")
    assert content.description == "Acme – platform"
    assert content.document_date.isoformat() == "2026-11-20"
    assert content.sales_rep == "Dana Reyes"
    assert [line.amount_minor for line in content.lines] == [1234567800]


def test_a_missing_required_field_names_field_target_and_line(rules_of: RulesOf) -> None:
    """The failure says which Salesforce field, for what, and where the mapping stands."""
    config = (
        "opportunities:\n  map:\n    properties:\n"
        "      cost_center: {from: Project_Code__c, required: true}\n"
    )
    outcome = decide(rules_of, won(Project_Code__c="  "), config).outcome
    assert outcome.code == "missing-field"
    assert (outcome.source_field, outcome.target) == ("Project_Code__c", "cost_center")
    assert "mappings.yaml:7" in (outcome.message or "")


def test_an_account_without_customer_is_customer_not_found(rules_of: RulesOf) -> None:
    """No customer, no draft; the account is named."""
    outcome = decide(rules_of, won(), state=known(customers={})).outcome
    assert outcome.code == "customer-not-found"
    assert "Acme" in (outcome.message or "")
    assert "sfsync customer link" in (outcome.fix or "")


def line(number: int, **changes: Any) -> dict[str, Any]:
    """A line item as the org answers it."""
    return {
        "Id": f"00k{number:012d}AAA",
        "OpportunityId": ID,
        "SortOrder": number,
        "Quantity": Decimal("2.0"),
        "UnitPrice": Decimal("250.0"),
        "TotalPrice": Decimal("500.0"),
        "Product2": {"Name": "Platform", "ProductCode": "PL"},
        **changes,
    }


def test_total_price_decides_and_lines_add_up(rules_of: RulesOf) -> None:
    """The line's amount is TotalPrice even where quantity times price says otherwise."""
    items = (line(2), line(1, UnitPrice=Decimal("249.99"), Discount=Decimal("0.4")))
    decision = decide(rules_of, won(), items=items)
    assert decision.create is not None
    lines = decision.create.content.lines
    assert [one.amount_minor for one in lines] == [50000, 50000]
    assert [one.discount for one in lines] == [Decimal("0.4"), None]


def test_lines_that_do_not_add_up_fail_with_the_difference(rules_of: RulesOf) -> None:
    """Never one silently picked: the difference is shown."""
    outcome = decide(
        rules_of, won(), items=(line(1), line(2, TotalPrice=Decimal("499.99")))
    ).outcome
    assert outcome.code == "lines-do-not-add-up"
    assert "0.01" in (outcome.message or "")


def test_products_of_the_deal_say_nothing_of_lines_of_ones_own(rules_of: RulesOf) -> None:
    """A deal without lines of the object that is read becomes what when_none says."""
    config = (
        "line_items: {object: Deal_Line__c, opportunity_field: Opportunity__c,"
        " map: {product: Product__c, amount: Amount__c}}\n"
    )
    record = won(HasOpportunityLineItem=True)
    assert decide(rules_of, record).outcome.code == "lines-hidden"
    decision = decide(rules_of, record, config)
    assert decision.create is not None
    assert [line.amount_minor for line in decision.create.content.lines] == [100_000]


def test_a_mismatch_may_become_a_line_of_its_own(rules_of: RulesOf) -> None:
    """With on_total_mismatch: warn the difference is on the invoice, if it can be an amount."""
    decision = decide(rules_of, won(), "line_items: {on_total_mismatch: warn}\n", items=(line(1),))
    assert decision.create is not None
    assert [one.amount_minor for one in decision.create.content.lines] == [50000, 50000]
    absurd = tuple(line(number, TotalPrice=Decimal("9E12")) for number in range(1, 9))
    too_much = decide(rules_of, won(), "line_items: {on_total_mismatch: warn}\n", items=absurd)
    assert too_much.outcome.code == "lines-do-not-add-up"


def test_lines_may_be_of_trillions_where_a_currency_has_no_decimals(rules_of: RulesOf) -> None:
    """What is too much for a price is refused by its name, and amounts go as far as totals do."""
    record = won(Amount=Decimal("1E13"), CurrencyIsoCode="VND")
    large = line(1, UnitPrice=Decimal("5E12"), TotalPrice=Decimal("1E13"))
    decision = decide(rules_of, record, items=(large,))
    assert decision.create is not None
    assert decision.create.content.lines[0].amount_minor == 10**13
    larger = line(1, UnitPrice=Decimal("1E999"), TotalPrice=Decimal("1E13"))
    assert decide(rules_of, record, items=(larger,)).outcome.code == "invalid-unit-price"
    largest = line(1, TotalPrice=Decimal("1E999"))
    assert decide(rules_of, record, items=(largest,)).outcome.code == "invalid-line"


def test_a_line_without_amount_is_computed_from_price_and_discount(rules_of: RulesOf) -> None:
    """Null TotalPrice: quantity times price less discount, rounded once; else invalid-line."""
    item = line(1, TotalPrice=None, Quantity=Decimal(3), UnitPrice=Decimal("333.335"))
    decision = decide(rules_of, won(Amount=Decimal("1000.01")), items=(item,))
    assert decision.create is not None
    bare = line(1, TotalPrice=None, UnitPrice=None)
    assert decide(rules_of, won(), items=(bare,)).outcome.code == "invalid-line"


def test_a_revenue_schedule_is_refused_by_name(rules_of: RulesOf) -> None:
    """A line with a schedule is not invoiced as if it had none."""
    outcome = decide(rules_of, won(), items=(line(1, HasRevenueSchedule=True),)).outcome
    assert outcome.code == "revenue-schedule"


@pytest.mark.parametrize(
    ("currency", "amount", "minor"), [("JPY", "1000", 1000), ("KWD", "1.0005", 1001)]
)
def test_each_currency_has_its_own_decimals(
    rules_of: RulesOf, currency: str, amount: str, minor: int
) -> None:
    """Yen have none, dinars three; rounding is half up, once."""
    record = won(CurrencyIsoCode=currency, Amount=Decimal(amount))
    decision = decide(rules_of, record)
    assert decision.create is not None
    assert decision.create.content.total_minor == minor


def test_a_minimum_in_a_named_currency_is_converted(rules_of: RulesOf) -> None:
    """The org's rates decide; without a rate the deal fails by name."""
    config = "opportunities:\n  filters: {min_amount: {amount: 500, currency: USD}}\n"
    rates = {"USD": Decimal(1), "EUR": Decimal("0.5")}
    rules = rules_of(config, rates=rates)
    record = won(CurrencyIsoCode="EUR", Amount=Decimal(249))
    skipped = decide_opportunity(Deal(record, (), True, None), known(), rules)
    assert skipped.outcome.code == "minimum-amount"
    passed = decide(rules_of, won(CurrencyIsoCode="EUR", Amount=Decimal(250)), config)
    assert passed.outcome.code == "rate-missing"


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("87.50", None),
        ("87.49", "99.98 CHF is below the minimum of 100"),
        ("87.4999", "99.99 CHF is below the minimum of 100"),
    ],
)
def test_what_is_exactly_the_minimum_passes(
    rules_of: RulesOf, amount: str, said: str | None
) -> None:
    """Also after a conversion; what is below by less than a cent is not said to be the minimum."""
    config = "opportunities:\n  filters: {min_amount: {amount: 100, currency: CHF}}\n"
    rules = rules_of(config, rates={"GBP": Decimal("0.77"), "CHF": Decimal("0.88")})
    record = won(CurrencyIsoCode="GBP", Amount=Decimal(amount))
    outcome = decide_opportunity(Deal(record, (), True, None), known(), rules).outcome
    assert outcome.message == said


def created(rules_of: RulesOf, record: dict[str, Any]) -> str:
    """The source that a first sync stored for a deal."""
    decision = decide(rules_of, record)
    assert decision.create is not None
    return canonical_json(decision.create.content.as_source())


def test_a_second_sync_changes_nothing(rules_of: RulesOf) -> None:
    """The same record against its own draft is unchanged, and nothing is written for it."""
    first = decide(rules_of, won())
    assert first.create is not None
    assert first.remembered is not None
    state = known(
        document(canonical_json(first.create.content.as_source()), DocumentStatus.DRAFT),
        seen={ID: first.remembered.fingerprint},
    )
    second = decide(rules_of, won(), state=state)
    assert second.outcome.outcome is Outcome.UNCHANGED
    assert (second.create, second.update, second.drift, second.remembered) == (None,) * 4


def test_a_changed_deal_updates_its_draft_and_only_reports_a_posted_one(rules_of: RulesOf) -> None:
    """The draft gets the new value with before and after; the posted invoice is drifted."""
    source = created(rules_of, won())
    record = won(Amount=Decimal(1100))
    update = decide(rules_of, record, state=known(document(source, DocumentStatus.DRAFT)))
    assert update.outcome.outcome is Outcome.UPDATED
    assert update.outcome.changes["total"] == ("1000.00", "1100.00")
    drifted = decide(rules_of, record, state=known(document(source, DocumentStatus.POSTED)))
    assert drifted.outcome.outcome is Outcome.DRIFTED
    assert drifted.update is None
    assert drifted.drift is not None
    assert json.loads(drifted.drift.detail or "")["changes"]["total"] == ["1000.00", "1100.00"]
    assert "reverse" in (drifted.outcome.fix or "")


@pytest.mark.parametrize("status", [DocumentStatus.DRAFT, DocumentStatus.POSTED])
@pytest.mark.parametrize(
    "changes", [{"IsWon": False, "StageName": "Negotiation"}, {"IsDeleted": True}]
)
def test_a_deal_that_left_the_filters_drifts(
    rules_of: RulesOf, status: DocumentStatus, changes: dict[str, Any]
) -> None:
    """Reopened or deleted: draft and posted invoice are both reported, neither is touched."""
    state = known(document(created(rules_of, won()), status))
    decision = decide(rules_of, won(**changes), state=state)
    assert decision.outcome.outcome is Outcome.DRIFTED
    assert decision.drift is not None
    assert decision.update is None


def test_a_draft_whose_deal_can_no_longer_be_mapped_is_blocked(rules_of: RulesOf) -> None:
    """The record fails, and its draft cannot be posted with values that no longer hold."""
    state = known(document(created(rules_of, won()), DocumentStatus.DRAFT))
    decision = decide(rules_of, won(Amount=None), state=state)
    assert decision.outcome.outcome is Outcome.FAILED
    assert decision.drift is not None


@pytest.mark.parametrize(
    ("status", "code"),
    [(DocumentStatus.DELETED, "deleted-here"), (DocumentStatus.REVERSED, "reversed-here")],
)
def test_what_was_removed_here_stays_away_until_the_deal_changes(
    rules_of: RulesOf, status: DocumentStatus, code: str
) -> None:
    """Deleted and reversed invoices come back only with a newer record, linked to the old one."""
    record = won()
    state = known(document(created(rules_of, record), status, record["SystemModstamp"]))
    assert decide(rules_of, record, state=state).outcome.code == code
    changed = won(SystemModstamp="2026-11-21T10:00:00.000+0000")
    again = decide(rules_of, changed, state=state)
    assert again.create is not None
    assert again.create.predecessor_id == 1
