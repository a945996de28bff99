from __future__ import annotations

import csv
import io
import shutil
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.exports.inert import unguarded
from sfsync.exports.journal_text import account_names, beancount, csv_text, hledger
from sfsync.ledger.journal import EntryLine, JournalEntry
from tests.exports.file_readers import unescaped

if TYPE_CHECKING:
    from collections.abc import Sequence

BEAN_CHECK = Path(sys.executable).with_name("bean-check")
HLEDGER = shutil.which("hledger")
needs_beancount = pytest.mark.skipif(not BEAN_CHECK.exists(), reason="bean-check not installed")
needs_hledger = pytest.mark.skipif(HLEDGER is None, reason="hledger is not installed")

CURRENCIES = {"USD": 2, "JPY": 0, "KWD": 3}
NASTY = [
    'Say "hi" \\ there', "two\nlines", "tab\tand\x1b[31mred\x07", "; a comment | bar (x)", "=1+1",
    "＝1+1", "＠SUM(1)", " '-2", "a;=1+1", "a\\nb", "\t=1",  # noqa: RUF001 - full-width signs
    "\u202ereversed\u2028", "", "  ", "a\\", "100% * ! #tag ^link", "café – 株式会社", "\x00\x85",
]  # fmt: skip
TEXTS = st.one_of(
    st.sampled_from(NASTY),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
)
CODES = st.sampled_from(["1200", "4000", "4.000", "a:b/c", "A-b-c", "x"])


@st.composite
def entries(draw: st.DrawFn) -> list[JournalEntry]:
    """Some balanced entries with texts that try to break out."""
    found = []
    for number in range(draw(st.integers(1, 4))):
        currency = draw(st.sampled_from(sorted(CURRENCIES)))
        amount = draw(st.integers(1, 10**15))
        revenue = draw(CODES)
        lines = (
            EntryLine("1100", draw(TEXTS), "asset", amount),
            EntryLine(revenue, draw(TEXTS), "revenue", -amount),
        )
        found.append(
            JournalEntry(
                f"J-{number:06d}", draw(st.sampled_from(["invoice", "payment"])),
                draw(st.dates(date(2020, 1, 1), date(2030, 1, 1))), draw(TEXTS), None,
                "006000000000001AAA", "C-0001", draw(TEXTS), draw(TEXTS), currency,
                CURRENCIES[currency], lines,
            )
        )  # fmt: skip
    return sorted(found, key=lambda entry: entry.posting_date)


Totals = dict[tuple[str, str], Decimal]


def _totals(found: Sequence[JournalEntry]) -> Totals:
    """What the ledger says: account and currency to the sum of all sides."""
    names, sums = account_names(found), Totals()
    for entry in found:
        for line in entry.lines:
            key = (names[line.account], entry.currency)
            amount = Decimal(line.amount_minor).scaleb(-entry.exponent)
            sums[key] = sums.get(key, Decimal(0)) + amount
    return sums


@needs_beancount
@settings(max_examples=40, deadline=None)
@given(found=entries())
def test_beancount_reads_the_same_totals(found: list[JournalEntry]) -> None:
    """Whatever the texts are, beancount finds no error, every entry, and the same sums."""
    from beancount import loader  # noqa: PLC0415 - only where it is installed
    from beancount.core import data  # noqa: PLC0415 - as above

    read, errors, _ = loader.load_string(beancount(found, ["head\n; 1", "\u2028"]))
    assert errors == []
    transactions = [one for one in read if isinstance(one, data.Transaction)]
    assert len(transactions) == len(found)
    sums = Totals()
    for one in transactions:
        for posting in one.postings:
            assert posting.units is not None
            assert posting.units.number is not None
            key = (posting.account, posting.units.currency)
            sums[key] = sums.get(key, Decimal(0)) + posting.units.number
    assert sums == _totals(found)


@needs_beancount
@given(text=TEXTS)
@settings(max_examples=40, deadline=None)
def test_beancount_keeps_printable_texts(text: str) -> None:
    """A quote or a backslash comes back as it was; what is drawn as nothing is made visible."""
    from beancount import loader  # noqa: PLC0415 - only where it is installed
    from beancount.core import data  # noqa: PLC0415 - as above

    entry = JournalEntry(
        "J-000001", "invoice", date(2026, 1, 1), "INV-1", None, "006000000000001AAA", "C-0001",
        text, "x", "USD", 2, (EntryLine("1", "a", "asset", 1), EntryLine("2", "b", "revenue", -1)),
    )  # fmt: skip
    read, _, _ = loader.load_string(beancount([entry], []))
    (found,) = (one for one in read if isinstance(one, data.Transaction))
    payee = found.payee or ""
    assert "\n" not in payee
    if text.isprintable():
        assert payee == text


@needs_hledger
@settings(max_examples=20, deadline=None)
@given(found=entries())
def test_hledger_reads_the_same_totals(found: list[JournalEntry]) -> None:
    """Whatever the texts are, hledger's strict check passes and its balances are the same."""
    text = hledger(found, ["head\n; 1"])
    assert HLEDGER is not None

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [HLEDGER, "-f", "-", *arguments], input=text, text=True, capture_output=True,
            check=True, encoding="utf-8",
        )  # fmt: skip
        return done.stdout

    assert run("check", "--strict") == ""
    rows = list(csv.reader(io.StringIO(run("balance", "--flat", "-E", "-O", "csv", "--layout=bare",
                                           "--no-total"))))[1:]  # fmt: skip
    assert {(name, code): Decimal(amount) for name, code, amount in rows} == _totals(found)


@given(found=entries())
@settings(max_examples=40, deadline=None)
def test_hledger_texts_stay_on_their_line(found: list[JournalEntry]) -> None:
    """No text begins a line, a comment or a posting of its own."""
    lines = hledger(found, []).split("\n")
    transactions = [line for line in lines if line[:2] == "20"]
    assert len(transactions) == len(found)
    for line in transactions:
        assert line.count(";") == 0
        assert (line.count("("), line.count(")"), line.count("|")) == (1, 1, 1)
    sides = sum(len(entry.lines) for entry in found)
    assert len([line for line in lines if line.startswith("    ") and line[4] != ";"]) == sides


@given(found=entries())
@settings(max_examples=40, deadline=None)
def test_csv_adds_up_and_calculates_nothing(found: list[JournalEntry]) -> None:
    """Debits and credits are those of the ledger, and no cell is a formula."""
    rows = list(csv.DictReader(io.StringIO(csv_text(found, []))))
    sums = Totals()
    names = account_names(found)
    for row in rows:
        assert not [cell for cell in row.values() if cell[:1] in set("=+-@＝＋－＠\t\r")]  # noqa: RUF001 - the full-width signs
        code = row["account"]
        key = (names[code], row["currency"])
        amount = Decimal(row["debit"] or 0) - Decimal(row["credit"] or 0)
        sums[key] = sums.get(key, Decimal(0)) + amount
    assert sums == _totals(found)
    texts = [
        (one.document, one.customer_name, one.description, line.account_name)
        for one in found
        for line in one.lines
    ]
    kept = ("document", "customer_name", "description", "account_name")
    assert [tuple(unescaped(unguarded(row[name])) for name in kept) for row in rows] == texts


def test_codes_that_look_alike_stay_apart() -> None:
    """Two codes never become one account."""
    sides = [EntryLine(code, "", "revenue", 1) for code in ("a.b", "a-b", "A-b", "a/b")]
    entry = JournalEntry(
        "J-1", "invoice", date(2026, 1, 1), "X", None, "", "", "", "", "USD", 2, tuple(sides)
    )
    assert len(set(account_names([entry]).values())) == 4
