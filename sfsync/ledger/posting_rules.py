"""What posting needs to know from the config, and the questions a document must pass."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sfsync.ledger.chart import first_open_day
from sfsync.ledger.model import NO_PROPERTIES, DocumentKind, DocumentStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import date

    from sfsync.ledger.chart import LedgerAccount

    # Customer's terms, document date and due date to the terms that a document names.
    AgreedTerms = Callable[[str | None, date, date], str | None]


@dataclass(frozen=True, slots=True)
class Seller:
    """Who issues the invoices; frozen into a document when it is posted. `logo`: PNG or JPEG."""

    name: str | None = None
    address: str | None = None
    tax_id: str | None = None
    email: str | None = None
    logo: bytes | None = field(default=None, repr=False)


def own_terms(own: str | None, _dated: date, _due: date) -> str | None:
    """The customer's own terms."""
    return own


@dataclass(frozen=True, slots=True)
class PostingRules:
    """How documents are numbered and which accounts they touch.

    `numbering` and `credit_numbering` hold ``{year}``, ``{month}`` and ``{seq:05}``;
    `revenue_by_product` maps a product's code, name or family to a revenue account, the first match
    wins; after it `revenue_by_property`, by a property of the line or else of the invoice. `cash`
    is where payments arrive; `terms` are those that a document names. `closed_through` is the
    config's; a period closed in the ledger counts as well.
    """

    numbering: str
    credit_numbering: str
    receivable: str
    revenue: str
    chart: tuple[LedgerAccount, ...]
    first_number: int = 1
    revenue_by_product: Mapping[str, str] = field(default_factory=dict)
    revenue_by_property: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    closed_through: date | None = None
    require_review: bool = False
    seller: Seller = field(default_factory=Seller)
    cash: str = "1000"
    terms: AgreedTerms = own_terms

    def revenue_account(
        self, names: Iterable[str | None], properties: Mapping[str, str] = NO_PROPERTIES
    ) -> str:
        """The revenue account of a line.

        Args:
            names: code, name and family of its product.
            properties: the invoice's, with the line's own in their place.
        """
        known = {text.casefold() for text in names if text}
        for product, account in self.revenue_by_product.items():
            if product.casefold() in known:
                return account
        for name, by_value in self.revenue_by_property.items():
            if properties.get(name) in by_value:
                return by_value[properties[name]]
        return self.revenue


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a document is not posted, for people and for programs."""

    code: str
    message: str
    fix: str


@dataclass(frozen=True, slots=True)
class PostingCandidate:
    """A document as the guards see it; `closed` is the effective end of the closed period.

    `missing` says in words what a document must have to be issued, and this one has not.
    """

    name: str
    kind: DocumentKind
    status: DocumentStatus
    total_minor: int
    lines_minor: int
    posting_date: date
    customer: str
    customer_active: bool
    hold_note: str | None
    drifted: bool
    reviewed: bool
    closed: date | None
    accounts: Mapping[str, LedgerAccount]
    used_accounts: tuple[str, ...]
    number: str
    number_taken: bool
    missing: tuple[str, ...] = ()


def refusals(candidate: PostingCandidate, rules: PostingRules, today: date) -> list[Refusal]:
    """Every reason against posting, the gravest first; empty when it may be posted."""
    if candidate.status is not DocumentStatus.DRAFT:
        return [_wrong_status(candidate)]
    found = [*_of_document(candidate, rules), *_of_date(candidate, today)]
    return [*found, *_of_accounts(candidate, rules)]


def _wrong_status(candidate: PostingCandidate) -> Refusal:
    if candidate.status is DocumentStatus.DELETED:
        fix = f"sfsync invoice resync {candidate.name}"
        return Refusal("already-deleted", f"{candidate.name} was deleted.", fix)
    fix = f"sfsync invoice show {candidate.name}"
    return Refusal("already-posted", f"{candidate.name} is {candidate.status} already.", fix)


def _of_document(candidate: PostingCandidate, rules: PostingRules) -> Iterator[Refusal]:
    name = candidate.name
    if candidate.drifted:
        yield Refusal(
            "drifted",
            f"{name} no longer agrees with its opportunity in Salesforce.",
            f"see what changed and the ways out: sfsync invoice show {name}",
        )
    if candidate.hold_note is not None:
        fix = f"sfsync invoice release {name}"
        yield Refusal("on-hold", f"{name} is on hold: {candidate.hold_note}", fix)
    if rules.require_review and not candidate.reviewed and candidate.kind is DocumentKind.INVOICE:
        fix = f"sfsync invoice review {name}, or without a terminal: "
        fix += f"sfsync invoice review --mark {name}"
        yield Refusal("not-reviewed", f"{name} has not been reviewed.", fix)
    if not candidate.customer_active:
        fix = "name another customer for the deal in Salesforce, or merge this one: "
        fix += "sfsync customer merge"
        yield Refusal("customer-inactive", f"{candidate.customer} is not active.", fix)
    if candidate.kind is DocumentKind.INVOICE and candidate.total_minor <= 0:
        fix = f"correct it in Salesforce, or: sfsync invoice delete {name}"
        yield Refusal("total-not-positive", f"The total of {name} is not above zero.", fix)
    if candidate.missing:
        fix = f"sfsync invoice edit {name}, or correct it in Salesforce"
        lacking = "; ".join(candidate.missing)
        yield Refusal("content-missing", f"{name} cannot be issued: {lacking}.", fix)
    if candidate.lines_minor != candidate.total_minor:
        fix = f"sfsync invoice resync {name}"
        yield Refusal("out-of-balance", f"The lines of {name} do not add up to its total.", fix)
    if candidate.number_taken:
        yield Refusal(
            "number-taken",
            f"{candidate.number} is the number of another document already.",
            "change posting.numbering so that its numbers differ from earlier ones",
        )


def _of_date(candidate: PostingCandidate, today: date) -> Iterator[Refusal]:
    day = candidate.posting_date
    if candidate.closed is not None and day <= candidate.closed:
        first_open = first_open_day(candidate.closed)
        yield Refusal(
            "period-closed",
            f"{day} is in a closed period (through {candidate.closed}).",
            f"post it on an open day: sfsync invoice post {candidate.name} --date {first_open}",
        )
    if day > today:
        yield Refusal(
            "future-date",
            f"{day} is in the future.",
            f"wait, or post it today: sfsync invoice post {candidate.name} --date {today}",
        )


def _of_accounts(candidate: PostingCandidate, rules: PostingRules) -> Iterator[Refusal]:
    for code in candidate.used_accounts:
        account = candidate.accounts.get(code)
        if account is None:
            fix = "add it to posting.chart, or correct posting.accounts"
            yield Refusal("account-unknown", f"Account {code} is not in the chart.", fix)
        elif not account.active:
            fix = "choose another account in posting.accounts"
            yield Refusal("account-inactive", f"Account {code} is not active.", fix)
        elif (account.type == "asset") != (code == rules.receivable):
            expected = "an asset" if code == rules.receivable else "no asset"
            fix = "correct its type in posting.chart, or choose another account"
            yield Refusal(
                "account-type", f"Account {code} must be {expected}, it is {account.type}.", fix
            )
