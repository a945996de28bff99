"""`sfsync invoice credit`: what is typed, asked and answered."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sfsync.cli.render.text import with_thousands
from sfsync.errors import UsageError
from sfsync.money import InvalidAmountError, minor_to_text, parse_decimal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from rich.console import Console

    from sfsync.cli.context import Context
    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.credit_plan import CreditRequest, LinePart

_LINE = re.compile(r"(\d{1,6})(?:=\s*([0-9.]+)\s*([A-Za-z]{3})?)?")


def request_of(lines: Sequence[str], amount: str | None) -> CreditRequest:
    """What `--line` and `--amount` ask for.

    Raises:
        UsageError: neither or both were given, or one cannot be read.
    """
    from sfsync.cli.filters import amount as read_amount  # noqa: PLC0415 - start-up time
    from sfsync.ledger.credit_plan import CreditRequest  # noqa: PLC0415 - as above

    if bool(lines) == (amount is not None):
        raise UsageError(
            "say what to credit: lines, or an amount, not both",
            code="usage",
            fix="--line 2, --line 2=3 (quantity), --line 2=150.00USD, or --amount 150.00",
        )
    return CreditRequest(tuple(map(_part, lines)), read_amount(amount, "--amount"))


def _part(text: str) -> LinePart:
    from sfsync.ledger.credit_plan import LinePart  # noqa: PLC0415 - start-up time

    found = _LINE.fullmatch(text.strip())
    try:
        number = parse_decimal(found[2]) if found and found[2] else None
    except InvalidAmountError:
        found = None
    if found is None:
        raise UsageError(
            f"--line takes N, N=QUANTITY or N=AMOUNT with its currency, not '{text}'",
            code="usage",
            fix="--line 2, --line 2=3, or --line 2=150.00USD",
        )
    if found[3]:
        return LinePart(int(found[1]), amount=number, currency=found[3].upper())
    return LinePart(int(found[1]), quantity=number)


def credit(
    context: Context,
    ledger: Ledger,
    number: str,
    request: CreditRequest,
    reason: str,
    day: date | None,
) -> dict[str, Any]:
    """Ask, credit, and tell what was written and what is left."""
    from sfsync.cli.posting import rules_of, today  # noqa: PLC0415 - start-up time
    from sfsync.ledger.crediting import credit_invoice, preview_credit  # noqa: PLC0415 - as above
    from sfsync.ledger.invoices import show_invoice  # noqa: PLC0415 - as above

    settings = context.settings()
    invoice, minor = preview_credit(ledger, number, request)
    row = show_invoice(ledger, invoice.draft).row
    total = with_thousands(minor_to_text(minor, row.exponent))
    context.confirm(f"Credit {total} {row.currency} of {row.name}, {row.customer_name}?")
    done = credit_invoice(
        ledger,
        invoice.draft,
        rules_of(settings),
        request,
        reason=reason,
        day=day,
        today=today(settings),
    )
    note = show_invoice(ledger, done.number).as_json()
    left = show_invoice(ledger, invoice.draft).as_json()
    return {
        "number": done.invoice_number,
        "status": left["status"],
        "balance": left["balance"],
        "credit_note": done.number,
        "posting_date": done.posting_date.isoformat(),
        "reason": reason,
        "customer": note["customer"]["name"],
        "currency": note["currency"],
        "total": note["total"],
        "lines": note["lines"],
        "journal": note["journal"],
    }


def draw_credit(console: Console, result: Mapping[str, Any]) -> None:
    """A credit note in three lines: what of what, the journal entry, what is left."""
    from sfsync.cli.posting import entries_text  # noqa: PLC0415 - start-up time
    from sfsync.cli.render.screen import line, mark  # noqa: PLC0415 - as above

    currency = result["currency"]
    total = with_thousands(result["total"])
    line(
        console,
        f"{mark('ok')} Credited {result['number']} by {result['credit_note']}: "
        f"{result['customer']}, {total} {currency}",
    )
    line(console, entries_text(result["journal"]), style="dim")
    state = "all of it is credited now; it is reversed"
    if result["status"] == "posted":
        state = f"{with_thousands(result['balance'])} {currency} is still owed"
    line(console, f"    {result['number']}: {state}")
