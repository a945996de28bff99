from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from sfsync.demo.store import OrgStore
from tests.cli.test_editing import editor

if TYPE_CHECKING:
    import pytest

    from tests.cli.command_line import Done, Sfsync

PROMPT = "[q]uit [?]"


def review(books: Sfsync, keys: str, *options: str) -> Done:
    """Go through drafts at a terminal, one key a line."""
    return books("invoice", "review", *options, "--color", "never", terminal=True, answer=keys)


def queue(books: Sfsync, *options: str) -> list[str]:
    """The drafts in the order of a review."""
    done = books("invoice", "review", *options, "--json")
    assert done.status == 0
    return [card["draft"] for card in done.document["result"]["queue"]]


def test_a_review_posts_holds_deletes_and_takes_up_where_it_stopped(
    books: Sfsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each key does what it says; what was skipped comes after what nobody has looked at."""
    monkeypatch.setenv("COLUMNS", "120")
    order = queue(books)
    done = review(books, "s\np\nr\nh\nwaits for PO\nd\nno longer wanted\nq\n")
    assert done.status == 0
    assert f"draft 1 of {len(order)} · {order[0]}" in done.out
    assert done.out.rstrip().endswith(f"{len(order) - 5} still to look at")
    states = [books("invoice", "show", one, "--json").document["result"] for one in order[:6]]
    assert [one["status"] for one in states] == [
        "draft", "posted", "draft", "draft", "deleted", "draft",
    ]  # fmt: skip
    assert (states[3]["hold"], states[4]["reason"]) == ("waits for PO", "no longer wanted")
    assert states[2]["reviewed_by"] == states[1]["posted_by"]
    # Not yet seen first, then what was seen and left, at last what is reviewed.
    assert queue(books) == [*order[6:], order[0], order[3], order[5], order[2]]
    assert books("db", "verify").status == 0


def test_a_card_says_where_values_come_from_and_what_posting_writes(
    books: Sfsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every value with its Salesforce field, an edited one with both, the entry, the cautions."""
    monkeypatch.setenv("COLUMNS", "120")
    books("invoice", "edit", "D-000001", "--set", "region=Moon\x1b[2J")
    done = review(books, "x\no\n?\nq\n", "D-000001")
    for said in (
        "Around the Horn  C-0001  ← AccountId",
        "← CloseDate",
        "Moon\\x1b[2J  (edited, Salesforce has United Kingdom)",
        "4100                        12,000.00",
        "! first invoice for Around the Horn",
        "! set by hand: region",
        "lines add up",
        "Owner.Name [source]",
    ):
        assert said in done.out, said
    assert "The demo org has no pages" in done.err
    assert "post it: it gets its number" in done.err
    assert "\x1b" not in done.out


def test_what_changed_since_the_last_look_is_shown(books: Sfsync) -> None:
    """A sync that changes a draft voids its review, and the card says what is new."""
    deal = books("invoice", "show", "D-000001", "--json").document["result"]["opportunity"]
    review(books, "r\n", "D-000001")
    with OrgStore.open(Path("demo-org.db")) as store:
        store.update("Opportunity", deal, {"Name": "Another name"})
    books("sync", "--now", "-q")
    (card,) = books("invoice", "review", "D-000001", "--json").document["result"]["queue"]
    assert card["reviewed_by"] is None
    assert list(card["changed_since"]) == ["description"]
    assert "→ Another name" in review(books, "q\n", "D-000001").out


def test_refusals_are_said_and_the_review_goes_on(books: Sfsync) -> None:
    """What cannot be posted stays on the screen with its fix; an empty reason changes nothing."""
    books("invoice", "hold", "D-000001", "--note", "ask Dana")
    done = review(books, "p\nd\n\nh\n\nzzz\ns\n", "D-000001")
    assert "is on hold: ask Dana" in done.err
    assert "fix: sfsync invoice release D-000001" in done.err
    assert done.err.count("Nothing was changed.") == 2
    assert "1 skipped · none of these left" in done.out
    shown = books("invoice", "show", "D-000001", "--json").document["result"]
    assert (shown["status"], shown["reviewed_by"]) == ("draft", None)


def test_only_a_key_or_its_whole_word_acts(books: Sfsync) -> None:
    """A note typed where a key is asked for neither posts nor deletes; a word does what it says."""
    done = review(books, "please wait for the PO\ndon't\nrather not\nskip\n", "D-000001")
    assert done.err.count("post it: it gets its number") == 3
    assert "1 skipped · none of these left" in done.out
    shown = books("invoice", "show", "D-000001", "--json").document["result"]
    assert (shown["status"], shown["reviewed_by"]) == ("draft", None)
    assert "Posted D-000001" in review(books, "Post\n", "D-000001").err


def test_an_edit_within_a_review_shows_the_card_again(
    books: Sfsync, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The editor opens, and the next answer is about what the draft says then."""
    editor(tmp_path, monkeypatch, "sed -i 's/^line.2.quantity: .*/line.2.quantity: 1/' \"$1\"")
    done = review(books, "e\np\n", "D-000001")
    assert "Total 24,000.00 USD" in done.out
    assert "Total 19,200.00 USD" in done.out
    assert books("invoice", "show", "D-000001", "--json").document["result"]["status"] == "posted"


def test_posting_nothing_in_particular_leads_to_a_review(books: Sfsync) -> None:
    """On a terminal the drafts are shown one by one; without one it is a usage error."""
    done = books("invoice", "post", terminal=True, answer="q\n")
    assert (done.status, "draft 1 of " in done.out) == (0, True)
    assert books("invoice", "post").status == 2


def test_without_a_terminal_it_says_how_to_do_it_with_flags(books: Sfsync) -> None:
    """Exit 2 with the flags; --mark notes reviews from a script and says what it refused."""
    done = books("invoice", "review")
    assert done.status == 2
    assert "--mark NUMBER" in done.err
    assert books("invoice", "review", "--mark").status == 2
    assert books("invoice", "review", "--mark", "D-000999").status == 9
    books("invoice", "post", "D-000003", "-q")
    numbers = ("D-000001", "D-000003", "D-000999")
    marked = books("invoice", "review", "--mark", *numbers, "--json")
    assert marked.status == 3
    result = marked.document["result"]
    assert result["reviewed"] == ["D-000001"]
    assert [one["code"] for one in result["refused"]] == ["already-posted", "invoice-not-found"]
    said = books("invoice", "review", "--mark", *numbers).out
    assert "D-000003: " in said
    assert "There is no invoice 'D-000999'" in said
    every = books("invoice", "review", "--mark", "--all", "--max", "5000", "--json")
    assert len(every.document["result"]["reviewed"]) > 2


def test_a_required_review_is_a_condition_of_posting(books: Sfsync) -> None:
    """Exit 11 with the way; after a review it posts, after an edit the review is void."""
    config = Path("mappings.yaml")
    text = config.read_text(encoding="utf-8")
    assert "\nposting:\n" in text
    config.write_text(
        text.replace("\nposting:\n", "\nposting:\n  require_review: true\n"), encoding="utf-8"
    )
    done = books("invoice", "post", "D-000001", "--json")
    assert (done.status, done.document["error"]["code"]) == (11, "not-reviewed")
    assert "sfsync invoice review D-000001" in done.document["error"]["fix"]
    books("invoice", "review", "--mark", "D-000001", "-q")
    books("invoice", "edit", "D-000001", "--set", "region=X", "-q")
    assert books("invoice", "post", "D-000001").status == 11
    assert "Posted D-000001" in review(books, "p\n", "D-000001").err
    books("invoice", "review", "--mark", "D-000002", "-q")
    assert books("invoice", "post", "D-000002").status == 0


def test_a_real_terminal_goes_through_cards(books: Sfsync) -> None:
    """Through a pseudo-terminal: card, prompt, key, next card, and the tally at the end."""
    order = queue(books, "--max", "5000")
    command = [sys.executable, "-m", "sfsync", "invoice", "review", "--max", "5000"]
    primary, secondary = pty.openpty()
    environment = {**os.environ, "COLUMNS": "80", "LINES": "40", "TERM": "xterm-256color"}
    with subprocess.Popen(
        command, stdin=secondary, stdout=secondary, stderr=secondary, env=environment
    ) as running:
        os.close(secondary)
        first = _until(primary, PROMPT)
        assert f"{order[0]} · " in first
        assert "╭─" in first
        os.write(primary, b"p\n")
        second = _until(primary, PROMPT)
        assert f"Posted {order[0]} as INV-" in second
        assert f"{order[1]} · " in second
        os.write(primary, b"q\n")
        last = _until(primary, "still to look at")
        assert "Posted 1 for" in last
        assert running.wait(10) == 0
    os.close(primary)


def _until(descriptor: int, wanted: str) -> str:
    """What the program writes until `wanted` has been read."""
    read, until = b"", time.monotonic() + 20
    while wanted not in read.decode("utf-8", "replace"):
        left = until - time.monotonic()
        assert left > 0, read.decode("utf-8", "replace")
        if select.select([descriptor], [], [], left)[0]:
            read += os.read(descriptor, 4096)
    return read.decode("utf-8", "replace")
