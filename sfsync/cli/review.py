"""`sfsync invoice review`: one draft after the other, and what a person decides about each."""

from __future__ import annotations

import sys
import webbrowser
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Any

from sfsync.cli.review_card import card_of, draw_card, line_sources
from sfsync.errors import SfsyncError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import Console

    from sfsync.cli.context import Context
    from sfsync.cli.filters import FilterOptions
    from sfsync.cli.review_card import Card
    from sfsync.config.settings import Settings
    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.posting_rules import PostingRules

_PROMPT = "[p]ost [r]eviewed [s]kip [h]old [e]dit [d]elete e[x]plain [o]pen [q]uit [?]"
_HELP = """\
p  post it: it gets its number and journal entry, and never changes again
r  it is right, and somebody else posts it
s  leave it as it is; it comes again after those that nobody has looked at
h  hold it back until it is released; asks what it waits for
e  edit it in your editor
d  delete it; asks why
x  explain each value and each filter
o  open the opportunity in Salesforce
q  stop here; what is done stays done"""


class Step(Enum):
    """What comes after an answer: the next draft, the same card anew, the same question, or no."""

    NEXT = "next"
    AGAIN = "again"
    ASK = "ask"
    QUIT = "quit"


@dataclass
class Review:
    """A review at work: where it is, and what was decided so far, by what was done."""

    context: Context
    ledger: Ledger
    settings: Settings
    rules: PostingRules
    done: dict[str, list[Any]] = field(
        default_factory=lambda: {
            name: [] for name in ("posted", "reviewed", "skipped", "held", "deleted")
        }
    )

    def go_through(self, drafts: Sequence[str]) -> None:
        """Show one card after the other until all are seen or the person has enough."""
        for place, draft in enumerate(drafts, 1):
            if self._one(draft, f"{place} of {len(drafts)}") is Step.QUIT:
                return

    def _one(self, draft: str, place: str) -> Step:
        from sfsync.ledger.model import DocumentStatus  # noqa: PLC0415 - start-up time
        from sfsync.ledger.reviewing import mark_seen  # noqa: PLC0415 - as above

        step = Step.AGAIN
        while step is Step.AGAIN:
            card = card_of(self.ledger, draft, self.settings, self.rules)
            if card.detail.row.status is not DocumentStatus.DRAFT:
                self.context.say(f"{draft} is {card.detail.row.status} by now.")
                return Step.NEXT
            draw_card(self.context.out, card, place, line_sources(self.settings))
            mark_seen(self.ledger, card.detail.row.document_id)
            step = self._asked(card)
        return step

    def _asked(self, card: Card) -> Step:
        step = Step.ASK
        while step is Step.ASK:
            answer = _read(f"{_PROMPT} ")
            action = _KEYS.get((answer or "q").strip().casefold()[:1], Review.say_keys)
            step = self._tried(action, card)
        return step

    def _tried(self, action: Callable[[Review, Card], Step], card: Card) -> Step:
        """A refusal is said, and the person asked again: it does not end the review."""
        try:
            return action(self, card)
        except SfsyncError as problem:
            fix = f"\n  fix: {problem.fix}" if problem.fix else ""
            self.context.say(f"{problem.message}{fix}")
            return Step.AGAIN if problem.code == "changed-meanwhile" else Step.ASK

    def post(self, card: Card) -> Step:
        """Review and post it, as it was shown and not otherwise."""
        from sfsync.cli.posting import posted_json, today  # noqa: PLC0415 - start-up time
        from sfsync.ledger.marks import review_invoice  # noqa: PLC0415 - as above
        from sfsync.ledger.posting import post_invoice, require_postable  # noqa: PLC0415 - as above

        draft, now = card.detail.row.draft, today(self.settings)
        require_postable(self.ledger, draft, replace(self.rules, require_review=False), today=now)
        review_invoice(self.ledger, draft, card.content)
        # A sync in between would take the review away, and the draft would not be posted.
        rules = replace(self.rules, require_review=True)
        done = posted_json(post_invoice(self.ledger, draft, rules, today=now))
        self.context.say(f"Posted {draft} as {done['number']}, due {done['due_date']}.")
        self.done["posted"].append(done)
        return Step.NEXT

    def mark(self, card: Card) -> Step:
        """Note that it is right."""
        from sfsync.ledger.marks import review_invoice  # noqa: PLC0415 - start-up time

        review_invoice(self.ledger, card.detail.row.draft, card.content)
        return self._decided("reviewed", card)

    def skip(self, card: Card) -> Step:
        """Leave it for later."""
        return self._decided("skipped", card)

    def hold(self, card: Card) -> Step:
        """Hold it back, with a note."""
        from sfsync.ledger.marks import hold_invoice  # noqa: PLC0415 - start-up time

        if not (note := (_read("It waits for: ") or "").strip()):
            return self._unchanged()
        hold_invoice(self.ledger, card.detail.row.draft, note)
        return self._decided("held", card)

    def delete(self, card: Card) -> Step:
        """Delete it, with a reason."""
        from sfsync.ledger.removal import delete_draft  # noqa: PLC0415 - start-up time

        if not (reason := (_read("Delete it because: ") or "").strip()):
            return self._unchanged()
        delete_draft(self.ledger, card.detail.row.draft, reason)
        return self._decided("deleted", card)

    def edit(self, card: Card) -> Step:
        """Edit it in the person's editor."""
        from sfsync.cli.editing import edit_in_editor  # noqa: PLC0415 - start-up time

        done = edit_in_editor(self.ledger, card.detail.row.draft)
        return Step.AGAIN if done.changes else self._unchanged()

    def explain(self, card: Card) -> Step:
        """Say where each value comes from and which filters it passed."""
        from sfsync.cli.explain import draw_explanation, explained  # noqa: PLC0415 - start-up time
        from sfsync.cli.posting import today  # noqa: PLC0415 - as above
        from sfsync.ledger.opportunities import show_opportunity  # noqa: PLC0415 - as above
        from sfsync.sync.rules import Rules  # noqa: PLC0415 - as above

        rules = Rules.compile(self.settings, today=today(self.settings), rates={}, lines_exist=True)
        deal = show_opportunity(self.ledger, card.detail.row.opportunity_id)
        draw_explanation(self.context.out, deal, explained(self.ledger, deal, rules))
        return Step.ASK

    def open(self, card: Card) -> Step:
        """Open the deal in the browser."""
        url = card.detail.row.url
        if url is None:
            self.context.say("The demo org has no pages to open.")
        elif not webbrowser.open(url):
            self.context.say(f"No browser opens; the deal is at {url}")
        return Step.ASK

    def quit(self, _card: Card) -> Step:
        """Stop here."""
        return Step.QUIT

    def say_keys(self, _card: Card) -> Step:
        """Say what each key does."""
        self.context.say(_HELP)
        return Step.ASK

    def _decided(self, what: str, card: Card) -> Step:
        self.done[what].append(card.detail.row.draft)
        return Step.NEXT

    def _unchanged(self) -> Step:
        self.context.say("Nothing was changed.")
        return Step.ASK


_KEYS: dict[str, Callable[[Review, Card], Step]] = {
    "p": Review.post,
    "r": Review.mark,
    "s": Review.skip,
    "h": Review.hold,
    "e": Review.edit,
    "d": Review.delete,
    "x": Review.explain,
    "o": Review.open,
    "q": Review.quit,
}


def _read(prompt: str) -> str | None:
    """What the person types, None at the end of the input."""
    sys.stderr.write(prompt)
    sys.stderr.flush()
    return sys.stdin.readline() or None


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
        drafts = _chosen(ledger, asked)
        result = mark_reviewed(ledger, drafts) if asked.mark else review(context, ledger, drafts)
    answer(context, result, len(drafts))


def _chosen(ledger: Ledger, asked: Asked) -> list[str]:
    """The drafts to go through: those named, or those that pass the filters, in their order.

    Raises:
        UsageError: a review is to be noted, and neither drafts nor --all were given.
        NotFoundError: one that was named does not exist.
    """
    from sfsync.cli.filters import as_filter  # noqa: PLC0415 - start-up time
    from sfsync.cli.posting import chosen  # noqa: PLC0415 - as above
    from sfsync.ledger.references import find_document  # noqa: PLC0415 - as above
    from sfsync.ledger.reviewing import review_queue  # noqa: PLC0415 - as above

    numbers, filters = asked.numbers, asked.filters
    if numbers and not (asked.every or filters.given):
        return [find_document(ledger, number).draft for number in numbers]
    if asked.mark or numbers:
        return [row.draft for row in chosen(ledger, numbers, filters, every=asked.every).rows]
    return review_queue(ledger, as_filter(filters, status=None))


def answer(context: Context, result: dict[str, Any], asked: int) -> None:
    """Tell what a review did; exit 3 when a draft could not be marked."""
    from sfsync.errors import ExitCode  # noqa: PLC0415 - start-up time

    waiting = asked - sum(len(result[name]) for name in (*_TALLY, "posted", "refused"))
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

    settings = context.settings()
    rules = rules_of(settings)
    if context.json:
        cards = [card_of(ledger, draft, settings, rules).json for draft in drafts]
        return {**empty_result(), "queue": cards}
    require_terminal(context)
    work = Review(context, ledger, settings, rules)
    work.go_through(drafts)
    return {**empty_result(), **work.done}


def mark_reviewed(ledger: Ledger, drafts: Sequence[str]) -> dict[str, Any]:
    """Note a review on each of these drafts; those that are no drafts are refused."""
    from sfsync.cli.posting import refusal_json  # noqa: PLC0415 - start-up time
    from sfsync.errors import RefusedError  # noqa: PLC0415 - as above
    from sfsync.ledger.marks import review_invoice  # noqa: PLC0415 - as above

    result = empty_result()
    for draft in drafts:
        try:
            result["reviewed"].append(review_invoice(ledger, draft).draft)
        except RefusedError as refusal:
            # One that cannot be marked does not keep the others.
            result["refused"].append(refusal_json(draft, refusal))
    return result


def empty_result() -> dict[str, Any]:
    """The keys of a review's result."""
    names = ("queue", "posted", "reviewed", "skipped", "held", "deleted", "refused")
    return {name: [] for name in names}


def draw_tally(console: Console, result: dict[str, Any], waiting: int) -> None:
    """What was done, in one line; `waiting` drafts were not shown."""
    from sfsync.cli.posting import spoken_totals  # noqa: PLC0415 - start-up time
    from sfsync.cli.render.screen import line  # noqa: PLC0415 - as above

    parts = [f"{len(result[name])} {name}" for name in _TALLY if result[name]]
    if result["posted"]:
        parts.insert(0, f"posted {spoken_totals(_totals(result['posted']))}")
    parts += [f"{len(result['refused'])} refused"] if result["refused"] else []
    left = f"{waiting} still to look at" if waiting else "nothing left to look at"
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
