"""What the config chose for posting, as the ledger's own rules.

The ledger does not know the config's classes; it asks for what it needs of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from sfsync.ledger.chart import LedgerAccount
from sfsync.ledger.logo import read_logo
from sfsync.ledger.posting_rules import PostingRules, Seller

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from pathlib import Path


class ChosenAccount(Protocol):
    """An account of the chosen chart."""

    @property
    def code(self) -> str: ...  # noqa: D102 - as the name says
    @property
    def name(self) -> str: ...  # noqa: D102 - as above
    @property
    def type(self) -> str: ...  # noqa: D102 - as above
    @property
    def active(self) -> bool: ...  # noqa: D102 - as above


class ChosenPosting(Protocol):
    """Numbers and accounts."""

    def agreed_terms(  # noqa: D102 - as the name says
        self, own: str | None, dated: date, due: date
    ) -> str | None: ...
    @property
    def numbering(self) -> str: ...  # noqa: D102 - as the name says
    @property
    def credit_numbering(self) -> str: ...  # noqa: D102 - as above
    @property
    def first_number(self) -> int: ...  # noqa: D102 - as above
    @property
    def receivable(self) -> str: ...  # noqa: D102 - as above
    @property
    def revenue(self) -> str: ...  # noqa: D102 - as above
    @property
    def cash(self) -> str: ...  # noqa: D102 - as above
    @property
    def revenue_by_product(self) -> Mapping[str, str]: ...  # noqa: D102 - as above
    @property
    def revenue_by_property(self) -> Mapping[str, Mapping[str, str]]: ...  # noqa: D102 - as above
    @property
    def chart(self) -> Sequence[ChosenAccount]: ...  # noqa: D102 - as above
    @property
    def closed_through(self) -> date | None: ...  # noqa: D102 - as above
    @property
    def require_review(self) -> bool: ...  # noqa: D102 - as above


class ChosenSeller(Protocol):
    """Who issues the invoices."""

    @property
    def name(self) -> str | None: ...  # noqa: D102 - as the name says
    @property
    def address(self) -> str | None: ...  # noqa: D102 - as above
    @property
    def tax_id(self) -> str | None: ...  # noqa: D102 - as above
    @property
    def email(self) -> str | None: ...  # noqa: D102 - as above
    @property
    def logo(self) -> Path | None: ...  # noqa: D102 - as above


def posting_rules(
    posting: ChosenPosting, seller: ChosenSeller, *, issues: bool = True
) -> PostingRules:
    """The rules of posting that follow from the config; what `issues` no document needs no logo.

    Raises:
        ConfigError: the seller's logo cannot be read.
    """
    chart = tuple(LedgerAccount(a.code, a.name, a.type, a.active) for a in posting.chart)
    return PostingRules(
        numbering=posting.numbering,
        credit_numbering=posting.credit_numbering,
        receivable=posting.receivable,
        revenue=posting.revenue,
        chart=chart or _chart_of(posting),
        first_number=posting.first_number,
        revenue_by_product=posting.revenue_by_product,
        revenue_by_property=posting.revenue_by_property,
        closed_through=posting.closed_through,
        require_review=posting.require_review,
        seller=Seller(
            seller.name,
            seller.address,
            seller.tax_id,
            seller.email,
            read_logo(seller.logo) if issues else None,
        ),
        cash=posting.cash,
        terms=posting.agreed_terms,
    )


def _chart_of(posting: ChosenPosting) -> tuple[LedgerAccount, ...]:
    """The chart that the accounts imply where none was chosen."""
    accounts = {
        posting.receivable: LedgerAccount(posting.receivable, "Accounts receivable", "asset"),
        posting.revenue: LedgerAccount(posting.revenue, "Revenue", "revenue"),
    }
    by_name = [
        *posting.revenue_by_product.items(),
        *(pair for values in posting.revenue_by_property.values() for pair in values.items()),
    ]
    for name, code in by_name:
        accounts.setdefault(code, LedgerAccount(code, f"Revenue: {name}", "revenue"))
    return tuple(accounts.values())
