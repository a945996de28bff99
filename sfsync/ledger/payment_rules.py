"""The questions that a payment must pass, and the account that it arrives on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfsync.errors import RefusedError, UsageError
from sfsync.ledger.chart import LedgerAccount, ensure_chart, list_accounts, require_open_day
from sfsync.ledger.model import DocumentKind, DocumentStatus
from sfsync.money import InvalidAmountError, from_minor, minor_to_text, to_minor

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.payments import PaymentOrder
    from sfsync.ledger.posting_rules import PostingRules
    from sfsync.ledger.references import DocumentReference


@dataclass(frozen=True, slots=True)
class PaymentCandidate:
    """A document that somebody wants to pay; `receivable_id` is the account that it debited."""

    document: DocumentReference
    currency: str
    exponent: int
    balance_minor: int
    receivable_id: int


def require_payable(
    ledger: Ledger,
    candidate: PaymentCandidate,
    order: PaymentOrder,
    rules: PostingRules,
    today: date,
) -> int:
    """The order's amount in minor units, when all speaks for it.

    Raises:
        RefusedError: not a posted invoice, more than is owed, another currency, closed period.
        UsageError: not an amount of its currency.
    """
    _require_open_invoice(candidate.document)
    name = candidate.document.name
    if order.currency not in {None, candidate.currency}:
        raise RefusedError(
            f"{name} is in {candidate.currency}, not in {order.currency}.",
            code="currency-differs",
            fix=f"record what arrived in {candidate.currency}",
        )
    minor = exact_minor(order.amount, candidate.currency, candidate.exponent)
    if minor > candidate.balance_minor:
        owed = f"{minor_to_text(candidate.balance_minor, candidate.exponent)} {candidate.currency}"
        raise RefusedError(
            f"{name} is owed {owed}; a payment of"
            f" {minor_to_text(minor, candidate.exponent)} is more than that.",
            code="over-applied",
            fix="record what belongs to this invoice, and the rest on another one",
        )
    if order.paid_on > today:
        raise RefusedError(
            f"{order.paid_on} is in the future.",
            code="future-date",
            fix="record it when it arrives",
        )
    require_open_day(ledger, rules.closed_through, order.paid_on)
    return minor


def _require_open_invoice(document: DocumentReference) -> None:
    if document.kind is DocumentKind.CREDIT_NOTE:
        raise RefusedError(
            f"{document.name} is a credit note; payments are recorded on invoices.",
            code="credit-note",
        )
    if document.status is not DocumentStatus.POSTED:
        is_draft = document.status is DocumentStatus.DRAFT
        state = "a draft" if is_draft else document.status
        raise RefusedError(
            f"{document.name} is {state}; payments are recorded on posted invoices.",
            code="not-posted",
            fix=f"sfsync invoice post {document.name}" if is_draft else "sfsync invoice list",
        )


def exact_minor(amount: Decimal, currency: str, exponent: int) -> int:
    """Minor units of an amount that was paid: above zero, and nothing is rounded.

    Raises:
        UsageError: it is not such an amount.
    """
    try:
        minor = to_minor(amount, exponent)
    except InvalidAmountError as invalid:
        raise UsageError(f"{invalid}.", code="invalid-amount") from None
    if minor <= 0 or from_minor(minor, exponent) != amount:
        raise UsageError(
            f"{amount} is not a payment in {currency}: it must be above zero, with at most"
            f" {exponent} decimals.",
            code="invalid-amount",
        )
    return minor


def cash_account(ledger: Ledger, rules: PostingRules, receivable_id: int) -> int:
    """The id of the account that payments arrive on, in the chart from now on.

    Raises:
        RefusedError: it is no active asset account, or the one that the invoice debited.
    """
    (receivable,) = ledger.row("SELECT code FROM ledger_account WHERE id = ?", (receivable_id,))
    chart = {one.code: one for one in (*list_accounts(ledger), *rules.chart)}
    account = chart.get(rules.cash) or LedgerAccount(rules.cash, "Cash", "asset")
    if account.type != "asset" or not account.active or account.code == receivable:
        raise RefusedError(
            f"Account {account.code} cannot take payments: it must be an active asset account other"
            " than the receivable.",
            code="account-type",
            fix="set posting.accounts.cash to the account of your bank",
        )
    ensure_chart(ledger, [account])
    (account_id,) = ledger.row("SELECT id FROM ledger_account WHERE code = ?", (account.code,))
    return int(account_id)
