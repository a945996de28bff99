"""Why what was booked is not what was billed: each deal's difference, split into its reasons.

The amounts of a deal's gaps add up to booked less billed in each currency, always: what no other
reason explains is the last one's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfsync.money import minor_to_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfsync.reports.deals import Deal, DealDocument


@dataclass(frozen=True, slots=True)
class Gap:
    """Part of a difference. `amount` in minor units; None where the deal has no usable amount.

    `reason` is a failure's code, a skip's reason, or one of ``draft``, ``held``, ``drifted``,
    ``edited``, ``accepted``, ``mapped-amount``, ``credited``, ``ignored``, ``deleted``,
    ``reversed``, ``foreign-currency``, ``reopened``, ``not-won``, ``deleted-in-salesforce``,
    ``not-read``. `invoice` is the document that it is about.
    """

    deal: Deal
    currency: str
    exponent: int
    amount: int | None
    reason: str
    message: str | None = None
    invoice: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The keys of a gap."""
        row = self.deal.row
        return {
            "opportunity": row.id,
            "name": row.name,
            "account": row.account,
            "reason": self.reason,
            "message": self.message,
            "invoice": self.invoice,
            "currency": self.currency,
            "amount": None if self.amount is None else minor_to_text(self.amount, self.exponent),
        }


def gaps_of(deal: Deal) -> Iterator[Gap]:
    """Every part of the difference between booked and billed, in each currency."""
    exponents = {deal.row.currency: deal.exponent}
    exponents |= {one.currency: one.exponent for one in deal.documents}
    for currency, exponent in exponents.items():
        yield from _in_currency(deal, currency, exponent)


def _in_currency(deal: Deal, currency: str, exponent: int) -> Iterator[Gap]:
    own = [one for one in deal.documents if one.currency == currency]
    is_own = currency == deal.row.currency
    booked = (deal.amount or 0) if deal.is_booked and is_own else 0
    left = booked - sum(one.billed for one in own)
    unknown = deal.is_booked and is_own and deal.amount is None and not _live(deal)
    if not left and not unknown:
        return
    for gap in _of_documents(deal, own):
        left -= gap.amount or 0
        yield gap
    if left or unknown:
        reason, message, invoice = _rest(deal, currency)
        yield Gap(deal, currency, exponent, left or None, reason, message, invoice)


def _live(deal: Deal) -> DealDocument | None:
    return next((one for one in deal.documents if one.is_live), None)


def _of_documents(deal: Deal, own: list[DealDocument]) -> Iterator[Gap]:
    """What waits in a draft, and what was taken back in part."""
    for one in own:
        if one.status == "draft":
            reason = "held" if one.hold is not None else "drifted" if one.drifted else "draft"
            yield Gap(deal, one.currency, one.exponent, one.total, reason, one.hold, one.name)
        elif one.kind == "credit_note" and one.status == "posted" and not one.reverses_whole:
            yield Gap(
                deal, one.currency, one.exponent, -one.total, "credited", one.credit, one.name
            )


def _rest(deal: Deal, currency: str) -> tuple[str, str | None, str | None]:
    """The reason for what the documents themselves do not explain, a message, an invoice."""
    live = _live(deal)
    if live is None:
        return _without_invoice(deal)
    if not deal.is_booked:
        return (*_not_booked(deal), live.name)
    if live.currency != deal.row.currency:
        message = f"the deal is in {deal.row.currency}, its invoice in {live.currency}"
        return "foreign-currency", message, live.name
    if currency != deal.row.currency:
        return "foreign-currency", f"an earlier document was in {currency}", None
    marks = {"drifted": live.drifted, "edited": live.pinned}
    if marked := next((word for word, holds in marks.items() if holds), None):
        return marked, None, live.name
    if live.accepted is not None:
        return "accepted", live.accepted, live.name
    return "mapped-amount", "the mapped total is not the deal's Amount", live.name


def _not_booked(deal: Deal) -> tuple[str, str | None]:
    if deal.row.is_deleted:
        return "deleted-in-salesforce", None
    return ("not-won", None) if deal.row.is_closed else ("reopened", f"now in {deal.row.stage}")


def _without_invoice(deal: Deal) -> tuple[str, str | None, str | None]:
    reason, message = why_uninvoiced(deal)
    last = next((one.name for one in reversed(deal.documents) if one.kind == "invoice"), None)
    return reason, message, last


def why_uninvoiced(deal: Deal) -> tuple[str, str | None]:
    """Why a deal has no draft and no posted invoice: a reason, and what was said of it."""
    row = deal.row
    if deal.ignored is not None:
        return "ignored", deal.ignored
    if row.outcome == "failed":
        return row.code or "failed", row.message
    last = next((one for one in reversed(deal.documents) if one.kind == "invoice"), None)
    if last is not None and last.status in {"deleted", "reversed"}:
        return last.status, last.removal
    if row.outcome == "skipped":
        return row.code or "skipped", row.message
    if not deal.is_booked:
        return _not_booked(deal)
    return "not-read", "no run has decided it since"
