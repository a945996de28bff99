"""Crediting: a posted credit note over a part of an invoice, or over all that is left of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from sfsync.errors import RefusedError, UsageError
from sfsync.ledger.apply_drafts import micro
from sfsync.ledger.audit import append_event
from sfsync.ledger.chart import closed_through, ensure_chart
from sfsync.ledger.credit_plan import LineLeft, plan_credit
from sfsync.ledger.digests import document_digest
from sfsync.ledger.model import DocumentKind, DocumentStatus
from sfsync.ledger.numbering import next_number
from sfsync.ledger.payment_list import PaymentFilter, list_payments
from sfsync.ledger.posting import freeze, latest, number_taken, write_entry
from sfsync.ledger.references import find_document
from sfsync.money import from_minor, minor_to_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.credit_plan import CreditLine, CreditRequest
    from sfsync.ledger.posting_rules import PostingRules
    from sfsync.ledger.references import DocumentReference

_MICRO = 6


@dataclass(frozen=True, slots=True)
class CreditNote:
    """A credit note that has just been posted; `reversed` when nothing of the invoice is left."""

    invoice_id: int
    invoice_number: str
    credit_note_id: int
    number: str
    posting_date: date
    reversed: bool


# What was credited by quantity has the line's own price and discount; an amount has a price of its
# own.
_LEFT = """
    SELECT o.position, o.description, o.quantity_micro, o.unit_price_micro, o.discount_micro,
           o.amount_minor,
           o.quantity_micro + coalesce(sum(CASE WHEN c.unit_price_micro IS o.unit_price_micro
               AND c.discount_micro IS o.discount_micro THEN c.quantity_micro END), 0),
           o.amount_minor + coalesce(sum(c.amount_minor), 0)
    FROM document_line o
    LEFT JOIN document n ON n.reverses_id = o.document_id AND n.status = 'posted'
    LEFT JOIN document_line c ON c.document_id = n.id AND c.position = o.position
    WHERE o.document_id = ? GROUP BY o.id ORDER BY o.position
"""


def lines_left(ledger: Ledger, document_id: int) -> list[LineLeft]:
    """The lines of a posted invoice, with what of each has not been credited yet."""
    return [
        LineLeft(
            position,
            description,
            from_minor(quantity, _MICRO),
            None if price is None else from_minor(price, _MICRO),
            None if discount is None else from_minor(discount, _MICRO),
            amount,
            from_minor(left_quantity, _MICRO),
            left,
        )
        for position, description, quantity, price, discount, amount, left_quantity, left
        in ledger.rows(_LEFT, (document_id,))
    ]  # fmt: skip


def preview_credit(
    ledger: Ledger, reference: str, request: CreditRequest
) -> tuple[DocumentReference, int]:
    """The invoice, and how much `credit_invoice` would take back of it, in minor units.

    Raises:
        NotFoundError, RefusedError, UsageError: as `credit_invoice`, save what depends on a date.
    """
    invoice = find_document(ledger, reference)
    _refuse_not_posted(ledger, invoice)
    parts = _parts(ledger, invoice, request)
    return invoice, sum(part.amount_minor for part in parts)


def credit_invoice(
    ledger: Ledger,
    reference: str,
    rules: PostingRules,
    request: CreditRequest,
    *,
    reason: str,
    day: date | None = None,
    today: date,
) -> CreditNote:
    """Credit a posted invoice: its stored lines negated, as far as asked for, posted and linked.

    The invoice stays posted while anything of it is left, and is reversed with the last of it.

    Args:
        ledger: the ledger.
        reference: as `find_document` takes it.
        rules: numbering, chart and seller.
        request: what to credit.
        reason: why; kept with the credit note.
        day: the credit note's date; today by default.
        today: today in the company's time zone.

    Raises:
        NotFoundError: there is no such document.
        RefusedError: not posted, a credit note, paid, more than is left, or the day is not allowed.
        UsageError: no reason, or a request that does not fit the invoice.
    """
    require_reason(reason)
    on = day or today
    with ledger.transaction():
        ensure_chart(ledger, rules.chart)
        invoice = find_document(ledger, reference)
        _refuse_not_posted(ledger, invoice)
        _refuse_day(ledger, invoice, rules, on, today)
        parts = _parts(ledger, invoice, request)
        _refuse_paid(ledger, invoice, parts)
        note = _write(ledger, invoice, rules, parts, on, reason)
        _audit(ledger, invoice, note, parts, reason)
    return note


def require_reason(reason: str) -> None:
    """Refuse an empty reason.

    Raises:
        UsageError: it is empty.
    """
    if not reason.strip():
        raise UsageError("A reason is needed.", code="reason-missing", fix='--reason "…"')


def _parts(ledger: Ledger, invoice: DocumentReference, request: CreditRequest) -> list[CreditLine]:
    currency, exponent = ledger.row(
        "SELECT currency, exponent FROM document WHERE id = ?", (invoice.document_id,)
    )
    return plan_credit(lines_left(ledger, invoice.document_id), request, currency, exponent)


def _refuse_not_posted(ledger: Ledger, invoice: DocumentReference) -> None:
    name = invoice.name
    if invoice.kind is DocumentKind.CREDIT_NOTE:
        message = f"{name} is a credit note; a wrong one is corrected by a new invoice."
        raise RefusedError(message, code="credit-note")
    if invoice.status is DocumentStatus.REVERSED:
        (other,) = ledger.row(
            "SELECT r.number FROM document d JOIN document r ON r.id = d.reversed_by_id"
            " WHERE d.id = ?",
            (invoice.document_id,),
        )
        raise RefusedError(
            f"{name} was reversed by {other} already.",
            code="already-reversed",
            fix=f"sfsync invoice show {other}",
        )
    if invoice.status is not DocumentStatus.POSTED:
        is_draft = invoice.status is DocumentStatus.DRAFT
        fix = f'sfsync invoice delete {name} --reason "…"' if is_draft else ""
        state = "a draft" if is_draft else f"{invoice.status} already"
        message = f"{name} is {state}; only posted invoices are reversed or credited."
        raise RefusedError(message, code="not-posted", fix=fix)


def _refuse_day(
    ledger: Ledger, invoice: DocumentReference, rules: PostingRules, on: date, today: date
) -> None:
    name = invoice.name
    (posted_on,) = ledger.row(
        "SELECT posting_date FROM document WHERE id = ?", (invoice.document_id,)
    )
    closed = latest(closed_through(ledger), rules.closed_through)
    if closed is not None and on <= closed:
        raise RefusedError(
            f"{on} is in a closed period (through {closed}).",
            code="period-closed",
            fix=f"choose an open day: --date {closed + timedelta(days=1)}",
        )
    if not date.fromisoformat(posted_on) <= on <= today:
        message = f"A credit note for {name} is dated from {posted_on} through {today}, not {on}."
        raise RefusedError(message, code="reversal-date", fix="choose another --date")


def _refuse_paid(ledger: Ledger, invoice: DocumentReference, parts: Sequence[CreditLine]) -> None:
    """What was paid is not credited: the payment is voided first, or only the rest credited."""
    standing = list(list_payments(ledger, PaymentFilter(invoice.document_id, voided=False)))
    (owed, exponent) = ledger.row(
        "SELECT b.balance_minor, d.exponent FROM document_balance b"
        " JOIN document d ON d.id = b.document_id WHERE d.id = ?",
        (invoice.document_id,),
    )
    if standing and sum(part.amount_minor for part in parts) > owed:
        names = [payment.name for payment in standing]
        raise RefusedError(
            f"{invoice.name} has been paid by {', '.join(names)}; "
            f"{minor_to_text(owed, exponent)} is still owed.",
            code="has-payments",
            fix=f'sfsync payment void {names[0]} --reason "…", or credit no more than is owed',
        )


def _write(
    ledger: Ledger,
    invoice: DocumentReference,
    rules: PostingRules,
    parts: Sequence[CreditLine],
    on: date,
    reason: str,
) -> CreditNote:
    left = sum(line.left_minor for line in lines_left(ledger, invoice.document_id))
    whole = sum(part.amount_minor for part in parts) == left
    number = next_number(ledger, rules.credit_numbering, on, 1)
    if number_taken(ledger, number):
        raise RefusedError(
            f"{number.number} is the number of another document already.",
            code="number-taken",
            fix="change posting.credit_numbering",
        )
    credit_id = _insert(ledger, invoice.document_id, parts, on)
    ledger.execute(
        "INSERT INTO credit_reason (document_id, reason, at, actor) VALUES (?, ?, ?, ?)",
        (credit_id, reason, ledger.now(), ledger.actor),
    )
    write_entry(ledger, credit_id, on, _entry(ledger, credit_id))
    freeze(ledger, credit_id, number, on, rules.seller)
    if whole:
        ledger.execute(
            "UPDATE document SET status = 'reversed', reversed_by_id = ? WHERE id = ?",
            (credit_id, invoice.document_id),
        )
        remove(ledger, invoice, reason)
    return CreditNote(
        invoice.document_id, invoice.name, credit_id, number.number, on, reversed=whole
    )


def remove(ledger: Ledger, document: DocumentReference, reason: str) -> None:
    """Keep why a document was deleted or reversed, and take away what was noted beside it."""
    ledger.execute(
        "INSERT INTO document_removal (document_id, system_modstamp, reason, at, actor)"
        " VALUES (?, (SELECT system_modstamp FROM opportunity WHERE salesforce_id = ?), ?, ?, ?)",
        (document.document_id, document.opportunity_id, reason, ledger.now(), ledger.actor),
    )
    for table in (
        "document_drift",
        "document_hold",
        "document_review",
        "document_pin",
        "document_seen",
    ):
        ledger.execute(f"DELETE FROM {table} WHERE document_id = ?", (document.document_id,))  # noqa: S608 - constants


def _insert(ledger: Ledger, document_id: int, parts: Sequence[CreditLine], on: date) -> int:
    credit_id = ledger.insert(
        "INSERT INTO document (kind, org_id, opportunity_id, customer_id, reverses_id,"
        " document_date, due_date, currency, exponent, total_minor, description, sales_rep, region,"
        " po_number, contact_salesforce_id, source, source_hash, created_at)"
        " SELECT 'credit_note', org_id, opportunity_id, customer_id, id, :day, :day, currency,"
        " exponent, -:total, description, sales_rep, region, po_number,"
        " contact_salesforce_id, source, source_hash, :now FROM document WHERE id = :document",
        {
            "day": on.isoformat(),
            "now": ledger.now(),
            "document": document_id,
            "total": sum(part.amount_minor for part in parts),
        },
    )
    ledger.execute(
        "INSERT INTO document_property (document_id, name, value)"
        " SELECT ?, name, value FROM document_property WHERE document_id = ?",
        (credit_id, document_id),
    )
    ledger.execute_many(
        "INSERT INTO document_line (document_id, position, product_id, description,"
        " quantity_micro, unit_price_micro, discount_micro, amount_minor, account_id,"
        " salesforce_id) SELECT ?, position, product_id, description, ?, ?, ?, ?, account_id,"
        " salesforce_id FROM document_line WHERE document_id = ? AND position = ?",
        [_row(credit_id, document_id, part) for part in parts],
    )
    ledger.execute(
        "INSERT INTO line_property (line_id, name, value)"
        " SELECT c.id, p.name, p.value FROM line_property p"
        " JOIN document_line o ON o.id = p.line_id"
        " JOIN document_line c ON c.document_id = ? AND c.position = o.position"
        " WHERE o.document_id = ?",
        (credit_id, document_id),
    )
    return credit_id


def _row(credit_id: int, document_id: int, part: CreditLine) -> tuple[object, ...]:
    price, discount = part.unit_price, part.discount
    return (
        credit_id,
        -micro(part.quantity),
        None if price is None else micro(price),
        None if discount is None else micro(discount),
        -part.amount_minor,
        document_id,
        part.position,
    )


_ENTRY = """
    SELECT l.account_id, d.total_minor, a.active, a.code
    FROM document d JOIN journal_entry e ON e.document_id = d.reverses_id AND e.kind = 'post'
    JOIN journal_line l ON l.entry_id = e.id JOIN ledger_account a ON a.id = l.account_id
    WHERE d.id = :credit AND a.type = 'asset'
    UNION ALL
    SELECT l.account_id, -sum(l.amount_minor), a.active, a.code
    FROM document_line l JOIN ledger_account a ON a.id = l.account_id
    WHERE l.document_id = :credit GROUP BY l.account_id HAVING sum(l.amount_minor) <> 0
"""


def _entry(ledger: Ledger, credit_id: int) -> list[tuple[int, int]]:
    """The entry of a credit note: the accounts of the invoice, the other way round."""
    rows = ledger.rows(_ENTRY, {"credit": credit_id})
    for _, _, active, code in rows:
        if not active:
            raise RefusedError(
                f"Account {code} is not active.",
                code="account-inactive",
                fix="make it active again in posting.chart until this is done",
            )
    return [(account_id, amount) for account_id, amount, _, _ in rows]


def _audit(
    ledger: Ledger,
    invoice: DocumentReference,
    note: CreditNote,
    parts: Sequence[CreditLine],
    reason: str,
) -> None:
    (exponent,) = ledger.row("SELECT exponent FROM document WHERE id = ?", (invoice.document_id,))
    total = minor_to_text(-sum(part.amount_minor for part in parts), exponent)
    append_event(
        ledger,
        "invoice.post",
        f"D-{note.credit_note_id:06d}",
        after={
            "status": DocumentStatus.POSTED.value,
            "number": note.number,
            "reverses": invoice.name,
            "total": total,
            "digest": document_digest(ledger, note.credit_note_id),
        },
        reason=reason,
    )
    after = {"status": DocumentStatus.REVERSED.value, "reversed_by": note.number}
    append_event(
        ledger,
        "invoice.reverse" if note.reversed else "invoice.credit",
        invoice.draft,
        before={"status": DocumentStatus.POSTED.value},
        after=after if note.reversed else {"credited_by": note.number, "total": total},
        reason=reason,
    )
