"""The chart of accounts, and the day through which the books are closed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from sfsync.errors import RefusedError
from sfsync.ledger.audit import append_event
from sfsync.ledger.journal import trial_balance_digest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sfsync.ledger.connection import Ledger


@dataclass(frozen=True, slots=True)
class LedgerAccount:
    """An account of the general ledger; type is asset, liability, equity, revenue or expense."""

    code: str
    name: str
    type: str
    active: bool = True


def list_accounts(ledger: Ledger) -> list[LedgerAccount]:
    """The chart, by code."""
    return [
        LedgerAccount(code, name, kind, bool(active))
        for code, name, kind, active in ledger.rows(
            "SELECT code, name, type, active FROM ledger_account ORDER BY code"
        )
    ]


def ensure_chart(ledger: Ledger, accounts: Iterable[LedgerAccount]) -> None:
    """Bring the chart to `accounts`, in the caller's transaction; accounts not named stay.

    Raises:
        RefusedError: an account that has entries would change its type.
    """
    ledger.require_transaction()
    known = {account.code: account for account in list_accounts(ledger)}
    for account in accounts:
        before = known.get(account.code)
        if before == account:
            continue
        if before is None:
            _insert(ledger, account)
        else:
            _update(ledger, before, account)
        append_event(
            ledger,
            "account.create" if before is None else "account.update",
            account.code,
            before=before and _values(before),
            after=_values(account),
        )


def _values(account: LedgerAccount) -> dict[str, object]:
    return {"name": account.name, "type": account.type, "active": account.active}


def _insert(ledger: Ledger, account: LedgerAccount) -> None:
    ledger.execute(
        "INSERT INTO ledger_account (code, name, type, active) VALUES (?, ?, ?, ?)",
        (account.code, account.name, account.type, account.active),
    )


def _update(ledger: Ledger, before: LedgerAccount, account: LedgerAccount) -> None:
    if unfit := _type_in_use(ledger, before, account):
        raise unfit
    ledger.execute(
        "UPDATE ledger_account SET name = ?, type = ?, active = ? WHERE code = ?",
        (account.name, account.type, account.active, account.code),
    )


def chart_refusal(ledger: Ledger, accounts: Iterable[LedgerAccount]) -> RefusedError | None:
    """Why `ensure_chart` would refuse these accounts; None where it would not."""
    known = {account.code: account for account in list_accounts(ledger)}
    found = (_type_in_use(ledger, known[one.code], one) for one in accounts if one.code in known)
    return next(filter(None, found), None)


def _type_in_use(
    ledger: Ledger, before: LedgerAccount, account: LedgerAccount
) -> RefusedError | None:
    if before.type == account.type or not ledger.row(
        "SELECT 1 FROM journal_line l JOIN ledger_account a ON a.id = l.account_id"
        " WHERE a.code = ? LIMIT 1",
        (account.code,),
    ):
        return None
    return RefusedError(
        f"Account {account.code} has entries as {before.type}; its type stays.",
        code="account-in-use",
        fix="give the new account another code in posting.chart",
    )


def closed_through(ledger: Ledger) -> date | None:
    """The last day on which nothing is posted any more; None while the books are open."""
    (day,) = ledger.row("SELECT closed_through FROM period_lock")
    return date.fromisoformat(day) if day else None


def last_closed_day(ledger: Ledger, configured: date | None) -> date | None:
    """The day through which the books are closed, by the ledger or, where later, by the config."""
    return max(filter(None, (closed_through(ledger), configured)), default=None)


def first_open_day(closed: date) -> date:
    """The day after a closed period; behind the last day of the calendar there is none."""
    return min(closed, date.max - timedelta(days=1)) + timedelta(days=1)


def require_open_day(ledger: Ledger, configured: date | None, day: date) -> None:
    """Refuse a day in a closed period.

    Raises:
        RefusedError: the ledger or the config has closed it.
    """
    closed = last_closed_day(ledger, configured)
    if closed is not None and day <= closed:
        raise RefusedError(
            f"{day} is in a closed period (through {closed}).",
            code="period-closed",
            fix=f"choose an open day: --date {first_open_day(closed)}",
        )


def require_forward(ledger: Ledger, through: date) -> None:
    """Refuse to close through a day when the books are closed beyond it.

    Raises:
        RefusedError: they are.
    """
    before = closed_through(ledger)
    if before is not None and before > through:
        raise RefusedError(
            f"The books are closed through {before}; a closed period stays closed.",
            code="period-closed",
            fix="close through a later day",
        )


def close_period(ledger: Ledger, through: date) -> None:
    """Close the books through a day, for good.

    Raises:
        RefusedError: they are closed through a later day.
    """
    with ledger.transaction():
        require_forward(ledger, through)
        before = closed_through(ledger)
        ledger.execute("UPDATE period_lock SET closed_through = ?", (through.isoformat(),))
        append_event(
            ledger,
            "period.close",
            "journal",
            before={"closed_through": before and before.isoformat()},
            after={
                "closed_through": through.isoformat(),
                "trial_balance": trial_balance_digest(ledger, through),
            },
        )
