"""Deals to decide again although they did not change in Salesforce.

A person linked their account to another customer, ignored them, or brought them back; or a line, an
owner or an account of theirs changed. The next run reads them once more, whatever its cursor says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.ledger.many import ids_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.model import RecordOutcome


def opportunities_to_recheck(ledger: Ledger) -> tuple[str, ...]:
    """The 18-character ids of the deals that the next run has to decide again, in order."""
    return tuple(
        salesforce_id
        for (salesforce_id,) in ledger.rows(
            "SELECT salesforce_id FROM opportunity_recheck ORDER BY salesforce_id"
        )
    )


def recheck_opportunities(ledger: Ledger, salesforce_ids: Iterable[str]) -> None:
    """Have deals decided again, inside the transaction of what was changed for them."""
    ledger.execute(
        "INSERT INTO opportunity_recheck (salesforce_id)"
        " SELECT value FROM json_each(?) WHERE true ON CONFLICT DO NOTHING",
        (ids_json(salesforce_ids),),
    )


def recheck_known(ledger: Ledger, salesforce_ids: Iterable[str]) -> None:
    """Have those of these deals decided again that were read and are not deleted.

    A deal that was never read needs no second look, nor do ids that an org made up.
    """
    ledger.execute(
        "INSERT INTO opportunity_recheck (salesforce_id)"
        " SELECT salesforce_id FROM opportunity WHERE is_deleted = 0"
        " AND salesforce_id IN (SELECT value FROM json_each(?)) ON CONFLICT DO NOTHING",
        (ids_json(salesforce_ids),),
    )


def recheck_unmatched(ledger: Ledger) -> None:
    """Have the deals decided again that no customer was found for: there may be one now."""
    ledger.execute(
        "INSERT INTO opportunity_recheck (salesforce_id)"
        " SELECT salesforce_id FROM failure"
        " WHERE sobject = 'Opportunity' AND code = 'customer-not-found' ON CONFLICT DO NOTHING"
    )


def recheck_of_accounts(ledger: Ledger, account_ids: Iterable[str]) -> int:
    """Have the deals of accounts decided again, and those that no customer was found for.

    Returns:
        How many of the accounts' deals have a live draft or posted invoice.
    """
    accounts = ids_json(account_ids)
    deals = [
        salesforce_id
        for (salesforce_id,) in ledger.rows(
            "SELECT salesforce_id FROM opportunity"
            " WHERE account_salesforce_id IN (SELECT value FROM json_each(?))",
            (accounts,),
        )
    ]
    recheck_opportunities(ledger, deals)
    recheck_unmatched(ledger)
    (live,) = ledger.row(
        "SELECT count(*) FROM document WHERE kind = 'invoice' AND status IN ('draft', 'posted')"
        " AND opportunity_id IN (SELECT value FROM json_each(?))",
        (ids_json(deals),),
    )
    return int(live)


def clear_rechecks(ledger: Ledger, records: Sequence[RecordOutcome]) -> None:
    """Take away the deals of a page, which have just been decided."""
    if ledger.row("SELECT 1 FROM opportunity_recheck LIMIT 1") is None:
        return
    decided = ids_json(one.salesforce_id for one in records if one.sobject == "Opportunity")
    ledger.execute(
        "DELETE FROM opportunity_recheck WHERE salesforce_id IN (SELECT value FROM json_each(?))",
        (decided,),
    )
