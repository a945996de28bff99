"""`sfsync payment`: what its commands do and answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfsync.cli.posting import entries_text, journal_json, rules_of, today
from sfsync.cli.render.tables import Column, Kind, Table, named
from sfsync.cli.render.text import with_thousands

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

    from rich.console import Console

    from sfsync.cli.context import Context
    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.payment_list import Payment
    from sfsync.rows import Rows

FIELDS = (
    *("payment", "status", "invoice", "opportunity", "customer.id", "customer.name", "date"),
    *("currency", "amount", "balance", "method", "reference", "idempotency_key", "recorded_at"),
    *("recorded_by", "voided_on", "void_reason"),
)
COLUMNS = (
    Column("payment", "Payment", Kind.CODE),
    Column("status", "Status", Kind.CODE),
    Column("date", "Date", Kind.DATE),
    Column("invoice", "Invoice", Kind.CODE),
    Column("customer.name", "Customer"),
    Column("amount", "Amount", Kind.MONEY, currency="currency"),
    Column("method", "Method", wide=True),
    Column("reference", "Reference", wide=True),
)
PIPE_COLUMNS = tuple(
    named(name)
    for name in (
        *("payment", "status", "date", "invoice", "customer.name", "amount", "currency"),
        *("method", "reference"),
    )
)


def list_table(rows: Rows, *, limit: int | None) -> Table:
    """The table of a payment list."""
    return Table(
        COLUMNS,
        FIELDS,
        rows,
        limit=limit,
        empty="no payments",
        piped=PIPE_COLUMNS,
        adds_up=False,
    )


@dataclass(frozen=True, slots=True)
class Given:
    """A payment as it was typed; without a day it arrived today."""

    amount: Decimal
    day: date | None
    currency: str | None
    method: str | None
    reference: str | None
    key: str | None


def add(context: Context, ledger: Ledger, number: str, given: Given) -> dict[str, Any]:
    """Record a payment; what was recorded, now or under the same key before."""
    from sfsync.ledger.payment_list import payment_of_key  # noqa: PLC0415 - start-up time
    from sfsync.ledger.payments import PaymentOrder, add_payment  # noqa: PLC0415 - as above

    settings = context.settings()
    # Said again on another day under the same key, it is the same payment still.
    known = payment_of_key(ledger, given.key)
    on = given.day or (known.paid_on if known else today(settings))
    order = PaymentOrder(given.amount, on, given.currency, given.method, given.reference, given.key)
    done = add_payment(
        ledger, number, order, rules_of(settings, issues=False), today=today(settings)
    )
    if done.voided_on is not None:
        context.warn(f"{done.name} was recorded under this key before, and voided since")
    return {**done.as_json(), "journal": _journal(ledger, done, void=False)}


def void(
    context: Context, ledger: Ledger, reference: str, reason: str, day: date | None
) -> dict[str, Any]:
    """Void a payment; the payment as it now is, and the reversing entry."""
    from sfsync.ledger.payments import void_payment  # noqa: PLC0415 - start-up time

    settings = context.settings()
    done = void_payment(
        ledger,
        reference,
        rules_of(settings, issues=False),
        reason=reason,
        day=day,
        today=today(settings),
    )
    return {**done.as_json(), "journal": _journal(ledger, done, void=True)}


def _journal(ledger: Ledger, payment: Payment, *, void: bool) -> list[dict[str, Any]]:
    from sfsync.ledger.payment_list import entry_of  # noqa: PLC0415 - start-up time

    return journal_json(entry_of(ledger, payment, void=void), payment.exponent)


def draw_added(console: Console, result: dict[str, Any]) -> None:
    """A recorded payment in two lines: what for what, and the journal entry."""
    from sfsync.cli.render.screen import line, mark  # noqa: PLC0415 - start-up time

    owed = with_thousands(result["balance"])
    line(
        console,
        f"{mark('ok')} Recorded {result['payment']}: {_said(result)} on"
        f" {result['invoice']} ({result['customer']['name']}), {owed} still owed",
    )
    line(console, entries_text(result["journal"]), style="dim")


def draw_voided(console: Console, result: dict[str, Any]) -> None:
    """A voided payment in two lines."""
    from sfsync.cli.render.screen import line, mark  # noqa: PLC0415 - start-up time

    line(
        console,
        f"{mark('ok')} Voided {result['payment']}: {_said(result)} is owed again on"
        f" {result['invoice']} ({result['customer']['name']})",
    )
    line(console, entries_text(result["journal"]), style="dim")


def _said(result: dict[str, Any]) -> str:
    return f"{with_thousands(result['amount'])} {result['currency']}"
