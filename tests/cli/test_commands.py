from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.command_line import Sfsync

NEEDS_LEDGER = [
    ["invoice", "list"],
    ["invoice", "show", "D-1"],
    ["history", "list"],
    ["history", "show"],
    ["history", "failures"],
    ["opportunity", "list"],
    ["opportunity", "show", "D-1"],
    ["customer", "list"],
    ["customer", "duplicates"],
    ["contact", "list"],
    ["product", "list"],
    ["audit", "list"],
    ["audit", "verify"],
    ["db", "info"],
    ["db", "verify"],
]


@pytest.mark.parametrize("argv", NEEDS_LEDGER, ids=" ".join)
def test_without_config_or_ledger_commands_say_what_to_do(sfsync: Sfsync, argv: list[str]) -> None:
    """No config is exit 5 with a way out, no ledger is 9; nothing is created by asking."""
    done = sfsync(*argv, "--json")
    assert done.status == 5
    assert done.document["error"]["code"] == "config-not-found"
    assert "sfsync config init" in done.document["error"]["fix"]
    assert sfsync(*argv, "--ledger", "none.db", "--json").document["error"]["code"] == (
        "ledger-missing"
    )


READS = [
    ["invoice", "list"],
    ["invoice", "show", "D-000001"],
    ["history", "list"],
    ["history", "show"],
    ["history", "show", "1", "--failed"],
    ["history", "failures"],
    ["opportunity", "list"],
    ["opportunity", "list", "--uninvoiced"],
    ["opportunity", "show", "D-000008"],
    ["customer", "list"],
    ["customer", "show", "C-0001"],
    ["customer", "duplicates"],
    ["contact", "list"],
    ["product", "list"],
    ["audit", "list"],
    ["audit", "show", "1"],
    ["audit", "verify"],
    ["db", "info"],
    ["db", "path"],
    ["db", "verify"],
    ["status"],
    ["doctor"],
    ["config", "validate"],
    ["config", "show"],
    ["config", "explain", "schedule.at"],
    ["config", "schema"],
    ["config", "rule"],
    ["config", "path"],
]


@pytest.mark.parametrize("argv", READS, ids=" ".join)
def test_every_read_answers_in_json_and_inertly_everywhere(
    books: Sfsync, argv: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One JSON document; no byte that moves a terminal in a pipe or, but for colour, on one."""
    done = books(*argv, "--json")
    assert done.status == 0, done
    assert set(done.document) == {"schema", "status", "result", "warnings"}
    words = "_".join(word for word in argv if word.isalpha())
    assert words.startswith(done.document["schema"].removeprefix("sfsync.").removesuffix(".v1"))
    piped = books(*argv)
    assert piped.status == 0
    assert {"\x1b", "\x9b", "\u202e", "\x07"}.isdisjoint(piped.out)
    monkeypatch.setenv("COLUMNS", "80")
    drawn = books(*argv, "--color", "never", terminal=True)
    assert {"\x1b", "\x9b", "\u202e", "\x07"}.isdisjoint(drawn.out)
    assert drawn.status == 0


def test_a_pipe_gets_every_invoice_on_one_line(books: Sfsync) -> None:
    """`invoice list | wc -l` is the number of invoices; JSON has the same and all keys."""
    rows = books("invoice", "list", "--json").document["result"]
    assert len(books("invoice", "list").out.splitlines()) == len(rows) > 20
    assert set(rows[0]) == {
        *("number", "draft", "status", "kind", "customer", "opportunity", "url", "description"),
        *("document_date", "due_date", "currency", "total", "balance", "sales_rep", "region"),
        *("properties", "drifted", "on_hold", "payment_status"),
    }


def test_hostile_names_stay_on_their_line(books: Sfsync, monkeypatch: pytest.MonkeyPatch) -> None:
    """A customer's name with markup, escapes and line breaks is shown, never obeyed."""
    name = "Evil\x1b[2J\n[bold]x[/nope]\u202eftp"
    assert books("customer", "add", name).status == 0
    listed = books("customer", "list", "--search", "evil")
    assert len(listed.out.splitlines()) == 1
    assert "Evil\\x1b[2J\\n[bold]x[/nope]\\u202eftp" in listed.out
    monkeypatch.setenv("COLUMNS", "120")
    drawn = books("customer", "list", "--search", "evil", terminal=True)
    assert "\\x1b[2J" in drawn.out
    assert "\x1b[2J" not in drawn.out
    assert books("customer", "show", name, "--json").document["result"]["name"] == name


def test_what_was_done_to_a_hostile_deal_is_said_inertly(books: Sfsync) -> None:
    """The name of a deal or its account is foreign text in a sentence too."""
    done = books("demo", "close-deal", "ev\x1b[31mil\n\u202e", "--amount", "900")
    assert done.status == 0
    assert "ev\\x1b[31mil\\n\\u202e" in done.out
    assert {"\x1b", "\u202e"}.isdisjoint(done.out)
    assert done.out.count("\n") == 1


def test_filters_mean_the_same_in_list_and_post(books: Sfsync) -> None:
    """What `list --status draft FILTER` shows is what `post --all FILTER` posts."""
    chosen = books("invoice", "list", "--max", "5000", "--json").document["result"]
    done = books("invoice", "post", "--all", "--max", "5000", "--yes", "--json")
    assert done.status == 0
    posted = {one["draft"] for one in done.document["result"]["posted"]}
    assert posted == {one["draft"] for one in chosen}
    assert done.document["result"]["refused"] == []
    assert books("audit", "verify").status == 0
    assert books("db", "verify").status == 0


def test_a_part_of_a_name_is_enough(books: Sfsync) -> None:
    """Customer and sales rep are found by a part of the name, whatever its case."""
    rows = books("invoice", "list", "--json").document["result"]
    for option, key in (("--rep", _rep), ("--customer", _name)):
        part = key(rows[0])[1:4].upper()
        found = books("invoice", "list", option, part, "--json").document["result"]
        wanted = [row for row in rows if part.lower() in key(row).lower()]
        assert found == wanted
        assert len(found) > 0
    deals = books("opportunity", "list", "--rep", "REYES", "--json").document["result"]
    assert {deal["owner"] for deal in deals} == {"Dana Reyes"}


def _rep(row: dict[str, Any]) -> str:
    return str(row["sales_rep"])


def _name(row: dict[str, Any]) -> str:
    return str(row["customer"]["name"])


def test_posting_one_asks_nothing_and_twice_is_refused(books: Sfsync) -> None:
    """One draft is posted at once; again it is exit 11, in words and in JSON."""
    done = books("invoice", "post", "D-000001", "--json")
    (posted,) = done.document["result"]["posted"]
    assert posted["number"].startswith("INV-")
    debit = sum(float(entry["debit"] or 0) for entry in posted["journal"])
    assert debit == float(posted["total"])
    again = books("invoice", "post", "D-000001")
    assert again.status == 11
    assert "posted already" in again.err
    document = books("invoice", "post", posted["number"], "--json").document
    assert document["error"]["code"] == "already-posted"
    mixed = books("invoice", "post", "D-000001", "D-000002", "-y", "--json")
    assert mixed.status == 3
    assert len(mixed.document["result"]["posted"]) == 1
    assert mixed.document["result"]["refused"][0]["code"] == "already-posted"


def test_posting_many_needs_a_yes(books: Sfsync) -> None:
    """Without a terminal it is wrong usage naming --yes; at one, "n" changes nothing."""
    refused = books("invoice", "post", "--all")
    assert refused.status == 2
    assert "--yes" in refused.err
    asked = books("invoice", "post", "--all", terminal=True, answer="n\n")
    assert asked.status == 11
    assert re.search(r"Post \d+ for [\d,.]+ EUR and \d+ for", asked.err)
    assert books("invoice", "list", "--status", "posted").out == ""
    assert books("invoice", "post").status == 2
    assert books("invoice", "post", "D-000001", "--all").status == 2
    assert books("invoice", "post", "D-000001", "--max", "5").status == 2


def test_who_may_not_be_asked_is_told_why(books: Sfsync) -> None:
    """No terminal is one reason, --no-input on a terminal another."""
    assert "There is no terminal" in books("invoice", "delete", "D-000001").err
    forbidden = books("invoice", "delete", "D-000001", "--no-input", terminal=True)
    assert forbidden.status == 2
    assert "--no-input is given." in forbidden.err
    assert "no terminal" not in forbidden.err


def test_delete_and_reverse_keep_what_was(books: Sfsync) -> None:
    """A deleted draft is listed only when asked for; a reversed invoice names its credit note."""
    assert books("invoice", "delete", "D-000002", "--reason", "test").status == 2
    deleted = books("invoice", "delete", "D-000002", "--reason", "test", "-y", "--json")
    assert deleted.document["result"]["deleted"][0]["draft"] == "D-000002"
    assert "D-000002" not in books("invoice", "list").out
    assert "D-000002" in books("invoice", "list", "--status", "deleted").out
    number = books("invoice", "post", "D-000003", "--json").document["result"]["posted"][0][
        "number"
    ]
    done = books("invoice", "reverse", number, "--reason", "wrong", "-y", "--json")
    assert done.document["result"]["number"] == number
    shown = books("invoice", "show", number, "--json").document["result"]
    assert shown["status"] == "reversed"
    assert shown["reversed_by"] == done.document["result"]["credit_note"]


def test_wrong_filters_are_wrong_usage(books: Sfsync) -> None:
    """Dates, amounts, properties, sort keys and states that make no sense are exit 2."""
    for option in (
        ["--from", "01/02/2026"],
        ["--min", "many"],
        ["--property", "novalue"],
        ["--sort", "colour"],
        ["--status", "unpaid"],
        ["--limit", "0"],
    ):
        assert books("invoice", "list", *option, "--json").document["status"] == 2, option


def test_a_terminal_shows_few_and_says_how_many_more(
    books: Sfsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--limit is a limit, and the rest is counted."""
    monkeypatch.setenv("COLUMNS", "80")
    total = len(books("invoice", "list").out.splitlines())
    drawn = books("invoice", "list", "--limit", "5", terminal=True)
    assert f"{total - 5} more" in drawn.out
    for _ in range(3):
        assert books("sync", "--now", "--only", "contacts", "-q").status == 0
    monkeypatch.setattr("sfsync.cli.history.ROWS_SHOWN", 2)
    monkeypatch.setattr("sfsync.cli.render.screen.ROWS_SHOWN", 2)
    assert "2 more (" in books("history", "list", terminal=True).out
    assert "3 more (" in books("history", "list", "--limit", "1", terminal=True).out


@pytest.mark.parametrize("argv", [("history", "list"), ("audit", "list"), ("invoice", "list")])
def test_a_field_is_the_same_on_a_terminal(books: Sfsync, argv: tuple[str, ...]) -> None:
    """What only a drawn row has is no field: it is refused on a terminal as in a pipe."""
    for name in ("started", "when", "state"):
        assert books(*argv, "--fields", name, terminal=True).status == 2
    first = books(*argv, "--fields", "help").out.split()[0]
    value = books(*argv, "--fields", first).out.splitlines()[0]
    assert value in books(*argv, "--fields", first, terminal=True).out


def test_history_shows_each_record_with_reason_and_fix(books: Sfsync) -> None:
    """--failed leaves only failures, each with code, message and fix; runs may be #1 or latest."""
    shown = books("history", "show", "#1", "--failed", "--json").document["result"]
    assert {record["outcome"] for record in shown["records"]} == {"failed"}
    assert all(
        record["code"] and record["message"] and record["fix"] for record in shown["records"]
    )
    assert shown["counts"]["opportunities"]["failed"] == len(shown["records"])
    money = {(record["amount"], record["currency"]) for record in shown["records"]}
    assert money == {("18000.00", "EUR"), ("2750.00", "USD"), (None, None)}
    text = books("history", "show", "--failed", terminal=True).out
    assert "missing-field: " in text
    assert "    fix: " in text
    piped = books("history", "show", "--failed").out.splitlines()
    assert [line.split("\t")[2] for line in piped] == [r["salesforce_id"] for r in shown["records"]]
    assert books("history", "show", "99").status == 9
    assert books("history", "show", "last").status == 2


def test_what_a_run_drafted_may_add_up_to_more_than_one_invoice_may_hold(sfsync: Sfsync) -> None:
    """The summaries of plan and run give a sum that is larger than any single amount can be."""
    assert sfsync("demo", "start", ".", "-q").status == 0
    for name in ("One", "Two"):
        assert sfsync("demo", "close-deal", name, "--amount", "9999999999999.99").status == 0
    planned, done = sfsync("sync", "plan"), sfsync("sync", "--now")
    assert (planned.status, done.status) == (3, 3)
    for out in (planned.out, done.out):
        assert re.search(r"Drafts .*created: .* · 20,000,010,298,264\.12 USD", out)


def test_status_says_what_needs_somebody(books: Sfsync) -> None:
    """Drafts and failures wait for a person; that is no alarm, so that --check is 0."""
    assert books("status").status == 0
    checked = books("status", "--check", "--json")
    assert checked.status == 0
    assert checked.document["result"]["alarms"] == []
    assert {need["command"] for need in checked.document["result"]["needs"]} >= {
        "sfsync history failures",
        "sfsync invoice review",
    }


def test_status_and_doctor_live_without_anything(sfsync: Sfsync) -> None:
    """Status never fails because something is missing; doctor says what a run would end with."""
    assert sfsync("status").status == 0
    assert sfsync("status", "--check").status == 10
    done = sfsync("doctor", "--json")
    assert done.status == 9
    assert done.document["error"]["code"] == "unhealthy"
    assert done.document["error"]["checks"][0]["verdict"] == "failed"


def test_an_invalid_config_is_reported_whole(sfsync: Sfsync, home: Path) -> None:
    """Every problem with its place, in text and in JSON; every command that needs it is exit 5."""
    (home.parent / "work" / "mappings.yaml").write_text(
        "version: 1\nschedule:\n  frequncy: hourly\n  at: 6:30am\n"
    )
    done = sfsync("config", "validate")
    assert done.status == 5
    assert "mappings.yaml:3:3: C101" in done.err
    assert "did you mean" in done.err
    problems = sfsync("invoice", "list", "--json").document["error"]["problems"]
    assert {(p["line"], p["code"]) for p in problems} >= {(3, "C101"), (4, "C109")}
    assert all(
        set(p) == {"code", "file", "line", "column", "message", "suggestion"} for p in problems
    )
    assert sfsync("status").status == 0
    assert sfsync("doctor").status == 5
    assert json.loads(sfsync("config", "path", "--json").out)["result"]["ledger"] is None


def test_config_init_writes_a_valid_file_once(sfsync: Sfsync, home: Path) -> None:
    """The template is valid, private, and never overwrites without --force."""
    assert sfsync("config", "init").status == 0
    written = home.parent / "work" / "mappings.yaml"
    assert written.stat().st_mode & 0o777 == 0o600
    assert sfsync("config", "validate").status == 0
    assert sfsync("config", "init").status == 11
    assert sfsync("config", "init", "--force").status == 0
    assert sfsync("config", "init", "-o", "other.yaml").status == 0
    assert sfsync("-c", "other.yaml", "config", "validate").status == 0
    assert sfsync("config", "init", "-o", "-").out == written.read_text(encoding="utf-8")
    assert not written.with_name("-").exists()


def test_config_schema_goes_to_a_file_as_it_is(sfsync: Sfsync, tmp_path: Path) -> None:
    """-o writes the schema itself, for an editor."""
    target = tmp_path / "sfsync.schema.json"
    assert sfsync("config", "schema", "-o", str(target)).status == 0
    assert json.loads(target.read_text())["title"] == "sfsync mapping file"


def test_customers_come_from_csv_all_or_none(books: Sfsync, tmp_path: Path) -> None:
    """A good file is imported whole; a bad one changes nothing."""
    good = tmp_path / "good.csv"
    good.write_text(
        "name,external_id,city,segment\nAlpha AG,X-1,Bern,large\nBeta,,,\n", "utf-8-sig"
    )
    done = books("customer", "import", str(good), "--json")
    first = done.document["result"][0]
    good.write_text("name\nDelta\n", "utf-8")
    assert books("customer", "import", str(good)).out == "Imported 1 customer.\n"
    assert (first["name"], first["address"]["city"]) == ("Alpha AG", "Bern")
    assert first["properties"] == {"segment": "large"}
    for bad in ("title\nx\n", "name\n\n ,\n", "name,city\nGamma\n", "name\n" + '"open\n'):
        broken = tmp_path / "bad.csv"
        broken.write_text(bad)
        assert books("customer", "import", str(broken)).status == 2, bad
    assert books("customer", "import", str(tmp_path / "none.csv")).status == 9
    assert books("customer", "list", "--search", "Gamma").out == ""


def test_the_org_can_be_looked_at(books: Sfsync) -> None:
    """show, fields, stages, limits and the online check ask the connected org."""
    assert books("org", "show", "--json").document["result"]["kind"] == "demo"
    fields = books("org", "fields", "Opportunity", "--search", "project").out
    assert "Project_Code__c" in fields
    missing = books("org", "fields", "Oportunity")
    assert missing.status == 9
    assert "Did you mean Opportunity?" in missing.err
    stages = books("org", "stages", "--json").document["result"]
    assert {"label": "Closed Won", "won": True, "closed": True, "probability": "100"} in stages
    assert books("org", "limits", "--json").document["result"]
    assert books("config", "validate", "--online").status == 0


def test_connect_confirms_user_org_and_store(books: Sfsync) -> None:
    """With the demo org the whole sign-in happens, and the result names what was confirmed."""
    result = books("connect", "--json").document["result"]
    assert result["org"]["kind"] == result["kind"] == "demo"
    assert result["api_access"] is True
    assert result["store"] == "file"
    assert "token" not in json.dumps(result).replace("refresh_token", "")
    assert books("disconnect", "-y").status == 2


def test_connect_refuses_what_cannot_work(sfsync: Sfsync) -> None:
    """Missing parts and contradictions are wrong usage, before anybody is asked to sign in."""
    assert sfsync("connect", "--json").document["error"]["code"] == "sign-in-incomplete"
    secret = sfsync("connect", "--auth", "client-credentials", "--client-id", "x").err
    assert "fix: Pass it; docs/servers.md" in secret, "the config holds no secret"
    assert "Pass them, or set them under `connection`" in sfsync("connect", "--auth", "jwt").err
    assert sfsync("connect", "--sandbox", "--login-url", "https://x.my.salesforce.com").status == 2
    assert sfsync("connect", "--login-url", "http://evil.example", "--client-id", "x").status == 4
    assert sfsync("connect", "--client-id", "x", "--client-secret-file", "none").status == 9
    assert sfsync("disconnect", "-y").status == 5


def test_listing_invoices_imports_nothing_heavy(
    books: Sfsync, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading the ledger loads no library of Salesforce, of the keyring, or of the demo org."""
    from tests.cli.test_boundary import HEAVY, imported  # noqa: PLC0415 - only this test shares it

    assert books("status").status == 0
    monkeypatch.chdir(home.parent / "work")
    assert imported(home, "invoice", "list").isdisjoint(HEAVY - {"yaml"})


def test_quiet_actions_speak_only_when_something_is_wrong(books: Sfsync) -> None:
    """--quiet: nothing at all on success; what was refused goes to stderr. Reads still answer."""
    done = books("invoice", "post", "D-000001", "-q")
    assert (done.status, done.out, done.err) == (0, "", "")
    mixed = books("invoice", "post", "D-000001", "D-000002", "-y", "-q")
    assert (mixed.status, mixed.out) == (3, "")
    assert "D-000001: " in mixed.err
    assert books("invoice", "show", "D-000001", "-q").out
    won = books("demo", "close-deal", "-q")
    assert (won.status, won.out, won.err) == (0, "", "")


def test_a_draft_on_hold_is_not_posted(books: Sfsync) -> None:
    """Hold refuses posting with its note; release lets it go."""
    unsaid = books("invoice", "hold", "D-000001", "--note", " ", "--json")
    assert (unsaid.status, unsaid.document["error"]["code"]) == (2, "note-missing")
    assert books("invoice", "hold", "D-000001", "--note", "wait for PO").status == 0
    refused = books("invoice", "post", "D-000001", "--json")
    assert (refused.status, refused.document["error"]["code"]) == (11, "on-hold")
    assert "wait for PO" in refused.document["error"]["message"]
    assert books("invoice", "release", "D-000001").out == "D-000001 is released.\n"
    assert books("invoice", "post", "D-000001").status == 0
    for argv, what in ((("hold", "--note", "x"), "put on hold"), (("release",), "released")):
        posted = books("invoice", argv[0], "D-000001", *argv[1:])
        assert posted.status == 11
        assert f"only a draft can be {what}." in posted.err
        assert 'sfsync invoice credit INV-2026-00001 --reason "…" --amount …' in posted.err


@pytest.mark.parametrize(
    "argv",
    [
        ["invoice", "reverse", "INV-2026-00001"],
        ["invoice", "credit", "INV-2026-00001", "--amount", "5"],
        ["invoice", "delete", "D-000002"],
        ["customer", "merge", "C-0001", "C-0002"],
        ["history", "undo", "1"],
        ["opportunity", "ignore", "--all-uninvoiced", "--before", "2026-01-01"],
    ],
    ids=" ".join,
)
def test_nobody_is_asked_for_what_has_no_reason(books: Sfsync, argv: list[str]) -> None:
    """An empty reason is refused before the question, not after the yes."""
    assert books("invoice", "post", "D-000001").status == 0
    done = books(*argv, "--reason", " ", terminal=True, answer="y\n")
    assert (done.status, "[y/N]" in done.err + done.out) == (2, False)
    assert "A reason is needed." in done.err
