"""What the ledger holds and what passes through its door, as frozen dataclasses.

What a first sync makes by the hundred thousand is a NamedTuple: as frozen, at a third of the cost.

Amounts are integer minor units of the document's currency; quantities and unit prices are
Decimals with at most six places; dates are `datetime.date`; times are aware UTC datetimes. Ids that
end in ``_id`` are the ledger's own integers unless the name says ``salesforce``.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from sfsync.ledger.canonical import json_writer
from sfsync.money import minor_to_text, plain

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime
    from decimal import Decimal


class Outcome(StrEnum):
    """What became of one record that was read; exactly one per record and run."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"
    FAILED = "failed"
    DRIFTED = "drifted"


class RunOutcome(StrEnum):
    """What became of a run; ``running`` until it ends."""

    RUNNING = "running"
    OK = "ok"
    PARTIAL = "partial"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


class DocumentStatus(StrEnum):
    """The four stored states of a document."""

    DRAFT = "draft"
    POSTED = "posted"
    REVERSED = "reversed"
    DELETED = "deleted"


class PaymentStatus(StrEnum):
    """What a posted invoice is owed, seen from a day; derived, never stored."""

    OPEN = "open"
    PARTLY_CREDITED = "partly_credited"
    PARTLY_PAID = "partly_paid"
    PAID = "paid"
    OVERDUE = "overdue"


class DocumentKind(StrEnum):
    """Invoice or credit note."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address; every part may be missing."""

    street: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class CustomerContent:
    """What is known of a customer; from an Account, a person, or an import."""

    name: str
    external_id: str | None = None
    industry: str | None = None
    phone: str | None = None
    email: str | None = None
    tax_id: str | None = None
    terms: str | None = None
    address: Address = field(default_factory=Address)
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ContactContent:
    """What is known of a contact; `customer_id` is None while its account has no customer."""

    name: str
    customer_id: int | None = None
    email: str | None = None
    phone: str | None = None
    title: str | None = None
    properties: Mapping[str, str] = field(default_factory=dict)


NO_PROPERTIES: Mapping[str, str] = MappingProxyType({})
"""The custom properties of what has none."""


class ProductKey(NamedTuple):
    """How a line names its product: by code if it has one, else by name.

    `create` false means that the product must be in the ledger already.
    """

    name: str
    code: str | None = None
    salesforce_id: str | None = None
    family: str | None = None
    create: bool = True


class LineContent(NamedTuple):
    """One line: `amount_minor` decides; quantity, price and discount (percent) inform."""

    product: ProductKey | None
    description: str
    quantity: Decimal
    unit_price: Decimal | None
    discount: Decimal | None
    amount_minor: int
    properties: Mapping[str, str] = NO_PROPERTIES
    salesforce_id: str | None = None

    def as_source(self, exponent: int) -> dict[str, Any]:
        """The line's mapped values as JSON types, the way they are hashed and compared."""
        return {
            "product": None if self.product is None else self.product.code or self.product.name,
            "description": self.description,
            "quantity": plain(self.quantity),
            "unit_price": None if self.unit_price is None else plain(self.unit_price),
            "discount": None if self.discount is None else plain(self.discount),
            "amount": minor_to_text(self.amount_minor, exponent),
            "properties": dict(self.properties),
        }


@dataclass(frozen=True, slots=True)
class InvoiceContent:
    """The mapped content of one invoice, as decided from an opportunity and its lines.

    The lines add up to `total_minor`; the constructor refuses anything else.
    """

    customer_id: int
    description: str
    document_date: date
    due_date: date
    currency: str
    exponent: int
    total_minor: int
    lines: tuple[LineContent, ...]
    sales_rep: str | None = None
    region: str | None = None
    po_number: str | None = None
    contact_salesforce_id: str | None = None
    properties: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.lines:
            raise ValueError("an invoice has at least one line")
        if sum(line.amount_minor for line in self.lines) != self.total_minor:
            raise ValueError("the lines do not add up to the total")

    def as_source(self) -> dict[str, Any]:
        """The mapped values as JSON types: what is hashed, compared and shown as before/after."""
        return {
            "customer": self.customer_id,
            "description": self.description,
            "document_date": self.document_date.isoformat(),
            "due_date": self.due_date.isoformat(),
            "currency": self.currency,
            "total": minor_to_text(self.total_minor, self.exponent),
            "sales_rep": self.sales_rep,
            "region": self.region,
            "po_number": self.po_number,
            "contact": self.contact_salesforce_id,
            "properties": dict(self.properties),
            "lines": [line.as_source(self.exponent) for line in self.lines],
        }


canonical_json = json_writer(sort_keys=True, ascii_only=True)
"""JSON with sorted keys, no spaces, ASCII only: the form that is hashed.

Only str, int, bool, None, dict and list may occur; a NaN raises ValueError, all else TypeError.
"""


def source_hash(canonical: str) -> str:
    """SHA-256 of a canonical JSON text, as 64 hex digits."""
    return hashlib.sha256(canonical.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class CustomerState:
    """A customer as the sync engine sees it when it matches an account."""

    customer_id: int
    number: str
    name: str
    external_id: str | None
    content: CustomerContent
    active: bool


LINKED_BY_HAND = "hand"
"""`AccountLink.how` of a link that a person made."""


@dataclass(frozen=True, slots=True)
class AccountLink:
    """An account that has found its customer. `source` is the JSON last synced from it, or None.

    `how` is created, name, external-id or merged as a sync found it, or `LINKED_BY_HAND`, which no
    sync changes.
    """

    salesforce_id: str
    customer_id: int
    how: str
    source: str | None


@dataclass(frozen=True, slots=True)
class AccountState:
    """What the ledger knows about a page of accounts; links come first.

    A customer that was merged away stands in `by_name_key` and `by_external_id` for the one that
    it was merged into: under its own name and external id, with the other's id and content.
    """

    links: Mapping[str, AccountLink]
    by_name_key: Mapping[str, tuple[CustomerState, ...]]
    by_external_id: Mapping[str, tuple[CustomerState, ...]]
    by_id: Mapping[int, CustomerState]


@dataclass(frozen=True, slots=True)
class CustomerChange:
    """Create a customer (`customer_id` None) or update one, and link the account to it.

    A second account of the same page that matches a customer created in this page names it by
    `created_by`, the Salesforce id of the account that creates it. `source` is the JSON synced
    from the account, None where only the link is made. `changes` is the JSON-able before/after of
    each changed field; empty when only the link or its source is new.
    """

    salesforce_id: str
    how: str
    source: str | None
    customer_id: int | None = None
    created_by: str | None = None
    content: CustomerContent | None = None
    changes: Mapping[str, tuple[object, object]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ContactState:
    """A contact that is in the ledger already, with the JSON last synced from Salesforce."""

    contact_id: int
    salesforce_id: str
    source: str
    customer_id: int | None = None


@dataclass(frozen=True, slots=True)
class ContactChange:
    """Create (`contact_id` None) or update a contact."""

    salesforce_id: str
    source: str
    content: ContactContent
    contact_id: int | None = None
    changes: Mapping[str, tuple[object, object]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InvoiceState:
    """The newest document of an opportunity as the sync engine sees it.

    `source` is the canonical JSON last synced into it, `source_hash` its hash. `drift` is the
    JSON of the open drift, None when there is none; `moved` says that the deal itself changed, not
    the config alone. `removed_stamp` is the opportunity's
    SystemModstamp when the document was deleted or reversed; of such a document `deal` is the
    opportunity as last read, in JSON.
    `accepted` is the JSON of the drift that a person called right as posted. A draft of which a
    person set values has its whole content in `edited`, and the names of those values in `pins`.
    """

    document_id: int
    draft: str
    number: str | None
    status: DocumentStatus
    source: str
    source_hash: str
    drift: str | None
    removed_stamp: str | None
    accepted: str | None = None
    edited: InvoiceContent | None = None
    pins: frozenset[str] = frozenset()
    deal: str | None = None
    moved: bool = False


@dataclass(frozen=True, slots=True)
class OpportunityState:
    """What the ledger knows about a page of opportunities.

    `invoices` holds, per opportunity id, the live invoice, else the latest one. `customers` maps
    the account ids of the page to customers. `ignored` maps opportunity id to the reason given.
    `known_products` holds the codes and names asked for that are in the ledger. `seen` maps the
    ids that an earlier run remembered to the fingerprint it stored, `stamps` to the
    SystemModstamp that they had then.
    """

    invoices: Mapping[str, InvoiceState]
    customers: Mapping[str, int]
    ignored: Mapping[str, str]
    known_products: frozenset[str]
    seen: Mapping[str, str]
    stamps: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DraftCreate:
    """Write a new draft for an opportunity; `predecessor_id` is the document it replaces."""

    opportunity_id: str
    content: InvoiceContent
    predecessor_id: int | None = None


@dataclass(frozen=True, slots=True)
class DraftUpdate:
    """Write new values into a draft.

    `source` is the canonical JSON of what Salesforce has, which `content` differs from where a
    person set a value. `pins` names those values; None for a draft that has none.
    """

    document_id: int
    content: InvoiceContent
    source: str
    changes: Mapping[str, tuple[object, object]]
    pins: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class DriftChange:
    """Open, replace or (with `detail` None) close the drift of a document.

    `moved` is false where the deal is as it was, and only the config sees it in another way.
    """

    document_id: int
    detail: str | None
    changes: Mapping[str, tuple[object, object]] = field(default_factory=dict)
    moved: bool = True


@dataclass(frozen=True, slots=True)
class BaselineChange:
    """New values against which a posted document's drift is measured, and why they are right."""

    document_id: int
    source: str
    reason: str


class RememberedOpportunity(NamedTuple):
    """An opportunity as last read: what pipeline and the uninvoiced list need without network."""

    salesforce_id: str
    name: str
    account_salesforce_id: str | None
    account_name: str | None
    owner_salesforce_id: str | None
    owner_name: str | None
    stage: str
    is_won: bool
    is_closed: bool
    is_deleted: bool
    amount: str | None
    currency: str
    probability: str | None
    expected_revenue: str | None
    close_date: str | None
    system_modstamp: str
    outcome: Outcome
    code: str | None
    source: str

    @property
    def fingerprint(self) -> str:
        """Changes whenever any remembered value changes; lets a page skip rows that did not."""
        values = "\x1f".join(map(str, self)).encode("utf-8", "surrogatepass")
        return hashlib.blake2b(values, digest_size=16).hexdigest()


NO_CHANGES: Mapping[str, tuple[object, object]] = MappingProxyType({})
"""Before and after of nothing."""


class RecordOutcome(NamedTuple):
    """One row of a run's history: what became of one record, and why.

    `sobject` is Account, Contact or Opportunity, `name` the record's name as Salesforce has it.
    `changes` is before/after per field.
    `document_id` is set for opportunities that have an invoice. `repeated` marks an unchanged
    record, or a skip that an earlier run recorded with the same reason: kept in a compact form.
    `system_modstamp` may be left out for an opportunity, whose stamp is remembered with it.
    """

    sobject: str
    salesforce_id: str
    name: str
    outcome: Outcome
    code: str | None = None
    message: str | None = None
    fix: str | None = None
    source_field: str | None = None
    target: str | None = None
    amount: str | None = None
    document_id: int | None = None
    changes: Mapping[str, tuple[object, object]] = NO_CHANGES
    repeated: bool = False
    system_modstamp: str | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far an object has been read.

    In an incremental pass: stamp and id of the last row of the last page. In a full pass (`full`),
    which goes by id: `salesforce_id` is the last id read and `system_modstamp` the server's time
    when the pass began, from which the next incremental pass starts. `rules` is the evaluation
    digest of the run that moved it last: what was read under other rules is decided anew.
    """

    sobject: str
    system_modstamp: str
    salesforce_id: str
    full: bool = False
    rules: str = ""


@dataclass(frozen=True, slots=True)
class PageOfChanges:
    """Everything that one page of a plan writes, in one transaction with its cursor."""

    records: tuple[RecordOutcome, ...]
    cursor: Cursor | None = None
    customers: tuple[CustomerChange, ...] = ()
    contacts: tuple[ContactChange, ...] = ()
    creates: tuple[DraftCreate, ...] = ()
    updates: tuple[DraftUpdate, ...] = ()
    drifts: tuple[DriftChange, ...] = ()
    baselines: tuple[BaselineChange, ...] = ()
    opportunities: tuple[RememberedOpportunity, ...] = ()


@dataclass(frozen=True, slots=True)
class RunStart:
    """What is known when a run begins; `whole` says that it asks for all that has changed."""

    trigger: str
    org_id: str
    org_name: str
    org_kind: str
    config_digest: str
    evaluation_digest: str
    config_text: str
    selection: str
    started_at: datetime
    whole: bool = True
