"""What `sfsync export` can write: the columns of each, and its rows from the ledger."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sfsync.cli.filters import as_filter
from sfsync.cli.render.tables import Column, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sfsync.cli.filters import FilterOptions
    from sfsync.exports.table import Row
    from sfsync.ledger.connection import Ledger


@dataclass(frozen=True, slots=True)
class Source:
    """Something that can be exported.

    Args:
        title: what it is, for people.
        columns: what each row shows; those that are `wide` are left out on paper.
        rows: the records that pass a filter, one by one.
        properties: the names of its custom properties, each of which becomes a column.
    """

    title: str
    columns: tuple[Column, ...]
    rows: Callable[[Ledger, FilterOptions], Iterable[Row]]
    properties: Callable[[Ledger], list[str]] = lambda _: []


def _invoices(ledger: Ledger, filters: FilterOptions) -> Iterable[Row]:
    from sfsync.ledger.invoices import list_invoices  # noqa: PLC0415 - start-up time

    return (row.as_json() for row in list_invoices(ledger, as_filter(filters)))


def _lines(ledger: Ledger, filters: FilterOptions) -> Iterable[Row]:
    from sfsync.ledger.line_list import list_lines  # noqa: PLC0415 - start-up time

    return list_lines(ledger, as_filter(filters))


def _journal(ledger: Ledger, filters: FilterOptions) -> Iterable[Row]:
    from sfsync.ledger.line_list import list_journal_lines  # noqa: PLC0415 - start-up time

    return list_journal_lines(ledger, as_filter(filters))


def _customers(ledger: Ledger, filters: FilterOptions) -> Iterable[Row]:
    from sfsync.cli.customer_screens import as_json  # noqa: PLC0415 - start-up time
    from sfsync.ledger.customers import list_customers  # noqa: PLC0415 - as above
    from sfsync.ledger.invoices import list_invoices  # noqa: PLC0415 - as above

    wanted = as_filter(filters)
    chosen = {row.customer_id for row in list_invoices(ledger, wanted)} if filters.given else None
    found = list_customers(ledger)
    return (as_json(one) for one in found if chosen is None or one.number in chosen)


def _properties(ledger: Ledger) -> list[str]:
    from sfsync.ledger.line_list import property_names  # noqa: PLC0415 - start-up time

    return property_names(ledger)


def _line_properties(ledger: Ledger) -> list[str]:
    from sfsync.ledger.line_list import property_names  # noqa: PLC0415 - start-up time

    return property_names(ledger, of_lines=True)


def _money(field: str, heading: str) -> Column:
    return Column(field, heading, Kind.MONEY, currency="currency")


_DOCUMENT = (
    Column("number", "Number", Kind.CODE),
    Column("draft", "Draft", Kind.CODE),
    Column("status", "Status", Kind.CODE),
    Column("kind", "Kind", Kind.CODE, wide=True),
)
_CUSTOMER = (
    Column("customer.id", "Customer no", Kind.CODE, wide=True),
    Column("customer.name", "Customer"),
)
_REST = (
    Column("sales_rep", "Rep"),
    Column("region", "Region"),
    Column("opportunity", "Opportunity", Kind.CODE, wide=True),
)

SOURCES: dict[str, Source] = {
    "invoices": Source(
        "Invoices",
        (
            *_DOCUMENT,
            *_CUSTOMER,
            Column("description", "Description"),
            Column("document_date", "Date", Kind.DATE),
            Column("due_date", "Due", Kind.DATE),
            Column("currency", "Currency", Kind.CODE),
            _money("total", "Total"),
            _money("balance", "Balance"),
            *_REST,
            Column("drifted", "Drifted", Kind.CODE, wide=True),
            Column("on_hold", "On hold", Kind.CODE, wide=True),
        ),
        _invoices,
        _properties,
    ),
    "lines": Source(
        "Invoice lines",
        (
            *_DOCUMENT,
            *_CUSTOMER,
            Column("document_date", "Date", Kind.DATE),
            Column("no", "Line", Kind.INTEGER),
            Column("product", "Product"),
            Column("product_code", "Product code", Kind.CODE, wide=True),
            Column("description", "Description"),
            Column("quantity", "Quantity", Kind.NUMBER),
            Column("unit_price", "Unit price", Kind.NUMBER),
            Column("discount", "Discount", Kind.PERCENT),
            Column("currency", "Currency", Kind.CODE),
            _money("amount", "Amount"),
            *(replace(column, wide=True) for column in _REST),
        ),
        _lines,
        _line_properties,
    ),
    "customers": Source(
        "Customers",
        (
            Column("number", "Number", Kind.CODE),
            Column("name", "Name"),
            Column("external_id", "External id"),
            Column("industry", "Industry"),
            Column("phone", "Phone", wide=True),
            Column("email", "E-mail"),
            Column("tax_id", "Tax id"),
            Column("terms", "Terms", wide=True),
            Column("address.street", "Street"),
            Column("address.postal_code", "Postal code"),
            Column("address.city", "City"),
            Column("address.state", "State", wide=True),
            Column("address.country", "Country"),
            Column("origin", "From", Kind.CODE, wide=True),
            Column("active", "Active", Kind.CODE, wide=True),
            Column("accounts", "Salesforce accounts", wide=True),
            Column("invoices", "Invoices", Kind.INTEGER),
        ),
        _customers,
    ),
    "journal": Source(
        "Journal",
        (
            Column("entry", "Entry", Kind.INTEGER),
            Column("posting_date", "Posting date", Kind.DATE),
            Column("entry_kind", "Entry kind", Kind.CODE, wide=True),
            Column("number", "Document", Kind.CODE),
            Column("kind", "Document kind", Kind.CODE, wide=True),
            Column("customer.id", "Customer no", Kind.CODE, wide=True),
            Column("customer.name", "Customer"),
            Column("description", "Description"),
            Column("account", "Account", Kind.CODE),
            Column("account_name", "Account name"),
            Column("currency", "Currency", Kind.CODE),
            _money("debit", "Debit"),
            _money("credit", "Credit"),
        ),
        _journal,
    ),
}
"""What `sfsync export` knows, by its word."""
