"""What a person should look at before a draft is posted, although nothing forbids it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from sfsync.ledger.numbering import dated_later

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.posting_rules import PostingRules

ALIKE_DAYS = 31
"""Two invoices of one customer over the same amount are alike within so many days."""


@dataclass(frozen=True, slots=True)
class Caution:
    """A reason to look twice, for people and for programs."""

    code: str
    message: str


_ITS_CUSTOMER = (
    "(SELECT d.customer_id UNION ALL SELECT id FROM customer WHERE merged_into = d.customer_id)"
)
KNOWN_CUSTOMER = f"""EXISTS (
    SELECT 1 FROM document WHERE customer_id IN {_ITS_CUSTOMER}
    AND kind = 'invoice' AND status IN ('posted', 'reversed'))"""  # noqa: S608 - constants
"""Whether the customer of `d`, or one that was merged into it, ever had an invoice posted."""

_FACTS = f"""
    SELECT d.document_date, c.name,
           c.street IS NULL AND c.city IS NULL AND c.country IS NULL, {KNOWN_CUSTOMER},
           (SELECT coalesce(p.number, p.draft) FROM document p WHERE p.id = d.predecessor_id),
           (SELECT group_concat(field, ', ') FROM document_pin WHERE document_id = d.id),
           (SELECT coalesce(a.number, a.draft) FROM document a
            WHERE a.customer_id IN {_ITS_CUSTOMER} AND a.id <> d.id AND a.kind = 'invoice'
            AND a.status IN ('draft', 'posted') AND a.total_minor = d.total_minor
            AND a.currency = d.currency
            AND abs(julianday(a.document_date) - julianday(d.document_date)) <= :days
            ORDER BY a.id LIMIT 1)
    FROM document d JOIN customer c ON c.id = d.customer_id WHERE d.id = :document
"""  # noqa: S608 - constants


def cautions(ledger: Ledger, document_id: int, rules: PostingRules) -> tuple[Caution, ...]:
    """Everything about a draft that deserves a second look."""
    return tuple(_found(ledger, document_id, rules))


def _found(ledger: Ledger, document_id: int, rules: PostingRules) -> Iterator[Caution]:
    (day, customer, no_address, known, predecessor, pins, alike) = ledger.row(
        _FACTS, {"document": document_id, "days": ALIKE_DAYS}
    )
    if not known:
        yield Caution("new-customer", f"first invoice for {customer}")
    if predecessor:
        yield Caution("replaces", f"replaces {predecessor}")
    if alike:
        yield Caution("alike", f"{alike} is for the same customer and amount, at about the time")
    if pins:
        yield Caution("edited", f"set by hand: {pins}")
    if no_address:
        yield Caution("customer-address-missing", f"{customer} has no address")
    if not (rules.seller.name and rules.seller.address):
        yield Caution("seller-missing", "the config does not say who issues it: seller")
    yield from _out_of_order(ledger, day, rules)


def _out_of_order(ledger: Ledger, day: str, rules: PostingRules) -> Iterator[Caution]:
    later = dated_later(ledger, rules.numbering, date.fromisoformat(day))
    if later is not None:
        yield Caution("out-of-order", f"{later} has a number already, and a later date")
