"""Small ledgers for tests, filled through the room's own door."""

from __future__ import annotations

import sqlite3
import struct
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from sfsync.ledger import open_ledger
from sfsync.ledger.apply import apply
from sfsync.ledger.chart import LedgerAccount
from sfsync.ledger.history import finish_run, start_run
from sfsync.ledger.model import (
    Cursor,
    CustomerChange,
    CustomerContent,
    DraftCreate,
    InvoiceContent,
    LineContent,
    Outcome,
    PageOfChanges,
    ProductKey,
    RecordOutcome,
    RememberedOpportunity,
    RunOutcome,
    RunStart,
)
from sfsync.ledger.posting_rules import PostingRules, Seller

if TYPE_CHECKING:
    from pathlib import Path

    from sfsync.ledger import Ledger

_JOURNAL, _SECTOR = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", 512
ORG = "00D000000000001AAA"
NOW = datetime(2026, 11, 22, 8, 31, 7, tzinfo=UTC)
TODAY = date(2026, 11, 22)
RULES = PostingRules(
    numbering="INV-{year}-{seq:05}",
    credit_numbering="CN-{year}-{seq:05}",
    receivable="1200",
    revenue="4000",
    revenue_by_product={"Implementation": "4100"},
    chart=(
        LedgerAccount("1200", "Accounts receivable", "asset"),
        LedgerAccount("4000", "Revenue", "revenue"),
        LedgerAccount("4100", "Services", "revenue"),
    ),
    seller=Seller(name="Acme Ltd", address="1 Road", tax_id="GB1"),
)


def opportunity_id(number: int) -> str:
    """The id of the n-th deal of a test."""
    return f"006{number:012d}AAA"


def account_id(number: int) -> str:
    """The id of the n-th account of a test."""
    return f"001{number:012d}AAA"


def new_ledger(path: Path) -> Ledger:
    """An empty ledger, bound to `ORG`, with a clock that stands still."""
    ledger = open_ledger(path, actor="dana@test", clock=lambda: NOW)
    ledger.bind_org(ORG, "Acme", "production", "https://acme.my.salesforce.com")
    return ledger


def write_hot_journal(path: Path, *, created: bool = False) -> None:
    """Leave the ledger as a process does that is killed before the file writes ahead.

    Whoever can write takes back what it had written; with `created` that is the whole file.
    """
    with closing(sqlite3.connect(path)) as ledger:
        assert ledger.execute("PRAGMA journal_mode = DELETE").fetchone() == ("delete",)
        (pages,) = ledger.execute("PRAGMA page_count").fetchone()
        (page_size,) = ledger.execute("PRAGMA page_size").fetchone()
    header = struct.pack(">8s5I", _JOURNAL, 0, 0, 0 if created else pages, _SECTOR, page_size)
    path.with_name(f"{path.name}-journal").write_bytes(header.ljust(_SECTOR, b"\0"))


def begin(ledger: Ledger) -> int:
    """Start a run."""
    return start_run(
        ledger,
        RunStart(
            trigger="manual",
            org_id=ORG,
            org_name="Acme",
            org_kind="production",
            config_digest="d",
            evaluation_digest="e",
            config_text="version: 1",
            selection="",
            started_at=NOW,
        ),
    )


def line(
    amount: int, product: str | None = "License", properties: dict[str, str] | None = None
) -> LineContent:
    """One line of one piece."""
    return LineContent(
        product=ProductKey(product) if product else None,
        description="A line",
        quantity=Decimal(1),
        unit_price=Decimal(amount) / 100,
        discount=None,
        amount_minor=amount,
        properties=properties or {},
    )


def content(
    *lines: LineContent, customer: int = 1, day: date = date(2026, 10, 30), region: str = "EMEA"
) -> InvoiceContent:
    """An invoice of these lines, 100.00 USD when there are none."""
    body = lines or (line(10_000),)
    return InvoiceContent(
        customer_id=customer,
        description="A deal",
        document_date=day,
        due_date=date(2026, 11, 29),
        currency="USD",
        exponent=2,
        total_minor=sum(one.amount_minor for one in body),
        lines=body,
        sales_rep="Dana",
        region=region,
        properties={"cost_center": "CC1"},
    )


def create(number: int, body: InvoiceContent | None = None) -> DraftCreate:
    """A new draft for the n-th deal."""
    mapped = body or content()
    return DraftCreate(opportunity_id(number), mapped)


def remembered(number: int, stamp: str = "2026-11-01T00:00:00.000+0000") -> RememberedOpportunity:
    """The n-th deal as last read."""
    return RememberedOpportunity(
        salesforce_id=opportunity_id(number),
        name=f"Deal {number}",
        account_salesforce_id=account_id(1),
        account_name="Globex",
        owner_salesforce_id=None,
        owner_name="Dana",
        stage="Closed Won",
        is_won=True,
        is_closed=True,
        is_deleted=False,
        amount="100.00",
        currency="USD",
        probability="100",
        expected_revenue="100.00",
        close_date="2026-10-30",
        system_modstamp=stamp,
        outcome=Outcome.CREATED,
        code=None,
        source="{}",
    )


def outcome(
    number: int, kind: Outcome = Outcome.CREATED, code: str | None = None, *, repeated: bool = False
) -> RecordOutcome:
    """What became of the n-th deal."""
    return RecordOutcome(
        "Opportunity", opportunity_id(number), f"Deal {number}", kind, code, repeated=repeated
    )


def customer_change(number: int, name: str = "Globex, Inc.") -> CustomerChange:
    """A customer created from the n-th account."""
    return CustomerChange(account_id(number), "created", "{}", content=CustomerContent(name))


def fill(ledger: Ledger, drafts: int, body: InvoiceContent | None = None) -> list[str]:
    """One finished run with one customer and so many drafts; the draft ids."""
    run_id = begin(ledger)
    numbers = range(1, drafts + 1)
    with ledger.transaction():
        apply(
            ledger,
            run_id,
            PageOfChanges(
                records=(
                    RecordOutcome("Account", account_id(1), "Globex", Outcome.CREATED),
                    *(outcome(number) for number in numbers),
                ),
                cursor=Cursor("Opportunity", "2026-11-01T00:00:00.000+0000", opportunity_id(1)),
                customers=(customer_change(1),),
                creates=tuple(create(number, body) for number in numbers),
                opportunities=tuple(remembered(number) for number in numbers),
            ),
        )
    finish_run(ledger, run_id, RunOutcome.OK, api_calls=3, finished_at=NOW)
    return [f"D-{number:06d}" for number in numbers]
