"""Posting: a draft gets its number, its journal entry and its frozen texts, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from sfsync.errors import RefusedError
from sfsync.ledger.audit import append_event
from sfsync.ledger.chart import ensure_chart
from sfsync.ledger.digests import document_digest
from sfsync.ledger.entries import write_entry
from sfsync.ledger.frozen import buyer_text, seller_text
from sfsync.ledger.model import DocumentStatus
from sfsync.ledger.numbering import dated_later, series_of
from sfsync.ledger.posting_plan import plan_posting, preview_posting
from sfsync.ledger.references import find_document
from sfsync.money import minor_to_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.numbering import NextNumber
    from sfsync.ledger.posting_plan import Plan
    from sfsync.ledger.posting_rules import PostingRules, Refusal

Thing = TypeVar("Thing")

_BATCH = 100


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
    plan = plan_posting(ledger, find_document(ledger, reference), rules, day, today)
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


def _write(ledger: Ledger, plan: Plan, rules: PostingRules, run_id: int | None) -> None:
    document_id = plan.document.document_id
    ids = dict(ledger.rows("SELECT code, id FROM ledger_account"))
    ledger.execute_many(
        "UPDATE document_line SET account_id = ? WHERE id = ?",
        [(ids[code], line_id) for line_id, code in plan.line_accounts],
    )
    journal = [(ids[code], amount) for code, amount in plan.journal]
    write_entry(ledger, "post", document_id, plan.posting_date, journal)
    freeze(ledger, document_id, plan.number, plan.posting_date, rules)
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


def freeze(
    ledger: Ledger, document_id: int, number: NextNumber, day: date, rules: PostingRules
) -> None:
    """Make the document posted; the schema seals its entry and moves the series' counter."""
    ledger.execute(
        "UPDATE document SET status = 'posted', number = ?, series_id = ?, sequence = ?,"
        " posting_date = ?, posted_at = ?, posted_by = ?, seller = ?, buyer = ?"
        " WHERE id = ? AND status = 'draft'",
        (number.number, series_of(ledger, number), number.sequence, day.isoformat(), ledger.now(),
         ledger.actor, seller_text(ledger, rules.seller),
         buyer_text(ledger, document_id, rules.terms), document_id),
    )  # fmt: skip
