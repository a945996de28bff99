"""Every guard of posting, through the command line: exit 11, its code, and a way out."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sfsync.demo.store import OrgStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.command_line import Sfsync

    Obstacle = Callable[[Sfsync], tuple[str, ...] | None]

DRAFT = "D-000001"


def config(old: str, new: str) -> Obstacle:
    """Change the mapping file."""

    def change(_: Sfsync) -> None:
        path = Path("mappings.yaml")
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def command(*words: str) -> Obstacle:
    """Run a command."""

    def change(books: Sfsync) -> None:
        done = books(*words, "-q")
        assert done.status == 0, done

    return change


def tampered(statement: str) -> Obstacle:
    """Change a draft behind the program's back, as a plain connection still may."""

    def change(books: Sfsync) -> None:
        path = books("db", "path").out.strip()
        with closing(sqlite3.connect(path)) as plain:
            plain.execute(statement)
            plain.commit()

    return change


def drifted(books: Sfsync) -> None:
    """The deal is reopened in Salesforce."""
    deal = books("invoice", "show", DRAFT, "--json").document["result"]["opportunity"]
    with OrgStore.open(Path("demo-org.db")) as store:
        store.update("Opportunity", deal, {"StageName": "Prospecting"})
    books("sync", "--now", "-q")


def tomorrow(_: Sfsync) -> tuple[str, ...]:
    """A posting date that is yet to come, wherever the company is."""
    return ("--date", (datetime.now(UTC) + timedelta(days=2)).date().isoformat())


EMPTIED = [f"line.{n}.{name}=" for n in (1, 2, 3) for name in ("description", "product")]
NOTHING = [f"line.{n}.amount=0" for n in (1, 2, 3)]


def sets(values: list[str]) -> list[str]:
    """The options of an edit."""
    return [word for value in values for word in ("--set", value)]


SERVICES = '    "4100": {name: Services revenue, type: revenue}\n'
GUARDS: dict[str, Obstacle] = {
    "already-posted": command("invoice", "post", DRAFT),
    "already-deleted": command("invoice", "delete", DRAFT, "--reason", "x", "--yes"),
    "drifted": drifted,
    "on-hold": command("invoice", "hold", DRAFT, "--note", "ask Dana"),
    "not-reviewed": config("posting:\n", "posting:\n  require_review: true\n"),
    "customer-inactive": tampered("UPDATE customer SET active = 0"),
    "content-missing": command("invoice", "edit", DRAFT, *sets(EMPTIED)),
    "total-not-positive": command("invoice", "edit", DRAFT, *sets(NOTHING)),
    "out-of-balance": tampered("UPDATE document_line SET amount_minor = 1 WHERE id = 1"),
    "period-closed": config("posting:\n", "posting:\n  closed_through: 2099-12-31\n"),
    "future-date": tomorrow,
    "account-unknown": config(SERVICES, ""),
    "account-inactive": config(SERVICES, SERVICES.replace("revenue}", "revenue, active: false}")),
}


@pytest.mark.parametrize("code", GUARDS)
def test_each_guard_refuses_with_its_code_and_a_way_out(books: Sfsync, code: str) -> None:
    """Posting is refused with exit 11 under the guard's code; the fix is never empty."""
    options = GUARDS[code](books) or ()
    done = books("invoice", "post", DRAFT, *options, "--json")
    assert done.status == 11, done
    assert done.document["error"]["code"] == code
    assert done.document["error"]["fix"]
    assert books("audit", "verify").status == 0


def test_a_dry_run_says_what_posting_then_does(books: Sfsync) -> None:
    """The same numbers, totals, refusals and exit code; the ledger is not written meanwhile."""
    books("invoice", "hold", DRAFT, "--note", "ask Dana", "-q")
    ledger = Path(books("db", "path").out.strip())
    events = books("audit", "list").out
    kept = ledger.read_bytes()
    told = books("invoice", "post", "--all", "--dry-run", "--json")
    assert ledger.read_bytes() == kept
    assert books("audit", "list").out == events
    done = books("invoice", "post", "--all", "--yes", "--json")
    assert (told.status, done.status) == (3, 3)
    said, did = told.document["result"], done.document["result"]
    assert said["totals"] == did["totals"]
    assert said["would_refuse"] == did["refused"]
    keys = ("draft", "number", "customer", "posting_date", "currency", "total")
    assert said["would_post"] == [{key: one[key] for key in keys} for one in did["posted"]]
    assert books("invoice", "post", DRAFT, "--dry-run").status == 11
    assert books("invoice", "post", "D-000099", "-n").status == 9


def test_what_was_not_agreed_to_is_not_posted(books: Sfsync) -> None:
    """After a no nothing is posted; after a yes just what was foretold, in words beforehand."""
    books("invoice", "hold", DRAFT, "--note", "ask Dana", "-q")
    named = (DRAFT, "D-000002", "D-000003")
    assert books("invoice", "post", *named, terminal=True, answer="n\n").status == 11
    assert books("invoice", "list", "--status", "posted").out == ""
    done = books("invoice", "post", *named, terminal=True, answer="y\n")
    assert done.status == 3
    assert "(1 would be refused)? [y/N]" in done.err
    assert books("invoice", "post", DRAFT, DRAFT, terminal=True).status == 3


def test_what_does_not_exist_is_foretold_too(books: Sfsync) -> None:
    """A number that is nobody's is among what would be refused, as --dry-run counts it."""
    named = (DRAFT, "D-000002", "D-000099")
    asked = books("invoice", "post", *named)
    assert asked.status == 2
    assert "would refuse D-000099: There is no invoice 'D-000099'." in asked.err
    assert "(1 would be refused)?" in asked.err
    assert "would refuse 1." in books("invoice", "post", *named, "--dry-run").out


def test_a_pipe_gets_every_line_and_a_terminal_the_first(
    books: Sfsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What posting says of many drafts is never cut without a word, foretold or done."""
    monkeypatch.setattr("sfsync.cli.render.screen.ROWS_SHOWN", 2)
    foretell = ("invoice", "post", "--all", "--dry-run")
    count = len(books(*foretell, "--json").document["result"]["would_post"])
    assert books(*foretell).out.count("would post D-") == count
    seen = books(*foretell, terminal=True).out
    assert (seen.count("would post D-"), f"{count - 2} more (--json gets all)" in seen) == (2, True)
    assert books("invoice", "post", "--all", "--yes").out.count(" Posted D-") == count


def test_a_refused_one_does_not_stop_the_others(books: Sfsync) -> None:
    """With several, the rest is posted, the refused are named with their fix, and it is exit 3."""
    books("invoice", "hold", DRAFT, "--note", "ask Dana", "-q")
    asked = books("invoice", "post", DRAFT, "D-000002", "D-000003")
    assert asked.status == 2
    assert "Post 2 for " in asked.err
    assert "(1 would be refused)" in asked.err
    assert f"would refuse {DRAFT}: {DRAFT} is on hold: ask Dana  [on-hold]" in asked.err
    done = books("invoice", "post", DRAFT, "D-000002", "D-000003", "--yes", "--json")
    assert done.status == 3
    result = done.document["result"]
    assert [one["draft"] for one in result["posted"]] == ["D-000002", "D-000003"]
    (refused,) = result["refused"]
    assert (refused["draft"], refused["code"]) == (DRAFT, "on-hold")
    assert refused["fix"] == f"sfsync invoice release {DRAFT}"
    assert [one["currency"] for one in result["totals"]] == ["USD"]
    assert books("db", "verify").status == 0


@pytest.mark.parametrize("command", ["post", "delete"])
def test_named_documents_none_of_which_exists_are_not_found(books: Sfsync, command: str) -> None:
    """Exit 9 that names them all, asked or not; where one exists, the others do not keep it."""
    missing = books("invoice", command, "D-000991", "D-000992", "--json")
    assert (missing.status, missing.document["error"]["code"]) == (9, "invoice-not-found")
    assert "D-000991" in missing.document["error"]["message"]
    assert "D-000992" in missing.document["error"]["message"]
    one = books("invoice", command, "D-000001", "D-000992", "--yes", "--json")
    assert one.status == 3
    assert [each["draft"] for each in one.document["result"]["refused"]] == ["D-000992"]


def test_a_posted_invoice_is_not_deleted_whatever_one_would_answer(books: Sfsync) -> None:
    """It is refused as posted, not asked about."""
    assert books("invoice", "post", "D-000001").status == 0
    done = books("invoice", "delete", "D-000001")
    assert done.status == 11
    assert "invoice reverse" in done.err
