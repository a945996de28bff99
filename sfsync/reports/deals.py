"""Deals as the last sync read them, each with its documents: what pipeline and gaps are made of."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from sfsync.ledger.opportunities import list_opportunities, minor_of
from sfsync.money import EXPONENTS, InvalidAmountError, parse_decimal, to_minor
from sfsync.reports.dimensions import period_label, plain_label

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.opportunities import OpportunityFilter, OpportunityRow
    from sfsync.reports.dimensions import Dimension, Label

DEAL_DIMENSIONS = ("stage", "sales-rep", "customer", "month", "quarter", "year")
"""What deals can be broken down by; the rep is the deal's owner, periods are of its close date."""


class DealDocument(NamedTuple):
    """A document of a deal; amounts in minor units of its own currency.

    `reverses_whole` marks the credit note of a reversed invoice. `hold`, `accepted`, `removal` and
    `credit` are notes, `drifted` and `pinned` say what may explain a difference as well.
    """

    name: str
    kind: str
    status: str
    currency: str
    exponent: int
    total: int
    recognised: int
    collected: int
    reverses_whole: bool
    hold: str | None
    drifted: bool
    pinned: bool
    accepted: str | None
    removal: str | None
    credit: str | None

    @property
    def is_live(self) -> bool:
        """Whether it is the invoice that stands for its deal."""
        return self.kind == "invoice" and self.status in {"draft", "posted"}

    @property
    def billed(self) -> int:
        """What it adds to what was billed: posted invoices less credit notes."""
        return self.total if self.status in {"posted", "reversed"} else 0


@dataclass(frozen=True, slots=True)
class Deal:
    """One deal; `amount` and `weighted` in minor units of its currency, None where unusable.

    `ignored` is the reason that a person gave.
    """

    row: OpportunityRow
    amount: int | None
    weighted: int | None
    ignored: str | None
    documents: tuple[DealDocument, ...]

    @property
    def exponent(self) -> int:
        """Decimals of the deal's currency; two for one that is unknown."""
        return EXPONENTS.get(self.row.currency, 2)

    @property
    def is_open(self) -> bool:
        """Whether it is in the pipeline."""
        return not self.row.is_closed and not self.row.is_deleted

    @property
    def is_booked(self) -> bool:
        """Whether it is won: by `IsWon`, never by the label of its stage."""
        return self.row.is_won and not self.row.is_deleted

    @property
    def is_gone(self) -> bool:
        """Whether nothing is left of it: deleted in Salesforce, and without a document that is."""
        return self.row.is_deleted and all(one.status == "deleted" for one in self.documents)

    def label(self, dimension: Dimension, fiscal_start: int) -> Label:
        """The deal's value of a dimension."""
        if dimension.is_period:
            return period_label(dimension.name, self.row.close_date, fiscal_start)
        known = {
            "stage": self.row.stage,
            "sales-rep": self.row.owner,
            "customer": self.row.account,
        }
        return plain_label(known[dimension.name])


_DOCUMENTS = """
    SELECT d.opportunity_id, coalesce(d.number, d.draft), d.kind, d.status, d.currency, d.exponent,
           d.total_minor,
           CASE WHEN d.number IS NULL THEN 0 ELSE (
               SELECT coalesce(sum(l.amount_minor), 0) FROM document_line l
               JOIN ledger_account a ON a.id = l.account_id
               WHERE l.document_id = d.id AND a.type = 'revenue') END,
           (SELECT coalesce(sum(p.amount_minor), 0) FROM payment p WHERE p.document_id = d.id
            AND NOT EXISTS (SELECT 1 FROM payment_void WHERE payment_id = p.id)),
           coalesce(r.status, '') = 'reversed', h.note,
           EXISTS (SELECT 1 FROM document_drift WHERE document_id = d.id),
           EXISTS (SELECT 1 FROM document_pin WHERE document_id = d.id),
           (SELECT reason FROM document_acceptance
            WHERE document_id = d.id AND accepted IS NOT NULL),
           m.reason, c.reason
    FROM document d LEFT JOIN document r ON r.id = d.reverses_id
    LEFT JOIN document_hold h ON h.document_id = d.id
    LEFT JOIN document_removal m ON m.document_id = d.id
    LEFT JOIN credit_reason c ON c.document_id = d.id
    WHERE d.opportunity_id IN (SELECT value FROM json_each(?)) ORDER BY d.id
"""
_TOGETHER = 1_000


def deals(ledger: Ledger, wanted: OpportunityFilter) -> Iterator[Deal]:
    """The deals that pass a filter, by close date, with all of their documents."""
    rows = list_opportunities(ledger, wanted)
    while some := list(islice(rows, _TOGETHER)):
        yield from _with_documents(ledger, some)


def _with_documents(ledger: Ledger, rows: list[OpportunityRow]) -> Iterator[Deal]:
    ids = json.dumps([row.id for row in rows])
    found: dict[str, list[DealDocument]] = {}
    for opportunity, *values in ledger.rows(_DOCUMENTS, (ids,)):
        found.setdefault(opportunity, []).append(DealDocument._make(values))
    ignored = dict(
        ledger.rows(
            "SELECT salesforce_id, reason FROM opportunity_ignored"
            " WHERE salesforce_id IN (SELECT value FROM json_each(?))",
            (ids,),
        )
    )
    for row in rows:
        amount = minor_of(row.amount, row.currency)
        yield Deal(
            row, amount, _weighted(row, amount), ignored.get(row.id), tuple(found.get(row.id, ()))
        )


def _weighted(row: OpportunityRow, amount: int | None) -> int | None:
    """Expected revenue, as Salesforce has it; else amount by probability."""
    expected = minor_of(row.expected_revenue, row.currency)
    if expected is not None or amount is None or row.probability is None:
        return expected
    try:
        return to_minor(parse_decimal(row.probability) * amount / 100, 0)
    except InvalidAmountError:
        return None


def last_sync(ledger: Ledger) -> dict[str, object]:
    """When deals were last read, and by which run; nulls before the first time."""
    row = ledger.row(
        "SELECT finished_at, id FROM run WHERE outcome IN ('ok', 'partial')"
        " ORDER BY id DESC LIMIT 1"
    )
    at, run = row or (None, None)
    return {"synced_at": at, "run": run}
