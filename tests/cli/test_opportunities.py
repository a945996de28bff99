from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cli.command_line import Sfsync

NO_AMOUNT, TOO_OLD = "0065g000000000OAAQ", "0065g000000000UAAQ"


def before_today(days: int) -> str:
    """A day counted from today, as those of the demo's deals are."""
    return (datetime.now(UTC).date() - timedelta(days=days)).isoformat()


def _listed(books: Sfsync, *options: str) -> list[dict[str, Any]]:
    found = books("opportunity", "list", *options, "--json")
    assert found.document["warnings"] == []
    rows = found.document["result"]
    assert isinstance(rows, list)
    return rows


def test_every_deal_is_listed_with_every_key(books: Sfsync) -> None:
    """Open and lost deals too; a pipe has one line for each, and no network is asked."""
    rows = _listed(books)
    assert set(rows[0]) == {
        *("id", "url", "name", "account", "owner", "stage", "is_won", "is_closed", "is_deleted"),
        *("amount", "currency", "probability", "expected_revenue", "close_date"),
        *("outcome", "code", "message", "invoice", "ignored"),
    }
    assert len(rows) == len(books("opportunity", "list").out.splitlines()) > 40
    assert {row["is_won"] for row in rows} == {True, False}
    invoiced = next(row for row in rows if row["invoice"] == "D-000001")
    assert (invoiced["amount"], invoiced["expected_revenue"]) == ("24000.00", "24000.00")
    failed = next(row for row in rows if row["id"] == NO_AMOUNT)
    assert (failed["amount"], failed["code"]) == (None, "invalid-amount")
    assert "Amount is empty" in failed["message"]


def test_uninvoiced_means_won_and_without_a_live_invoice(books: Sfsync) -> None:
    """Deleting a draft brings its deal onto the list; ignoring takes a deal off it."""
    before = {row["id"] for row in _listed(books, "--uninvoiced")}
    won = _listed(books, "--won")
    assert before == {row["id"] for row in won if row["invoice"] is None}
    (deal,) = {row["id"] for row in won if row["invoice"] == "D-000001"}
    assert books("invoice", "post", "D-000001").status == 0
    assert {row["id"] for row in _listed(books, "--uninvoiced")} == before
    assert books("invoice", "delete", "D-000002", "--reason", "x", "-y").status == 0
    (again,) = {row["id"] for row in _listed(books, "--uninvoiced")} - before
    assert again != deal
    assert books("opportunity", "ignore", again, "--reason", "x").status == 0
    assert {row["id"] for row in _listed(books, "--uninvoiced")} == before


@pytest.mark.parametrize(
    ("options", "passes"),
    [
        (["--stage", "closed won"], lambda row: row["stage"] == "Closed Won"),
        (["--rep", "dana reyes"], lambda row: row["owner"] == "Dana Reyes"),
        (["--customer", "ACME"], lambda row: "Acme" in (row["account"] or "")),
        (["--customer", "C-0003"], lambda row: row["account"] == "Acme Corp"),
        (["--from", before_today(45), "--to", before_today(10)],
         lambda row: before_today(45) <= row["close_date"] <= before_today(10)),
        (["--min", "5000", "--max", "24000.00"],
         lambda row: row["amount"] is not None and 5000 <= float(row["amount"]) <= 24000),
    ],
)  # fmt: skip
def test_filters(books: Sfsync, options: list[str], passes: Any) -> None:
    """Each filter lets through what it says and nothing else."""
    every = _listed(books)
    wanted = [row["id"] for row in every if passes(row)]
    assert 0 < len(wanted) < len(every)
    assert [row["id"] for row in _listed(books, *options)] == wanted
    assert [row["id"] for row in _listed(books, *options, "--limit", "1")] == wanted[:1]


def test_a_terminal_gets_the_totals_by_currency(
    books: Sfsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The totals cover all that pass, not just the rows shown; a pipe gets rows only."""
    monkeypatch.setenv("COLUMNS", "80")
    drawn = books(
        "opportunity", "list", "--uninvoiced", "--limit", "2", "--color", "never", terminal=True
    )
    assert "2 deals for 18,120.00 EUR and 7 for 26,849.99 USD (1 without an amount)" in drawn.err
    assert "7 more" in drawn.out
    assert max(len(line) for line in drawn.out.splitlines()) <= 80
    assert books("opportunity", "list", "--uninvoiced").err == ""


@pytest.mark.parametrize("reference", [
    NO_AMOUNT, NO_AMOUNT[:15], f"https://x.lightning.force.com/r/Opportunity/{NO_AMOUNT}/view",
])  # fmt: skip
def test_show_finds_a_deal_by_what_is_at_hand(books: Sfsync, reference: str) -> None:
    """Ids and URLs lead to the deal, with its values, last outcome, reason and fix."""
    shown = books("opportunity", "show", reference, "--json").document["result"]
    assert (shown["id"], shown["outcome"]) == (NO_AMOUNT, "failed")
    assert shown["fix"]
    assert shown["failure"]["tries"] == 1
    assert shown["values"]["StageName"] == "Closed Won"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", shown["system_modstamp"])
    text = books("opportunity", "show", reference).out
    assert "invalid-amount: Amount is empty" in text
    assert "tried once, in run #1" in text


def test_show_tells_invoices_past_and_present(books: Sfsync) -> None:
    """A deleted draft and its reason stay with the deal; a number leads to it as well."""
    assert books("invoice", "delete", "D-000001", "--reason", "twice", "-y").status == 0
    shown = books("opportunity", "show", "D-000001", "--json").document["result"]
    assert shown["invoice"] is None
    assert [(one["draft"], one["status"], one["reason"]) for one in shown["invoices"]] == [
        ("D-000001", "deleted", "twice")
    ]
    for wrong in ("0065g00000ZZZZZ", "D-999999", "nothing"):
        assert books("opportunity", "show", wrong).status == 9


def test_an_ignored_deal_is_skipped_until_it_is_brought_back(books: Sfsync) -> None:
    """Ignoring closes the failure, is audited, holds in a sync, and can be taken back."""
    done = books("opportunity", "ignore", NO_AMOUNT[:15], "--reason", "old system", "--json")
    assert [one["id"] for one in done.document["result"]["opportunities"]] == [NO_AMOUNT]
    assert NO_AMOUNT not in books("history", "failures").out
    event = books("audit", "list", "--json").document["result"][0]
    assert (event["action"], event["entity"], event["reason"]) == (
        "opportunity.ignore", NO_AMOUNT, "old system",
    )  # fmt: skip
    assert books("sync", "--now", "--full", "-q").status == 3
    shown = books("opportunity", "show", NO_AMOUNT, "--json").document["result"]
    assert (shown["outcome"], shown["code"], shown["ignored"]) == ("skipped", "ignored", True)
    assert shown["ignore"]["reason"] == "old system"
    assert [row["id"] for row in _listed(books, "--ignored")] == [NO_AMOUNT]
    assert books("opportunity", "unignore", NO_AMOUNT).status == 0
    again = books("opportunity", "unignore", NO_AMOUNT, "--json")
    assert (again.status, again.document["error"]["code"]) == (11, "not-ignored")
    assert books("sync", "--now", "--full", "-q").status == 3
    assert NO_AMOUNT in books("history", "failures").out
    assert books("db", "verify").status == 0


def test_a_deal_with_an_invoice_is_not_ignored(books: Sfsync) -> None:
    """A live draft stands against it; of several deals none is ignored then."""
    deal = books("invoice", "show", "D-000001", "--json").document["result"]["opportunity"]
    done = books("opportunity", "ignore", NO_AMOUNT, deal, "--reason", "x", "--json")
    assert (done.status, done.document["error"]["code"]) == (11, "opportunity-invoiced")
    assert "invoice delete D-000001" in done.document["error"]["fix"]
    assert _listed(books, "--ignored") == []


@pytest.mark.parametrize("command", ["show", "unignore", "explain"])
def test_what_is_no_deal_is_looked_for_among_deals(books: Sfsync, command: str) -> None:
    """Neither a deal nor an invoice: the fix lists deals, or names the invoice that is near."""
    argv = [command] if command == "explain" else ["opportunity", command]
    done = books(*argv, "Acme", "--json").document["error"]
    assert done["message"] == "There is no deal and no invoice 'Acme'."
    assert done["fix"] == "sfsync opportunity list"
    near = books(*argv, "D-000091", "--json").document["error"]
    assert near["fix"].startswith("did you mean D-0000")


def test_deals_that_are_not_ignored_are_named(books: Sfsync) -> None:
    """One is, several are."""
    one = books("opportunity", "unignore", TOO_OLD).err
    assert f"{TOO_OLD} is not ignored." in one
    assert (
        f"{TOO_OLD}, {NO_AMOUNT} are not ignored."
        in books("opportunity", "unignore", TOO_OLD, NO_AMOUNT).err
    )


def test_cut_over_ignores_all_before_a_day(books: Sfsync) -> None:
    """--all-uninvoiced --before counts, totals and asks; what closed on the day is left alone."""
    argv = ("opportunity", "ignore", "--all-uninvoiced", "--before", before_today(45))
    asked = books(*argv, "--reason", "cut-over")
    assert asked.status == 2
    assert "Ignore 3 deals for 23,600.00 USD?" in asked.err
    assert books(*argv, "--reason", "x", terminal=True, answer="n\n").status == 11
    assert _listed(books, "--ignored") == []
    done = books(*argv, "--reason", "cut-over", "-y", "--json").document["result"]
    assert done["totals"] == [
        {"currency": "USD", "count": 3, "total": "23600.00", "without_amount": 0}
    ]
    assert {row["id"] for row in _listed(books, "--ignored")} == {
        one["id"] for one in done["opportunities"]
    }
    assert books(*argv, "--reason", "again", "-y").out == "Ignored no deals.\n"
    for wrong in ([], [TOO_OLD, "--all-uninvoiced"], ["--all-uninvoiced"],
                  [TOO_OLD, "--before", "2026-01-01"]):  # fmt: skip
        assert books("opportunity", "ignore", *wrong, "--reason", "x").status == 2, wrong
    assert books("opportunity", "ignore", TOO_OLD, "--reason", " ").status == 2
