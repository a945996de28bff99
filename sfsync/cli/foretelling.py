"""`sfsync invoice post`: several drafts are posted when somebody knows what that would do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfsync.cli.posting import (
    answer_many,
    chosen,
    draft_json,
    post,
    refused_json,
    require_none_refused,
    row_totals,
    rules_of,
    spoken_totals,
    today,
)
from sfsync.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from rich.console import Console

    from sfsync.cli.context import Context
    from sfsync.cli.filters import FilterOptions
    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.invoices import InvoiceRow
    from sfsync.ledger.posting_plan import PostingPreview

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Foretold:
    """The drafts that would be posted, each with its preview, and why others would be refused."""

    postable: list[tuple[InvoiceRow, PostingPreview]]
    refused: list[dict[str, Any]]

    @property
    def rows(self) -> list[InvoiceRow]:
        """The drafts that would be posted."""
        return [row for row, _ in self.postable]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which drafts, by their numbers or else by filters, and on which day instead of their own."""

    numbers: tuple[str, ...]
    filters: FilterOptions
    every: bool
    day: date | None

    @property
    def alone(self) -> bool:
        """Whether it is about one document that was named."""
        return len(self.numbers) == 1


def post_drafts(context: Context, asked: Asked) -> None:
    """Post what was asked for, several after a yes, and answer.

    Raises:
        RefusedError: the only document was refused, or a person said no.
    """
    with context.open_ledger() as ledger:
        found = chosen(ledger, asked.numbers, asked.filters, every=asked.every)
        rows, refused = found.rows, found.missing
        if rows and not asked.alone and not context.flags.yes:
            foretold = _foretell(context, ledger, rows, asked.day)
            # What was not agreed to is not tried, whatever became of it meanwhile.
            rows, refused = foretold.rows, [*foretold.refused, *refused]
            _ask(context, rows, refused)
        result = post(context, ledger, rows, asked.day)
        result["refused"] += refused
    answer_many(context, "invoice_post", "Posted", result, alone=asked.alone)


def foretell_drafts(context: Context, asked: Asked) -> None:
    """Answer what `post_drafts` would do now, with the exit code that it would end with.

    Raises:
        RefusedError: the only document would be refused.
    """
    with context.read_ledger() as ledger:
        found = chosen(ledger, asked.numbers, asked.filters, every=asked.every)
        foretold = _foretell(context, ledger, found.rows, asked.day)
    refused = [*foretold.refused, *found.missing]
    if asked.alone:
        require_none_refused(refused)
    result = {
        "would_post": [_as_json(*pair) for pair in foretold.postable],
        "would_refuse": refused,
        "totals": row_totals(foretold.rows),
    }
    context.emit(
        "invoice_post_preview",
        result,
        status=ExitCode.PARTIAL if refused else ExitCode.DONE,
        screen=lambda console: _draw(console, result),
        action=True,
    )


def _foretell(
    context: Context, ledger: Ledger, rows: Sequence[InvoiceRow], day: date | None
) -> Foretold:
    """Ask the guards of posting about each draft, as posting itself would; nothing is written."""
    from sfsync.ledger.posting_plan import foretell_posting  # noqa: PLC0415 - start-up time

    settings = context.settings()
    previews = foretell_posting(
        ledger, [row.draft for row in rows], rules_of(settings), day=day, today=today(settings)
    )
    postable, refused = [], []
    for row, preview in zip(rows, previews, strict=True):
        if preview.refusals:
            refused.append(refused_json(row.draft, preview.refusals[0]))
        else:
            postable.append((row, preview))
    return Foretold(postable, refused)


def _ask(context: Context, rows: Sequence[InvoiceRow], refused: Sequence[dict[str, Any]]) -> None:
    """Say what would be refused and why, and ask for a yes to the rest.

    With --yes nobody is told: all are tried, and each is posted or refused as it then is.

    Raises:
        RefusedError, UsageError: as `Context.confirm`.
    """
    if refused:
        context.say("\n".join(_warnings(refused)))
    if rows:
        also = f" ({len(refused)} would be refused)" if refused else ""
        context.confirm(f"Post {spoken_totals(row_totals(rows))}{also}?")


def _warnings(refused: Sequence[dict[str, Any]]) -> list[str]:
    """One line for each draft that would be refused; of many, the first and how many more."""
    more = len(refused) - _SHOWN
    lines = [
        f"would refuse {one['draft']}: {one['message']}  [{one['code']}]"
        for one in refused[:_SHOWN]
    ]
    return [*lines, f"would refuse {more} more: --dry-run --json has all"] if more > 0 else lines


def _as_json(row: InvoiceRow, preview: PostingPreview) -> dict[str, Any]:
    return {
        **draft_json(row),
        "number": preview.number,
        "posting_date": preview.posting_date.isoformat(),
    }


def _draw(console: Console, result: dict[str, Any]) -> None:
    from sfsync.cli.render.screen import line, mark, say_more, some  # noqa: PLC0415 - start-up time
    from sfsync.cli.render.text import with_thousands  # noqa: PLC0415 - as above

    for one in some(console, result["would_post"]):
        total = f"{with_thousands(one['total'])} {one['currency']}"
        line(console, f"would post {one['draft']} as {one['number']}: {one['customer']}, {total}")
    say_more(console, result["would_post"])
    for one in result["would_refuse"]:
        said = f"{mark('failed')} {one['draft']}: {one['message']}  [{one['code']}]"
        line(console, said, style="red")
        if one["fix"]:
            line(console, f"    fix: {one['fix']}")
    if not result["would_post"] and not result["would_refuse"]:
        line(console, "No draft matches.")
        return
    said = spoken_totals(result["totals"]) or "nothing"
    refused = len(result["would_refuse"])
    line(console, f"Would post {said} · would refuse {refused}. Nothing was changed.", style="bold")
