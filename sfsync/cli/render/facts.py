"""What a file says of itself, and the event in the audit trail that says it was made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfsync.errors import LedgerError, LockedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfsync.cli.context import Context
    from sfsync.ledger.connection import Ledger


@dataclass(frozen=True, slots=True)
class Facts:
    """Label and text of each fact, and the time of the data, which the file takes as its own."""

    shown: tuple[tuple[str, str], ...] = ()
    created: datetime | None = None


def facts_of(context: Context) -> Facts:
    """What can be said of an answer that came from the ledger; nothing when it did not."""
    if not context.used_ledger:
        return Facts()
    if context.snapshot is not None:
        return facts_of_ledger(context.snapshot, typed=context.typed)
    with context.read_ledger() as ledger:
        return facts_of_ledger(ledger, typed=context.typed)


def facts_of_ledger(ledger: Ledger, chosen: str = "", typed: str = "") -> Facts:
    """The same of an open ledger; `chosen` or `typed` say which records were asked for."""
    from sfsync.ledger.exported import ledger_state  # noqa: PLC0415 - start-up time

    state = ledger_state(ledger)
    run = "none" if state.run is None else f"#{state.run}, {state.run_at}"
    said = [
        ("Filter", chosen),
        ("Command", typed),
        ("Org", state.org or ""),
        ("Last run", run),
        ("Data of", state.at),
        ("Audit head", state.head),
    ]
    shown = tuple((label, text) for label, text in said if text)
    return Facts(shown, datetime.fromisoformat(state.at))


def record_export(context: Context, what: str, result: Mapping[str, Any]) -> None:
    """Tell the audit trail of a complete file; a ledger that cannot be written is no failure."""
    from sfsync.ledger.exported import record_export as record  # noqa: PLC0415 - start-up time

    name = Path(result["path"]).name
    after = {"file": name, **{key: value for key, value in result.items() if key != "path"}}
    try:
        with context.open_ledger() as ledger:
            record(ledger, what, name, after)
    except (LedgerError, LockedError) as trouble:
        context.warn(f"the audit trail does not tell of {name}: {trouble.message}")
