"""Posting by itself: which drafts of a run may go without a person, and why the others wait."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfsync.errors import RefusedError
from sfsync.ledger.cautions import KNOWN_CUSTOMER, cautions
from sfsync.ledger.chart import ensure_chart
from sfsync.ledger.posting import in_batches, post_within
from sfsync.money import from_minor, minor_to_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from decimal import Decimal

    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.posting_rules import PostingRules


@dataclass(frozen=True, slots=True)
class Rails:
    """What keeps a draft from being posted by itself; None and false restrict nothing.

    `after_reviewed` counts what people posted of drafts made under `mapping`, the digest of the
    mapping in use. `most` and `most_by_currency` are in major units; where the latter is given, a
    currency that it does not name waits.
    """

    mapping: str
    after_reviewed: int | None = None
    most: Decimal | None = None
    most_by_currency: Mapping[str, Decimal] | None = None
    known_customers_only: bool = False
    no_warnings: bool = False
    most_per_run: int = 500


@dataclass(frozen=True, slots=True)
class Waiting:
    """Why a draft is left to a person."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A draft as the rails see it; `known_customer` has a posted invoice already."""

    draft: str
    document_id: int
    currency: str
    exponent: int
    total_minor: int
    known_customer: bool
    replaces: str | None


# The drafts that this run wrote, and those of runs before it that never came to their end.
_CANDIDATES = f"""
    SELECT DISTINCT d.draft, d.id, d.currency, d.exponent, d.total_minor, {KNOWN_CUSTOMER},
           (SELECT coalesce(p.number, p.draft) FROM document p WHERE p.id = d.predecessor_id)
    FROM run_record r JOIN document d ON d.id = r.document_id
    WHERE r.run_id <= :run AND r.run_id > coalesce(
        (SELECT max(id) FROM run WHERE id < :run AND outcome IN ('ok', 'partial')), 0)
    AND r.outcome IN ('created', 'updated') AND d.status = 'draft' ORDER BY d.document_date, d.id
"""  # noqa: S608 - constants
_BY_HAND = """
    SELECT count(*) FROM document d JOIN run r ON r.id = d.run_id
    WHERE d.kind = 'invoice' AND d.status IN ('posted', 'reversed')
    AND r.evaluation_digest = ?
    AND NOT EXISTS (SELECT 1 FROM auto_post WHERE document_id = d.id AND code IS NULL)
"""


def auto_post(
    ledger: Ledger, run_id: int, rules: PostingRules, rails: Rails, *, today: date
) -> None:
    """Post what may be posted without a person, by the same function that people use.

    Every draft of the run is recorded, with its number or with why it waits; a refusal of one does
    not stop the others.
    """
    candidates = [
        Candidate(draft, document_id, currency, exponent, total, bool(known), replaces)
        for draft, document_id, currency, exponent, total, known, replaces
        in ledger.rows(_CANDIDATES, {"run": run_id})
    ]  # fmt: skip
    (by_hand,) = ledger.row(_BY_HAND, (rails.mapping,))
    unfit = _unfit_chart(ledger, rules)
    for batch in in_batches(candidates):
        with ledger.transaction():
            for one in batch:
                why = (
                    waits(one, rails, by_hand, len(candidates))
                    or _warned(ledger, one, rules, rails)
                    or unfit
                    or _post(ledger, run_id, one, rules, today)
                )
                if why is not None:
                    _record(ledger, run_id, one, why)


def _unfit_chart(ledger: Ledger, rules: PostingRules) -> Waiting | None:
    """Bring the chart up to date; why nothing can be posted where that is refused."""
    try:
        with ledger.transaction():
            ensure_chart(ledger, rules.chart)
    except RefusedError as refusal:
        return Waiting(refusal.code, refusal.message)
    return None


def waits(one: Candidate, rails: Rails, by_hand: int, drafts: int) -> Waiting | None:
    """Which rail a draft meets first, None when it passes them all.

    Args:
        one: the draft.
        rails: the rails.
        by_hand: how many invoices of this mapping people have posted.
        drafts: how many drafts the run has.
    """
    if drafts > rails.most_per_run:
        return Waiting(
            "too-many", f"the run has {drafts:,} drafts, more than max_per_run {rails.most_per_run}"
        )
    if rails.after_reviewed is not None and by_hand < rails.after_reviewed:
        return Waiting(
            "too-early",
            f"{by_hand} of {rails.after_reviewed} invoices of this mapping were posted by hand",
        )
    if one.replaces is not None:
        return Waiting("replaces", f"it replaces {one.replaces}, which a person took back")
    if rails.known_customers_only and not one.known_customer:
        return Waiting("new-customer", "its customer has no posted invoice yet")
    return _too_large(one, rails)


def _too_large(one: Candidate, rails: Rails) -> Waiting | None:
    by_currency = rails.most_by_currency
    if by_currency is not None and one.currency not in by_currency:
        return Waiting("currency-not-named", f"max_amount names no amount in {one.currency}")
    most = rails.most if by_currency is None else by_currency[one.currency]
    if most is None or from_minor(one.total_minor, one.exponent) <= most:
        return None
    total = minor_to_text(one.total_minor, one.exponent)
    return Waiting("too-large", f"{total} {one.currency} is more than max_amount {most:f}")


def _warned(ledger: Ledger, one: Candidate, rules: PostingRules, rails: Rails) -> Waiting | None:
    found = cautions(ledger, one.document_id, rules) if rails.no_warnings else ()
    if not found:
        return None
    return Waiting("warnings", "; ".join(caution.message for caution in found))


def _post(
    ledger: Ledger, run_id: int, one: Candidate, rules: PostingRules, today: date
) -> Waiting | None:
    try:
        post_within(ledger, one.draft, rules, today=today, run_id=run_id)
    except RefusedError as refusal:
        return Waiting(refusal.code, refusal.message)
    return None


def _record(ledger: Ledger, run_id: int, one: Candidate, why: Waiting) -> None:
    # A person may have posted or deleted it meanwhile: then there is nothing to wait for.
    ledger.execute(
        "INSERT INTO auto_post (run_id, document_id, code, message)"
        " SELECT ?, id, ?, ? FROM document WHERE id = ? AND status = 'draft'",
        (run_id, why.code, why.message, one.document_id),
    )
