"""How open failures are listed and drawn."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from sfsync.cli.render.tables import Table, named

if TYPE_CHECKING:
    from rich.console import Console

    from sfsync.ledger.open_failures import OpenFailure
    from sfsync.rows import Rows

FIELDS = (
    *("object", "salesforce_id", "url", "name", "code", "message", "fix", "field", "target"),
    *("tries", "dead", "first_run", "last_run"),
)
_COLUMNS = tuple(
    named(name)
    for name in (
        *("object", "salesforce_id", "name", "code", "message", "fix"),
        *("tries", "dead", "first_run", "last_run"),
    )
)
_EMPTY = "no open failures"


def failure_json(failure: OpenFailure, instance_url: str | None) -> dict[str, Any]:
    """An open failure as JSON has it; `dead` means that it is given up on."""
    return {
        "object": failure.sobject,
        "salesforce_id": failure.salesforce_id,
        "url": instance_url and f"{instance_url}/{failure.salesforce_id}",
        "name": failure.name,
        "code": failure.code,
        "message": failure.message,
        "fix": failure.fix,
        "field": failure.source_field,
        "target": failure.target,
        "tries": failure.tries,
        "dead": failure.dead,
        "first_run": failure.first_run,
        "last_run": failure.last_run,
    }


def failure_table(rows: Rows) -> Table:
    """The failures as a list, for a pipe or a file."""
    return Table(_COLUMNS, FIELDS, rows, empty=_EMPTY)


def draw_failures(console: Console, rows: Rows) -> None:
    """Each record in a line, its reason, fix and tries indented below."""
    from sfsync.cli.render import screen  # noqa: PLC0415 - start-up time

    for row in islice(rows, screen.rows_shown(console)):
        mark = screen.mark("skipped" if row["dead"] else "failed")
        heading = f"{mark} {row['object']}  {row['name']}  {row['salesforce_id']}"
        screen.line(console, heading, url=row["url"])
        screen.line(console, f"    {row['code']}: {row['message']}")
        if row["fix"]:
            screen.line(console, f"    fix: {row['fix']}")
        screen.line(console, f"    {tried(row)}", style="dim")
    if more := sum(1 for _ in rows):
        screen.line(console, f"{more:,} more (a pipe or --json gets all)")
    if not rows.count:
        screen.line(console, _EMPTY)


def tried(failure: dict[str, Any]) -> str:
    """How often a failure was tried: ``tried 3 times, runs #1 to #4``."""
    first, last = failure["first_run"], failure["last_run"]
    runs = f"in run #{first}" if first == last else f"runs #{first} to #{last}"
    often = "once" if failure["tries"] == 1 else f"{failure['tries']} times"
    given_up = "; given up on until it changes in Salesforce or is named" if failure["dead"] else ""
    return f"tried {often}, {runs}{given_up}"
