from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from sfsync.errors import NotFoundError, RefusedError, UsageError
from sfsync.ledger.chart import LedgerAccount, close_period
from sfsync.ledger.invariants import check_ledger
from sfsync.ledger.invoice_filter import InvoiceFilter
from sfsync.ledger.invoices import list_invoices, show_invoice
from sfsync.ledger.model import PaymentStatus
from sfsync.ledger.payment_list import PaymentFilter, entry_of, list_payments
from sfsync.ledger.payments import PaymentOrder, add_payment, void_payment
from sfsync.ledger.posting import post_invoice
from sfsync.ledger.removal import delete_draft, reverse_invoice
from tests.ledger.ledger_books import RULES, TODAY, fill, new_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sfsync.ledger import Ledger
    from sfsync.ledger.payment_list import Payment

PAID = date(2026, 11, 20)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A ledger with a posted invoice of 100.00 USD and two drafts."""
    with new_ledger(tmp_path / "ledger.db") as opened:
        fill(opened, 3)
        post_invoice(opened, "D-000001", RULES, today=TODAY)
        yield opened


def pay(ledger: Ledger, amount: str, invoice: str = "D-000001", **more: Any) -> Payment:
    """Record a payment of so much."""
    rules = more.pop("rules", RULES)
    order = PaymentOrder(Decimal(amount), **{"paid_on": PAID, **more})
    return add_payment(ledger, invoice, order, rules, today=TODAY)


def _refused(ledger: Ledger, amount: str, invoice: str = "D-000001", **more: Any) -> str:
    with pytest.raises((RefusedError, UsageError)) as refused:
        pay(ledger, amount, invoice, **more)
    assert check_ledger(ledger) == []
    return refused.value.code


def _balance(ledger: Ledger) -> int:
    return show_invoice(ledger, "D-000001").row.balance_minor


def test_a_payment_debits_cash_and_credits_the_receivable(ledger: Ledger) -> None:
    """Part and rest are paid; the balance falls to nothing and the journal balances."""
    first = pay(ledger, "30", method="wire", reference="WT 1")
    assert (first.name, first.balance_minor) == ("P-000001", 7_000)
    assert entry_of(ledger, first) == [("1000", 3_000), ("1200", -3_000)]
    assert pay(ledger, "70.00").balance_minor == _balance(ledger) == 0
    assert check_ledger(ledger) == []


def test_what_is_owed_shows_as_a_status(ledger: Ledger) -> None:
    """A posted invoice is open, partly paid, paid, or overdue from the day after it is due."""
    due = show_invoice(ledger, "D-000001").row.due_date
    later = date(2026, 11, 30)

    def seen(on: date) -> PaymentStatus | None:
        return show_invoice(ledger, "D-000001", on).row.payment_status

    assert (seen(due), seen(later)) == (PaymentStatus.OPEN, PaymentStatus.OVERDUE)
    pay(ledger, "1")
    assert (seen(due), seen(later)) == (PaymentStatus.PARTLY_PAID, PaymentStatus.OVERDUE)
    pay(ledger, "99")
    assert seen(due) is seen(later) is PaymentStatus.PAID
    assert show_invoice(ledger, "D-000002").row.payment_status is None


def test_the_filter_knows_what_is_owed(ledger: Ledger) -> None:
    """Open, overdue and paid choose the posted invoices that they name, and no draft."""
    post_invoice(ledger, "D-000002", RULES, today=TODAY)
    pay(ledger, "100")

    def found(status: PaymentStatus, on: date = TODAY) -> list[str]:
        return [one.draft for one in list_invoices(ledger, InvoiceFilter(payment=status, as_of=on))]

    assert found(PaymentStatus.PAID) == ["D-000001"]
    assert found(PaymentStatus.OPEN) == ["D-000002"]
    assert found(PaymentStatus.PARTLY_PAID) == found(PaymentStatus.OVERDUE) == []
    assert found(PaymentStatus.OVERDUE, date(2027, 1, 1)) == ["D-000002"]


def test_payments_that_cannot_be_are_refused(ledger: Ledger) -> None:
    """Each refusal has its code, and leaves nothing behind."""
    assert _refused(ledger, "100.01") == "over-applied"
    assert _refused(ledger, "1", "D-000002") == "not-posted"
    assert _refused(ledger, "1", currency="EUR") == "currency-differs"
    assert _refused(ledger, "0") == _refused(ledger, "-5") == "invalid-amount"
    assert _refused(ledger, "1.005") == _refused(ledger, "1e30") == "invalid-amount"
    assert _refused(ledger, "1", paid_on=date(2026, 11, 23)) == "future-date"
    assert _refused(ledger, "1", rules=replace(RULES, closed_through=PAID)) == "period-closed"
    assert _refused(ledger, "1", rules=replace(RULES, cash="1200")) == "account-type"
    assert _refused(ledger, "1", rules=replace(RULES, cash="4000")) == "account-type"
    closed_bank = LedgerAccount("1000", "Bank", "asset", active=False)
    assert _refused(ledger, "1", rules=replace(RULES, chart=(closed_bank,))) == "account-type"
    close_period(ledger, PAID)
    assert _refused(ledger, "1") == "period-closed"
    delete_draft(ledger, "D-000002", "no")
    assert _refused(ledger, "1", "D-000002") == "not-posted"
    with pytest.raises(NotFoundError):
        pay(ledger, "1", "D-000099")
    assert list(list_payments(ledger)) == []


def test_an_idempotency_key_counts_once(ledger: Ledger) -> None:
    """The same order under the same key answers the same payment; another one is refused."""
    first = pay(ledger, "40", idempotency_key="bank-1", method="wire")
    again = pay(ledger, "40.00", "INV-2026-00001", idempotency_key="bank-1", method="wire")
    assert again == first
    assert _balance(ledger) == 6_000
    for other in ({"amount": "41"}, {"method": "card"}, {"paid_on": TODAY}, {"reference": "x"}):
        order: dict[str, Any] = {"amount": "40", "method": "wire", **other}
        assert _refused(ledger, idempotency_key="bank-1", **order) == "idempotency-key-reused"
    assert _balance(ledger) == 6_000


def test_a_void_takes_the_payment_back(ledger: Ledger) -> None:
    """A void writes the negated entry, the invoice is owed again, and no second void is taken."""
    payment = pay(ledger, "100")
    voided = void_payment(ledger, "p-1", RULES, reason="bounced", today=TODAY)
    assert (voided.voided_on, voided.void_reason) == (TODAY, "bounced")
    assert entry_of(ledger, payment, void=True) == [("1000", -10_000), ("1200", 10_000)]
    assert _balance(ledger) == 10_000
    assert pay(ledger, "100").name == "P-000002"
    assert check_ledger(ledger) == []
    with pytest.raises(RefusedError, match="was voided"):
        void_payment(ledger, "1", RULES, reason="again", today=TODAY)
    with pytest.raises(NotFoundError):
        void_payment(ledger, "P-9", RULES, reason="x", today=TODAY)
    with pytest.raises(UsageError):
        void_payment(ledger, "P-2", RULES, reason=" ", today=TODAY)


def test_a_void_keeps_to_open_days(ledger: Ledger) -> None:
    """A void is dated from the payment's day through today, and never in a closed period."""
    pay(ledger, "100")
    for day, code in (
        (date(2026, 11, 19), "void-date"),
        (date(2026, 11, 23), "void-date"),
        (PAID, "period-closed"),
    ):
        rules = replace(RULES, closed_through=PAID)
        with pytest.raises(RefusedError) as refused:
            void_payment(ledger, "P-1", rules, reason="x", day=day, today=TODAY)
        assert refused.value.code == code
    assert check_ledger(ledger) == []


def test_what_is_paid_is_not_reversed(ledger: Ledger) -> None:
    """A paid invoice is reversed only once its payment is voided; a reversed one takes none."""
    pay(ledger, "1")
    with pytest.raises(RefusedError) as refused:
        reverse_invoice(ledger, "D-000001", RULES, reason="wrong", today=TODAY)
    assert refused.value.code == "has-payments"
    assert "payment void P-000001" in refused.value.fix
    void_payment(ledger, "P-1", RULES, reason="wrong", today=TODAY)
    note = reverse_invoice(ledger, "D-000001", RULES, reason="wrong", today=TODAY)
    assert check_ledger(ledger) == []
    assert _refused(ledger, "1") == "not-posted"
    assert _refused(ledger, "1", note.credit_note_number) == "credit-note"


def test_payment_lists_are_filtered_and_sorted(ledger: Ledger) -> None:
    """By invoice, customer, day, amount, method and state; amounts within both bounds."""
    post_invoice(ledger, "D-000002", RULES, today=TODAY)
    pay(ledger, "30", method="Wire")
    pay(ledger, "20.50", "D-000002", paid_on=TODAY)
    void_payment(ledger, "P-2", RULES, reason="x", today=TODAY)

    def names(**wanted: Any) -> list[str]:
        return [one.name for one in list_payments(ledger, PaymentFilter(**wanted))]

    assert names() == ["P-000001", "P-000002"]
    assert names(sort="-date") == names(sort="amount") == ["P-000002", "P-000001"]
    assert names(document_id=2) == names(voided=True) == names(date_from=TODAY) == ["P-000002"]
    assert names(minimum=Decimal("20.51")) == names(method="wire") == ["P-000001"]
    assert names(maximum=Decimal("20.50"), customer="globex") == ["P-000002"]
    assert names(customer="nobody") == []
    with pytest.raises(UsageError):
        names(sort="x")


# An entry of a plain connection for document 1: 40.00 to account 4 (cash) from account 1.
_ENTRY = """
    INSERT INTO journal_entry (id, kind, document_id, posting_date, currency, exponent, description)
    VALUES (90, 'payment', {document}, '2026-11-20', 'USD', 2, '');
    INSERT INTO journal_line (entry_id, account_id, amount_minor)
    VALUES (90, {cash}, {amount}), (90, {receivable}, -{amount});
"""
_PAYMENT = """
    INSERT OR REPLACE INTO payment (id, document_id, entry_id, date, currency, exponent,
        amount_minor, balance_minor, at, actor)
    VALUES ({id}, {document}, 90, '{date}', '{currency}', 2, {amount}, {balance}, '', '')
"""
_SOUND = {
    "id": "NULL", "document": 1, "cash": 4, "receivable": 1, "amount": 4_000, "balance": 2_000,
    "date": "2026-11-20", "currency": "USD",
}  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"amount": 7_000, "balance": -1_000},
        {"amount": 7_000, "balance": 0},
        {"balance": 3_000},
        {"id": 1},
        {"date": "2026-11-21"},
        {"currency": "EUR"},
        {"cash": 2},
        {"receivable": 4, "cash": 1},
        {"receivable": 3},
        {"document": 2},
    ],
)
def test_the_file_takes_only_sound_payments(
    ledger: Ledger, tmp_path: Path, changes: dict[str, Any]
) -> None:
    """A plain connection cannot over-apply, replace or misdirect a payment; a sound one passes."""
    pay(ledger, "40")
    values = {**_SOUND, **changes}
    statements = [*_ENTRY.format(**values).split(";")[:2], _PAYMENT.format(**values)]
    with closing(sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)) as plain:
        if changes:
            with pytest.raises(sqlite3.IntegrityError):
                _all(plain, statements)
        else:
            _all(plain, statements)
            assert plain.execute("SELECT sealed FROM journal_entry WHERE id = 90").fetchone() == (
                1,
            )


def _all(plain: sqlite3.Connection, statements: list[str]) -> None:
    plain.execute("BEGIN")
    for statement in statements:
        plain.execute(statement)
