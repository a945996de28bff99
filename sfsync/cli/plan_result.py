"""What `sync plan` answers: the summary of a run that is not, and every change it would make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfsync.cli.render.text import with_thousands
from sfsync.cli.run_result import draw_summary, plan_changes, sync_result
from sfsync.errors import ExitCode
from sfsync.ledger import history
from sfsync.ledger.model import RunOutcome

if TYPE_CHECKING:
    from rich.console import Console

    from sfsync.cli.context import Context
    from sfsync.ledger import Ledger

_SIGNS = {"created": "+", "updated": "~", "skipped": "-", "drifted": "!"}
_WRITES = frozenset({"created", "updated", "drifted"})
_NOUNS = {"Opportunity": "", "Account": "customer ", "Contact": "contact "}


def answer_plan(context: Context, ledger: Ledger, run_id: int, *, exit_code: bool) -> None:
    """Answer a plan: with `exit_code`, 10 says that the sync would write something."""
    detail = history.show_run(ledger, run_id)
    changes = plan_changes(detail, ledger)
    result = {**sync_result(detail, planned=True), "changes": changes}
    pending = any(change["outcome"] in _WRITES for change in changes)
    partial = detail.summary.outcome is RunOutcome.PARTIAL
    status = ExitCode.PARTIAL if partial else ExitCode.DONE
    if exit_code:
        status = ExitCode.YES if pending else ExitCode.DONE

    def screen(console: Console) -> None:
        draw_summary(console, ledger, detail, planned=True)
        _draw_changes(console, changes)

    context.emit("sync_plan", result, status=status, screen=screen)
    if pending:
        context.next_steps("sfsync sync --now")


def _draw_changes(console: Console, changes: list[dict[str, Any]]) -> None:
    from sfsync.cli.render import screen  # noqa: PLC0415 - start-up time

    # The summary above has the failed ones, with their messages.
    told = (change for change in changes if change["outcome"] != "failed")
    deals_first = sorted(told, key=lambda change: list(_NOUNS).index(change["object"]))
    for change in screen.some(console, deals_first):
        sign, noun = _SIGNS[change["outcome"]], _NOUNS[change["object"]]
        reason = f"  ({change['code']})" if change["code"] else ""
        gist = reason or _gist(change)
        screen.line(console, f"{sign} {change['outcome']:<8} {noun}{change['name']}{gist}")
        if change["outcome"] in {"updated", "drifted"}:
            screen.draw_changes(console, change["fields"])
    screen.say_more(console, deals_first)


def _gist(change: dict[str, Any]) -> str:
    """What a new draft comes to, and its date; ``--json`` has all of it."""
    if change["object"] != "Opportunity" or change["outcome"] != "created":
        return ""
    total, currency, day = (
        change["fields"][name][1] for name in ("total", "currency", "document_date")
    )
    return f"   {with_thousands(total)} {currency}   {day}"
