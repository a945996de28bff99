"""Deals that get no invoice here, because a person said so: ignored, and brought back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.errors import RefusedError
from sfsync.ledger.audit import AuditEntry, append_events, require_reason
from sfsync.ledger.many import ids_json
from sfsync.ledger.opportunities import find_opportunity
from sfsync.ledger.rechecks import recheck_opportunities

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfsync.ledger.connection import Ledger


def ignore_opportunities(ledger: Ledger, references: Sequence[str], reason: str) -> list[str]:
    """Ignore deals, all of them or none; a second time replaces the reason.

    Args:
        ledger: the ledger.
        references: as `find_opportunity` takes them.
        reason: why; kept with each deal and in the audit trail.

    Returns:
        The 18-character ids.

    Raises:
        NotFoundError: a deal that no run has read.
        RefusedError: a deal has a live draft or posted invoice here.
        UsageError: no reason.
    """
    require_reason(reason)
    with ledger.transaction():
        ids = _found(ledger, references)
        _refuse_invoiced(ledger, ids)
        before = _reasons(ledger, ids)
        now = ledger.now()
        ledger.execute_many(
            "INSERT INTO opportunity_ignored (salesforce_id, reason, at, actor)"
            " VALUES (?, ?, ?, ?) ON CONFLICT (salesforce_id) DO UPDATE SET"
            " reason = excluded.reason, at = excluded.at, actor = excluded.actor",
            [(one, reason, now, ledger.actor) for one in ids],
        )
        ledger.execute(
            "DELETE FROM failure WHERE sobject = 'Opportunity'"
            " AND salesforce_id IN (SELECT value FROM json_each(?))",
            (ids_json(ids),),
        )
        recheck_opportunities(ledger, ids)
        append_events(
            ledger,
            (AuditEntry("opportunity.ignore", one, _state(before.get(one)), _state(reason), reason)
             for one in ids),
        )  # fmt: skip
    return ids


def unignore_opportunities(ledger: Ledger, references: Sequence[str]) -> list[str]:
    """Bring ignored deals back, all of them or none: the next sync decides them again.

    Returns:
        The 18-character ids.

    Raises:
        NotFoundError: a deal that no run has read.
        RefusedError: a deal is not ignored.
    """
    with ledger.transaction():
        ids = _found(ledger, references)
        before = _reasons(ledger, ids)
        missing = [one for one in ids if one not in before]
        if missing:
            verb = "is" if len(missing) == 1 else "are"
            raise RefusedError(
                f"{', '.join(missing[:5])} {verb} not ignored.",
                code="not-ignored",
                fix="sfsync opportunity list --ignored",
            )
        ledger.execute(
            "DELETE FROM opportunity_ignored"
            " WHERE salesforce_id IN (SELECT value FROM json_each(?))",
            (ids_json(ids),),
        )
        recheck_opportunities(ledger, ids)
        append_events(
            ledger,
            (AuditEntry("opportunity.unignore", one, _state(before[one]), _state(None))
             for one in ids),
        )  # fmt: skip
    return ids


def _found(ledger: Ledger, references: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(find_opportunity(ledger, one) for one in references))


def _reasons(ledger: Ledger, ids: Sequence[str]) -> dict[str, str]:
    return dict(
        ledger.rows(
            "SELECT salesforce_id, reason FROM opportunity_ignored"
            " WHERE salesforce_id IN (SELECT value FROM json_each(?))",
            (ids_json(ids),),
        )
    )


def _state(reason: str | None) -> dict[str, object]:
    return {"ignored": reason is not None, "reason": reason}


def _refuse_invoiced(ledger: Ledger, ids: Sequence[str]) -> None:
    row = ledger.row(
        "SELECT opportunity_id, coalesce(number, draft), status FROM document"
        " WHERE kind = 'invoice' AND status IN ('draft', 'posted')"
        " AND opportunity_id IN (SELECT value FROM json_each(?)) ORDER BY id LIMIT 1",
        (ids_json(ids),),
    )
    if row is None:
        return
    opportunity_id, name, status = row
    verb = "delete" if status == "draft" else "reverse"
    raise RefusedError(
        f"{opportunity_id} has the {status} invoice {name}; nothing was ignored.",
        code="opportunity-invoiced",
        fix=f"sfsync invoice {verb} {name} --reason …, then ignore it",
    )
