"""`sfsync invoice review`: which drafts, what is asked of a terminal, and what is answered."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfsync.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from sfsync.cli.context import Context
    from sfsync.cli.filters import FilterOptions
    from sfsync.ledger.connection import Ledger


@dataclass(frozen=True, slots=True)
class Asked:
    """What a review was asked for; with `mark` it is noted without showing anything."""

    numbers: tuple[str, ...]
    filters: FilterOptions
    every: bool = False
    mark: bool = False


def review_drafts(context: Context, asked: Asked) -> None:
    """Go through the drafts asked for, or note a review of each, and answer."""
    with context.open_ledger() as ledger:
        if asked.mark:
            answer(context, mark_reviewed(ledger, asked), waiting=0)
            return
        drafts = _queue(ledger, asked)
        result = review(context, ledger, drafts)
    seen = sum(len(result[name]) for name in (*_TALLY, "posted", "refused"))
    answer(context, result, waiting=len(drafts) - seen)


def _queue(ledger: Ledger, asked: Asked) -> list[str]:
    """The drafts to go through: those named, or those that pass the filters, in their order.

    Raises:
        UsageError: drafts were named beside --all or filters.
        NotFoundError: one that was named does not exist.
    """
    from sfsync.cli.filters import as_filter  # noqa: PLC0415 - start-up time
    from sfsync.cli.posting import chosen  # noqa: PLC0415 - as above
    from sfsync.ledger.references import find_document  # noqa: PLC0415 - as above
    from sfsync.ledger.reviewing import review_queue  # noqa: PLC0415 - as above

    numbers, filters = asked.numbers, asked.filters
    if numbers and not (asked.every or filters.given):
        return [find_document(ledger, number).draft for number in numbers]
    if numbers:
        return [row.draft for row in chosen(ledger, numbers, filters, every=asked.every).rows]
    return review_queue(ledger, as_filter(filters, status=None))


def answer(context: Context, result: dict[str, Any], *, waiting: int) -> None:
    """Tell what a review did; exit 3 when a draft could not be marked."""
    from sfsync.errors import ExitCode  # noqa: PLC0415 - start-up time

    context.emit(
        "invoice_review",
        result,
        status=ExitCode.PARTIAL if result["refused"] else ExitCode.DONE,
        screen=lambda console: draw_tally(console, result, waiting),
        action=True,
    )


def require_terminal(context: Context) -> None:
    """Refuse to go through drafts where nobody can be asked.

    Raises:
        UsageError: no terminal; the fix says how to do the same with flags.
    """
    if context.interactive and sys.stdout.isatty():
        return
    raise UsageError(
        "A review goes through drafts with a person; there is no terminal.",
        code="no-terminal",
        fix="list: sfsync invoice review --json; look: sfsync invoice show NUMBER; "
        "note that it is right: sfsync invoice review --mark NUMBER; "
        "then: sfsync invoice post NUMBER",
    )


def review(context: Context, ledger: Ledger, drafts: Sequence[str]) -> dict[str, Any]:
    """Go through drafts with the person at the terminal; what was decided about each.

    Under --json nothing is asked, and the cards are the answer.

    Raises:
        UsageError: there is no terminal.
    """
    from sfsync.cli.posting import rules_of  # noqa: PLC0415 - start-up time
    from sfsync.cli.review_card import card_of  # noqa: PLC0415 - as above
    from sfsync.cli.review_session import Review  # noqa: PLC0415 - as above

    settings = context.settings()
    rules = rules_of(settings)
    if context.json:
        cards = [card_of(ledger, draft, settings, rules).json for draft in drafts]
        return {**empty_result(), "queue": cards}
    require_terminal(context)
    work = Review(context, ledger, settings, rules)
    work.go_through(drafts)
    return {**empty_result(), **work.done}


def mark_reviewed(ledger: Ledger, asked: Asked) -> dict[str, Any]:
    """Note a review on each draft asked for; what is no draft, or is not there, is refused.

    Raises:
        UsageError: neither drafts nor --all were given.
        NotFoundError: none of those that were named exists.
    """
    from sfsync.cli.posting import chosen, refused_json  # noqa: PLC0415 - start-up time
    from sfsync.errors import RefusedError  # noqa: PLC0415 - as above
    from sfsync.ledger.marks import review_invoice  # noqa: PLC0415 - as above

    found = chosen(ledger, asked.numbers, asked.filters, every=asked.every)
    result = empty_result()
    for row in found.rows:
        try:
            result["reviewed"].append(review_invoice(ledger, row.draft).draft)
        except RefusedError as refusal:
            # One that cannot be marked does not keep the others.
            result["refused"].append(refused_json(row.draft, refusal))
    result["refused"] += found.missing
    return result


def empty_result() -> dict[str, Any]:
    """The keys of a review's result."""
    names = ("queue", "posted", "reviewed", "skipped", "held", "deleted", "refused")
    return {name: [] for name in names}


def draw_tally(console: Console, result: dict[str, Any], waiting: int) -> None:
    """What was refused, and in one line what was done; `waiting` drafts were not shown."""
    from sfsync.cli.posting import draw_refused, spoken_totals  # noqa: PLC0415 - start-up time
    from sfsync.cli.render.screen import line  # noqa: PLC0415 - as above

    draw_refused(console, result["refused"])
    parts = [f"{len(result[name])} {name}" for name in _TALLY if result[name]]
    if result["posted"]:
        parts.insert(0, f"posted {spoken_totals(_totals(result['posted']))}")
    parts += [f"{len(result['refused'])} refused"] if result["refused"] else []
    done = "none of these left" if parts else "nothing left to look at"
    left = f"{waiting} still to look at" if waiting else done
    said = " · ".join([*parts, left])
    line(console, said[:1].upper() + said[1:], style="bold")


_TALLY = ("reviewed", "skipped", "held", "deleted")


def _totals(posted: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    from sfsync.cli.posting import totals  # noqa: PLC0415 - start-up time
    from sfsync.money import Money, exponent_of  # noqa: PLC0415 - as above

    return totals(
        (
            one["currency"],
            exponent_of(one["currency"]),
            Money.parse(one["total"], one["currency"]).minor,
        )
        for one in posted
    )
