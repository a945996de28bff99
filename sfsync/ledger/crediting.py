"""Crediting: a posted credit note over a part of an invoice, or over all that is left of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfsync.errors import RefusedError
from sfsync.ledger.audit import append_event, require_reason
from sfsync.ledger.chart import ensure_chart
from sfsync.ledger.credit_guards import refuse_day, refuse_not_posted, refuse_paid
from sfsync.ledger.credit_plan import LineLeft, plan_credit
from sfsync.ledger.credit_rows import entry_of_note, insert_note, remove
from sfsync.ledger.digests import document_digest
from sfsync.ledger.entries import write_entry
from sfsync.ledger.micro import from_micro
from sfsync.ledger.model import DocumentStatus
from sfsync.ledger.numbering import next_number
from sfsync.ledger.posting import freeze
from sfsync.ledger.posting_plan import number_taken
from sfsync.ledger.references import find_document
from sfsync.money import minor_to_text

if TYPE_CHECKING:
    from datetime import date

    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.credit_plan import CreditPlan, CreditRequest
    from sfsync.ledger.posting_rules import PostingRules
    from sfsync.ledger.references import DocumentReference


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
            from_micro(quantity),
            from_micro(price),
            from_micro(discount),
            amount,
            from_micro(left_quantity),
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
    refuse_not_posted(ledger, invoice)
    return invoice, _plan(ledger, invoice, request).total_minor


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
        refuse_not_posted(ledger, invoice)
        refuse_day(ledger, invoice, rules, on, today)
        plan = _plan(ledger, invoice, request)
        refuse_paid(ledger, invoice, plan.total_minor)
        note = _write(ledger, invoice, rules, plan, on, reason)
        _audit(ledger, invoice, note, plan.total_minor, reason)
    return note


def _plan(ledger: Ledger, invoice: DocumentReference, request: CreditRequest) -> CreditPlan:
    currency, exponent = ledger.row(
        "SELECT currency, exponent FROM document WHERE id = ?", (invoice.document_id,)
    )
    return plan_credit(lines_left(ledger, invoice.document_id), request, currency, exponent)


def _write(
    ledger: Ledger,
    invoice: DocumentReference,
    rules: PostingRules,
    plan: CreditPlan,
    on: date,
    reason: str,
) -> CreditNote:
    number = next_number(ledger, rules.credit_numbering, on, 1)
    if number_taken(ledger, number):
        raise RefusedError(
            f"{number.number} is the number of another document already.",
            code="number-taken",
            fix="change posting.credit_numbering",
        )
    credit_id = insert_note(ledger, invoice.document_id, plan, on)
    ledger.execute(
        "INSERT INTO credit_reason (document_id, reason, at, actor) VALUES (?, ?, ?, ?)",
        (credit_id, reason, ledger.now(), ledger.actor),
    )
    write_entry(ledger, "post", credit_id, on, entry_of_note(ledger, credit_id))
    freeze(ledger, credit_id, number, on, rules)
    if plan.whole:
        ledger.execute(
            "UPDATE document SET status = 'reversed', reversed_by_id = ? WHERE id = ?",
            (credit_id, invoice.document_id),
        )
        remove(ledger, invoice, reason)
    return CreditNote(
        invoice.document_id, invoice.name, credit_id, number.number, on, reversed=plan.whole
    )


def _audit(
    ledger: Ledger,
    invoice: DocumentReference,
    note: CreditNote,
    credited_minor: int,
    reason: str,
) -> None:
    currency, exponent = ledger.row(
        "SELECT currency, exponent FROM document WHERE id = ?", (invoice.document_id,)
    )
    total = minor_to_text(-credited_minor, exponent)
    append_event(
        ledger,
        "invoice.post",
        f"D-{note.credit_note_id:06d}",
        after={
            "status": DocumentStatus.POSTED.value,
            "number": note.number,
            "reverses": invoice.name,
            "total": total,
            "currency": currency,
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
        after=after
        if note.reversed
        else {"credited_by": note.number, "total": total, "currency": currency},
        reason=reason,
    )
