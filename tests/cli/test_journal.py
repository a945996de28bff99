from __future__ import annotations

import csv
import hashlib
import io
import shutil
import subprocess
import sys
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cli.command_line import Sfsync

BEAN_CHECK = Path(sys.executable).with_name("bean-check")
HLEDGER = shutil.which("hledger")


@pytest.fixture
def posted(books: Sfsync) -> Sfsync:
    """The demo with every draft posted, one invoice paid and the payment voided."""
    assert books("invoice", "post", "--all", "--yes").status in {0, 3}
    assert books("payment", "add", "D-000001", "--amount", "5").status == 0
    assert books("payment", "void", "P-1", "--reason", "x").status == 0
    return books


def _balance(sfsync: Sfsync) -> list[dict[str, Any]]:
    rows = sfsync("journal", "trial-balance", "--json").document["result"]
    assert isinstance(rows, list)
    return rows


def test_the_journal_is_listed_and_shown(posted: Sfsync) -> None:
    """Entries have their kind, document and lines; a pipe has one line for each."""
    rows = posted("journal", "list", "--json").document["result"]
    assert {row["kind"] for row in rows} == {"invoice", "payment", "void"}
    assert len(posted("journal", "list").out.splitlines()) == len(rows)
    void = posted("journal", "list", "--invoice", "D-000001", "--json").document["result"][-1]
    assert (void["kind"], void["payment"]) == ("void", "P-000001")
    shown = posted("journal", "show", void["entry"].lower(), "--json").document["result"]
    assert shown == void
    assert "Bank" in posted("journal", "show", void["entry"], terminal=True).out
    assert posted("journal", "show", "999").status == 9
    assert posted("journal", "list", "--account", "1000", "--limit", "1").out.count("\n") == 1


def test_the_trial_balance_balances(posted: Sfsync) -> None:
    """Debits equal credits in each currency, and the receivable is what is owed."""
    rows = _balance(posted)
    for currency in {row["currency"] for row in rows}:
        sides = [row for row in rows if row["currency"] == currency]
        assert sum(Decimal(row["balance"]) for row in sides) == 0
        owed = posted("invoice", "list", "--status", "open", "--json").document["result"]
        open_sum = sum(Decimal(one["balance"]) for one in owed if one["currency"] == currency)
        receivable = next(row for row in sides if row["account"] == "1200")
        assert Decimal(receivable["balance"]) == open_sum
    assert posted("journal", "trial-balance", "--as-of", "2020-01-01").out == ""
    drawn = posted("journal", "trial-balance", "--color", "never", terminal=True).out
    dollars = [Decimal(row["debit"]) for row in rows if row["currency"] == "USD"]
    words = [line.removeprefix("Total").split() for line in drawn.splitlines()]
    assert [f"{sum(dollars):,}", f"{sum(dollars):,}", "0.00", "USD"] in words


def test_exports_have_the_totals_of_the_ledger(posted: Sfsync, tmp_path: Path) -> None:
    """The CSV adds up to the trial balance; the file is private, and its event has its hash."""
    done = posted("journal", "export", "--format", "csv", "-o", "j.csv", "--json")
    result = done.document["result"]
    path = tmp_path / "work" / "j.csv"
    assert hashlib.sha256(path.read_bytes()).hexdigest() == result["sha256"]
    assert path.stat().st_mode & 0o777 == 0o600
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
    for balance in _balance(posted):
        sides = [r for r in rows if (r["account"], r["currency"]) == (
            balance["account"], balance["currency"])]  # fmt: skip
        assert sum(Decimal(row["debit"] or 0) for row in sides) == Decimal(balance["debit"])
        assert sum(Decimal(row["credit"] or 0) for row in sides) == Decimal(balance["credit"])
    event = posted("audit", "list", "--action", "export", "--json").document["result"][0]
    assert (event["action"], event["entity"]) == ("export.journal", "j.csv")
    assert event["after"]["sha256"] == result["sha256"]
    verified = posted("audit", "verify", "--head", result["head"])
    assert verified.status == 0
    assert posted("journal", "export", "--format", "csv", "-o", "j.csv").status == 11
    assert posted("journal", "export", "--format", "csv", "-o", "j.csv", "--force").status == 0
    assert posted("journal", "export", "--format", "xml").status == 2


def test_an_export_to_stdout_is_the_text_itself(posted: Sfsync) -> None:
    """Piped it is the file; under --json the text is part of the one document."""
    text = posted("journal", "export", "--format", "beancount").out
    assert "; audit head " in text
    document = posted("journal", "export", "--format", "beancount", "--json").document
    assert document["result"]["text"] == text


@pytest.mark.skipif(not BEAN_CHECK.exists(), reason="bean-check is not installed")
def test_bean_check_passes(posted: Sfsync, tmp_path: Path) -> None:
    """Beancount's own check finds nothing in the export of the demo."""
    assert posted("journal", "export", "--format=beancount", "-o", "j.beancount").status == 0
    path = tmp_path / "work" / "j.beancount"
    done = subprocess.run(
        [BEAN_CHECK, "--no-cache", path], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.skipif(HLEDGER is None, reason="hledger is not installed")
def test_hledger_check_passes(posted: Sfsync, tmp_path: Path) -> None:
    """Hledger's strict check finds nothing in the export of the demo."""
    assert HLEDGER is not None
    assert posted("journal", "export", "--format", "hledger", "-o", "j.journal").status == 0
    path = tmp_path / "work" / "j.journal"
    subprocess.run([HLEDGER, "-f", path, "check", "--strict"], check=True)


def test_a_close_shows_what_it_leaves_and_is_for_good(books: Sfsync) -> None:
    """Drafts inside and the trial balance come first; then nothing posts there, and none opens."""
    (posted,) = books("invoice", "post", "D-000001", "--json").document["result"]["posted"]
    last = posted["posting_date"]
    earlier = (date.fromisoformat(last) - timedelta(days=1)).isoformat()
    assert books("journal", "close", "--through", last).status == 2
    asked = books("journal", "close", "--through", last, terminal=True, answer="n\n")
    assert asked.status == 11
    assert "dated inside" in asked.err
    assert "1200" in asked.err
    done = books("journal", "close", "--through", last, "--yes", "--json")
    result = done.document["result"]
    assert (done.status, result["closed_through"]) == (0, last)
    assert result["drafts"]
    draft = result["drafts"][0]["draft"]
    refused = books("invoice", "post", draft, "--json")
    assert (refused.status, refused.document["error"]["code"]) == (11, "period-closed")
    back = books("journal", "close", "--through", earlier, "--yes", "--json")
    assert (back.status, back.document["error"]["code"]) == (11, "period-closed")
    assert books("journal", "close", "--through", "2999-01-01", "--yes").status == 11
    event = books("audit", "list", "--action", "period.close", "--json").document["result"][0]
    assert event["after"]["closed_through"] == last
    assert books("db", "verify").status == 0


def test_a_ledger_of_no_org_has_a_journal_too(sfsync: Sfsync) -> None:
    """Before the first sync no org is named; closing says that nothing is posted."""
    assert sfsync("demo", "start", ".").status == 0
    assert sfsync("customer", "add", "Foo").status == 0
    assert sfsync("journal", "export", "--format", "hledger").out.startswith("; Journal, by sfsync")
    closed = sfsync("journal", "close", "--through", "2026-01-31", "-y")
    assert closed.status == 0
    assert "Nothing is posted through 2026-01-31." in closed.out + closed.err
    assert "Debit" not in closed.out + closed.err
    assert "fix: sfsync sync --now" in sfsync("history", "show").err
