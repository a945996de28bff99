"""`sfsync history undo`: what is asked and answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfsync.cli.posting import draft_json, row_totals, spoken_totals
from sfsync.cli.render.text import counted
from sfsync.errors import ExitCode

if TYPE_CHECKING:
    from rich.console import Console

    from sfsync.cli.context import Context
    from sfsync.ledger.undo import RunDocuments


def question(found: RunDocuments) -> str:
    """What a person says yes to."""
    parts = [f"Undo run {found.run}: delete {spoken_totals(row_totals(found.drafts))}"]
    if found.by_hand:
        parts.append(f"{found.by_hand} of them edited, reviewed or held by a person")
    if found.posted:
        left = counted(len(found.posted), "posted invoice stays", "posted invoices stay")
        parts.append(f"{left} for you to reverse")
    return "; ".join(parts) + "?"


def answer(context: Context, found: RunDocuments, reason: str) -> None:
    """What was deleted, and what of the run is still there; exit 3 when something is."""
    result = _as_json(found, reason)
    context.emit(
        "history_undo",
        result,
        status=ExitCode.PARTIAL if found.posted else ExitCode.DONE,
        screen=lambda console: _draw(console, result),
        action=True,
    )


def _as_json(found: RunDocuments, reason: str) -> dict[str, Any]:
    return {
        "run": found.run,
        "reason": reason,
        "deleted": [draft_json(row) for row in found.drafts],
        "totals": row_totals(found.drafts),
        "posted": [
            {"number": row.name, "fix": f'sfsync invoice reverse {row.name} --reason "…"'}
            for row in found.posted
        ],
        "gone_before": list(found.gone),
        "updated": list(found.updated),
    }


def _draw(console: Console, result: dict[str, Any]) -> None:
    from sfsync.cli.render.screen import line, mark  # noqa: PLC0415 - start-up time

    if result["deleted"]:
        said = f"Undid run {result['run']}: deleted {spoken_totals(result['totals'])}"
        line(console, f"{mark('ok')} {said}")
    else:
        line(console, f"Run {result['run']} has no draft left; nothing was changed.")
    for one in result["posted"]:
        line(console, f"{mark('warning')} {one['number']} is posted and stays")
        line(console, f"    fix: {one['fix']}")
    if result["updated"]:
        names = ", ".join(result["updated"])
        line(console, f"Drafts of earlier runs keep what this run wrote: {names}")
