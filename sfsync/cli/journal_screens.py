"""`sfsync journal`: which entries are asked for, and how they are listed and drawn."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sfsync.cli.filters import days
from sfsync.cli.render.tables import ALL_ROWS, Column, Kind, Table, named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.journal import JournalFilter
    from sfsync.rows import Rows


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
                 piped=PIPE_COLUMNS, adds_up=False)  # fmt: skip


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
