"""What an export says of the ledger it came from, and the event that tells of the export."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfsync.ledger.audit import append_event

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfsync.ledger.connection import Ledger


@dataclass(frozen=True, slots=True)
class LedgerState:
    """What the ledger held: its org, its last run, the newest event that changed something.

    `head` is that event as ``SEQ:HASH`` (`0:` before the first), `at` its time. Exports are events
    too, but change nothing: the state, and so a file that carries it, is the same after one.
    """

    org: str | None
    run: int | None
    run_at: str | None
    head: str
    at: str


def ledger_state(ledger: Ledger) -> LedgerState:
    """The state of the ledger now."""
    identity = ledger.identity
    last = ledger.row(
        "SELECT id, coalesce(finished_at, started_at) FROM run ORDER BY id DESC LIMIT 1"
    )
    event = ledger.row(
        "SELECT seq || ':' || hash, at FROM audit_event WHERE action NOT GLOB 'export.*'"
        " ORDER BY seq DESC LIMIT 1"
    )
    run, run_at = last or (None, None)
    head, at = event or ("0:", identity.created_at)
    org = identity.org_name and f"{identity.org_name} ({identity.org_kind})"
    return LedgerState(org, run, run_at, head, at)


def record_export(ledger: Ledger, what: str, file_name: str, after: Mapping[str, Any]) -> None:
    """Write the event of an export that is complete: the file's name, and what is told of it."""
    with ledger.transaction():
        append_event(ledger, f"export.{what}", file_name, after=dict(after))
