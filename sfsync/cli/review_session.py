"""Going through drafts at a terminal: one card after the other, and what each key does."""

from __future__ import annotations

import sys
import webbrowser
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Any

from sfsync.cli.review_card import card_of, draw_card, line_sources
from sfsync.errors import SfsyncError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sfsync.cli.context import Context
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
    """What comes after an answer: the next draft, the card drawn anew, the question, or nothing."""

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
            action = _action_of("quit" if answer is None else answer)
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

        done = edit_in_editor(self.context, self.ledger, card.detail.row.draft)
        return Step.AGAIN if done.changes else self._unchanged()

    def explain(self, card: Card) -> Step:
        """Say where each value comes from and which filters it passed."""
        from sfsync.cli.explain import draw_explanation, explained  # noqa: PLC0415 - start-up time

        opportunity = card.detail.row.opportunity_id
        draw_explanation(self.context.out, *explained(self.ledger, opportunity, self.settings))
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


_ACTIONS: dict[str, Callable[[Review, Card], Step]] = {
    "post": Review.post,
    "reviewed": Review.mark,
    "skip": Review.skip,
    "hold": Review.hold,
    "edit": Review.edit,
    "delete": Review.delete,
    "explain": Review.explain,
    "open": Review.open,
    "quit": Review.quit,
}
_KEYS = {("x" if word == "explain" else word[0]): word for word in _ACTIONS}


def _action_of(answer: str) -> Callable[[Review, Card], Step]:
    """What a key or its whole word does; anything else, a note typed here say, does nothing."""
    said = answer.strip().casefold()
    return _ACTIONS.get(_KEYS.get(said, said), Review.say_keys)


def _read(prompt: str) -> str | None:
    """What the person types, None at the end of the input."""
    sys.stderr.write(prompt)
    sys.stderr.flush()
    return sys.stdin.readline() or None
