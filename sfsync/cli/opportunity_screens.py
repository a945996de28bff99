"""How deals are listed and drawn, and what their commands answer."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sfsync.cli.failure_screens import tried
from sfsync.cli.render.tables import Column, Kind, Table, named
from sfsync.cli.render.text import with_thousands
from sfsync.exports.json_text import utc
from sfsync.ledger.opportunities import amount_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from rich.console import Console

    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.opportunities import OpportunityDetail, OpportunityRow, OpportunityTotal
    from sfsync.rows import Rows

FIELDS = (
    *("id", "url", "name", "account", "owner", "stage", "is_won", "is_closed", "is_deleted"),
    *("amount", "currency", "probability", "expected_revenue", "close_date"),
    *("outcome", "code", "message", "invoice", "ignored"),
)
LIST_COLUMNS = (
    Column("id", "Opportunity", Kind.CODE, link="url", wide=True),
    Column("name", "Deal", link="url"),
    Column("account", "Account"),
    Column("stage", "Stage", wide=True),
    Column("close_date", "Closes", Kind.DATE),
    Column("amount", "Amount", Kind.MONEY, currency="currency"),
    Column("owner", "Owner", wide=True),
    Column("result", "Result", Kind.CODE),
)
PIPE_COLUMNS = tuple(
    named(name)
    for name in (
        *("id", "name", "account", "stage", "close_date", "amount", "currency"),
        *("owner", "outcome", "code", "invoice"),
    )
)
_INVOICES = (
    Column("name", "Invoice", Kind.CODE),
    Column("status", "Status", Kind.CODE),
    Column("document_date", "Date", Kind.DATE),
    Column("total", "Total", Kind.MONEY, currency="currency"),
    Column("reason", "Reason"),
)


def row_json(row: OpportunityRow) -> dict[str, Any]:
    """A deal of a list as JSON has it; amounts with the decimals of their currency."""
    amounts = {
        "amount": amount_text(row.amount, row.currency),
        "expected_revenue": amount_text(row.expected_revenue, row.currency),
    }
    return {**asdict(row), **amounts}


def list_table(rows: Rows, totals: Sequence[OpportunityTotal], *, limit: int | None) -> Table:
    """The table of a list; a terminal gets one column for invoice, reason or outcome."""
    return Table(LIST_COLUMNS, FIELDS, rows, limit=limit, total=sum(one.count for one in totals),
                 empty="no opportunities", drawn=_with_result, piped=PIPE_COLUMNS)  # fmt: skip


def _with_result(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "result": _result(row)}


def _result(row: dict[str, Any]) -> str:
    if row["ignored"]:
        return "ignored"
    if row["is_deleted"]:
        return "deleted"
    return str(row["invoice"] or row["code"] or row["outcome"])


def totals_line(totals: Sequence[OpportunityTotal]) -> str:
    """Totals in words: ``46 deals for 1,284,350.00 USD and 2 for 18,200.00 EUR``."""
    if not totals:
        return "no deals"
    parts: list[str] = []
    for one in totals:
        deals = (" deal" if one.count == 1 else " deals") if not parts else ""
        without = f" ({one.without_amount} without an amount)" if one.without_amount else ""
        parts.append(
            f"{one.count:,}{deals} for {with_thousands(one.total)} {one.currency}{without}"
        )
    return " and ".join(parts)


def chosen(ledger: Ledger, references: Iterable[str], before: date | None) -> list[OpportunityRow]:
    """The deals that were named, or with `before` the uninvoiced ones closed before that day.

    Raises:
        NotFoundError: no run has read a named one.
    """
    from sfsync.ledger.opportunities import (  # noqa: PLC0415 - start-up time
        OpportunityFilter,
        list_opportunities,
        show_opportunity,
    )

    if before is not None:
        return list(list_opportunities(ledger, OpportunityFilter(uninvoiced=True, before=before)))
    rows = [show_opportunity(ledger, one).row for one in references]
    return list({row.id: row for row in rows}.values())


def marked_json(
    rows: Sequence[OpportunityRow], totals: Sequence[OpportunityTotal], reason: str | None
) -> dict[str, Any]:
    """The result of `opportunity ignore` and `unignore`."""
    return {
        "opportunities": [
            {
                "id": row.id,
                "name": row.name,
                "amount": amount_text(row.amount, row.currency),
                "currency": row.currency,
            }
            for row in rows
        ],
        "ignored": reason is not None,
        "reason": reason,
        "totals": [asdict(one) for one in totals],
    }


def detail_json(found: OpportunityDetail) -> dict[str, Any]:
    """The result of `opportunity show`: the keys of a list, and more."""
    return {
        **row_json(found.row),
        "account_id": found.account_id,
        "owner_id": found.owner_id,
        "customer": found.customer,
        "system_modstamp": utc(datetime.fromisoformat(found.system_modstamp)),
        "run": found.run,
        "fix": found.fix,
        "field": found.field,
        "target": found.target,
        "ignore": found.ignore,
        "failure": found.failure,
        "invoices": list(found.invoices),
        "values": dict(found.values),
    }


def draw_detail(console: Console, shown: dict[str, Any]) -> None:
    """One deal: its values, the last outcome with reason and fix, its invoices."""
    from sfsync.cli.render import screen  # noqa: PLC0415 - start-up time

    heading = f"{shown['name']}  {shown['stage']}"
    screen.line(console, heading, style="bold", url=shown["url"])
    screen.draw_pairs(console, _facts(shown))
    screen.line(console, "")
    _draw_outcome(console, shown)
    if shown["invoices"]:
        screen.line(console, "")
        rows = [{**one, "name": one["number"] or one["draft"]} for one in shown["invoices"]]
        screen.draw_rows(console, _INVOICES, rows)


def _facts(shown: dict[str, Any]) -> list[tuple[str, Any]]:
    customer = shown["customer"]
    amounts = [
        (label, shown[key] and f"{with_thousands(shown[key])} {shown['currency']}")
        for label, key in (("Amount", "amount"), ("Expected revenue", "expected_revenue"))
    ]
    flags = (("won", "is_won"), ("closed", "is_closed"), ("deleted", "is_deleted"))
    return [
        ("Opportunity", shown["id"]),
        ("Account", " ".join(filter(None, (shown["account"], shown["account_id"]))) or None),
        ("Customer", customer and f"{customer['name']}  {customer['id']}"),
        ("Owner", shown["owner"]),
        *amounts,
        ("Probability", shown["probability"] and f"{shown['probability']} %"),
        ("Close date", shown["close_date"]),
        ("State", ", ".join(word for word, key in flags if shown[key]) or "open"),
        ("Changed", shown["system_modstamp"]),
    ]


def _draw_outcome(console: Console, shown: dict[str, Any]) -> None:
    from sfsync.cli.render import screen  # noqa: PLC0415 - start-up time

    if ignore := shown["ignore"]:
        said = f"Ignored {ignore['at']} by {ignore['by']}: {ignore['reason']}"
        screen.line(console, said, style="yellow")
    run = f"  (run #{shown['run']})" if shown["run"] else ""
    invoice = f" → {shown['invoice']}" if shown["invoice"] else ""
    screen.line(console, f"Last outcome: {shown['outcome']}{invoice}{run}")
    if shown["code"]:
        message = f": {shown['message']}" if shown["message"] else ""
        screen.line(console, f"    {shown['code']}{message}")
    if shown["fix"]:
        screen.line(console, f"    fix: {shown['fix']}")
    if failure := shown["failure"]:
        screen.line(console, f"    {tried(failure)}", style="dim")
