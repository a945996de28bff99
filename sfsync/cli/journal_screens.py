"""`sfsync journal`: what its commands ask, do and draw."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sfsync.cli.filters import days
from sfsync.cli.render.tables import ALL_ROWS, Column, Kind, Table, named
from sfsync.cli.render.text import counted
from sfsync.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from rich.console import Console

    from sfsync.cli.context import Context
    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.journal import JournalFilter
    from sfsync.rows import Rows


class JournalFormat(StrEnum):
    """What `journal export --format` takes."""

    BEANCOUNT = "beancount"
    HLEDGER = "hledger"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class Typed:
    """Which entries, as the person typed it."""

    from_: str | None
    to: str | None
    account: str | None
    customer: str | None
    invoice: str | None
    limit: int | None

    def as_json(self) -> dict[str, Any]:
        """The filter as the audit trail keeps it: what was given."""
        given = {"from": self.from_, "to": self.to, "account": self.account,
                 "customer": self.customer, "invoice": self.invoice}  # fmt: skip
        return {name: value for name, value in given.items() if value is not None}


LIST_COLUMNS = (
    Column("entry", "Entry", Kind.CODE),
    Column("date", "Date", Kind.DATE),
    Column("what", "What", Kind.CODE),
    Column("document", "Document", Kind.CODE),
    Column("customer.name", "Customer"),
    Column("amount", "Amount", Kind.MONEY, currency="currency"),
    Column("description", "Description", wide=True),
)
PIPE_COLUMNS = tuple(
    named(name)
    for name in (
        *("entry", "date", "kind", "document", "payment", "customer.name", "amount", "currency"),
        "description",
    )
)
FIELDS = (
    *("entry", "kind", "date", "document", "payment", "opportunity", "customer.id"),
    *("customer.name", "description", "currency", "amount", "lines"),
)
BALANCE_COLUMNS = (
    Column("account", "Account", Kind.CODE),
    Column("name", "Name"),
    Column("debit", "Debit", Kind.MONEY),
    Column("credit", "Credit", Kind.MONEY),
    Column("balance", "Balance", Kind.MONEY),
    Column("currency", "", Kind.CODE),
)
BALANCE_FIELDS = ("account", "name", "type", "currency", "debit", "credit", "balance")
_LINES = (
    Column("account", "Account", Kind.CODE),
    Column("name", "Name"),
    Column("debit", "Debit", Kind.MONEY),
    Column("credit", "Credit", Kind.MONEY),
)


def filter_of(ledger: Ledger, typed: Typed) -> JournalFilter:
    """The ledger's filter.

    Raises:
        NotFoundError: there is no such document.
        UsageError: a date that cannot be read, or two that cross.
    """
    from sfsync.ledger.journal import JournalFilter  # noqa: PLC0415 - start-up time
    from sfsync.ledger.references import find_document  # noqa: PLC0415 - as above

    document = find_document(ledger, typed.invoice) if typed.invoice else None
    date_from, date_to = days(typed.from_, typed.to)
    return JournalFilter(
        date_from=date_from,
        date_to=date_to,
        account=typed.account,
        customer=typed.customer,
        document_id=document.document_id if document else None,
        limit=typed.limit,
    )


def list_table(rows: Rows, *, limit: int | None) -> Table:
    """The table of entries; a terminal gets the kind in words."""
    return Table(LIST_COLUMNS, FIELDS, rows, limit=limit, empty="no entries", drawn=_in_words,
                 piped=PIPE_COLUMNS)  # fmt: skip


def _in_words(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "what": row["kind"].replace("_", " ")}


def balance_table(rows: Sequence[dict[str, Any]]) -> Table:
    """The table of a trial balance, with the sums of each currency beneath."""
    return Table(
        BALANCE_COLUMNS,
        BALANCE_FIELDS,
        rows,
        limit=ALL_ROWS,
        empty="nothing is posted",
        totals=_sums(rows),
    )


def _sums(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Debits, credits and what is between them, which is nothing, in each currency."""
    amounts = ("debit", "credit", "balance")
    sums: dict[str, dict[str, Decimal]] = {}
    for row in rows:
        own = sums.setdefault(row["currency"], dict.fromkeys(amounts, Decimal(0)))
        own |= {name: own[name] + Decimal(row[name]) for name in amounts}
    return [
        {"currency": currency, **{name: str(total) for name, total in own.items()}}
        for currency, own in sorted(sums.items())
    ]


def draw_entry(console: Console, shown: dict[str, Any]) -> None:
    """One entry with its lines."""
    from sfsync.cli.render import screen  # noqa: PLC0415 - start-up time

    kind = shown["kind"].replace("_", " ")
    screen.line(console, f"{shown['entry']}  {kind}  {shown['description']}", style="bold")
    facts = [
        ("Date", shown["date"]),
        ("Document", shown["document"]),
        ("Payment", shown["payment"]),
        ("Customer", f"{shown['customer']['name']}  {shown['customer']['id']}"),
        ("Currency", shown["currency"]),
    ]
    screen.draw_pairs(console, facts)
    screen.line(console, "")
    screen.draw_rows(console, _LINES, shown["lines"])


def closing(context: Context, ledger: Ledger, through: date) -> dict[str, Any]:
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


_DRAFTS = (
    Column("draft", "Draft", Kind.CODE),
    Column("customer.name", "Customer"),
    Column("document_date", "Date", Kind.DATE),
    Column("total", "Total", Kind.MONEY, currency="currency"),
)


def draw_closing(console: Console, result: dict[str, Any], *, quiet: bool) -> None:
    """The drafts that would have to be posted on a later day, and the trial balance."""
    from sfsync.cli.render import screen  # noqa: PLC0415 - start-up time

    if quiet:
        return
    drafts, balances = result["drafts"], result["trial_balance"]
    if drafts:
        inside = counted(len(drafts), "draft is", "drafts are")
        screen.line(console, f"{inside} dated inside and could only be posted later:")
        screen.draw_rows(console, _DRAFTS, drafts)
    screen.line(console, f"Trial balance through {result['through']}:", style="bold")
    screen.draw_rows(console, BALANCE_COLUMNS, balances)


def exported(
    ledger: Ledger, wanted: JournalFormat, typed: Typed, output: Path | None, *, force: bool
) -> tuple[str, dict[str, Any]]:
    """Render entries, write them to `output` if given, and keep the export in the audit trail."""
    from sfsync.cli.render.files import write_new_file  # noqa: PLC0415 - start-up time
    from sfsync.exports.journal_text import WRITERS  # noqa: PLC0415 - as above
    from sfsync.ledger.exported import ledger_state, record_export  # noqa: PLC0415 - as above
    from sfsync.ledger.journal import list_entries  # noqa: PLC0415 - as above

    entries = list(list_entries(ledger, filter_of(ledger, typed)))
    head = ledger_state(ledger).head
    count = counted(len(entries), "entry", "entries")
    notes = [f"Journal of {ledger.identity.org_name}, by sfsync", count, f"audit head {head}"]
    content = WRITERS[wanted.value](entries, notes)
    payload = content.encode()
    if output is not None:
        write_new_file(output, payload, force=force)
    result = {
        "path": str(output) if output else None,
        "format": wanted.value,
        "entries": len(entries),
        "sha256": hashlib.sha256(payload).hexdigest(),
        "head": head,
    }
    after = {key: result[key] for key in ("format", "entries", "sha256")}
    name = output.name if output else "stdout"
    record_export(ledger, "journal", name, {**after, "filter": typed.as_json()})
    return content, result


def answer_export(context: Context, content: str, result: dict[str, Any]) -> None:
    """Say where the file is, or write the text itself; under --json it is part of the document."""
    if result["path"] is None:
        context.emit("journal_export", {**result, "text": content}, text=content)
        return
    context.note(f"Wrote {result['path']} ({counted(result['entries'], 'entry', 'entries')})")
    context.emit("journal_export", {**result, "text": None}, text="")
