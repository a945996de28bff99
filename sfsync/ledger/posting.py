"""Posting: a draft gets its number, its journal entry and its frozen texts, in one transaction."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from sfsync.errors import RefusedError
from sfsync.ledger.audit import append_event
from sfsync.ledger.chart import closed_through, ensure_chart, list_accounts
from sfsync.ledger.digests import document_digest
from sfsync.ledger.frozen import buyer_text, seller_text
from sfsync.ledger.model import DocumentKind, DocumentStatus
from sfsync.ledger.numbering import dated_later, next_number, series_of
from sfsync.ledger.posting_rules import (
    PostingCandidate,
    PostingRules,
    Refusal,
    Seller,
    refusals,
)
from sfsync.ledger.references import find_document
from sfsync.money import minor_to_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sfsync.ledger.chart import LedgerAccount
    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.numbering import NextNumber
    from sfsync.ledger.references import DocumentReference

__all__ = ["PostedInvoice", "PostingPreview", "PostingRules", "Refusal", "Seller", "post_invoice",
           "post_many", "preview_posting"]  # fmt: skip


Thing = TypeVar("Thing")

_BATCH = 100


@dataclass(frozen=True, slots=True)
class PostingPreview:
    """What posting would do, or why it would not.

    `journal` is account code and amount in minor units, debit positive. `number` is what the
    document would get now.
    """

    document: DocumentReference
    posting_date: date
    number: str
    currency: str
    exponent: int
    journal: tuple[tuple[str, int], ...]
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class PostedInvoice:
    """A document that has just been posted; `journal` as in `PostingPreview`.

    `dated_later` is the number before its own, where that document is dated after it.
    """

    document_id: int
    draft: str
    number: str
    customer: str
    posting_date: date
    due_date: date
    currency: str
    exponent: int
    total_minor: int
    journal: tuple[tuple[str, int], ...]
    dated_later: str | None = None


@dataclass(frozen=True, slots=True)
class _Plan:
    """Everything that posting one document writes, and what speaks against it."""

    document: DocumentReference
    customer: str
    document_date: date
    posting_date: date
    due_date: date
    currency: str
    exponent: int
    total_minor: int
    description: str
    number: NextNumber
    line_accounts: tuple[tuple[int, str], ...]
    journal: tuple[tuple[str, int], ...]
    refusals: tuple[Refusal, ...]


_DOCUMENT = """
    SELECT d.document_date, d.due_date, d.currency, d.exponent, d.total_minor, d.description,
           c.number, c.name, c.active,
           (SELECT note FROM document_hold WHERE document_id = d.id),
           EXISTS (SELECT 1 FROM document_drift WHERE document_id = d.id),
           EXISTS (SELECT 1 FROM document_review WHERE document_id = d.id),
           CASE WHEN :by_property THEN (SELECT json_group_object(name, value)
               FROM document_property WHERE document_id = d.id) ELSE '{}' END
    FROM document d JOIN customer c ON c.id = d.customer_id WHERE d.id = :document
"""
_LINES = """
    SELECT l.id, l.amount_minor, l.description, p.code, p.name, p.family,
           CASE WHEN :by_property THEN (SELECT json_group_object(name, value)
               FROM line_property WHERE line_id = l.id) ELSE '{}' END
    FROM document_line l LEFT JOIN product p ON p.id = l.product_id
    WHERE l.document_id = :document ORDER BY l.position
"""


def preview_posting(
    ledger: Ledger, reference: str, rules: PostingRules, *, day: date | None = None, today: date
) -> PostingPreview:
    """What `post_invoice` would do now; changes nothing.

    Raises:
        NotFoundError: there is no such document.
    """
    plan = _plan(ledger, find_document(ledger, reference), rules, day, today)
    return PostingPreview(
        plan.document,
        plan.posting_date,
        plan.number.number,
        plan.currency,
        plan.exponent,
        plan.journal,
        plan.refusals,
    )


def require_postable(ledger: Ledger, reference: str, rules: PostingRules, *, today: date) -> None:
    """Make sure that a draft could be posted now; changes nothing.

    Raises:
        NotFoundError: there is no such document.
        RefusedError: the first of its `refusals`.
    """
    _refuse(preview_posting(ledger, reference, rules, today=today).refusals)


def _refuse(found: Sequence[Refusal]) -> None:
    if found:
        raise RefusedError(found[0].message, code=found[0].code, fix=found[0].fix)


def post_invoice(
    ledger: Ledger,
    reference: str,
    rules: PostingRules,
    *,
    day: date | None = None,
    today: date,
    run_id: int | None = None,
) -> PostedInvoice:
    """Post a draft.

    Args:
        ledger: the ledger.
        reference: as `find_document` takes it.
        rules: numbering, accounts and seller.
        day: the posting date; the document's own date by default.
        today: today in the company's time zone.
        run_id: the run that posts it by itself; None where a person does.

    Raises:
        NotFoundError: there is no such document.
        RefusedError: the first of its `refusals`.
    """
    with ledger.transaction():
        ensure_chart(ledger, rules.chart)
        return post_within(ledger, reference, rules, day=day, today=today, run_id=run_id)


def post_within(
    ledger: Ledger,
    reference: str,
    rules: PostingRules,
    *,
    day: date | None = None,
    today: date,
    run_id: int | None = None,
) -> PostedInvoice:
    """As `post_invoice`, in the caller's transaction, which has brought the chart up to date.

    A refusal comes before anything is written, so that the transaction can go on without it.
    """
    ledger.require_transaction()
    plan = _plan(ledger, find_document(ledger, reference), rules, day, today)
    _refuse(plan.refusals)
    later = dated_later(ledger, rules.numbering, plan.document_date)
    _write(ledger, plan, rules, run_id)
    return PostedInvoice(
        plan.document.document_id,
        plan.document.draft,
        plan.number.number,
        plan.customer,
        plan.posting_date,
        plan.due_date,
        plan.currency,
        plan.exponent,
        plan.total_minor,
        plan.journal,
        later,
    )


def post_many(
    ledger: Ledger,
    references: Iterable[str],
    rules: PostingRules,
    *,
    day: date | None = None,
    today: date,
) -> Iterator[tuple[str, PostedInvoice | RefusedError]]:
    """Post one after the other; a refusal does not stop the rest.

    So many go into one transaction that the disk is not what it takes; a sync at work waits no
    longer for it than for a page of its own.
    """
    for batch in in_batches(references):
        yield from _post_batch(ledger, batch, rules, day, today)


def in_batches(things: Iterable[Thing]) -> Iterator[list[Thing]]:
    """What is written in one transaction, one list after the other."""
    rest = iter(things)
    while batch := list(islice(rest, _BATCH)):
        yield batch


def _post_batch(
    ledger: Ledger, batch: list[str], rules: PostingRules, day: date | None, today: date
) -> list[tuple[str, PostedInvoice | RefusedError]]:
    try:
        with ledger.transaction():
            ensure_chart(ledger, rules.chart)
            return [(one, _attempt(ledger, one, rules, day, today)) for one in batch]
    except RefusedError as refusal:
        # The chart itself does not fit what is in the ledger: nothing can be posted.
        return [(one, refusal) for one in batch]


def _attempt(
    ledger: Ledger, reference: str, rules: PostingRules, day: date | None, today: date
) -> PostedInvoice | RefusedError:
    try:
        return post_within(ledger, reference, rules, day=day, today=today)
    except RefusedError as refusal:
        return refusal


def _plan(
    ledger: Ledger,
    document: DocumentReference,
    rules: PostingRules,
    day: date | None,
    today: date,
) -> _Plan:
    # Properties are read only where accounts depend on them.
    asked = {"document": document.document_id, "by_property": bool(rules.revenue_by_property)}
    (document_date, due_date, currency, exponent, total, description, customer, customer_name,
     active, hold_note, drifted, reviewed, properties) = ledger.row(
        _DOCUMENT, asked
    )  # fmt: skip
    lines = ledger.rows(_LINES, asked)
    shared = json.loads(properties)
    line_accounts = tuple(
        (line_id, rules.revenue_account(names, shared | json.loads(own)))
        for line_id, _, _, *names, own in lines
    )
    amounts = [amount for _, amount, *_ in lines]
    is_invoice = document.kind is DocumentKind.INVOICE
    template = rules.numbering if is_invoice else rules.credit_numbering
    own_day = date.fromisoformat(document_date)
    number = next_number(ledger, template, own_day, rules.first_number if is_invoice else 1)
    journal = _journal(rules, total, [code for _, code in line_accounts], amounts)
    candidate = PostingCandidate(
        name=document.name,
        kind=document.kind,
        status=document.status,
        total_minor=total,
        lines_minor=sum(amounts),
        posting_date=day or own_day,
        customer=f"{customer} {customer_name}",
        customer_active=bool(active),
        hold_note=hold_note,
        drifted=bool(drifted),
        reviewed=bool(reviewed),
        closed=latest(closed_through(ledger), rules.closed_through),
        accounts=_accounts(ledger, rules),
        used_accounts=tuple(
            dict.fromkeys([rules.receivable, *(code for _, code in line_accounts)])
        ),
        number=number.number,
        number_taken=number_taken(ledger, number),
        missing=tuple(_missing(description, (document_date, due_date), lines)),
    )
    return _Plan(
        document, customer_name, own_day, candidate.posting_date, date.fromisoformat(due_date),
        currency, exponent, total, description, number, line_accounts, journal,
        tuple(refusals(candidate, rules, today)),
    )  # fmt: skip


def _missing(
    description: str, dates: tuple[str, str], lines: Sequence[tuple[Any, ...]]
) -> Iterator[str]:
    """What an invoice must have to be issued (EU VAT Directive, article 226) and has not."""
    if not description.strip():
        yield "it has no description"
    if dates[1] < dates[0]:
        yield f"it is due on {dates[1]}, before its date {dates[0]}"
    if not lines:
        yield "it has no line"
    for number, (_, _, text, _, product, *_) in enumerate(lines, 1):
        if not text.strip() and not (product or "").strip():
            yield f"line {number} does not say what it is for"


def _accounts(ledger: Ledger, rules: PostingRules) -> dict[str, LedgerAccount]:
    # A preview must not write, so the config's chart counts as if it were in the ledger already.
    stored = {account.code: account for account in list_accounts(ledger)}
    return stored | {account.code: account for account in rules.chart}


def latest(*days: date | None) -> date | None:
    """The latest of the days that are given."""
    return max((day for day in days if day is not None), default=None)


def number_taken(ledger: Ledger, number: NextNumber) -> bool:
    """Whether another series has given this number already."""
    return ledger.row("SELECT 1 FROM document WHERE number = ?", (number.number,)) is not None


def _journal(
    rules: PostingRules, total: int, accounts: list[str], amounts: list[int]
) -> tuple[tuple[str, int], ...]:
    """Debit the receivable, credit revenue; one line for each account, none of zero."""
    entry = {rules.receivable: total}
    for account, amount in zip(accounts, amounts, strict=True):
        entry[account] = entry.get(account, 0) - amount
    return tuple((account, amount) for account, amount in entry.items() if amount)


def _write(ledger: Ledger, plan: _Plan, rules: PostingRules, run_id: int | None) -> None:
    document_id = plan.document.document_id
    ids = dict(ledger.rows("SELECT code, id FROM ledger_account"))
    ledger.execute_many(
        "UPDATE document_line SET account_id = ? WHERE id = ?",
        [(ids[code], line_id) for line_id, code in plan.line_accounts],
    )
    write_entry(ledger, document_id, plan.posting_date, [(ids[c], a) for c, a in plan.journal])
    freeze(ledger, document_id, plan.number, plan.posting_date, rules.seller)
    append_event(
        ledger,
        "invoice.post",
        plan.document.draft,
        before={"status": DocumentStatus.DRAFT.value},
        after={
            "status": DocumentStatus.POSTED.value,
            "number": plan.number.number,
            "posting_date": plan.posting_date.isoformat(),
            "total": minor_to_text(plan.total_minor, plan.exponent),
            "currency": plan.currency,
            "digest": document_digest(ledger, document_id),
        },
        run_id=run_id,
    )
    if run_id is not None:
        ledger.execute(
            "INSERT INTO auto_post (run_id, document_id) VALUES (?, ?)", (run_id, document_id)
        )


def write_entry(
    ledger: Ledger, document_id: int, day: date, lines: Iterable[tuple[int, int]]
) -> None:
    """Write the entry of a document that is about to be posted: account ids and amounts."""
    entry_id = ledger.insert(
        "INSERT INTO journal_entry (kind, document_id, posting_date, currency, exponent,"
        " description) SELECT 'post', id, ?, currency, exponent, description FROM document"
        " WHERE id = ?",
        (day.isoformat(), document_id),
    )
    ledger.execute_many(
        "INSERT INTO journal_line (entry_id, account_id, amount_minor) VALUES (?, ?, ?)",
        [(entry_id, account_id, amount) for account_id, amount in lines],
    )


def freeze(ledger: Ledger, document_id: int, number: NextNumber, day: date, seller: Seller) -> None:
    """Make the document posted; the schema seals its entry and moves the series' counter."""
    ledger.execute(
        "UPDATE document SET status = 'posted', number = ?, series_id = ?, sequence = ?,"
        " posting_date = ?, posted_at = ?, posted_by = ?, seller = ?, buyer = ?"
        " WHERE id = ? AND status = 'draft'",
        (number.number, series_of(ledger, number), number.sequence, day.isoformat(), ledger.now(),
         ledger.actor, seller_text(ledger, seller), buyer_text(ledger, document_id), document_id),
    )  # fmt: skip
