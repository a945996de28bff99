"""What revenue is made of: each line of a posted document, and of a draft where one asks for them.

A posting credits each line's revenue account with the line's amount (`db verify` holds them to each
other), so that the lines of posted documents are the net credit on revenue accounts, with all that
a report can ask about it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from sfsync.ledger.invoice_filter import DOCUMENTS, compile_conditions
from sfsync.reports.dimensions import Label, period_label, plain_label

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.invoice_filter import InvoiceFilter
    from sfsync.reports.dimensions import Dimension


class RevenueFact(NamedTuple):
    """One line of one document. `amount` in minor units, negative on a credit note.

    `name` is the number, or the id of a draft. `day` is the posting date, of a draft its document
    date. `customer` is the number of the customer, or of the one that it was merged into.
    `properties` are the values of the properties that were asked for, in that order.
    """

    document_id: int
    name: str
    kind: str
    draft: bool
    opportunity: str
    description: str
    day: str
    customer: str
    customer_name: str
    product: str | None
    product_name: str | None
    sales_rep: str | None
    region: str | None
    currency: str
    exponent: int
    amount: int
    properties: tuple[str | None, ...]


# A credit note is filtered as the invoice that it credits: else a smallest total, a status or a run
# would leave the invoice in and the credit out. Only its date is its own.
_FACTS = f"""
    SELECT x.id, coalesce(x.number, x.draft), x.kind, x.status = 'draft', x.opportunity_id,
           x.description, coalesce(x.posting_date, x.document_date), c.number, c.name,
           coalesce(p.code, 'product ' || p.id), coalesce(p.name, p.code), x.sales_rep, x.region,
           x.currency, x.exponent, l.amount_minor {{properties}}
    FROM document x CROSS JOIN {DOCUMENTS} CROSS JOIN document_line l ON l.document_id = x.id
    LEFT JOIN product p ON p.id = l.product_id
    LEFT JOIN ledger_account a ON a.id = l.account_id
    WHERE d.id = coalesce(x.reverses_id, x.id) AND {{states}} AND {{filter}}
    ORDER BY x.id, l.position
"""  # noqa: S608 - constants
_POSTED = "x.number IS NOT NULL AND a.type = 'revenue'"
_WITH_DRAFTS = f"(x.status = 'draft' OR ({_POSTED}))"
_DAY = "coalesce(x.posting_date, x.document_date)"
# What a line says goes before what its document says, and that before its customer.
_PROPERTY = """, coalesce(
    (SELECT value FROM line_property WHERE line_id = l.id AND name = ?),
    (SELECT value FROM document_property WHERE document_id = x.id AND name = ?),
    (SELECT value FROM customer_property WHERE customer_id = c.id AND name = ?))
"""


def revenue_facts(
    ledger: Ledger, wanted: InvoiceFilter, properties: Sequence[str], *, drafts: bool
) -> Iterator[RevenueFact]:
    """Every line that passes the filter; the filter's dates are posting dates here.

    Args:
        ledger: the ledger.
        wanted: which documents; its sort and limit do not count.
        properties: the names of the properties to read.
        drafts: whether drafts count too.
    """
    condition, parameters = compile_conditions(replace(wanted, date_from=None, date_to=None))
    states = [_WITH_DRAFTS if drafts else _POSTED]
    days: list[object] = []
    for bound, comparison in ((wanted.date_from, ">="), (wanted.date_to, "<=")):
        if bound is not None:
            states.append(f"{_DAY} {comparison} ?")
            days.append(bound.isoformat())
    sql = _FACTS.format(
        properties=_PROPERTY * len(properties), states=" AND ".join(states), filter=condition
    )
    asked = [name for name in properties for _ in range(3)]
    for row in ledger.each(sql, [*asked, *days, *parameters]):
        yield RevenueFact._make((*row[:3], bool(row[3]), *row[4:16], row[16:]))


def label_of(fact: RevenueFact, dimension: Dimension, place: int, fiscal_start: int) -> Label:
    """The value of a dimension; `place` is the property's place among those that were read."""
    if dimension.of_property is not None:
        return plain_label(fact.properties[place])
    if dimension.is_period:
        return period_label(dimension.name, fact.day, fiscal_start)
    return {
        "customer": Label(fact.customer_name, fact.customer),
        "product": Label(fact.product_name, fact.product),
        "sales-rep": plain_label(fact.sales_rep),
        "region": plain_label(fact.region),
    }[dimension.name]


def known_properties(ledger: Ledger) -> tuple[str, ...]:
    """The names of all properties of lines, documents and customers."""
    rows = ledger.rows(
        "SELECT name FROM line_property UNION SELECT name FROM document_property"
        " UNION SELECT name FROM customer_property ORDER BY 1"
    )
    return tuple(name for (name,) in rows)
