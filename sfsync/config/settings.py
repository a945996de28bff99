"""What mappings.yaml means once it has been read: frozen, typed, checked.

Nothing here knows YAML. `sfsync.config.load` builds these; every other room only reads them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from sfsync.config.terms import InvalidTermsError, parse_terms

if TYPE_CHECKING:
    from datetime import date, datetime, time, timedelta
    from decimal import Decimal
    from pathlib import Path
    from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Place:
    """Where a setting stands: file name as the person gave it, line and column from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Transform:
    """One step applied to a mapped value, e.g. ``Transform("prefix", "X-")``.

    `argument` is None (trim, upper, lower, title, digits_only, negate), an int (round, add_days),
    a str (split_first, date, prefix, suffix), a dict of str to str (map) or a pair (replace).
    """

    name: str
    argument: object = None


@dataclass(frozen=True, slots=True)
class FieldMapping:
    """How one target of an invoice, line, customer or contact gets its value.

    Exactly one of `source` (a field path such as ``Owner.Name``) and `template` (text such as
    ``"{Name} – {Account.Name}"``) is set. `default` applies when the source is empty; it may be a
    template as well (then `default_is_template`). `paths` lists every field path that is read, and
    `path_places` says where each of them stands in the file.
    """

    target: str
    source: str | None
    template: str | None
    default: str | None
    default_is_template: bool
    required: bool
    transforms: tuple[Transform, ...]
    match_on: str | None
    create: bool
    paths: tuple[str, ...]
    place: Place
    path_places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordMapping:
    """The mappings of one kind of record: its own targets, and custom properties by name."""

    targets: dict[str, FieldMapping]
    properties: dict[str, FieldMapping]

    def all(self) -> tuple[FieldMapping, ...]:
        """Every mapping, targets first, in the order of the file."""
        return (*self.targets.values(), *self.properties.values())


class ConnectionType(StrEnum):
    """What stands behind a connection."""

    SALESFORCE = "salesforce"
    DEMO = "demo"


class AuthKind(StrEnum):
    """How to sign in."""

    WEB = "web"
    JWT = "jwt"
    CLIENT_CREDENTIALS = "client-credentials"


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """`connection`: which org, and how to sign in. Holds no secret."""

    name: str
    type: ConnectionType
    login_url: str
    auth: AuthKind
    client_id: str | None
    username: str | None
    key_file: Path | None
    expect_org: str | None
    api_version: str

    @property
    def is_demo(self) -> bool:
        """Whether it leads to the embedded demo org, which needs no sign-in."""
        return self.type is ConnectionType.DEMO


@dataclass(frozen=True, slots=True)
class LedgerSettings:
    """`ledger`: the file, the currency of a single-currency org, the fiscal year's first month."""

    path: Path | None
    currency: str
    fiscal_year_start: int


@dataclass(frozen=True, slots=True)
class MinimumAmount:
    """`min_amount`: in the deal's own currency when `currency` is None, else converted."""

    amount: Decimal
    currency: str | None


@dataclass(frozen=True, slots=True)
class CloseDateFilter:
    """`close_date`: inclusive bounds, or a moving window of the last days."""

    first: date | None
    last: date | None
    last_days: int | None


@dataclass(frozen=True, slots=True)
class Filters:
    """`opportunities.filters`: which opportunities become invoices. No stages means IsWon."""

    stages: tuple[str, ...]
    min_amount: MinimumAmount | None
    close_date: CloseDateFilter
    where: str | None


@dataclass(frozen=True, slots=True)
class OpportunitySettings:
    """`opportunities`."""

    sync: bool
    filters: Filters
    mapping: RecordMapping


class WhenNoLines(StrEnum):
    """What a deal without line items becomes."""

    SINGLE_LINE = "single_line"
    SKIP = "skip"
    FAIL = "fail"


class OnTotalMismatch(StrEnum):
    """What lines that do not add up to the total lead to."""

    FAIL = "fail"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class LineItemSettings:
    """`line_items`: `object` is the child object, `opportunity_field` its lookup to the deal.

    `single_line` holds the mappings (``product`` so far) of the one line of a deal without lines;
    their paths are read from the opportunity.
    """

    sync: bool
    object: str
    opportunity_field: str
    when_none: WhenNoLines
    on_total_mismatch: OnTotalMismatch
    mapping: RecordMapping
    single_line: RecordMapping


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """`accounts`."""

    sync: bool
    mapping: RecordMapping


@dataclass(frozen=True, slots=True)
class ContactSettings:
    """`contacts`."""

    sync: bool
    mapping: RecordMapping


class MatchBy(StrEnum):
    """How an account finds its customer."""

    NAME = "name"
    EXTERNAL_ID = "external_id"
    CREATE_NEW = "create_new"


class IfBlank(StrEnum):
    """What to do when the external id is empty in Salesforce."""

    NAME = "name"
    CREATE_NEW = "create_new"
    FAIL = "fail"


class IfAmbiguous(StrEnum):
    """What to do when several customers match."""

    FAIL = "fail"
    OLDEST = "oldest"


@dataclass(frozen=True, slots=True)
class DuplicateSettings:
    """`duplicates`. With `create` false an account without a match is customer-not-found.

    `name_ignores` is a subset of case, punctuation, legal_suffix.
    """

    match_by: MatchBy
    external_id: str | None
    if_blank: IfBlank
    name_ignores: frozenset[str]
    if_ambiguous: IfAmbiguous
    create: bool


class Frequency(StrEnum):
    """How often a scheduler's tick becomes a run."""

    REALTIME = "realtime"
    HOURLY = "hourly"
    DAILY = "daily"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class ScheduleSettings:
    """`schedule`. `days` holds weekdays, Monday 0; empty means every day."""

    frequency: Frequency
    at: time | None
    days: tuple[int, ...]
    time_zone: ZoneInfo
    poll_every: timedelta
    overdue_after: timedelta | None

    def day_of(self, moment: datetime) -> date:
        """The day that an aware moment falls on in this time zone."""
        return moment.astimezone(self.time_zone).date()


@dataclass(frozen=True, slots=True)
class AutoPost:
    """`posting.auto_post` when it is on: guard rails, None where there is none.

    `max_amount` is in each invoice's own currency; `max_amounts` is by currency, and then one that
    it does not name is not posted by itself.
    """

    after_reviewed: int | None
    max_amount: Decimal | None
    known_customers_only: bool
    max_per_run: int
    max_amounts: dict[str, Decimal] | None = None
    no_warnings: bool = False


@dataclass(frozen=True, slots=True)
class ChartAccount:
    """One account of `posting.chart`; type is asset, liability, equity, revenue or expense."""

    code: str
    name: str
    type: str
    active: bool = True


def _gives(terms: str, dated: date, due: date) -> bool:
    try:
        return parse_terms(terms).due_date(dated) == due
    except (InvalidTermsError, OverflowError):
        return False


@dataclass(frozen=True, slots=True)
class PostingSettings:
    """`posting`. `numbering` holds ``{year}`` and ``{seq:05}``; `terms` is text such as Net 30.

    `revenue_by_property` maps the values of a custom property to accounts.
    """

    auto_post: AutoPost | None
    numbering: str
    first_number: int
    credit_numbering: str
    terms: str
    require_review: bool
    receivable: str
    cash: str
    revenue: str
    revenue_by_product: dict[str, str]
    revenue_by_property: dict[str, dict[str, str]]
    chart: tuple[ChartAccount, ...]
    closed_through: date | None

    def agreed_terms(self, own: str | None, dated: date, due: date) -> str | None:
        """The customer's `own` terms or the usual ones, if they give `due`; else none is true."""
        found = (each for each in (own, self.terms) if each and _gives(each, dated, due))
        return next(found, None)


@dataclass(frozen=True, slots=True)
class SellerSettings:
    """`seller`: who issues the invoices; missing parts are warnings, not errors."""

    name: str | None
    address: str | None
    tax_id: str | None
    logo: Path | None
    email: str | None


@dataclass(frozen=True, slots=True)
class SavedReport:
    """One entry of `reports`: a SELECT over the ledger, and where it stands."""

    sql: str
    place: Place


@dataclass(frozen=True, slots=True)
class NotifySettings:
    """`notify`: an argv list that gets the run's summary as JSON on stdin."""

    command: tuple[str, ...]
    on: frozenset[str]


@dataclass(frozen=True, slots=True)
class Settings:
    """One whole config. `digest` is the SHA-256 of the mapping's meaning, comments excluded.

    `evaluation_digest` covers only what decides the outcome of a record (filters, mappings, line
    items, accounts, contacts, duplicates, currency, terms): when it changes, records need to be
    decided again.
    """

    file: str
    connection: ConnectionSettings
    ledger: LedgerSettings
    opportunities: OpportunitySettings
    line_items: LineItemSettings
    accounts: AccountSettings
    contacts: ContactSettings
    duplicates: DuplicateSettings
    schedule: ScheduleSettings
    posting: PostingSettings
    seller: SellerSettings
    reports: dict[str, SavedReport]
    notify: NotifySettings | None
    credential: tuple[str, ...] | None
    digest: str
    evaluation_digest: str
    text: str = field(repr=False, default="")
