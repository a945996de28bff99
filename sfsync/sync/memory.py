"""What is remembered of every deal that is read, so that much can be told without the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.ledger.canonical import json_writer
from sfsync.ledger.model import Outcome, RememberedOpportunity
from sfsync.sync.mapping import as_text, getter

if TYPE_CHECKING:
    from sfsync.ledger.model import RecordOutcome
    from sfsync.sync.mapping import Record

_account_name = getter("Account.Name")
_owner_name = getter("Owner.Name")

as_read = json_writer(sort_keys=True, ascii_only=False, default=as_text)
"""The record as JSON; sorted, because the two transports write its fields in different orders."""


def account_name(record: Record) -> str | None:
    """The name of the deal's account, None where it has none."""
    return as_text(_account_name(record)) or None


def memory_of(record: Record, outcome: RecordOutcome, currency: str) -> RememberedOpportunity:
    """What is remembered of a deal with this outcome, in its own currency or the ledger's."""
    lasting, code = _lasting(outcome)
    return RememberedOpportunity(
        salesforce_id=record["Id"],
        name=outcome.name,
        account_salesforce_id=_text(record, "AccountId"),
        account_name=account_name(record),
        owner_salesforce_id=_text(record, "OwnerId"),
        owner_name=as_text(_owner_name(record)) or None,
        stage=as_text(record.get("StageName")),
        is_won=bool(record.get("IsWon")),
        is_closed=bool(record.get("IsClosed")),
        is_deleted=bool(record.get("IsDeleted")),
        amount=outcome.amount,
        currency=currency,
        probability=_text(record, "Probability"),
        expected_revenue=_text(record, "ExpectedRevenue"),
        close_date=_text(record, "CloseDate"),
        system_modstamp=as_text(record.get("SystemModstamp")),
        outcome=lasting,
        code=code,
        source=as_read(record),
    )


def _lasting(outcome: RecordOutcome) -> tuple[Outcome, str | None]:
    """Outcome and code as they are remembered: what was created or updated is unchanged next time.

    What was said of it is in the history of that run only, or the next run would write a row.
    """
    if outcome.outcome in {Outcome.CREATED, Outcome.UPDATED}:
        return Outcome.UNCHANGED, None
    return outcome.outcome, outcome.code


def _text(record: Record, name: str) -> str | None:
    return as_text(record.get(name)) or None
