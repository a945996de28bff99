from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

from sfsync.ledger.open_failures import MAX_TRIES

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.cli.command_line import Sfsync

NO_AMOUNT = "0065g000000000OAAQ"


def _failures(books: Sfsync, *options: str) -> list[dict[str, Any]]:
    found = books("history", "failures", *options, "--json").document["result"]
    assert isinstance(found, list)
    return found


def _give_up_on(home: Path, salesforce_id: str) -> None:
    """As if the record had failed in many runs already."""
    with closing(sqlite3.connect(home.parent / "work" / "demo.db")) as file, file:
        file.execute(
            "UPDATE failure SET tries = ? WHERE salesforce_id = ?", (MAX_TRIES, salesforce_id)
        )


def test_open_failures_are_listed_with_their_fix(
    books: Sfsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each with code, message, fix, tries, first and last run; a pipe has one line for each."""
    rows = _failures(books)
    assert len(rows) == len(books("history", "failures").out.splitlines()) == 3
    assert all(row["code"] and row["message"] and row["fix"] for row in rows)
    assert {(row["tries"], row["dead"], row["first_run"]) for row in rows} == {(1, False, 1)}
    assert books("sync", "--now", "--full", "-q").status == 3
    assert {(row["tries"], row["first_run"], row["last_run"]) for row in _failures(books)} == {
        (2, 1, 2)
    }
    monkeypatch.setenv("COLUMNS", "60")
    drawn = books("history", "failures", "--color", "never", terminal=True).out
    assert "or give customer a default, then: sfsync sync retry" in " ".join(drawn.split())
    assert "    fix: correct the amount in Salesforce" in drawn
    assert "tried 2 times, runs #1 to #2" in drawn


def test_what_failed_too_often_is_given_up_on(books: Sfsync, home: Path) -> None:
    """--dead lists it, status counts it apart, and a bare retry leaves it out."""
    assert _failures(books, "--dead") == []
    assert "no open failures" in books("history", "failures", "--dead", terminal=True).out
    _give_up_on(home, NO_AMOUNT)
    (dead,) = _failures(books, "--dead")
    assert (dead["salesforce_id"], dead["dead"]) == (NO_AMOUNT, True)
    assert len(_failures(books)) == 3
    status = books("status", "--json").document["result"]
    assert (status["ledger"]["failures"], status["ledger"]["dead_failures"]) == (2, 1)
    assert "sfsync history failures --dead" in {need["command"] for need in status["needs"]}
    assert "2 open, 1 given up on" in books("status").out
    assert books("sync", "retry", "-q").status == 3
    retried = books("history", "show", "--json").document["result"]["records"]
    assert NO_AMOUNT not in {record["salesforce_id"] for record in retried}
    assert "given up on" in books("opportunity", "show", NO_AMOUNT).out


def test_what_failed_in_a_run_is_retried_though_later_runs_met_it_too(books: Sfsync) -> None:
    """A run stands for what failed in it and fails still, whoever met that last."""
    assert books("sync", "--now", "--full", "-q").status == 3
    assert books("demo", "fix", "missing-field").status == 0
    first = books("sync", "retry", "1", "--json").document["result"]["counts"]["opportunities"]
    assert (first["read"], first["created"], first["failed"]) == (3, 1, 2)
    assert books("sync", "retry", "latest", "--json").document["result"]["counts"][
        "opportunities"
    ] == {**first, "read": 2, "created": 0}
    books("sync", "--now", "--only", "accounts", "-q")
    nothing = books("sync", "retry", "latest")
    assert (nothing.status, "Nothing that failed in that run still fails" in nothing.out) == (
        0,
        True,
    )


def test_a_dead_failure_comes_to_life_when_its_record_changes(books: Sfsync, home: Path) -> None:
    """A change in Salesforce is read by the next sync: what still fails counts from one again."""
    _give_up_on(home, NO_AMOUNT)
    assert books("sync", "--now", "--full", "-q").status == 3
    assert [row["tries"] for row in _failures(books, "--dead")] == [MAX_TRIES + 1]
    with closing(sqlite3.connect(home.parent / "work" / "demo.db")) as file, file:
        file.execute("UPDATE failure SET system_modstamp = '2026-01-01T00:00:00.000+0000'")
    assert books("sync", "--now", "--full", "-q").status == 3
    assert _failures(books, "--dead") == []
    assert {row["tries"] for row in _failures(books)} == {1}
