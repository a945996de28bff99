"""Documents as people read them: filtered lists, and one with its lines, journal and source."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from sfsync.ledger.invoice_filter import DOCUMENTS, HAS_PAYMENT, InvoiceFilter, compile_filter
from sfsync.ledger.journal import debit_and_credit
from sfsync.ledger.micro import from_micro
from sfsync.ledger.model import DocumentKind, DocumentStatus, PaymentStatus
from sfsync.ledger.payment_list import PaymentFilter, list_payments
from sfsync.ledger.references import find_document
from sfsync.money import from_minor, minor_to_text, plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from decimal import Decimal

    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.payment_list import Payment

__all__ = ["InvoiceDetail", "InvoiceFilter", "InvoiceLine", "InvoiceRow", "JournalLine",
           "list_invoices", "show_invoice"]  # fmt: skip


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """One document of a list. Amounts in minor units of `currency`, `exponent` decimals.

    `customer_id` is the number that people use, ``C-0007``. `balance_minor` is what is still
    owed: the total less credit notes and payments; 0 for what is deleted, reversed, or a credit
    note.
    """

    document_id: int
    number: str | None
    draft: str
    status: DocumentStatus
    kind: DocumentKind
    customer_id: str
    customer_name: str
    customer_salesforce_id: str | None
    opportunity_id: str
    url: str | None
    description: str
    document_date: date
    due_date: date
    currency: str
    exponent: int
    total_minor: int
    balance_minor: int
    sales_rep: str | None
    region: str | None
    properties: Mapping[str, str]
    drifted: bool
    on_hold: bool
    has_payment: bool
    as_of: date

    @property
    def payment_status(self) -> PaymentStatus | None:
        """What it is owed on the day `as_of`; None for what is no posted invoice."""
        if self.status is not DocumentStatus.POSTED or self.kind is not DocumentKind.INVOICE:
            return None
        if self.balance_minor == 0:
            return PaymentStatus.PAID
        if self.due_date < self.as_of:
            return PaymentStatus.OVERDUE
        if self.has_payment:
            return PaymentStatus.PARTLY_PAID
        part = self.balance_minor < self.total_minor
        return PaymentStatus.PARTLY_CREDITED if part else PaymentStatus.OPEN

    @property
    def name(self) -> str:
        """The number, or the draft id of a document without one."""
        return self.number or self.draft

    @property
    def balance(self) -> str:
        """What is still owed, with thousands separators."""
        return f"{from_minor(self.balance_minor, self.exponent):,.{self.exponent}f}"

    def as_json(self) -> dict[str, Any]:
        """The keys of `invoice list --json`."""
        return {
            "number": self.number,
            "draft": self.draft,
            "status": self.status.value,
            "kind": self.kind.value,
            "customer": {
                "id": self.customer_id,
                "name": self.customer_name,
                "salesforce_id": self.customer_salesforce_id,
            },
            "opportunity": self.opportunity_id,
            "url": self.url,
            "description": self.description,
            "document_date": self.document_date.isoformat(),
            "due_date": self.due_date.isoformat(),
            "currency": self.currency,
            "total": minor_to_text(self.total_minor, self.exponent),
            "balance": minor_to_text(self.balance_minor, self.exponent),
            "payment_status": self.payment_status and self.payment_status.value,
            "sales_rep": self.sales_rep,
            "region": self.region,
            "properties": dict(self.properties),
            "drifted": self.drifted,
            "on_hold": self.on_hold,
        }


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """A stored line; `discount` in percent."""

    no: int
    product: str | None
    product_code: str | None
    description: str
    quantity: Decimal
    unit_price: Decimal | None
    discount: Decimal | None
    amount_minor: int
    properties: Mapping[str, str]

    def as_json(self, exponent: int) -> dict[str, Any]:
        """The keys of a line in `invoice show --json`."""
        return {
            "no": self.no,
            "product": self.product,
            "description": self.description,
            "quantity": plain(self.quantity),
            "unit_price": None if self.unit_price is None else plain(self.unit_price),
            "discount": None if self.discount is None else plain(self.discount),
            "amount": minor_to_text(self.amount_minor, exponent),
            "properties": dict(self.properties),
        }


@dataclass(frozen=True, slots=True)
class JournalLine:
    """A line of the document's journal entry; debit positive, credit negative."""

    account: str
    account_name: str
    amount_minor: int

    def as_json(self, exponent: int) -> dict[str, Any]:
        """The keys of a journal line: one of debit and credit is null."""
        return {"account": self.account, **debit_and_credit(self.amount_minor, exponent)}


@dataclass(frozen=True, slots=True)
class InvoiceDetail:
    """A document with everything that belongs to it.

    `reverses` and `reversed_by` are numbers, `predecessor` is what the document replaces.
    `seller` and `buyer` are the frozen texts of a posted document. `drift` is the open drift.
    `credits` are the credit notes over an invoice: number, posting_date, total in minor units.
    """

    row: InvoiceRow
    lines: tuple[InvoiceLine, ...]
    journal: tuple[JournalLine, ...]
    source: Mapping[str, Any]
    source_hash: str
    run: int | None
    po_number: str | None
    contact: str | None
    posting_date: date | None
    posted_at: str | None
    posted_by: str | None
    reverses: str | None
    reversed_by: str | None
    predecessor: str | None
    seller: Mapping[str, Any] | None
    buyer: Mapping[str, Any] | None
    hold_note: str | None
    drift: Mapping[str, Any] | None
    removal_reason: str | None
    pinned: frozenset[str]
    reviewed_by: str | None = None
    reviewed_at: str | None = None
    payments: tuple[Payment, ...] = ()
    credits: tuple[Mapping[str, Any], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The keys of `invoice show --json`."""
        exponent = self.row.exponent
        return {
            **self.row.as_json(),
            "lines": [line.as_json(exponent) for line in self.lines],
            "journal": [line.as_json(exponent) for line in self.journal],
            "source": {"run": self.run, "hash": self.source_hash, "values": dict(self.source)},
            "po_number": self.po_number,
            "contact": self.contact,
            "posting_date": self.posting_date and self.posting_date.isoformat(),
            "posted_at": self.posted_at,
            "posted_by": self.posted_by,
            "reverses": self.reverses,
            "reversed_by": self.reversed_by,
            "predecessor": self.predecessor,
            "hold": self.hold_note,
            "drift": self.drift,
            "reason": self.removal_reason,
            "pinned": sorted(self.pinned),
            "reviewed_by": self.reviewed_by,
            "payments": [payment.as_json() for payment in self.payments],
            "reviewed_at": self.reviewed_at,
            "credits": [
                {**one, "total": minor_to_text(one["total"], exponent)} for one in self.credits
            ],
        }


_LIST = f"""
    SELECT d.id, d.number, d.draft, d.status, d.kind, c.number, c.name,
           (SELECT salesforce_id FROM account_link WHERE customer_id = c.id
            ORDER BY salesforce_id LIMIT 1),
           d.opportunity_id, b.instance_url || '/' || d.opportunity_id, d.description,
           d.document_date, d.due_date, d.currency, d.exponent, d.total_minor,
           (SELECT balance_minor FROM document_balance WHERE document_id = d.id),
           d.sales_rep, d.region,
           CASE WHEN EXISTS (SELECT 1 FROM document_property WHERE document_id = d.id)
                THEN (SELECT json_group_object(name, value) FROM document_property
                      WHERE document_id = d.id) END,
           EXISTS (SELECT 1 FROM document_drift WHERE document_id = d.id),
           EXISTS (SELECT 1 FROM document_hold WHERE document_id = d.id),
           {HAS_PAYMENT}
    FROM {DOCUMENTS} CROSS JOIN ledger b
"""  # noqa: S608 - constants


def list_invoices(ledger: Ledger, wanted: InvoiceFilter | None = None) -> Iterator[InvoiceRow]:
    """The documents that pass a filter, one by one, in its order.

    Raises:
        UsageError: the filter sorts by something unknown.
    """
    where, parameters = compile_filter(wanted or InvoiceFilter())
    as_of = day_of(ledger, wanted)
    for row in ledger.each(_LIST + where, parameters):
        yield _invoice_row(row, as_of)


def day_of(ledger: Ledger, wanted: InvoiceFilter | None) -> date:
    """The day from which a filter looks at due dates: its own, else today in UTC."""
    given = wanted and wanted.as_of
    return given or date.fromisoformat(ledger.now()[:10])


def count_invoices(ledger: Ledger, wanted: InvoiceFilter) -> int:
    """How many documents pass a filter; its limit does not count."""
    where, parameters = compile_filter(wanted, limited=False)
    (count,) = ledger.row(
        f"SELECT count(*) FROM {DOCUMENTS} {where}",  # noqa: S608 - from compile_filter's own constants
        parameters,
    )
    return int(count)


def _invoice_row(row: tuple[Any, ...], as_of: date) -> InvoiceRow:
    (document_id, number, draft, status, kind, customer, customer_name, account, opportunity, url,
     description, document_date, due_date, currency, exponent, total, balance, sales_rep, region,
     properties, drifted, on_hold, has_payment) = row  # fmt: skip
    return InvoiceRow(
        document_id, number, draft, DocumentStatus(status), DocumentKind(kind), customer,
        customer_name, account, opportunity, url, description,
        date.fromisoformat(document_date), date.fromisoformat(due_date), currency, exponent,
        total, balance, sales_rep, region, json.loads(properties) if properties else {},
        bool(drifted), bool(on_hold), bool(has_payment), as_of,
    )  # fmt: skip


def show_invoice(ledger: Ledger, reference: str, as_of: date | None = None) -> InvoiceDetail:
    """One document, found as `find_document` finds it; overdue or not on the day `as_of`.

    Raises:
        NotFoundError: there is none.
    """
    document_id = find_document(ledger, reference).document_id
    as_of = as_of or day_of(ledger, None)
    row = _invoice_row(ledger.row(f"{_LIST} WHERE d.id = ?", (document_id,)), as_of)
    (source, digest, run_id, po_number, contact, posting_date, posted_at, posted_by, reverses,
     reversed_by, predecessor, seller, buyer, note, drift, reason, pinned,
     reviewed_by, reviewed_at, credits_) = ledger.row(_DETAIL, (document_id,))  # fmt: skip
    return InvoiceDetail(
        row=row,
        lines=_lines(ledger, document_id),
        journal=_journal(ledger, document_id),
        source=json.loads(source),
        source_hash=digest,
        run=run_id,
        po_number=po_number,
        contact=contact,
        posting_date=date.fromisoformat(posting_date) if posting_date else None,
        posted_at=posted_at,
        posted_by=posted_by,
        reverses=reverses,
        reversed_by=reversed_by,
        predecessor=predecessor,
        seller=_json(seller),
        buyer=_json(buyer),
        hold_note=note,
        drift=_json(drift),
        removal_reason=reason,
        pinned=frozenset(json.loads(pinned)),
        reviewed_by=reviewed_by,
        payments=tuple(list_payments(ledger, PaymentFilter(document_id))),
        reviewed_at=reviewed_at,
        credits=tuple(json.loads(credits_)),
    )


def _json(text: str | None) -> Any:  # noqa: ANN401 - whatever was stored
    return None if text is None else json.loads(text)


_DETAIL = """
    SELECT d.source, d.source_hash, d.run_id, d.po_number,
           coalesce(k.name, d.contact_salesforce_id), d.posting_date, d.posted_at, d.posted_by,
           o.number, r.number, coalesce(p.number, p.draft), d.seller, d.buyer, h.note, f.detail,
           coalesce(m.reason, q.reason),
           (SELECT json_group_array(field) FROM document_pin WHERE document_id = d.id),
           v.actor, v.at,
           (SELECT json_group_array(json_object('number', number, 'posting_date', posting_date,
                'total', total_minor)) FROM document
            WHERE reverses_id = d.id AND status = 'posted')
    FROM document d
    LEFT JOIN contact k ON k.salesforce_id = d.contact_salesforce_id
    LEFT JOIN document o ON o.id = d.reverses_id
    LEFT JOIN document r ON r.id = d.reversed_by_id
    LEFT JOIN document p ON p.id = d.predecessor_id
    LEFT JOIN document_hold h ON h.document_id = d.id
    LEFT JOIN document_drift f ON f.document_id = d.id
    LEFT JOIN document_removal m ON m.document_id = d.id
    LEFT JOIN credit_reason q ON q.document_id = d.id
    LEFT JOIN document_review v ON v.document_id = d.id
    WHERE d.id = ?
"""


def _lines(ledger: Ledger, document_id: int) -> tuple[InvoiceLine, ...]:
    rows = ledger.rows(
        "SELECT l.position, p.name, p.code, l.description, l.quantity_micro, l.unit_price_micro,"
        " l.discount_micro, l.amount_minor,"
        " (SELECT json_group_object(name, value) FROM line_property WHERE line_id = l.id)"
        " FROM document_line l LEFT JOIN product p ON p.id = l.product_id"
        " WHERE l.document_id = ? ORDER BY l.position",
        (document_id,),
    )
    return tuple(
        InvoiceLine(
            position, product, code, description, from_micro(quantity), from_micro(price),
            from_micro(discount), amount, json.loads(properties),
        )
        for (position, product, code, description, quantity, price, discount, amount,
             properties) in rows
    )  # fmt: skip


def _journal(ledger: Ledger, document_id: int) -> tuple[JournalLine, ...]:
    rows = ledger.rows(
        "SELECT a.code, a.name, l.amount_minor FROM journal_entry e"
        " JOIN journal_line l ON l.entry_id = e.id JOIN ledger_account a ON a.id = l.account_id"
        " WHERE e.document_id = ? AND e.kind = 'post' AND e.sealed = 1 ORDER BY l.id",
        (document_id,),
    )
    return tuple(JournalLine(*row) for row in rows)
