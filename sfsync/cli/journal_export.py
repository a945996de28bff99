"""`sfsync journal export`: entries as the text of another program, kept in the audit trail."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sfsync.cli.journal_screens import filter_of
from sfsync.cli.render.text import counted

if TYPE_CHECKING:
    from pathlib import Path

    from sfsync.cli.context import Context
    from sfsync.cli.journal_screens import Typed
    from sfsync.ledger.connection import Ledger


class JournalFormat(StrEnum):
    """What `journal export --format` takes."""

    BEANCOUNT = "beancount"
    HLEDGER = "hledger"
    CSV = "csv"


def exported(
    ledger: Ledger, wanted: JournalFormat, typed: Typed, output: Path | None, *, force: bool
) -> tuple[str, dict[str, Any]]:
    """Render entries, write them to `output` if given, and keep the export in the audit trail.

    Raises:
        UsageError: the ending of `output` tells another format.
    """
    from sfsync.cli.render.answer import require_ending  # noqa: PLC0415 - start-up time
    from sfsync.cli.render.files import write_new_file  # noqa: PLC0415 - as above
    from sfsync.exports.journal_text import WRITERS  # noqa: PLC0415 - as above
    from sfsync.ledger.exported import ledger_state, record_export  # noqa: PLC0415 - as above
    from sfsync.ledger.journal import list_entries  # noqa: PLC0415 - as above

    if output is not None:
        require_ending(output, wanted.value)
    with ledger.snapshot():
        # The head is that of the very entries, whoever posts meanwhile.
        entries = list(list_entries(ledger, filter_of(ledger, typed)))
        head = ledger_state(ledger).head
    count = counted(len(entries), "entry", "entries")
    org = ledger.identity.org_name
    whose = f"Journal of {org}" if org else "Journal"
    notes = [f"{whose}, by sfsync", count, f"audit head {head}"]
    content = WRITERS[wanted.value](entries, notes)
    payload = content.encode()
    if output is not None:
        write_new_file(output, payload, force=force)
    result = {
        "path": str(output) if output else None,
        "format": wanted.value,
        "entries": len(entries),
        "sha256": hashlib.sha256(payload).hexdigest(),
        "head": head,
    }
    after = {key: result[key] for key in ("format", "entries", "sha256")}
    name = output.name if output else "stdout"
    record_export(ledger, "journal", name, {**after, "filter": typed.as_json()})
    return content, result


def answer_export(context: Context, content: str, result: dict[str, Any]) -> None:
    """Say where the file is, or write the text itself; under --json it is part of the document."""
    if result["path"] is None:
        context.emit("journal_export", {**result, "text": content}, text=content)
        return
    context.note(f"Wrote {result['path']} ({counted(result['entries'], 'entry', 'entries')})")
    context.emit("journal_export", {**result, "text": None}, text="")
