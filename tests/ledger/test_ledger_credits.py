from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.errors import RefusedError, UsageError
from sfsync.ledger.chart import LedgerAccount, close_period
from sfsync.ledger.credit_plan import CreditRequest, LinePart
from sfsync.ledger.crediting import credit_invoice, lines_left
from sfsync.ledger.customers import add_customer
from sfsync.ledger.invariants import check_ledger
from sfsync.ledger.invoice_filter import InvoiceFilter
from sfsync.ledger.invoices import list_invoices, show_invoice
from sfsync.ledger.model import CustomerContent, PaymentStatus
from sfsync.ledger.posting import post_invoice
from sfsync.ledger.removal import reverse_invoice
from tests.ledger.ledger_books import RULES, TODAY, content, fill, line, new_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfsync.ledger import Ledger
    from sfsync.ledger.crediting import CreditNote

INVOICE = "INV-2026-00001"


def posted(path: Path, *amounts: int) -> Ledger:
    """A ledger with one posted invoice of lines of three pieces each."""
    ledger = new_ledger(path / "ledger.db")
    lines = [
        line(amount, "implementation" if place % 2 else "License")._replace(
            quantity=Decimal(3), unit_price=Decimal(amount) / 300
        )
        for place, amount in enumerate(amounts)
    ]
    fill(ledger, 1, content(*lines))
    post_invoice(ledger, "D-000001", RULES, today=TODAY)
    return ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A posted invoice of 100.00, 50.00 and a rebate of 20.00."""
    with posted(tmp_path, 10_000, 5_000, -2_000) as opened:
        yield opened


def credit(ledger: Ledger, *lines: LinePart, amount: str | None = None) -> CreditNote:
    """Credit lines or an amount of the invoice."""
    wanted = CreditRequest(lines, None if amount is None else Decimal(amount))
    return credit_invoice(ledger, INVOICE, RULES, wanted, reason="less", today=TODAY)


def refused(ledger: Ledger, *lines: LinePart, amount: str | None = None) -> str:
    """The code under which a credit is refused; nothing of it is left behind."""
    before = ledger.row("SELECT count(*) FROM audit_event")
    with pytest.raises((RefusedError, UsageError)) as no:
        credit(ledger, *lines, amount=amount)
    assert ledger.row("SELECT count(*) FROM audit_event") == before
    return no.value.code


def amounts_of(ledger: Ledger, number: str) -> list[str]:
    """The amounts of a credit note's lines."""
    return [one["amount"] for one in show_invoice(ledger, number).as_json()["lines"]]


def test_a_quantity_is_credited_in_proportion_and_the_last_takes_the_cent(ledger: Ledger) -> None:
    """Three times a third is the whole line: 33.33, 33.33, 33.34; then nothing is left of it."""
    notes = [credit(ledger, LinePart(1, quantity=Decimal(1))).number for _ in range(3)]
    assert notes == ["CN-2026-00001", "CN-2026-00002", "CN-2026-00003"]
    assert [amounts_of(ledger, one) for one in notes] == [["-33.33"], ["-33.33"], ["-33.34"]]
    assert refused(ledger, LinePart(1)) == "over-credited"
    shown = show_invoice(ledger, INVOICE).as_json()
    assert (shown["status"], shown["balance"]) == ("posted", "30.00")
    assert [one["number"] for one in shown["credits"]] == notes
    assert show_invoice(ledger, notes[0]).as_json()["reason"] == "less"
    assert show_invoice(ledger, notes[0]).as_json()["reverses"] == INVOICE
    assert check_ledger(ledger) == []


def test_an_amount_is_spread_over_what_is_left(ledger: Ledger) -> None:
    """An amount goes over the lines by what is left of each; a rebate stays where it is."""
    note = credit(ledger, amount="100.00")
    assert amounts_of(ledger, note.number) == ["-66.67", "-33.33"]
    journal = show_invoice(ledger, note.number).as_json()["journal"]
    assert journal == [
        {"account": "1200", "debit": None, "credit": "100.00"},
        {"account": "4000", "debit": "66.67", "credit": None},
        {"account": "4100", "debit": "33.33", "credit": None},
    ]
    assert refused(ledger, amount="30.01") == "over-credited"
    last = credit(ledger, amount="30.00")
    assert last.reversed
    assert amounts_of(ledger, last.number) == ["-33.33", "-16.67", "20.00"]
    shown = show_invoice(ledger, INVOICE).as_json()
    assert (shown["status"], shown["reversed_by"], shown["balance"]) == (
        "reversed", last.number, "0.00",
    )  # fmt: skip
    assert check_ledger(ledger) == []


def test_what_is_credited_in_part_is_not_called_paid(ledger: Ledger) -> None:
    """Less is owed because of a credit note: that is another state than a payment, also to find."""
    credit(ledger, amount="1")
    row = show_invoice(ledger, INVOICE).row
    assert row.payment_status is PaymentStatus.PARTLY_CREDITED
    for status, count in ((PaymentStatus.PARTLY_CREDITED, 1), (PaymentStatus.PARTLY_PAID, 0)):
        assert len(list(list_invoices(ledger, InvoiceFilter(payment=status)))) == count


def test_what_is_asked_for_must_fit(ledger: Ledger) -> None:
    """Each request that cannot be met is refused, and changes nothing."""
    one = Decimal(1)
    assert refused(ledger, LinePart(4)) == "line-not-found"
    assert refused(ledger, LinePart(1, quantity=Decimal(4))) == "over-credited"
    assert refused(ledger, LinePart(1, amount=Decimal("100.01"))) == "over-credited"
    assert refused(ledger, LinePart(1, amount=one, currency="EUR")) == "usage"
    assert refused(ledger, LinePart(1, amount=Decimal("0.001"))) == "invalid-amount"
    assert refused(ledger, LinePart(1, quantity=-one)) == "usage"
    assert refused(ledger, LinePart(1, quantity=Decimal("1.0000001"))) == "usage"
    assert refused(ledger, LinePart(3)) == "nothing-to-credit"
    assert refused(ledger, LinePart(1), LinePart(1)) == "usage"
    assert refused(ledger, LinePart(1), LinePart(2)) == "over-credited"
    assert refused(ledger, amount="0") == "usage"
    assert check_ledger(ledger) == []


def test_a_partly_credited_invoice_is_reversed_by_the_rest(ledger: Ledger) -> None:
    """Reversing takes back what is left, line by line, and the other document is named later."""
    credit(ledger, LinePart(1, amount=Decimal("40.00")))
    reversal = reverse_invoice(ledger, INVOICE, RULES, reason="all wrong", today=TODAY)
    assert amounts_of(ledger, reversal.credit_note_number) == ["-60.00", "-50.00", "20.00"]
    quantities = [one.quantity for one in show_invoice(ledger, "CN-2026-00002").lines]
    assert quantities == [Decimal(-3)] * 3
    with pytest.raises(RefusedError, match="reversed by CN-2026-00002") as again:
        credit(ledger, amount="1")
    assert again.value.code == "already-reversed"
    assert ledger.rows(
        "SELECT a.code, sum(l.amount_minor) FROM journal_line l"
        " JOIN ledger_account a ON a.id = l.account_id GROUP BY 1"
    ) == [("1200", 0), ("4000", 0), ("4100", 0)]
    assert check_ledger(ledger) == []


def test_no_invoice_is_used_up_before_its_lines(ledger: Ledger) -> None:
    """A credit of all that is owed, and yet not of each line, is refused: reversing is for that."""
    credit(ledger, LinePart(1))
    assert refused(ledger, LinePart(2, amount=Decimal("30.00"))) == "lines-left"
    last = reverse_invoice(ledger, INVOICE, RULES, reason="the rest", today=TODAY)
    assert amounts_of(ledger, last.credit_note_number) == ["-50.00", "20.00"]
    assert check_ledger(ledger) == []


def test_days_and_accounts_are_guarded(ledger: Ledger) -> None:
    """No credit before the invoice, after today, in a closed period, or on an inactive account."""
    wanted = CreditRequest(amount=Decimal(1))
    for day in (date(2026, 10, 29), date(2026, 11, 23)):
        with pytest.raises(RefusedError) as no:
            credit_invoice(ledger, INVOICE, RULES, wanted, reason="x", day=day, today=TODAY)
        assert no.value.code == "reversal-date"
    inactive = tuple(
        LedgerAccount(a.code, a.name, a.type, active=a.code != "4100") for a in RULES.chart
    )
    with pytest.raises(RefusedError) as no:
        credit_invoice(
            ledger, INVOICE, replace(RULES, chart=inactive), wanted, reason="x", today=TODAY
        )
    assert no.value.code == "account-inactive"
    close_period(ledger, date(2026, 11, 22))
    assert refused(ledger, amount="1") == "period-closed"


def post_by_sql(
    plain: sqlite3.Connection,
    position: int,
    twist: str = "",
    exponent: int = 2,
    account: str = "account_id",
) -> None:
    """Write and post a credit note of 1.00 over a line, as somebody with a SQLite shell might.

    `twist` changes the note before its entry is written, `exponent` is that of the entry, and
    `account` what it debits.
    """
    note = plain.execute(
        "INSERT INTO document (kind, org_id, opportunity_id, customer_id, reverses_id,"
        " document_date, due_date, currency, exponent, total_minor, description, source,"
        " source_hash, created_at) SELECT 'credit_note', org_id, opportunity_id, customer_id,"
        " id, document_date, due_date, currency, exponent, -100, 'x', source, source_hash,"
        " created_at FROM document WHERE id = 1"
    ).lastrowid
    plain.execute(
        "INSERT INTO document_line (document_id, position, description, quantity_micro,"
        " amount_minor, account_id) SELECT ?, position, 'x', -1, -100, account_id"
        " FROM document_line WHERE document_id = 1 AND position = ?",
        (note, position),
    )
    if twist:
        plain.execute(f"UPDATE document SET {twist} WHERE id = ?", (note,))  # noqa: S608 - the test's own
    entry = plain.execute(
        "INSERT INTO journal_entry (kind, document_id, posting_date, currency, exponent,"
        " description) SELECT 'post', id, '2026-11-22', currency, ?, 'x' FROM document"
        " WHERE id = ?",
        (exponent, note),
    ).lastrowid
    plain.execute(
        "INSERT INTO journal_line (entry_id, account_id, amount_minor) SELECT ?, 1, -100"  # noqa: S608 - as above
        f" UNION ALL SELECT ?, {account}, 100 FROM document_line WHERE document_id = ?",
        (entry, entry, note),
    )
    plain.execute(
        "UPDATE document SET status = 'posted', number = 'CN-X', series_id = s.id,"
        " sequence = s.next, posting_date = '2026-11-22', posted_at = 'x',"
        " posted_by = 'x', seller = '{}', buyer = '{}'"
        " FROM (SELECT id, next FROM number_series WHERE key LIKE 'CN%') s"
        " WHERE document.id = ?",
        (note,),
    )


def test_the_database_refuses_a_credit_note_beyond_a_line(ledger: Ledger) -> None:
    """On a plain connection too: not more than a line, and never unexplained."""
    credit(ledger, LinePart(2))
    with closing(sqlite3.connect(ledger.path)) as plain:
        with pytest.raises(sqlite3.IntegrityError, match="posting needs lines"):
            post_by_sql(plain, 2)
        for change in ("UPDATE credit_reason SET reason = 'y'", "DELETE FROM credit_reason",
                       "REPLACE INTO credit_reason VALUES (1, 'y', 'x', 'x')"):  # fmt: skip
            with pytest.raises(sqlite3.IntegrityError, match="credit_reason"):
                plain.execute(change)


@pytest.mark.parametrize(
    ("twist", "exponent", "account"),
    [
        ("customer_id = 2", 2, "account_id"),
        ("currency = 'EUR'", 2, "account_id"),
        ("exponent = 3", 3, "account_id"),
        ("", 3, "account_id"),
        ("", 2, "3"),
    ],
)
def test_the_database_refuses_a_credit_note_of_another_kind(
    ledger: Ledger, twist: str, exponent: int, account: str
) -> None:
    """It is to the invoice's customer, in its currency, on its accounts: such a one is taken."""
    credit(ledger, LinePart(2))
    add_customer(ledger, CustomerContent("Other"))
    with closing(sqlite3.connect(ledger.path)) as plain:
        with pytest.raises(sqlite3.IntegrityError, match="posting needs lines"):
            post_by_sql(plain, 1, twist, exponent, account)
        plain.rollback()
        post_by_sql(plain, 1)


parts = st.one_of(
    st.builds(
        LinePart,
        st.integers(1, 4),
        quantity=st.none() | st.integers(1, 4000).map(lambda n: Decimal(n).scaleb(-3)),
    ),
    st.builds(
        LinePart,
        st.integers(1, 4),
        amount=st.integers(1, 12_000).map(lambda n: Decimal(n).scaleb(-2)),
    ),
)
requests = st.one_of(
    st.builds(
        CreditRequest,
        lines=st.lists(parts, min_size=1, max_size=3, unique_by=lambda p: p.position).map(tuple),
    ),
    st.builds(CreditRequest, amount=st.integers(1, 20_000).map(lambda n: Decimal(n).scaleb(-2))),
)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(-900, 12_000), min_size=1, max_size=4).filter(lambda a: sum(a) > 0),
    st.lists(requests, min_size=1, max_size=6),
)
def test_credits_never_exceed_the_invoice(amounts: list[int], wanted: list[CreditRequest]) -> None:
    """Whatever is credited: per line and in total never more than was invoiced, to the cent."""
    with tempfile.TemporaryDirectory() as folder, posted(Path(folder), *amounts) as ledger:
        for request in wanted:
            before = lines_left(ledger, 1)
            try:
                note = credit_invoice(ledger, INVOICE, RULES, request, reason="x", today=TODAY)
            except (RefusedError, UsageError):
                assert lines_left(ledger, 1) == before
                continue
            left = lines_left(ledger, 1)
            taken = sum(a.left_minor for a in before) - sum(b.left_minor for b in left)
            assert taken == -show_invoice(ledger, note.number).row.total_minor > 0
            if request.amount is not None:
                assert taken == int(request.amount * 100)
            for a, b in zip(before, left, strict=True):
                assert 0 <= abs(b.left_minor) <= abs(a.left_minor)
                assert b.left_minor * a.amount_minor >= 0
            status = show_invoice(ledger, INVOICE).row.status.value
            assert (status == "reversed") == (sum(one.left_minor for one in left) == 0)
        if show_invoice(ledger, INVOICE).row.status.value == "posted":
            reverse_invoice(ledger, INVOICE, RULES, reason="rest", today=TODAY)
        assert check_ledger(ledger) == []
