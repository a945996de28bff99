"""What posting a document would write, and what speaks against it; nothing is written here.

Posting itself, its preview and what is foretold of many all decide by `plan_posting`, so that they
cannot differ.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sfsync.ledger.chart import chart_refusal, last_closed_day, list_accounts
from sfsync.ledger.model import DocumentKind
from sfsync.ledger.numbering import next_number
from sfsync.ledger.posting_rules import PostingCandidate, Refusal, refusals
from sfsync.ledger.references import find_document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sfsync.ledger.chart import LedgerAccount
    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.numbering import NextNumber
    from sfsync.ledger.posting_rules import PostingRules
    from sfsync.ledger.references import DocumentReference


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
class Plan:
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
    return _preview(plan_posting(ledger, find_document(ledger, reference), rules, day, today))


def foretell_posting(
    ledger: Ledger,
    references: Iterable[str],
    rules: PostingRules,
    *,
    day: date | None = None,
    today: date,
) -> Iterator[PostingPreview]:
    """What `post_many` would do now with each of these, in their order; changes nothing.

    Raises:
        NotFoundError: one of them does not exist.
    """
    unfit = chart_refusal(ledger, rules.chart)
    # A series gives each its own number, although none of them has taken one yet.
    promised: Counter[str] = Counter()
    for reference in references:
        document = find_document(ledger, reference)
        plan = plan_posting(ledger, document, rules, day, today, promised)
        if unfit is not None:
            plan = replace(plan, refusals=(Refusal(unfit.code, unfit.message, unfit.fix),))
        if not plan.refusals:
            promised[plan.number.series_key] += 1
        yield _preview(plan)


def _preview(plan: Plan) -> PostingPreview:
    return PostingPreview(
        plan.document,
        plan.posting_date,
        plan.number.number,
        plan.currency,
        plan.exponent,
        plan.journal,
        plan.refusals,
    )


def plan_posting(
    ledger: Ledger,
    document: DocumentReference,
    rules: PostingRules,
    day: date | None,
    today: date,
    promised: Mapping[str, int] = MappingProxyType({}),
) -> Plan:
    """Read a document, and ask every guard about it."""
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
    first = rules.first_number if is_invoice else 1
    number = next_number(ledger, template, own_day, first, promised)
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
        closed=last_closed_day(ledger, rules.closed_through),
        accounts=_accounts(ledger, rules),
        used_accounts=tuple(
            dict.fromkeys([rules.receivable, *(code for _, code in line_accounts)])
        ),
        number=number.number,
        number_taken=number_taken(ledger, number),
        missing=tuple(_missing(description, (document_date, due_date), lines)),
    )
    return Plan(
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
