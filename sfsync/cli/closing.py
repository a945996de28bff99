"""`sfsync journal close`: what is looked at first, and shown to whoever says yes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfsync.cli.journal_screens import BALANCE_COLUMNS
from sfsync.cli.render.tables import Column, Kind
from sfsync.cli.render.text import counted
from sfsync.errors import RefusedError

if TYPE_CHECKING:
    from datetime import date

    from rich.console import Console

    from sfsync.cli.context import Context
    from sfsync.ledger.connection import Ledger

_DRAFTS = (
    Column("draft", "Draft", Kind.CODE),
    Column("customer.name", "Customer"),
    Column("document_date", "Date", Kind.DATE),
    Column("total", "Total", Kind.MONEY, currency="currency"),
)


def closing_of(context: Context, ledger: Ledger, through: date) -> dict[str, Any]:
    """What closing through a day leaves behind: the drafts dated inside, and the trial balance.

    Raises:
        RefusedError: the day is still to come, or the books are closed beyond it.
        LedgerError: the ledger is not sound.
    """
    from sfsync.cli.verifying import require_sound  # noqa: PLC0415 - start-up time
    from sfsync.ledger.chart import require_forward  # noqa: PLC0415 - as above
    from sfsync.ledger.invoice_filter import InvoiceFilter  # noqa: PLC0415 - as above
    from sfsync.ledger.invoices import list_invoices  # noqa: PLC0415 - as above
    from sfsync.ledger.journal import trial_balance  # noqa: PLC0415 - as above
    from sfsync.ledger.model import DocumentStatus  # noqa: PLC0415 - as above

    if through > context.today():
        raise RefusedError(
            f"{through} is still to come; a closed period never opens again.",
            code="future-date",
            fix="close through a day that is over",
        )
    require_forward(ledger, through)
    require_sound(context, ledger)
    inside = InvoiceFilter(status=DocumentStatus.DRAFT, date_to=through)
    return {
        "through": str(through),
        "drafts": [
            {key: row[key] for key in ("draft", "customer", "document_date", "currency", "total")}
            for row in (one.as_json() for one in list_invoices(ledger, inside))
        ],
        "trial_balance": [one.as_json() for one in trial_balance(ledger, through)],
    }


def draw_closing(console: Console, result: dict[str, Any]) -> None:
    """The drafts that would have to be posted on a later day, and the trial balance."""
    from sfsync.cli.render import screen  # noqa: PLC0415 - start-up time

    drafts, balances = result["drafts"], result["trial_balance"]
    if drafts:
        inside = counted(len(drafts), "draft is", "drafts are")
        screen.line(console, f"{inside} dated inside and could only be posted later:")
        screen.draw_rows(console, _DRAFTS, drafts)
    if not balances:
        screen.line(console, f"Nothing is posted through {result['through']}.")
        return
    screen.line(console, f"Trial balance through {result['through']}:", style="bold")
    screen.draw_rows(console, BALANCE_COLUMNS, balances)
