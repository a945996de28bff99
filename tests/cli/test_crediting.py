from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.command_line import Sfsync

NUMBER = "D-000001"
"""Any name of an invoice will do; its number begins with the year of the demo."""


@pytest.fixture
def posted(books: Sfsync) -> Sfsync:
    """The synced demo with one posted invoice: 12,000.00, 9,600.00 and 2,400.00 USD."""
    assert books("invoice", "post", NUMBER, "-q").status == 0
    return books


def credit(sfsync: Sfsync, *options: str, number: str = NUMBER) -> tuple[int, str]:
    """Credit without a terminal; the exit code and the error's code."""
    done = sfsync("invoice", "credit", number, "--reason", "less", *options, "--yes", "--json")
    return done.status, done.document.get("error", {}).get("code", "")


def test_a_partial_credit_is_posted_and_linked(posted: Sfsync) -> None:
    """The credit note has the line's number, the negated amount, and the reason; JSON has all."""
    done = posted("invoice", "credit", NUMBER, "--reason", "one seat less", "--line", "2=1",
                  "--yes", "--json")  # fmt: skip
    result = done.document["result"]
    note_number = result["credit_note"]
    assert (done.status, note_number[:3], result["total"]) == (0, "CN-", "-4800.00")
    assert (result["status"], result["balance"]) == ("posted", "19200.00")
    (line,) = result["lines"]
    assert (line["no"], line["quantity"], line["amount"]) == (2, "-1", "-4800.00")
    note = posted("invoice", "show", note_number, "--json").document["result"]
    assert (note["reverses"], note["reason"], note["kind"]) == (
        result["number"], "one seat less", "credit_note",
    )  # fmt: skip
    shown = posted("invoice", "show", NUMBER).out
    assert f"{note_number} (-4,800.00 on " in shown
    gaps = posted("report", "pipeline", "--gaps", "--json").document["result"]["rows"]
    said = {gap["invoice"]: (gap["reason"], gap["message"]) for gap in gaps}
    assert said[note_number] == ("credited", "one seat less")
    assert posted("db", "verify").status == posted("audit", "verify").status == 0


def test_the_last_credit_reverses_and_then_nothing_is_left(posted: Sfsync) -> None:
    """Posted until all of it is credited; then reversed, and the other document is named."""
    assert credit(posted, "--line", "1", "--line", "2=600.00USD") == (0, "")
    assert credit(posted, "--amount", "11400.01") == (11, "over-credited")
    done = posted("invoice", "reverse", NUMBER, "--reason", "the rest", "--yes", "--json")
    assert (done.status, done.document["result"]["total"]) == (0, "-11400.00")
    again = posted("invoice", "reverse", NUMBER, "--reason", "again", "--yes", "--json")
    assert (again.status, again.document["error"]["code"]) == (11, "already-reversed")
    assert done.document["result"]["credit_note"] in again.document["error"]["message"]
    assert credit(posted, "--amount", "1") == (11, "already-reversed")
    assert posted("db", "verify").status == 0


def test_what_cannot_be_credited_is_refused_with_its_code(posted: Sfsync) -> None:
    """Usage is 2, a rule 11, nothing found 9; without a terminal and --yes it is not done."""
    assert credit(posted) == (2, "usage")
    assert credit(posted, "--line", "1", "--amount", "5") == (2, "usage")
    assert credit(posted, "--line", "x") == (2, "usage")
    assert credit(posted, "--line", "1=1.2.3") == (2, "usage")
    assert credit(posted, "--line", "1=5.00EUR") == (2, "usage")
    assert credit(posted, "--line", "9") == (2, "line-not-found")
    assert credit(posted, "--line", "1=2") == (11, "over-credited")
    assert credit(posted, "--amount", "1", "--date", "2020-01-01") == (11, "reversal-date")
    assert credit(posted, "--amount", "1", number="D-000002") == (11, "not-posted")
    assert credit(posted, "--amount", "1", number="D-000999") == (9, "invoice-not-found")
    done = posted("invoice", "credit", NUMBER, "--reason", "x", "--amount", "1")
    assert (done.status, "needs-yes" in done.err or "--yes" in done.err) == (2, True)
    assert posted("invoice", "show", NUMBER, "--json").document["result"]["credits"] == []
    assert credit(posted, "--amount", "24000") == (0, "")
    note = posted("invoice", "show", NUMBER, "--json").document["result"]["reversed_by"]
    assert credit(posted, "--amount", "1", number=note) == (11, "credit-note")


def test_what_is_left_to_credit_is_said_in_a_sentence(posted: Sfsync) -> None:
    """The number of the line and the quantity do not run into each other."""
    argv = ("invoice", "credit", NUMBER, "--reason", "x", "-y")
    quantity = posted(*argv, "--line", "1=999").err
    assert "Line 1 has a quantity of 1 left to credit, not 999." in quantity
    amount = posted(*argv, "--amount", "99999").err
    assert "The invoice has 24000.00 left to credit, not 99999.00." in amount


def test_a_reversal_is_of_today_and_says_so(posted: Sfsync) -> None:
    """Without a date it is not the invoice's own, which may be long closed; help says so."""
    assert "the credit note's date; else today" in posted("invoice", "reverse", "-h").out
    number = posted("invoice", "reverse", NUMBER, "--reason", "wrong", "--yes", "--json")
    note = posted("invoice", "show", number.document["result"]["credit_note"], "--json")
    found = note.document["result"]
    assert found["posting_date"] == found["posted_at"][:10]


def test_what_was_paid_is_not_credited(posted: Sfsync) -> None:
    """Only what is still owed can be credited, and a paid invoice is not reversed."""
    day = posted("invoice", "show", NUMBER, "--json").document["result"]["posting_date"]
    paid = posted("payment", "add", NUMBER, "--amount", "20000", "--date", day, "--json")
    assert paid.status == 0, paid
    assert credit(posted, "--amount", "4000.01") == (11, "has-payments")
    done = posted("invoice", "reverse", NUMBER, "--reason", "x", "--yes", "--json")
    assert (done.status, done.document["error"]["code"]) == (11, "has-payments")
    assert "payment void" in done.document["error"]["fix"]
    assert "4,000.00 USD is still owed" in done.document["error"]["message"]
    assert credit(posted, "--amount", "4000") == (0, "")
    assert posted("db", "verify").status == 0


def test_a_terminal_is_asked_with_the_amount(posted: Sfsync) -> None:
    """The question names what is taken back; no is exit 11 and nothing is written."""
    done = posted("invoice", "credit", NUMBER, "--reason", "x", "--line", "3", terminal=True,
                  answer="n\n")  # fmt: skip
    assert done.status == 11
    assert "Credit 2,400.00 USD of INV-" in done.err
    assert ", Around the Horn?" in done.err
    done = posted("invoice", "credit", NUMBER, "--reason", "x", "--line", "3", terminal=True,
                  answer="y\n")  # fmt: skip
    assert "Credited INV-" in done.out
    assert "21,600.00 USD is still owed" in done.out
