from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.command_line import start

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.command_line import Sfsync

KEEP = "import sys, pathlib; pathlib.Path(sys.argv[1]).open('a').write(sys.stdin.read())"


@pytest.fixture
def work(books: Sfsync, home: Path) -> Path:
    """The folder of the synced demo, on a realtime schedule, with a program that keeps notices."""
    assert books("status").status == 0
    folder = home.parent / "work"
    configure(folder, [sys.executable, "-c", KEEP, str(folder / "notices")])
    return folder


def configure(folder: Path, command: list[str], overdue: str = "1h") -> None:
    """Name the program in the mapping file."""
    path = folder / "mappings.yaml"
    text = path.read_text().partition("\nschedule:")[0].partition("\nnotify:")[0]
    path.write_text(
        f"{text}\nschedule: {{frequency: realtime, overdue_after: {overdue}}}\n"
        f"notify: {{command: {json.dumps(command)}}}\n"
    )


def notices(folder: Path) -> list[dict[str, Any]]:
    """What the program has been told so far."""
    path = folder / "notices"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_a_failing_schedule_tells_once_and_its_recovery_once(books: Sfsync, work: Path) -> None:
    """A dead sign-in is told at the first tick; then the ticks rest; a good run says it is over."""
    assert books("demo", "break", "expired-sign-in").status == 0
    failed = books("sync", "-q")
    assert failed.status == 4
    assert failed.err.count("\n") == 2, failed.err
    (notice,) = [one for one in notices(work) if one["event"] == "failed"]
    assert notice["error"]["code"] == "sign-in-expired"
    assert notice["run"]["outcome"] == "failed"
    for _ in range(2):
        assert books("sync", "-q") == start(["sync", "-q"])
        assert books("sync", "-q").status == 0
    assert "it rests until" in books("sync").out
    assert books("sync", "--now", "-q").status == 4
    assert [one["event"] for one in notices(work)] == ["failed", "partial"]
    assert books("demo", "fix", "expired-sign-in").status == 0
    for what in ("missing-field", "bad-amount", "unknown-customer"):
        assert books("demo", "fix", what).status == 0
    assert books("connect", "-q").status == 0
    while (done := books("sync", "-q")).status == 3:
        assert books("sync", "retry", "-q").status in {0, 3}
    assert done.status == 0, done
    assert [one["event"] for one in notices(work)][2:] == ["recovered"]


def test_a_new_sign_in_is_tried_at_the_next_tick(books: Sfsync, work: Path) -> None:
    """However often the old one was refused, and however long the schedule would have waited."""
    assert work.is_dir()
    assert books("demo", "break", "expired-sign-in").status == 0
    for _ in range(4):
        assert books("sync", "--now", "-q").status == 4
    assert books("status", "--json").document["result"]["sign_in_rests_until"]
    assert "run" not in (books("sync", "--json").document["result"] or {})
    assert books("connect", "-q").status == 0
    assert books("sync", "--json").document["result"]["run"] == 6


def test_a_notice_has_ids_and_counts_but_no_names(books: Sfsync, work: Path) -> None:
    """What is told of a partial run has no customer's or deal's name in it."""
    assert books("sync", "-q").status in {0, 3}
    (notice,) = notices(work)
    assert (notice["schema"], notice["event"]) == ("sfsync.notify.v1", "partial")
    assert notice["open_failures"] == 3
    assert notice["run"]["counts"]["opportunities"]
    with closing(sqlite3.connect(work / "demo.db")) as ledger:
        names = ledger.execute("SELECT name FROM customer UNION SELECT name FROM opportunity")
        assert not [name for (name,) in names if name in json.dumps(notice, ensure_ascii=False)]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["/no/such/program"], "cannot be started: No such file or directory"),
        ([sys.executable, "-c", "import sys; sys.exit('token=abcdefgh')"], "ended with status 1"),
        ([sys.executable, "-c", "import time; time.sleep(30)"], "was stopped"),
    ],
)
def test_a_program_that_fails_is_a_warning(
    books: Sfsync, work: Path, monkeypatch: pytest.MonkeyPatch, command: list[str], said: str
) -> None:
    """The run ends as it would have; the next one tries to tell again."""
    if said == "was stopped":
        monkeypatch.setattr("sfsync.health.notify.TIME_LIMIT", 0.5)
    configure(work, command)
    for _ in range(2):
        done = books("sync", "--now", "-q", "--json")
        assert done.status in {0, 3}
        (warning,) = done.document["warnings"]
        assert said in warning
        assert "abcdefgh" not in warning
    monkeypatch.setattr("sfsync.health.notify.TIME_LIMIT", 30.0)
    configure(work, [sys.executable, "-c", KEEP, str(work / "notices")])
    assert books("sync", "-q").err.count("warning") == 0
    assert len(notices(work)) == 1


def test_an_overdue_schedule_is_said_everywhere_but_in_pipes(books: Sfsync, work: Path) -> None:
    """Status --check is 10, and a terminal gets one line below the answer of other commands."""
    assert books("status", "--check").status == 0
    make_old(work)
    checked = books("status", "--check", "--json")
    assert checked.status == 10
    codes = {alarm["code"] for alarm in checked.document["result"]["alarms"]}
    assert codes == {"overdue", "failures-overdue"}
    assert books("status").status == 0
    shown = books("invoice", "list", terminal=True)
    assert shown.err.splitlines()[-1].startswith("sfsync: no good sync for ")
    assert books("invoice", "list").err == ""
    assert books("invoice", "list", "-q", terminal=True).err == ""
    assert json.loads(books("invoice", "list", "--json", terminal=True).out)["status"] == 0


def test_a_run_tells_of_itself_though_the_next_one_is_at_work(books: Sfsync, work: Path) -> None:
    """The lock is free as soon as a run has ended; whoever comes then is nobody's news."""
    with closing(sqlite3.connect(work / "demo.db")) as ledger:
        names = [name for _, name, *_ in ledger.execute("PRAGMA table_info(run)")]
        anew = {"id": "NULL", "outcome": "'running'", "finished_at": "NULL"}
        columns, values = ", ".join(names), ", ".join(anew.get(one, one) for one in names)
        ledger.execute(
            "CREATE TRIGGER at_once AFTER UPDATE ON run WHEN NEW.outcome = 'partial'"  # noqa: S608 - names of the schema
            f" BEGIN INSERT INTO run ({columns}) SELECT {values} FROM run WHERE id = NEW.id; END"
        )
    assert books("sync", "retry", "-q").status == 3
    (notice,) = notices(work)
    assert (notice["event"], notice["run"]["outcome"]) == ("partial", "partial")


def test_a_failed_run_is_said_until_a_good_one(books: Sfsync, work: Path) -> None:
    """The banner and the check name the run and its reason."""
    assert books("demo", "break", "outage").status == 0
    assert books("sync", "--now", "-q").status == 6
    assert "the last run #2 failed: " in books("invoice", "list", terminal=True).err
    (alarm,) = books("status", "--check", "--json").document["result"]["alarms"]
    assert alarm["code"] == "last-run-failed"
    assert books("demo", "fix", "outage").status == 0
    assert books("sync", "--now", "-q").status in {0, 3}
    assert "failed: " not in books("customer", "list", terminal=True).err
    assert [one["event"] for one in notices(work)] == ["failed", "partial"]


def make_old(folder: Path) -> None:
    """Let the only run have been a week ago."""
    with closing(sqlite3.connect(folder / "demo.db")) as ledger, ledger:
        ledger.execute("DROP TRIGGER run_update")
        ledger.execute("UPDATE run SET started_at = '2026-01-01T00:00:00Z'")
