"""What somebody meets who tries the program for the first time."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sfsync import demo
from sfsync.demo.store import OrgStore
from tests.exports.file_readers import pdf_pages

if TYPE_CHECKING:
    from tests.cli.command_line import Sfsync


def _change(books_folder: Path, draft: str, **values: str) -> None:
    """Change the deal of a draft in the demo org."""
    with closing(sqlite3.connect(books_folder / "demo.db")) as ledger:
        (deal,) = ledger.execute(
            "SELECT opportunity_id FROM document WHERE draft = ?", (draft,)
        ).fetchone()
    with OrgStore.open(books_folder / "demo-org.db") as store:
        store.update("Opportunity", deal, values)


def test_the_org_of_another_demo_does_not_fit_the_ledger(sfsync: Sfsync, tmp_path: Path) -> None:
    """Two demo orgs differ in their id, so that one cannot be synced into the other's ledger."""
    for name in ("one", "two"):
        assert sfsync("demo", "start", str(tmp_path / name)).status == 0
    ids = [demo.org_status(tmp_path / name / "demo-org.db").org_id for name in ("one", "two")]
    assert len(set(ids)) == 2
    config = str(tmp_path / "one" / "mappings.yaml")
    assert sfsync("sync", "--now", "-q", "-c", config).status == 3
    ledger = str(tmp_path / "one" / "demo.db")
    other = str(tmp_path / "two" / "mappings.yaml")
    done = sfsync("sync", "--now", "-c", other, "--ledger", ledger, "--json")
    assert done.document["status"] == 8
    assert done.document["error"]["code"] == "ledger-of-another-org"
    demo.reset(tmp_path / "one" / "demo-org.db")
    assert sfsync("sync", "--now", "--full", "-q", "-c", config).status == 3


def test_drift_is_explained_field_by_field(books: Sfsync, home: Path) -> None:
    """Each drifted value before and after, the reason and the ways out; the list counts them."""
    number = books("invoice", "post", "D-000001", "--json").document["result"]["posted"][0][
        "number"
    ]
    _change(home.parent / "work", "D-000001", Name="Renamed")
    _change(home.parent / "work", "D-000003", StageName="Prospecting")
    books("sync", "--now", "-q")
    shown = books("invoice", "show", number, terminal=True).out
    assert "description: Around the Horn – store rollout → Renamed" in shown
    assert f"sfsync invoice accept {number}" in shown
    left = books("invoice", "show", "D-000003", terminal=True).out
    assert "stage Prospecting is not Closed Won" in left
    assert "sfsync invoice delete D-000003" in left
    told = books("history", "show", terminal=True).out
    assert "→ Renamed" in told
    assert "None" not in shown + left + told
    assert "Drift" in books("history", "list", terminal=True).out


def test_no_line_loses_its_end_on_a_narrow_terminal(
    books: Sfsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Long sentences go on in the next line, indented; every word is there."""
    records = books("history", "show", "--failed", "--json").document["result"]["records"]
    monkeypatch.setenv("COLUMNS", "60")
    drawn = books("history", "show", "--failed", "--color", "never", terminal=True).out
    assert max(map(len, drawn.splitlines())) <= 75
    words = " ".join(drawn.split())
    for record in records:
        assert record["message"] in words
        assert record["fix"] in words
    origin = books("config", "show", "--origin", "--color", "never", terminal=True).out
    assert "…" not in origin


@pytest.mark.parametrize(
    "argv",
    [["status"], ["doctor"], ["invoice", "show", "D-000001"], ["demo", "status"]],
    ids=" ".join,
)
def test_screens_in_a_pipe_are_plain_lines(books: Sfsync, argv: list[str]) -> None:
    """No rule, no padding, no wrapping: label, tab, value."""
    lines = books(*argv).out.splitlines()
    assert not any(line != line.rstrip() or "───" in line for line in lines)
    assert argv == ["doctor"] or any("\t" in line for line in lines)


def _piped(home: Path, command: str) -> subprocess.CompletedProcess[str]:
    program = f"{sys.executable} -m sfsync {command}"
    return subprocess.run(
        ["bash", "-c", program.replace("STATUS", "echo ${PIPESTATUS[0]}")],  # noqa: S607 - the shell of the test
        # Buffered as in any shell, whatever the tests themselves run in.
        env={**os.environ, "SFSYNC_HOME": str(home), "PYTHONUNBUFFERED": ""},
        cwd=home.parent / "work",
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("words", [
    "status", "invoice list", "invoice list --json", "history show", "-h", "invoice post -h",
    "export lines --format csv", "export lines --format xlsx", "invoice pdf D-000001 -o -",
])  # fmt: skip
def test_a_reader_that_leaves_and_a_full_disk(books: Sfsync, home: Path, words: str) -> None:
    """141 in silence when the reader has gone; exit 1 and one line when nothing can be written."""
    assert books("status").status == 0
    gone = _piped(home, f"{words} | true; STATUS")
    assert (gone.stdout.strip(), gone.stderr) == ("141", "")
    closed = _piped(home, f"{words} >&-; echo $?")
    assert (closed.stdout.strip(), closed.stderr) == ("141", "")
    full = _piped(home, f"{words} > /dev/full; echo $?")
    assert full.stdout.strip() == "1"
    assert full.stderr == "sfsync: the output cannot be written: No space left on device\n"


def test_a_wrong_client_id_ends_at_once(books: Sfsync, tmp_path: Path) -> None:
    """The org says so when it is asked; nobody is sent to a page that never calls back."""
    with demo.serve(tmp_path / "work" / "demo-org.db") as org:
        argv = ["connect", "--login-url", org.url, "--no-browser", "--store", "file", "--port", "0"]
        wrong = books(*argv, "--client-id", "WRONG", "--json")
        assert wrong.document["error"]["code"] == "invalid-client-id"
        late = books(*argv, "--client-id", demo.CLIENT_ID, "--timeout", "1")
    assert late.status == 4
    assert "consumer key" in late.err


def test_ordinary_mistakes_are_no_unexpected_errors(books: Sfsync, home: Path) -> None:
    """An empty CSV, a file where a folder should be, an outage: each has its own code."""
    (home.parent / "work" / "empty.csv").touch()
    assert books("customer", "import", "empty.csv", "--json").document["error"]["code"] == "csv"
    assert books("demo", "start", "mappings.yaml").status == 2
    assert books("demo", "start", "mappings.yaml/below").status == 2
    assert books("demo", "break", "outage").status == 0
    assert books("connect").status == 6
    assert books("doctor", "--online", "--json").document["status"] == 6
    assert "sfsync sync --now" in books("demo", "fix", "outage", terminal=True).err
    assert books("doctor", "--online").status == 0
    mistyped = books("sync", "now")
    assert (mistyped.status, "--now" in mistyped.err) == (2, True)


def test_a_ledger_that_cannot_be_written_can_be_read(
    books: Sfsync, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lists ask for no write access, not even for SQLite's own files beside the ledger."""
    monkeypatch.setattr("sfsync.ledger.connection.open_ledger", None)
    assert books("invoice", "list").status == 0
    assert books("customer", "show", "C-0001").status == 0
    assert books("audit", "verify").status == 0
    assert not (home.parent / "work" / "demo.db-journal").exists()


def test_the_trail_is_found_by_whatever_names_a_thing(books: Sfsync) -> None:
    """Posted numbers, deals by id or URL, customers by number or name."""
    number = books("invoice", "post", "D-000001", "--json").document["result"]["posted"][0][
        "number"
    ]
    deal = books("invoice", "show", number, "--json").document["result"]["opportunity"]
    for what in (number, "D-000001", deal, deal[:15], f"https://x.my.salesforce.com/{deal}"):
        events = books("audit", "list", "--what", what, "--json").document["result"]
        assert {event["action"] for event in events} == {"invoice.create", "invoice.post"}, what
    named = books("audit", "list", "--what", "Acme Corp", "--json").document["result"]
    assert {event["entity"] for event in named} == {"C-0003"}
    assert "Who" in books("audit", "list", terminal=True).out


def test_a_sync_without_news_leaves_no_trace_but_its_run(books: Sfsync) -> None:
    """The demo's port differs each time; that is nothing to write down."""
    before = books("audit", "verify", "--json").document["result"]["head"]
    assert books("sync", "--now", "-q").status in {0, 3}
    assert books("audit", "verify", "--json").document["result"]["head"] == before


def test_posting_says_what_it_did_not_find(books: Sfsync) -> None:
    """Nothing that matches is no failure; an unknown number does not keep the others."""
    none = books("invoice", "post", "--all", "--min", "999999999")
    assert (none.status, "No draft matches" in none.out) == (0, True)
    mixed = books("invoice", "post", "D-000001", "D-999", "-y", "--json").document
    assert mixed["status"] == 3
    assert [one["draft"] for one in mixed["result"]["posted"]] == ["D-000001"]
    assert [one["draft"] for one in mixed["result"]["refused"]] == ["D-999"]
    early = books("invoice", "post", "D-000003", "--date", "2020-01-31")
    assert "later than it is posted" in early.err
    number = mixed["result"]["posted"][0]["number"]
    asked = books("invoice", "reverse", number, "--reason", "x")
    assert "Around the Horn, 24,000.00 USD" in asked.err
    done = books("invoice", "reverse", number, "--reason", "x", "-y")
    assert "-24,000.00 USD" in done.out
    assert "credit 1200 24,000.00" in done.out


@pytest.mark.parametrize(
    "code", ["missing-field", "stage", "C205", "c101", "sign-in-expired", "api-limit", "drifted"]
)
def test_help_knows_every_kind_of_code(sfsync: Sfsync, code: str) -> None:
    """Whatever a screen shows as a code can be asked about."""
    done = sfsync("help", code)
    assert done.status == 0
    assert done.out.casefold().startswith(code.casefold())


def test_help_names_what_is_near_and_is_one_document(sfsync: Sfsync) -> None:
    """An unknown word is not found, with near matches; -h --json is one JSON document."""
    done = sfsync("help", "sign-in-expird")
    assert (done.status, "sign-in-expired" in done.err) == (9, True)
    assert sfsync("invoice", "-h", "--json").document["result"]["help"].startswith("Usage:")
    assert "Start here" in sfsync("-h", "--json").document["result"]["help"]


def test_own_records_say_which_stages_there_are(sfsync: Sfsync, tmp_path: Path) -> None:
    """Without a won deal the stages are named; naming one of them in the config is enough."""
    data = tmp_path / "data"
    data.mkdir()
    deal = {
        "attributes": {"type": "Opportunity", "referenceId": "o1"},
        "Name": "Big", "StageName": "Signed", "CloseDate": "2026-10-01", "Amount": 1200,
        "AccountId": "@a1",
    }  # fmt: skip
    account = {"attributes": {"type": "Account", "referenceId": "a1"}, "Name": "Acct"}
    (data / "all.json").write_text(json.dumps({"records": [account, deal]}))
    done = sfsync("demo", "start", "own", "--data", str(data))
    assert "Signed (1)" in done.err
    config = Path("own/mappings.yaml")
    text = config.read_text().replace("# stages: [Closed Won]", "stages: [Signed]")
    config.write_text(text)
    assert sfsync("sync", "--now", "-q", "-c", str(config)).status == 0
    (row,) = sfsync("invoice", "list", "--json", "-c", str(config)).document["result"]
    assert (row["sales_rep"], row["total"]) == ("DEMO finance user", "1200.00")


def test_a_refused_condition_has_its_place(books: Sfsync, home: Path) -> None:
    """The org's own words in short, with line, column and source."""
    config = home.parent / "work" / "mappings.yaml"
    text = config.read_text().replace(
        "    min_amount: 500.00", "    where: Typ = 1\n    min_amount: 500.00"
    )
    config.write_text(text)
    done = books("config", "validate", "--online")
    assert done.status == 5
    assert "C205 Salesforce refuses 'opportunities.filters.where': No such column 'Typ'" in done.err
    assert "where: Typ = 1" in done.err


def test_a_deal_of_an_unknown_customer_can_be_broken_and_mended(books: Sfsync) -> None:
    """A name that fits two customers is customer-not-found; mended, all is as before."""
    assert books("demo", "break", "unknown-customer").status == 0
    failed = books("sync", "--now", "--json").document["result"]["failures"]
    assert {one["code"] for one in failed} == {"customer-not-found"}
    assert books("demo", "fix", "unknown-customer").status == 0
    assert books("sync", "retry", "-q").status == 3
    assert "customer-not-found" not in books("history", "failures").out.partition("Account")[0]
    assert books("invoice", "list", "--drifted", "--json").document["result"] == []


def test_what_is_to_be_copied_is_not_broken(
    books: Sfsync, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The key of a setting on a narrow terminal, and a record's id on paper, stay in one line."""
    monkeypatch.setenv("COLUMNS", "80")
    shown = books("config", "show", "--color", "never", terminal=True).out
    assert "opportunities.filters.close_date.last_days" in shown
    file = tmp_path / "run.pdf"
    assert books("history", "show", "-o", str(file)).status == 0
    ids = [
        one["salesforce_id"]
        for one in books("history", "show", "--json").document["result"]["records"]
    ]
    text = "\n".join(pdf_pages(file))
    assert [one for one in ids if one not in text] == []


def test_a_used_up_allowance_is_not_looked_up_by_a_request(books: Sfsync) -> None:
    """The fix names no command that needs what there is none of."""
    assert books("demo", "break", "api-limit").status == 0
    for argv in (("sync", "--now"), ("org", "limits")):
        done = books(*argv)
        assert done.status == 6
        assert "sfsync org" not in done.err


def test_an_org_of_one_account_is_counted_as_one(sfsync: Sfsync, tmp_path: Path) -> None:
    """What a new demo org holds is said with the number that each noun needs."""
    record = {"attributes": {"type": "Account", "referenceId": "A1"}, "Name": "Acme"}
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "Account.json").write_text(
        json.dumps({"records": [record]}), encoding="utf-8"
    )
    done = sfsync("demo", "start", "one", "--data", str(tmp_path / "data"))
    assert "1 account, 0 contacts, 0 opportunities, 0 won, 0 line items" in done.out


def test_the_last_day_is_one(books: Sfsync) -> None:
    """A filter on the last day is explained as such."""
    config = Path("mappings.yaml")
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("last_days: 365", "last_days: 1"), encoding="utf-8")
    assert "within the last day" in books("explain", "D-000001").out
