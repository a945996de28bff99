from __future__ import annotations

import time
from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.ledger import open_ledger
from sfsync.money import from_minor
from sfsync.reports.periods import month_of, quarter_of, year_of
from sfsync.reports.shares import percents
from tests.reports.conftest import filled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.ledger.many_invoices import MadeInvoice, MadeLine
    from tests.reports.conftest import Books

    Label = Callable[[MadeInvoice, MadeLine, date], str | None]

Key = tuple[Any, ...]


def _customer(made: MadeInvoice) -> str:
    # Two customers have the same name: each is told by its number.
    twin = made.customer in {1, 2}
    return f"{made.customer_name} (C-{made.customer:04d})" if twin else made.customer_name


LABELS: dict[str, Label] = {
    "customer": lambda made, _line, _day: _customer(made),
    "product": lambda _made, line, _day: line.product,
    "sales-rep": lambda made, _line, _day: made.sales_rep,
    "region": lambda made, _line, _day: made.region,
    "month": lambda _made, _line, day: f"{day:%Y-%m}",
    "quarter": lambda _made, _line, day: f"{day.year}-Q{(day.month + 2) // 3}",
    "year": lambda _made, _line, day: f"{day.year}",
    "property:cost_center": lambda made, _line, _day: made.cost_center,
    "property:product_category": lambda _made, line, _day: line.category,
    "property:segment": lambda made, _line, _day: f"S{made.customer % 3}",
}


def key_of(name: str) -> str:
    """The key of a dimension in a row."""
    return name.removeprefix("property:").replace("-", "_")


def movements(
    made: list[MadeInvoice], *, drafts: bool
) -> Iterator[tuple[MadeInvoice, date, MadeLine, int]]:
    """Every posted line of the specification with its date and amount; drafts by their own date."""
    for one, day, sign in documents(made, drafts=drafts):
        for line in one.lines:
            yield one, day, line, sign * line.minor
    for one in made:
        if one.credit is not None:
            yield one, one.credit.day, one.lines[one.credit.position - 1], -one.credit.minor


def documents(made: list[MadeInvoice], *, drafts: bool) -> Iterator[tuple[MadeInvoice, date, int]]:
    """Every document with its date, 1 for an invoice and -1 for what reverses it."""
    for one in made:
        if one.posted_on is not None:
            yield one, one.posted_on, 1
        elif drafts and one.state in {"draft", "held"}:
            yield one, one.day, 1
        if one.reversed_on is not None:
            yield one, one.reversed_on, -1


def expected(books: Books, names: list[str], *, drafts: bool = False) -> dict[Key, tuple[str, int]]:
    """Revenue and invoices of each key, recomputed from what went in."""
    sums: dict[Key, int] = defaultdict(int)
    invoices: dict[Key, set[int]] = defaultdict(set)
    for one, day, line, minor in movements(books.made.invoices, drafts=drafts):
        state = ("posted" if one.posted_on else "draft",) if drafts else ()
        labels = (LABELS[name](one, line, day) for name in names)
        key = (*labels, *state, one.currency, one.exponent)
        sums[key] += minor
        if minor > 0:
            invoices[key].add(one.deal)
    return {
        key[:-1]: (f"{from_minor(minor, key[-1]):f}", len(invoices[key]))
        for key, minor in sums.items()
    }


def answered(result: dict[str, Any], names: list[str], *, drafts: bool = False) -> dict[Key, Any]:
    """The rows of a report under the same keys; no key twice."""
    own = ["status"] if drafts else []
    keys = [*(key_of(name) for name in names), *own, "currency"]
    found = {
        tuple(row[key] for key in keys): (row["revenue"], row["invoices"]) for row in result["rows"]
    }
    assert len(found) == len(result["rows"])
    assert result["by"] == [key_of(name) for name in names]
    return found


QUESTIONS = [[], *([name] for name in LABELS), ["customer", "month"], ["region", "product", "year"]]


def check_all(books: Books) -> None:
    """Every report by every dimension, to the minor unit, rows and records and totals."""
    for names in QUESTIONS:
        by = [word for name in names for word in ("--by", name)]
        for drafts in (False, True):
            more = ["--all"] if drafts else []
            result = books.report("revenue", *by, *more)
            assert answered(result, names, drafts=drafts) == expected(books, names, drafts=drafts)
            whole = answered({"rows": result["totals"], "by": []}, [], drafts=drafts)
            assert whole == expected(books, [], drafts=drafts)
            check_records(result, books.report("revenue", *by, *more, "--rows"))


def check_records(result: dict[str, Any], records: dict[str, Any]) -> None:
    """The records behind each row add up to it."""
    assert records["totals"] == result["totals"]
    keys = [
        *result["by"],
        *(["status"] if "status" in (result["rows"] or [{}])[0] else []),
        "currency",
    ]
    sums: dict[Key, Decimal] = defaultdict(Decimal)
    for row in records["rows"]:
        sums[tuple(row[key] for key in keys)] += Decimal(row["revenue"])
    assert sums == {
        tuple(row[key] for key in keys): Decimal(row["revenue"]) for row in result["rows"]
    }


def test_revenue_is_what_went_in(many: Books) -> None:
    """300 invoices in four currencies: every dimension agrees with the specification."""
    check_all(many)


@pytest.mark.long
def test_revenue_of_thousands_is_what_went_in(tmp_path: Path) -> None:
    """The same over 5,000 invoices."""
    check_all(filled(tmp_path, 5000))


def test_revenue_is_the_net_credit_on_revenue_accounts(many: Books) -> None:
    """The totals, and each month, are those of the journal itself."""
    with open_ledger(many.path, create=False) as ledger:
        journal = ledger.rows(
            "SELECT substr(e.posting_date, 1, 7), e.currency, e.exponent, -sum(l.amount_minor)"
            " FROM journal_line l JOIN journal_entry e ON e.id = l.entry_id"
            " JOIN ledger_account a ON a.id = l.account_id WHERE a.type = 'revenue'"
            " GROUP BY 1, 2, 3"
        )
    rows = many.report("revenue", "--by", "month")["rows"]
    assert {(row["month"], row["currency"]): row["revenue"] for row in rows} == {
        (month, currency): f"{from_minor(minor, exponent):f}"
        for month, currency, exponent, minor in journal
    }


def test_a_credit_note_is_filtered_as_its_invoice(many: Books) -> None:
    """A reversed invoice is nothing under every filter; only a credit note's dates are its own."""
    for filters in (
        ["--min", "1"],
        ["--run", "1"],
        ["--status", "reversed"],
        ["--sort", "-revenue"],
    ):
        result = many.report("revenue", *filters)
        if "reversed" in filters:
            assert {Decimal(row["revenue"]) for row in result["totals"]} == {Decimal(0)}
        else:
            assert result["totals"] == many.report("revenue")["totals"]
    one = next(
        made for made in many.made.invoices if made.reversed_on and made.reversed_on > made.day
    )
    day = str(one.reversed_on)
    rows = many.report("revenue", "--from", day, "--to", day, "--rows")["rows"]
    assert one.credit_note in {row["invoice"] for row in rows}


def test_filters_sort_and_limit(many: Books) -> None:
    """Rows are the filtered ones in the order that was asked for; a limit leaves totals alone."""
    whole = many.report(
        "revenue", "--by", "customer", "--rep", "dana reyes", "--from", "2025-01-01"
    )
    wanted = sum(
        minor
        for one, day, _, minor in movements(many.made.invoices, drafts=False)
        if one.sales_rep == "Dana Reyes" and one.currency == "JPY" and day >= date(2025, 1, 1)
    )
    assert {row["currency"]: row["revenue"] for row in whole["totals"]}["JPY"] == str(wanted)
    found = many.report("revenue", "--by", "customer", "--sort", "-revenue", "--limit", "3")
    amounts = [
        Decimal(row["revenue"]) for row in many.report("revenue", "--by", "customer")["rows"]
    ]
    assert [Decimal(row["revenue"]) for row in found["rows"]] == sorted(amounts, reverse=True)[:3]
    assert found["totals"] == many.report("revenue")["totals"]
    done = many.run("report", "revenue", "--by", "customer", "--sort", "size", "--json")
    assert (done.status, done.document["error"]["code"]) == (2, "sort-unknown")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--by", "custommer"], "dimension-unknown"),
        (["--by", "month,month"], "usage"),
        (["--by", "property:"], "dimension-unknown"),
        (["--posted", "--all"], "usage"),
        (["--posted", "--status", "draft"], "usage"),
        (["--from", "yesterday"], "invalid-date"),
    ],
)
def test_a_question_that_cannot_be_asked(many: Books, words: list[str], code: str) -> None:
    """It is refused with exit 2 and what to write instead."""
    done = many.run("report", "revenue", *words, "--json")
    assert (done.status, done.document["error"]["code"]) == (2, code)


def test_totals_of_several_currencies_are_sorted_as_they_read(many: Books) -> None:
    """100,000 JPY is more than 5,000.00 USD, as it is to --min and --max."""
    rows = many.run("invoice", "list", "--sort", "-total", "--json").document["result"]
    totals = [Decimal(row["total"]) for row in rows]
    assert totals == sorted(totals, reverse=True)
    assert len({row["currency"] for row in rows}) > 2


def test_who_asks_for_drafts_gets_them(many: Books) -> None:
    """--status means here what it means in a list: no --all is needed beside it."""
    drafts = many.report("revenue", "--by", "customer", "--status", "draft")
    assert drafts["rows"]
    assert drafts == many.report("revenue", "--by", "customer", "--status", "draft", "--all")


def test_a_misspelt_property_is_said(many: Books) -> None:
    """Everything is without it, which is no error: it may be new."""
    done = many.run("report", "revenue", "--by", "property:cost_centre", "--json")
    assert {row["cost_centre"] for row in done.document["result"]["rows"]} == {None}
    assert "cost_center" in done.document["warnings"][0]


@pytest.mark.parametrize("name", ["status", "currency", "revenue", "month", "sales_rep"])
def test_a_property_named_like_a_column_keeps_its_prefix(many: Books, name: str) -> None:
    """No key of a row has two meanings."""
    result = many.report("revenue", "--by", f"property:{name}")
    assert result["by"] == [f"property:{name}"]


def test_fiscal_periods_follow_the_config(many: Books, tmp_path: Path) -> None:
    """A year that begins in April is named by its last day; its quarters add up to it."""
    (tmp_path / "mappings.yaml").write_text(
        "version: 1\nconnection: {name: a, type: demo}\nledger: {fiscal_year_start: 4}\n"
        "opportunities: {map: {customer: AccountId, total: Amount, description: Name,"
        " document_date: CloseDate}}\n"
    )
    rows = many.report("revenue", "--by", "year,quarter")["rows"]
    assert {row["year"] for row in rows} == {"FY2024", "FY2025", "FY2026", "FY2027"}
    assert all(row["quarter"].startswith(f"{row['year']}-Q") for row in rows)
    months = many.report("revenue", "--by", "month", "--from", "2025-04-01", "--to", "2025-06-30")
    quarter = [row for row in rows if row["quarter"] == "FY2026-Q1"]
    assert {row["currency"]: row["revenue"] for row in quarter} == {
        row["currency"]: row["revenue"] for row in months["totals"]
    }


@given(st.dates(date(1970, 1, 1), date(2200, 12, 31)), st.integers(1, 12))
def test_a_day_is_in_one_quarter_of_its_fiscal_year(day: date, start: int) -> None:
    """Quarters are three whole months, numbered from the month in which the year begins."""
    quarter = quarter_of(day, start)
    first = date(day.year - (day.month < start), start, 1)
    passed = (day.year - first.year) * 12 + day.month - first.month
    assert quarter == f"{year_of(day, start)}-Q{passed // 3 + 1}"
    last = date(first.year + (start > 1), (start - 2) % 12 + 1, 1)
    assert year_of(day, start) == (f"FY{last.year}" if start > 1 else str(day.year))
    assert year_of(last, start) == year_of(first, start) == year_of(day, start)
    assert month_of(day) == day.isoformat()[:7]


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=40))
def test_shares_add_up_to_a_hundred(amounts: list[int]) -> None:
    """Exactly, and none is further than a hundredth of a percent from the truth."""
    shares = percents(amounts)
    if sum(amounts) == 0:
        assert set(shares) == {None}
        return
    assert sum(Decimal(share or 0) for share in shares) == 100
    for amount, share in zip(amounts, shares, strict=True):
        assert abs(Decimal(share or 0) - Decimal(amount) * 100 / sum(amounts)) < Decimal("0.01")


def test_allocation_names_what_has_no_value(many: Books) -> None:
    """Shares are per currency, of the same amounts as revenue; null has a row of its own."""
    result = many.report("allocation", "--by", "property:cost_center")
    assert answered(result, ["property:cost_center"]) == expected(many, ["property:cost_center"])
    shares: dict[str, Decimal] = defaultdict(Decimal)
    for row in result["rows"]:
        shares[row["currency"]] += Decimal(row["share"])
    assert shares == dict.fromkeys(("EUR", "JPY", "KWD", "USD"), Decimal(100))
    assert None in {row["cost_center"] for row in result["rows"]}
    piped = many.run("report", "allocation", "--by", "property:cost_center").out
    assert "(no cost center)\tEUR\t" in piped


def test_the_time_zone_of_the_process_changes_nothing(
    many: Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same reports in Honolulu, Kiritimati and UTC; today is the company's."""
    (tmp_path / "mappings.yaml").write_text(
        "version: 1\nconnection: {name: a, type: demo}\nschedule: {time_zone: Asia/Tokyo}\n"
        "opportunities: {map: {customer: AccountId, total: Amount, description: Name,"
        " document_date: CloseDate}}\n"
    )
    found = set()
    for zone in ("Pacific/Honolulu", "Pacific/Kiritimati", "UTC"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        asked = (["revenue", "--by", "month,customer"], ["aging"], ["pipeline", "--by", "month"])
        found.add(tuple(many.run("report", *words, "--json").out for words in asked))
    monkeypatch.delenv("TZ")
    time.tzset()
    assert len(found) == 1


def test_a_terminal_gets_bars_and_totals_and_a_pipe_does_not(
    many: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bars have one scale per currency; a narrow terminal has none, a pipe neither.

    Nor are there any where the currency was not asked for: two of them would share a scale.
    """
    monkeypatch.setenv("NO_COLOR", "1")
    for columns, bars in (("120", True), ("80", True), ("60", True), ("40", False)):
        monkeypatch.setenv("COLUMNS", columns)
        out = many.run("report", "revenue", "--by", "region", terminal=True).out
        assert ("██" in out) is bars
        assert "Total" in out
        assert max(len(line) for line in out.splitlines()) <= int(columns)
    monkeypatch.setenv("COLUMNS", "120")
    words = ("report", "revenue", "--by", "region", "--fields")
    assert "██" in many.run(*words, "region,revenue,currency", terminal=True).out
    assert "██" not in many.run(*words, "region,revenue", terminal=True).out
    piped = many.run("report", "revenue", "--by", "region").out
    assert "█" not in piped
    assert {len(line.split("\t")) for line in piped.splitlines()} == {4}
