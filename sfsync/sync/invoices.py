"""From one opportunity and its lines to the content of one invoice, or the reason why not."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from sfsync.config.terms import parse_terms
from sfsync.ids import full_id
from sfsync.ledger.model import InvoiceContent
from sfsync.money import InvalidAmountError, exponent_of, to_minor
from sfsync.sync.failures import Failure, failure
from sfsync.sync.filters import Skip, minimum_amount
from sfsync.sync.lines import build_lines
from sfsync.sync.mapping import as_text
from sfsync.sync.typed import read_currency, read_date, read_total, source_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from sfsync.sync.mapping import Record, Values
    from sfsync.sync.rules import Rules


def total_of(record: Record, rules: Rules) -> tuple[Decimal, str] | Skip | Failure:
    """Ask for the amount: the mapped total and its currency, a skip below the minimum, or why not.

    This is the last question of the filters, asked before anything else is mapped.
    """
    currency = deal_currency(record, rules)
    if isinstance(currency, Failure):
        return currency
    amount = read_total(rules.opportunity.target("total"), record)
    if isinstance(amount, Failure):
        return amount
    minimum = rules.settings.opportunities.filters.min_amount
    refusal = minimum_amount(amount, currency, minimum, rules.rates)
    return (amount, currency) if refusal is None else refusal


def deal_currency(record: Record, rules: Rules) -> str | Failure:
    """The deal's currency: as mapped, else its CurrencyIsoCode, else the ledger's."""
    mapped = rules.opportunity.target("currency")
    text = mapped.value(record) if mapped is not None else None
    if isinstance(text, Failure):
        return text
    code = text or as_text(record.get("CurrencyIsoCode")) or rules.settings.ledger.currency
    return read_currency(code, source_name(mapped, "CurrencyIsoCode"))


def build_invoice(
    record: Record,
    items: Sequence[Record],
    total: tuple[Decimal, str],
    customer_id: int,
    rules: Rules,
) -> InvoiceContent | Failure | Skip:
    """The invoice that an opportunity becomes once it has passed the filters.

    Args:
        record: the opportunity.
        items: its complete line items; empty where lines are not read.
        total: the mapped total and its currency, from `total_of`.
        customer_id: the customer that its account is.
        rules: the run's rules.
    """
    mapped = rules.opportunity.read(record)
    if isinstance(mapped, Failure):
        return mapped
    values, properties = mapped
    dates = _dates(record, values, rules)
    if isinstance(dates, Failure):
        return dates
    amount, currency = total
    exponent = exponent_of(currency)
    total_minor = _minor(amount, exponent, rules)
    if isinstance(total_minor, Failure):
        return total_minor
    lines = build_lines(record, items, total_minor, exponent, rules)
    if isinstance(lines, (Failure, Skip)):
        return lines
    return InvoiceContent(
        customer_id=customer_id,
        description=values.get("description") or as_text(record.get("Name")),
        document_date=dates[0],
        due_date=dates[1],
        currency=currency,
        exponent=exponent,
        total_minor=total_minor,
        lines=lines,
        sales_rep=values.get("sales_rep"),
        region=values.get("region"),
        po_number=values.get("po_number"),
        contact_salesforce_id=contact_id_of(record, rules),
        properties=properties,
    )


def account_id_of(record: Record, rules: Rules) -> str | Failure:
    """The account that the deal is for, or why it has none."""
    mapped = rules.opportunity.target("customer")
    account_id = mapped.value(record) if mapped is not None else None
    if isinstance(account_id, Failure):
        return account_id
    if account_id is None and mapped is None:
        account_id = as_text(record.get("AccountId")) or None
    if account_id is None:
        source = source_name(mapped, "AccountId")
        return failure(
            "customer-not-found",
            f"{source} is empty: the deal has no account",
            fix="set the deal's account in Salesforce",
            source_field=source,
            target="customer",
        )
    # A formula field answers 15 characters.
    return full_id(account_id)


def contact_id_of(record: Record, rules: Rules) -> str | None:
    """The bill-to contact as mapped; None where there is none."""
    mapped = rules.opportunity.target("contact")
    contact_id = mapped.value(record) if mapped is not None else None
    return full_id(contact_id) if isinstance(contact_id, str) else None


def _minor(amount: Decimal, exponent: int, rules: Rules) -> int | Failure:
    try:
        return to_minor(amount, exponent)
    except InvalidAmountError as problem:
        source = source_name(rules.opportunity.target("total"), "Amount")
        return failure("invalid-amount", str(problem), source_field=source, target="total")


def _dates(record: Record, values: Values, rules: Rules) -> tuple[date, date] | Failure:
    zone = rules.settings.schedule.time_zone
    mapped = rules.opportunity.target("document_date")
    text = values.get("document_date") if mapped else as_text(record.get("CloseDate"))
    document_date = read_date(text, source_name(mapped, "CloseDate"), "document_date", zone)
    if isinstance(document_date, Failure):
        return document_date
    due = values.get("due_date")
    if due is not None:
        source = source_name(rules.opportunity.target("due_date"), "due_date")
        due_date = read_date(due, source, "due_date", zone)
        if isinstance(due_date, date) and due_date < document_date:
            return failure(
                "due-before-document",
                f"{source} is {due_date}, before the document date {document_date}",
                source_field=source,
                target="due_date",
            )
        return due_date if isinstance(due_date, Failure) else (document_date, due_date)
    terms = values.get("terms") or rules.settings.posting.terms
    try:
        return document_date, parse_terms(terms).due_date(document_date)
    except (ValueError, OverflowError) as problem:
        source = source_name(rules.opportunity.target("terms"), "posting.terms")
        return failure("invalid-terms", str(problem), source_field=source, target="terms")
