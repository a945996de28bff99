from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.errors import UsageError
from sfsync.ledger import open_ledger
from sfsync.ledger.chart import LedgerAccount
from sfsync.ledger.payments import PaymentOrder, add_payment, void_payment
from sfsync.ledger.posting import post_invoice
from sfsync.money import from_minor
from sfsync.reports.buckets import Buckets, parse_buckets
from tests.ledger.ledger_books import RULES, TODAY, content, fill, new_ledger
from tests.reports.conftest import Books, filled

if TYPE_CHECKING:
    from pathlib import Path


def bucket(due: date, as_of: date) -> str:
    """The default bucket, spelt out."""
    days = (as_of - due).days
    if days < 1:
        return "not_due"
    if days > 90:
        return "days_over_90"
    return "days_1_30" if days <= 30 else "days_31_60" if days <= 60 else "days_61_90"


def check(books: Books, as_of: date) -> None:
    """Rows, records and totals are what went in, and the balance of the receivable account."""
    sums: dict[tuple[str, str, str], int] = defaultdict(int)
    wanted: dict[str, str] = {}
    for made in books.made.invoices:
        if made.owed(as_of):
            twin = made.customer in {1, 2}
            name = f"{made.customer_name} (C-{made.customer:04d})" if twin else made.customer_name
            sums[name, made.currency, bucket(made.due, as_of)] += made.owed(as_of)
            wanted[made.number] = f"{from_minor(made.owed(as_of), made.exponent):f}"
    result = books.report("aging", "--as-of", str(as_of))
    assert {
        (row["customer"], row["currency"], name): Decimal(row[name])
        for row in result["rows"]
        for name in result["buckets"]
        if Decimal(row[name])
    } == {
        key: from_minor(minor, {"JPY": 0, "KWD": 3}.get(key[1], 2)) for key, minor in sums.items()
    }
    records = books.report("aging", "--as-of", str(as_of), "--rows")["rows"]
    assert {row["invoice"]: row["balance"] for row in records} == wanted
    assert {row["currency"]: row["total"] for row in result["totals"]} == receivable(books, as_of)
    assert all(row["receivable"] == row["total"] for row in result["totals"])


def receivable(books: Books, as_of: date) -> dict[str, str]:
    """The balance of account 1200 in the journal."""
    with open_ledger(books.path, create=False) as ledger:
        rows = ledger.rows(
            "SELECT e.currency, e.exponent, sum(l.amount_minor) FROM journal_entry e"
            " JOIN journal_line l ON l.entry_id = e.id JOIN ledger_account a ON a.id = l.account_id"
            " WHERE a.code = '1200' AND e.posting_date <= ? GROUP BY 1, 2",
            (as_of.isoformat(),),
        )
    return {currency: f"{from_minor(minor, exponent):f}" for currency, exponent, minor in rows}


@pytest.mark.parametrize(
    "as_of", [date(2024, 2, 29), date(2025, 2, 28), date(2025, 12, 31), TODAY], ids=str
)
def test_aging_is_what_went_in_and_the_receivable(many: Books, as_of: date) -> None:
    """On a leap day, at the end of a month and of a year, and today."""
    check(many, as_of)


@pytest.mark.long
def test_aging_of_thousands(tmp_path: Path) -> None:
    """The same over 5,000 invoices, on the last day of each quarter."""
    books = filled(tmp_path, 5000)
    for year in (2024, 2025, 2026):
        for month, day in ((3, 31), (6, 30), (9, 30), (12, 31)):
            check(books, date(year, month, day))


@pytest.mark.parametrize(
    ("due", "as_of", "days", "expected"),
    [
        (date(2026, 11, 22), date(2026, 11, 22), 0, "not_due"),
        (date(2026, 11, 23), date(2026, 11, 22), -1, "not_due"),
        (date(2026, 11, 21), date(2026, 11, 22), 1, "days_1_30"),
        (date(2026, 10, 23), date(2026, 11, 22), 30, "days_1_30"),
        (date(2026, 10, 22), date(2026, 11, 22), 31, "days_31_60"),
        (date(2024, 2, 29), date(2024, 3, 1), 1, "days_1_30"),
        (date(2024, 2, 28), date(2024, 2, 29), 1, "days_1_30"),
        (date(2023, 2, 28), date(2023, 3, 1), 1, "days_1_30"),
        (date(2026, 1, 31), date(2026, 5, 1), 90, "days_61_90"),
        (date(2026, 1, 31), date(2026, 5, 2), 91, "days_over_90"),
    ],
)
def test_the_boundaries_of_due(
    tmp_path: Path, due: date, as_of: date, days: int, expected: str
) -> None:
    """Due today is not due, due yesterday is one day; every day of the calendar counts."""
    path = tmp_path / "books.db"
    with new_ledger(path) as ledger:
        body = replace(content(day=date(2023, 1, 1)), due_date=due)
        fill(ledger, 1, body)
        post_invoice(ledger, "D-000001", RULES, today=TODAY)
    books = Books(path, None)  # type: ignore[arg-type]  # nothing is compared with it
    row = books.report("aging", "--as-of", str(as_of), "--rows")["rows"][0]
    assert (row["days"], row["bucket"], row["balance"]) == (days, expected, "100.00")


@given(
    st.lists(st.integers(1, 3650), min_size=1, max_size=8, unique=True).map(sorted),
    st.integers(-400, 4000),
)
def test_every_number_of_days_is_in_one_bucket(edges: list[int], days: int) -> None:
    """The buckets follow one another without a gap, and each ends with its edge."""
    buckets = parse_buckets(",".join(map(str, edges)))
    assert len(set(buckets.keys)) == len(edges) + 2
    place = buckets.keys.index(buckets.of(days))
    firsts = [-(10**6), 1, *(edge + 1 for edge in edges)]
    lasts = [0, *edges, 10**6]
    assert firsts[place] <= days <= lasts[place]


@pytest.mark.parametrize(
    "text", ["", "30,20", "30,30", "0,30", "a", "-1,5", "30,", "1,99999", "\uff11,2"]
)
def test_buckets_that_make_no_sense(text: str) -> None:
    """They are refused."""
    with pytest.raises(UsageError, match="--buckets"):
        parse_buckets(text)


def test_other_buckets_have_other_keys(many: Books) -> None:
    """The result names them in their order, and every row has them."""
    result = many.report("aging", "--buckets", "7,14", "--by", "region,sales-rep")
    assert result["buckets"] == list(Buckets((7, 14)).keys)
    assert list(result["rows"][0]) == [
        *("region", "sales_rep", "currency"),
        *("not_due", "days_1_7", "days_8_14", "days_over_14", "total", "invoices"),
    ]


def test_a_filter_leaves_the_account_out(many: Books) -> None:
    """Part of what is open is not the account's balance, so that it is not said to be."""
    result = many.report("aging", "--customer", "C-0003", "--as-of", "2026-06-30")
    assert {row["receivable"] for row in result["totals"]} == {None}
    assert {row["customer"] for row in result["rows"]} == {"Customer 3"}


def test_an_account_that_was_receivable_first_and_cash_later(tmp_path: Path) -> None:
    """A payment that arrives where an older invoice was debited still lowers what is owed."""
    path = tmp_path / "books.db"
    bank = LedgerAccount("1000", "Bank", "asset")
    right = replace(RULES, chart=(*RULES.chart, bank))
    swapped = replace(right, receivable="1000", cash="1200")
    with new_ledger(path) as ledger:
        fill(ledger, 2)
        post_invoice(ledger, "D-000001", swapped, today=TODAY)
        post_invoice(ledger, "D-000002", right, today=TODAY)
        first = add_payment(
            ledger, "D-000002", PaymentOrder(Decimal(40), TODAY), right, today=TODAY
        )
        add_payment(ledger, "D-000002", PaymentOrder(Decimal(25), TODAY), right, today=TODAY)
        void_payment(ledger, first.name, right, reason="bounced", today=TODAY)
    books = Books(path, None)  # type: ignore[arg-type]  # nothing is compared with it
    result = books.report("aging", "--as-of", str(TODAY), "--rows")
    assert [row["balance"] for row in result["rows"]] == ["100.00", "75.00"]
    assert [(row["total"], row["receivable"]) for row in result["totals"]] == [("175.00", "175.00")]


def test_figures_are_never_cut(many: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the columns have no room, each row is drawn as lines."""
    monkeypatch.setenv("NO_COLOR", "1")
    for columns in ("30", "80", "120"):
        monkeypatch.setenv("COLUMNS", columns)
        out = many.run("report", "aging", "--as-of", "2026-06-30", terminal=True).out
        assert max(len(line) for line in out.splitlines()) <= int(columns)
        for row in many.report("aging", "--as-of", "2026-06-30")["totals"]:
            whole, _, decimals = row["total"].partition(".")
            assert f"{int(whole):,}{decimals and '.'}{decimals}" in out
