"""What was open on the receivable account on a day, invoice by invoice.

Taken from the journal itself: whatever was booked there through that day for an invoice, its credit
notes and its payments, each by its own date.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sfsync.ledger.invoice_filter import DOCUMENTS, compile_conditions
from sfsync.money import minor_to_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.invoice_filter import InvoiceFilter


class OpenInvoice(NamedTuple):
    """An invoice with something open on it. `balance` and `total` in minor units."""

    name: str
    document_date: str
    due_date: str
    customer: str
    customer_name: str
    sales_rep: str | None
    region: str | None
    currency: str
    exponent: int
    total: int
    balance: int
    properties: tuple[str | None, ...]


# Payments and credit notes are of the invoice that they settle. A payment credits the receivable,
# its void debits it: told by the side, because one account may be the receivable of some invoices
# and the cash of others, once the config has changed. A posting touches no other asset.
_ON_RECEIVABLE = """
    e.sealed = 1 AND e.posting_date <= ?
    AND l.account_id IN (SELECT id FROM ledger_account WHERE type = 'asset')
    AND CASE e.kind WHEN 'payment' THEN l.amount_minor < 0
        WHEN 'void' THEN l.amount_minor > 0 ELSE true END
"""
_OPEN = f"""
    SELECT d.number, d.document_date, d.due_date, c.number, c.name, d.sales_rep, d.region,
           d.currency, d.exponent, d.total_minor, s.balance {{properties}}
    FROM (SELECT coalesce(x.reverses_id, x.id) AS id, sum(l.amount_minor) AS balance
          FROM journal_line l JOIN journal_entry e ON e.id = l.entry_id
          JOIN document x ON x.id = e.document_id
          WHERE {_ON_RECEIVABLE}
          GROUP BY 1 HAVING sum(l.amount_minor) <> 0) s
    CROSS JOIN {DOCUMENTS}
    WHERE d.id = s.id AND {{filter}} ORDER BY d.due_date, d.id
"""  # noqa: S608 - constants
_PROPERTY = """, coalesce(
    (SELECT value FROM document_property WHERE document_id = d.id AND name = ?),
    (SELECT value FROM customer_property WHERE customer_id = c.id AND name = ?))
"""
_FIELDS = 11


def open_invoices(
    ledger: Ledger, wanted: InvoiceFilter, properties: Sequence[str], as_of: date
) -> Iterator[OpenInvoice]:
    """What was open on a day, by due date."""
    condition, parameters = compile_conditions(wanted)
    sql = _OPEN.format(properties=_PROPERTY * len(properties), filter=condition)
    asked = [name for name in properties for _ in range(2)]
    for row in ledger.each(sql, [*asked, as_of.isoformat(), *parameters]):
        yield OpenInvoice._make((*row[:_FIELDS], row[_FIELDS:]))


def receivable_balances(ledger: Ledger, as_of: date) -> dict[str, str]:
    """The balance of the receivable account on a day, for each currency."""
    rows = ledger.rows(
        "SELECT e.currency, e.exponent, sum(l.amount_minor) FROM journal_line l"  # noqa: S608 - a constant
        f" JOIN journal_entry e ON e.id = l.entry_id WHERE {_ON_RECEIVABLE}"
        " GROUP BY 1, 2 ORDER BY 1",
        (as_of.isoformat(),),
    )
    return {currency: minor_to_text(minor, exponent) for currency, exponent, minor in rows}
