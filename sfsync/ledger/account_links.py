"""Salesforce accounts linked to customers by hand: a person's word stands before any match."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfsync.errors import NotFoundError, RefusedError
from sfsync.ledger.audit import append_event
from sfsync.ledger.customer_edit import refuse_merged
from sfsync.ledger.customers import show_customer
from sfsync.ledger.model import LINKED_BY_HAND
from sfsync.ledger.rechecks import recheck_of_accounts

if TYPE_CHECKING:
    from sfsync.ledger.connection import Ledger


@dataclass(frozen=True, slots=True)
class LinkChange:
    """An account's link before and after: customer numbers, None where there was or is none.

    `invoices` counts the account's deals with a live draft or invoice, which the next sync looks
    at again.
    """

    account: str
    before: str | None
    after: str | None
    invoices: int


def link_account(ledger: Ledger, reference: str, account_id: str) -> LinkChange:
    """Link an account to a customer, whichever one it had; syncs leave the link alone.

    The account's contacts go along; the drafts of its deals follow at the next sync.

    Args:
        ledger: the ledger.
        reference: the customer, as `show_customer` finds it.
        account_id: 18 characters.

    Raises:
        NotFoundError: there is no such customer.
        RefusedError: it was merged away, or the ledger is not bound to an org yet.
    """
    if ledger.identity.org_id is None:
        raise RefusedError(
            "This ledger does not know its org yet, so it cannot tell whose account that is.",
            code="ledger-unbound",
            fix="sfsync sync --now --only accounts, then link",
        )
    with ledger.transaction():
        customer = show_customer(ledger, reference)
        refuse_merged(customer)
        before = _linked(ledger, account_id)
        # What was last synced of the account stays known, so that only later changes are written.
        ledger.execute(
            "INSERT INTO account_link (salesforce_id, org_id, customer_id, how, source)"
            " VALUES (?, (SELECT org_id FROM ledger), ?, ?, NULL)"
            " ON CONFLICT (salesforce_id) DO UPDATE SET customer_id = excluded.customer_id,"
            " how = excluded.how",
            (account_id, customer.customer_id, LINKED_BY_HAND),
        )
        ledger.execute(
            "UPDATE contact SET customer_id = ? WHERE json_extract(source, '$.customer') = ?",
            (customer.customer_id, account_id),
        )
        invoices = recheck_of_accounts(ledger, [account_id])
        change = LinkChange(account_id, before, customer.number, invoices)
        _audit(ledger, "customer.link", customer.number, change)
    return change


def unlink_account(ledger: Ledger, account_id: str) -> LinkChange:
    """Take an account's link away: the next sync matches it anew.

    Raises:
        NotFoundError: the account is linked to no customer.
    """
    with ledger.transaction():
        before = _linked(ledger, account_id)
        if before is None:
            raise NotFoundError(
                f"The account {account_id} is linked to no customer.",
                code="link-not-found",
                fix="sfsync customer list --fields number,name,accounts",
            )
        ledger.execute("DELETE FROM account_link WHERE salesforce_id = ?", (account_id,))
        invoices = recheck_of_accounts(ledger, [account_id])
        change = LinkChange(account_id, before, None, invoices)
        _audit(ledger, "customer.unlink", before, change)
    return change


def _linked(ledger: Ledger, account_id: str) -> str | None:
    row = ledger.row(
        "SELECT c.number FROM account_link l JOIN customer c ON c.id = l.customer_id"
        " WHERE l.salesforce_id = ?",
        (account_id,),
    )
    return None if row is None else str(row[0])


def _audit(ledger: Ledger, action: str, entity: str, change: LinkChange) -> None:
    append_event(
        ledger,
        action,
        entity,
        before={"account": change.account, "customer": change.before},
        after={"account": change.account, "customer": change.after},
    )
