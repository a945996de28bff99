from __future__ import annotations

import re
import shlex
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.ledger.apply import apply
from sfsync.ledger.history import finish_run
from sfsync.ledger.ignores import ignore_opportunities
from sfsync.ledger.marks import hold_invoice
from sfsync.ledger.model import (
    Cursor,
    Outcome,
    PageOfChanges,
    RecordOutcome,
    RunOutcome,
)
from sfsync.ledger.opportunities import OpportunityRow
from sfsync.ledger.posting import post_invoice
from sfsync.ledger.removal import delete_draft, reverse_invoice
from sfsync.money import from_minor
from sfsync.reports.deals import Deal, DealDocument
from sfsync.reports.gaps import gaps_of
from sfsync.reports.pipeline import AMOUNTS
from tests.ledger.ledger_books import (
    NOW,
    RULES,
    TODAY,
    begin,
    content,
    create,
    customer_change,
    new_ledger,
    opportunity_id,
    remembered,
)
from tests.reports.conftest import Books, filled

if TYPE_CHECKING:
    from sfsync.ledger import Ledger
    from tests.ledger.many_invoices import MadeInvoice


def steps(made: MadeInvoice) -> dict[str, int]:
    """The amounts of one deal of the specification: every one of them is won."""
    billed = made.total - made.credited(TODAY) if made.state == "posted" else 0
    return {
        "open": 0,
        "weighted": 0,
        "booked": made.total,
        "draft": made.total if made.state in {"draft", "held"} else 0,
        "billed": billed,
        "recognised": billed,
        "collected": sum(each.minor for each in made.payments if each.voided_on is None),
        "gap": made.total - billed,
    }


def check(books: Books) -> None:
    """By rep and by month, to the minor unit; every gap has the reason of its invoice's state."""
    for name in ("sales-rep", "month", "quarter"):
        sums: dict[tuple[Any, str], dict[str, Decimal]] = defaultdict(
            lambda: dict.fromkeys(AMOUNTS, Decimal(0))
        )
        for made in books.made.invoices:
            label = {
                "sales-rep": made.sales_rep,
                "month": f"{made.day:%Y-%m}",
                "quarter": f"{made.day.year}-Q{(made.day.month + 2) // 3}",
            }[name]
            for step, minor in steps(made).items():
                sums[label, made.currency][step] += from_minor(minor, made.exponent)
        rows = books.report("pipeline", "--by", name)["rows"]
        key = name.replace("-", "_")
        assert {
            (row[key], row["currency"]): {n: Decimal(row[n]) for n in AMOUNTS} for row in rows
        } == sums
    result = books.report("pipeline")
    states = {f"006{made.deal:012d}AAA": made for made in books.made.invoices}
    assert {gap["opportunity"]: (gap["reason"], gap["amount"]) for gap in result["gaps"]} == {
        key: (
            "credited" if made.credit else made.state,
            f"{from_minor(steps(made)['gap'], made.exponent):f}",
        )
        for key, made in states.items()
        if steps(made)["gap"]
    }
    assert (result["synced_at"], result["run"]) == ("2026-11-22T08:31:07Z", 1)
    check_records(books, result)
    check_uninvoiced(books)


def check_records(books: Books, result: dict[str, Any]) -> None:
    """Deal by deal each step is what went in, and its gaps are what it was booked less billed."""
    rows = books.report("pipeline", "--rows")["rows"]
    assert {row["opportunity"]: {n: Decimal(row[n]) for n in AMOUNTS} for row in rows} == {
        f"006{made.deal:012d}AAA": {
            name: from_minor(minor, made.exponent) for name, minor in steps(made).items()
        }
        for made in books.made.invoices
    }
    gaps = books.report("pipeline", "--gaps")["rows"]
    of_deals: dict[str, Decimal] = defaultdict(Decimal)
    for gap in gaps:
        of_deals[gap["opportunity"]] += Decimal(gap["amount"])
    assert of_deals == {row["opportunity"]: Decimal(row["gap"]) for row in rows if of(row, "gap")}
    assert sorted(gaps, key=repr) == sorted(result["gaps"], key=repr)
    for total in result["totals"]:
        own = [row for row in rows if row["currency"] == total["currency"]]
        assert all(Decimal(total[name]) == sum(of(row, name) for row in own) for name in AMOUNTS)


def of(row: dict[str, Any], name: str) -> Decimal:
    """An amount of a row."""
    return Decimal(row[name])


def check_uninvoiced(books: Books) -> None:
    """Each won deal whose invoice was deleted or reversed, with its amount; rows and totals."""
    wanted = {
        f"006{made.deal:012d}AAA": (
            made.state,
            made.currency,
            from_minor(made.total, made.exponent),
        )
        for made in books.made.invoices
        if made.state in {"deleted", "reversed"}
    }
    result = books.report("uninvoiced")
    assert {
        row["opportunity"]: (row["reason"], row["currency"], of(row, "amount"))
        for row in result["rows"]
    } == wanted
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for reason, currency, amount in wanted.values():
        sums[reason, currency] += amount
    by_reason = books.report("uninvoiced", "--by", "reason")["rows"]
    assert {(row["reason"], row["currency"]): of(row, "amount") for row in by_reason} == sums
    for total in result["totals"]:
        amounts = [
            amount for _, currency, amount in wanted.values() if currency == total["currency"]
        ]
        assert (of(total, "amount"), total["deals"]) == (sum(amounts), len(amounts))


def test_the_pipeline_is_what_went_in(many: Books) -> None:
    """300 deals in four currencies."""
    check(many)


@pytest.mark.long
def test_the_pipeline_of_thousands(tmp_path: Path) -> None:
    """5,000 deals."""
    check(filled(tmp_path, 5000))


def test_rows_and_gaps_add_up(many: Books) -> None:
    """The deals behind a row are its amounts, and the gaps are booked less billed."""
    by = ["--by", "stage,customer"]
    result, rows = many.report("pipeline", *by), many.report("pipeline", *by, "--rows")["rows"]
    gaps = many.report("pipeline", *by, "--gaps")["rows"]
    found: dict[tuple[str, ...], Decimal] = defaultdict(Decimal)
    behind: dict[tuple[str, ...], Decimal] = defaultdict(Decimal)
    for gap in gaps:
        found[gap["stage"], gap["customer"], gap["currency"]] += Decimal(gap["amount"])
    for row in rows:
        behind[row["stage"], row["customer"], row["currency"]] += Decimal(row["booked"])
    for row in result["rows"]:
        key = (row["stage"], row["customer"], row["currency"])
        assert (found[key], behind[key]) == (Decimal(row["gap"]), Decimal(row["booked"]))
        assert Decimal(row["gap"]) == Decimal(row["booked"]) - Decimal(row["billed"])


DOCS = (Path(__file__).parents[2] / "docs" / "reports.md").read_text(encoding="utf-8")
# One deal for each reason: its number, how the deal differs from a won one of 100.00 USD, the total
# of its draft in minor units (None: there is none).
DEALS: dict[str, tuple[int, dict[str, Any], int | None]] = {
    "missing-field": (1, {"outcome": Outcome.FAILED, "code": "missing-field"}, None),
    "minimum-amount": (2, {"outcome": Outcome.SKIPPED, "code": "minimum-amount"}, None),
    "invalid-amount": (
        3,
        {"outcome": Outcome.FAILED, "code": "invalid-amount", "amount": None},
        None,
    ),
    "ignored": (4, {"outcome": Outcome.SKIPPED, "code": "stage"}, None),
    "draft": (5, {}, 10_000),
    "held": (6, {}, 10_000),
    "deleted": (7, {}, 10_000),
    "reversed": (8, {}, 10_000),
    "foreign-currency": (9, {"currency": "EUR"}, 10_000),
    "mapped-amount": (10, {"amount": "250.00"}, 10_000),
    "reopened": (11, {"is_won": False, "is_closed": False, "stage": "Negotiation"}, 10_000),
    "not-won": (12, {"is_won": False, "stage": "Closed Lost"}, 10_000),
    "deleted-in-salesforce": (13, {"is_deleted": True}, 10_000),
    "not-read": (14, {"outcome": Outcome.UNCHANGED}, None),
}
POSTED = (
    "reversed",
    "foreign-currency",
    "mapped-amount",
    "reopened",
    "not-won",
    "deleted-in-salesforce",
)


@pytest.fixture(scope="module")
def each(tmp_path_factory: pytest.TempPathFactory) -> Books:
    """A ledger with one deal for each reason, and an open one of 1,000.00 at 25 %."""
    path = tmp_path_factory.mktemp("each") / "books.db"
    with new_ledger(path) as ledger:
        _write(ledger)
        _by_hand(ledger)
    return Books(path, None)  # type: ignore[arg-type]  # nothing is compared with it


def _write(ledger: Ledger) -> None:
    run_id = begin(ledger)
    open_deal = remembered(15)._replace(
        is_won=False, is_closed=False, stage="Prospecting", amount="1000.00",
        probability="25", expected_revenue=None, outcome=Outcome.SKIPPED, code="stage",
    )  # fmt: skip
    gone = open_deal._replace(
        salesforce_id=opportunity_id(16), name="Deal 16", stage="Qualification", is_deleted=True,
        code="not-synced",
    )  # fmt: skip
    found = [remembered(number)._replace(**changes) for number, changes, _ in DEALS.values()]
    records = [
        RecordOutcome(
            "Opportunity", deal.salesforce_id, deal.name, deal.outcome, deal.code,
            message=f"because {deal.code}" if deal.code else None,
        )
        for deal in (*found, open_deal, gone)
    ]  # fmt: skip
    drafts = [create(number, content()) for number, _, total in DEALS.values() if total]
    with ledger.transaction():
        apply(
            ledger,
            run_id,
            PageOfChanges(
                records=tuple(records),
                cursor=Cursor("Opportunity", "2026-11-01T00:00:00.000+0000", opportunity_id(1)),
                customers=(customer_change(1),),
                creates=tuple(drafts),
                opportunities=(*found, open_deal, gone),
            ),
        )
    finish_run(ledger, run_id, RunOutcome.PARTIAL, api_calls=1, finished_at=NOW)


def _by_hand(ledger: Ledger) -> None:
    def of(reason: str) -> str:
        return opportunity_id(DEALS[reason][0])

    ignore_opportunities(ledger, [of("ignored")], "invoiced elsewhere")
    hold_invoice(ledger, of("held"), "waits for the PO")
    delete_draft(ledger, of("deleted"), "double")
    for reason in POSTED:
        post_invoice(ledger, of(reason), RULES, today=TODAY)
    reverse_invoice(ledger, of("reversed"), RULES, reason="wrong", today=TODAY)


def test_every_gap_is_explained(each: Books) -> None:
    """Record by record, with what was said of it and the document it is about."""
    gaps = {
        gap["opportunity"]: gap
        for gap in each.report("pipeline")["gaps"]
        if gap["currency"] == "USD"
    }
    for reason, (number, _, _) in DEALS.items():
        gap = gaps[opportunity_id(number)]
        assert gap["reason"] == reason
    amounts = {gap["reason"]: gap["amount"] for gap in gaps.values()}
    assert amounts["invalid-amount"] is None
    assert (amounts["mapped-amount"], amounts["reopened"]) == ("150.00", "-100.00")
    said = {gap["reason"]: gap["message"] for gap in gaps.values()}
    assert said["missing-field"] == "because missing-field"
    assert (said["ignored"], said["held"]) == ("invoiced elsewhere", "waits for the PO")
    assert (said["deleted"], said["reversed"]) == ("double", "wrong")
    assert said["foreign-currency"] == "the deal is in EUR, its invoice in USD"


def test_a_deal_that_salesforce_deleted_counts_where_its_documents_do(each: Books) -> None:
    """Without one it has no place in any stage; with a posted invoice it is billed there."""
    rows = each.report("pipeline")["rows"]
    assert {row["stage"] for row in rows} == {
        "Closed Won", "Closed Lost", "Negotiation", "Prospecting",
    }  # fmt: skip
    assert sum(row["deals"] for row in rows) == len(DEALS) + 1
    listed = [row["opportunity"] for row in each.report("pipeline", "--rows")["rows"]]
    assert opportunity_id(DEALS["deleted-in-salesforce"][0]) in listed
    assert opportunity_id(16) not in listed


def test_every_reason_is_documented() -> None:
    """docs/reports.md names those that are no failure and no skip, and no other."""
    documented = set(re.findall(r"^\| `([a-z-]+)` \|", DOCS, re.MULTILINE))
    assert documented == {
        *(set(DEALS) - {"missing-field", "minimum-amount", "invalid-amount"}),
        *("drifted", "edited", "accepted", "credited"),
    }


@pytest.mark.parametrize("line", re.findall(r"^\$ sfsync (.*)$", DOCS, re.MULTILINE))
def test_every_documented_command_answers(each: Books, tmp_path: Path, line: str) -> None:
    """As it stands, with a report called late in the mapping file."""
    (tmp_path / "mappings.yaml").write_text(
        "version: 1\nconnection: {name: a, type: demo}\nreports: {late: {sql: select 1 AS one}}\n"
        "opportunities: {map: {customer: AccountId, total: Amount, description: Name,"
        " document_date: CloseDate}}\n",
        encoding="utf-8",
    )
    assert each.run(*shlex.split(line)).status == 0


def test_open_deals_are_weighted(each: Books) -> None:
    """By expected revenue, or amount by probability where Salesforce gives none."""
    rows = each.report("pipeline")["rows"]
    row = next(row for row in rows if row["stage"] == "Prospecting")
    assert (row["open"], row["weighted"], row["booked"]) == ("1000.00", "250.00", "0.00")


def test_a_number_beyond_all_calculation_counts_for_nothing(tmp_path: Path) -> None:
    """Whatever the org answered: such a deal is counted, its amount or its weight is not."""
    path = tmp_path / "books.db"
    one = remembered(1)._replace(is_won=False, is_closed=False, expected_revenue=None)
    found = (
        one._replace(amount="9E+999999"),
        one._replace(salesforce_id=opportunity_id(2), probability="1E+20"),
    )
    with new_ledger(path) as ledger:
        run_id = begin(ledger)
        with ledger.transaction():
            apply(ledger, run_id, PageOfChanges((), opportunities=found))
    books = Books(path, None)  # type: ignore[arg-type]  # nothing is compared with it
    (total,) = books.report("pipeline")["totals"]
    assert (total["deals"], total["open"], total["weighted"]) == (2, "100.00", "0.00")


def test_uninvoiced_deals_have_their_reason(each: Books) -> None:
    """The same deals as the list of opportunities, each with why; totals by currency and reason."""
    result = each.report("uninvoiced")
    listed = each.run("opportunity", "list", "--uninvoiced", "--json").document["result"]
    assert [row["opportunity"] for row in result["rows"]] == [row["id"] for row in listed]
    reasons = {row["opportunity"]: row["reason"] for row in result["rows"]}
    assert set(reasons.values()) == {
        *("missing-field", "minimum-amount", "invalid-amount", "deleted", "reversed", "not-read"),
    }
    assert all(opportunity_id(DEALS[reason][0]) == key for key, reason in reasons.items())
    assert result["totals"] == [
        {"currency": "USD", "deals": 6, "amount": "500.00", "without_amount": 1}
    ]
    summed = each.report("uninvoiced", "--by", "reason,month")["rows"]
    assert {(row["reason"], row["month"]): row["deals"] for row in summed} == {
        (reason, "2026-10"): 1 for reason in reasons.values()
    }
    assert len(each.report("uninvoiced", "--by", "reason", "--rows")["rows"]) == 6


@pytest.mark.parametrize(
    "words", [["--status", "draft"], ["--region", "EMEA"], ["--run", "1"], ["--property", "a=b"]]
)
def test_filters_of_invoices_are_refused_for_deals(each: Books, words: list[str]) -> None:
    """A deal without an invoice has none of them: silence would be a wrong answer."""
    for report in ("pipeline", "uninvoiced"):
        done = each.run("report", report, *words, "--json")
        assert (done.status, done.document["error"]["code"]) == (2, "filter-unknown")


def test_a_terminal_shows_the_reasons_below(each: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """At 80 and 120 columns nothing is wider; a pipe gets the rows alone."""
    monkeypatch.setenv("NO_COLOR", "1")
    for columns in ("80", "120"):
        monkeypatch.setenv("COLUMNS", columns)
        out = each.run("report", "pipeline", terminal=True).out
        assert max(len(line) for line in out.splitlines()) <= int(columns)
        assert "as of the last sync at 2026-11-22T08:31:07Z" in out
        assert "foreign-currency" in out
    piped = each.run("report", "pipeline").out
    assert {len(line.split("\t")) for line in piped.splitlines()} == {11}


POSTED_DOCUMENT = DealDocument(
    name="INV-1", kind="invoice", status="posted", currency="USD", exponent=2, total=100,
    recognised=100, collected=0, reverses_whole=False, hold=None, drifted=False, pinned=False,
    accepted=None, removal=None, credit=None,
)  # fmt: skip
CREDIT = POSTED_DOCUMENT._replace(
    name="CN-1", kind="credit_note", total=-30, credit="one seat less"
)


@pytest.mark.parametrize(
    ("documents", "expected"),
    [
        ([POSTED_DOCUMENT._replace(drifted=True)], [("drifted", 20)]),
        ([POSTED_DOCUMENT._replace(accepted="agreed by phone")], [("accepted", 20)]),
        ([POSTED_DOCUMENT, CREDIT], [("credited", 30), ("mapped-amount", 20)]),
        (
            [POSTED_DOCUMENT._replace(status="draft", pinned=True)],
            [("draft", 100), ("edited", 20)],
        ),
        (
            [POSTED_DOCUMENT._replace(status="draft", drifted=True)],
            [("drifted", 100), ("drifted", 20)],
        ),
    ],
)
def test_a_difference_is_split(
    documents: list[DealDocument], expected: list[tuple[str, int]]
) -> None:
    """What a draft, a credit note and a changed amount make of a deal of 120."""
    row = OpportunityRow(
        "006", None, "Deal", None, None, "Won", True, True, False, "1.20", "USD", None, None, None,
        "drifted", None, None, "INV-1", False,
    )  # fmt: skip
    gaps = list(gaps_of(Deal(row, 120, None, None, tuple(documents))))
    assert [(gap.reason, gap.amount) for gap in gaps] == expected
    notes = {"accepted": "agreed by phone", "credited": "one seat less"}
    assert all(gap.message == notes.get(gap.reason, gap.message) for gap in gaps)


CURRENCIES = st.sampled_from(["USD", "JPY", "KWD"])
DOCUMENTS = st.builds(
    DealDocument,
    name=st.sampled_from(["INV-1", "D-2", "CN-3"]),
    kind=st.just("invoice"),
    status=st.sampled_from(["draft", "posted", "reversed", "deleted"]),
    currency=CURRENCIES,
    exponent=st.just(2),
    total=st.integers(1, 10**9),
    recognised=st.just(0),
    collected=st.just(0),
    reverses_whole=st.booleans(),
    hold=st.none() | st.just("waits"),
    drifted=st.booleans(),
    pinned=st.booleans(),
    accepted=st.none() | st.just("agreed"),
    removal=st.none() | st.just("wrong"),
    credit=st.none(),
)
CREDITS = st.builds(
    DealDocument._replace,
    DOCUMENTS,
    kind=st.just("credit_note"),
    status=st.just("posted"),
    total=st.integers(-(10**9), -1),
)
ROWS = st.builds(
    OpportunityRow,
    id=st.just("006"), url=st.none(), name=st.just("Deal"), account=st.none(), owner=st.none(),
    stage=st.just("S"), is_won=st.booleans(), is_closed=st.booleans(), is_deleted=st.booleans(),
    amount=st.none(), currency=CURRENCIES, probability=st.none(), expected_revenue=st.none(),
    close_date=st.none(), outcome=st.sampled_from(["created", "failed", "skipped"]),
    code=st.none() | st.just("stage"), message=st.none(), invoice=st.none(), ignored=st.booleans(),
)  # fmt: skip
ANY_DEAL = st.builds(
    Deal,
    row=ROWS,
    amount=st.none() | st.integers(0, 10**9),
    weighted=st.none(),
    ignored=st.none() | st.just("elsewhere"),
    documents=st.lists(DOCUMENTS | CREDITS, max_size=5).map(tuple),
)


@given(ANY_DEAL)
def test_gaps_add_up_whatever_happened(deal: Deal) -> None:
    """In each currency they are booked less billed; each has a reason."""
    sums: dict[str, int] = defaultdict(int)
    for gap in gaps_of(deal):
        assert gap.reason
        sums[gap.currency] += gap.amount or 0
    wanted: dict[str, int] = defaultdict(int)
    if deal.is_booked:
        wanted[deal.row.currency] += deal.amount or 0
    for one in deal.documents:
        wanted[one.currency] -= one.billed
    assert {key: value for key, value in sums.items() if value} == {
        key: value for key, value in wanted.items() if value
    }
