from __future__ import annotations

import json
import os
import shutil
import sqlite3
import zipfile
from collections import namedtuple
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from sfsync import demo
from sfsync.health.ledger_checks import file_system
from sfsync.ledger.lock import run_lock
from sfsync.salesforce import ApiBudget
from tests.salesforce.keyrings import SECRET, Desktop

if TYPE_CHECKING:
    from pathlib import Path

    from sfsync.demo.server import RunningOrg
    from tests.cli.command_line import Done, Sfsync

PEM = "-----BEGIN PRIVATE KEY-----\nMIIEplantedkey\n-----END PRIVATE KEY-----"
CANARIES = (
    *("planted-in-a-comment", "planted-argument", "plantedpassphrase", "MIIEplantedkey"),
    *(SECRET, "00D5g00000ABCDE!AQ.planted", "planted-in-a-message"),
)


def checks(done: Done) -> dict[str, list[dict[str, Any]]]:
    """The findings by the name of their check, whether doctor is content or not."""
    document = done.document
    found: dict[str, list[dict[str, Any]]] = {}
    for row in (document.get("result") or document["error"])["checks"]:
        found.setdefault(row["check"], []).append(row)
    return found


@pytest.fixture
def work(books: Sfsync, home: Path) -> Path:
    """The folder of the synced demo."""
    assert books("db", "path").status == 0
    return home.parent / "work"


def test_a_sound_home_has_nothing_failed(books: Sfsync, work: Path) -> None:
    """Every check is there, online too, and the exit code is 0."""
    assert (work / "demo.db").exists()
    done = books("doctor", "--online", "--json")
    assert done.status == 0, done.out
    found = checks(done)
    assert set(found) >= {
        *("config", "ledger", "schema", "lock", "disk", "file-system", "sign-in", "runs"),
        *("schedule", "salesforce", "clock", "api-version", "fields"),
    }
    assert not [row for rows in found.values() for row in rows if row["verdict"] == "failed"]
    fields = " ".join(row["message"] for row in found["fields"])
    assert all(name in fields for name in ("Opportunity", "OpportunityLineItem", "Account"))


def test_a_ledger_that_was_tampered_with_is_named(books: Sfsync, work: Path) -> None:
    """A dropped trigger and a damaged page are both exit 8, each with its way out."""
    with closing(sqlite3.connect(work / "demo.db")) as ledger, ledger:
        ledger.execute("DROP TRIGGER run_update")
    done = books("doctor", "--json")
    assert done.status == 8
    assert checks(done)["schema"][0]["verdict"] == "failed"
    content = bytearray((work / "demo.db").read_bytes())
    content[4096 * 20 : 4096 * 60] = os.urandom(4096 * 40)
    (work / "demo.db").write_bytes(content)
    done = books("doctor", "--json")
    assert done.status == 8
    assert checks(done)["ledger"][0]["fix"]


def test_a_full_disk_is_seen_before_a_run_meets_it(
    books: Sfsync, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Next to nothing free is a failure, little is a warning."""
    assert work.is_dir()
    usage = namedtuple("usage", "total used free")  # noqa: PYI024 - the shape of shutil's own
    for free, verdict, status in ((10**6, "failed", 8), (10**8, "warning", 0), (10**10, "ok", 0)):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: usage(10**12, 0, free))
        done = books("doctor", "--json")
        assert (checks(done)["disk"][0]["verdict"], done.status) == (verdict, status)


def test_a_run_at_work_is_no_fault(books: Sfsync, work: Path) -> None:
    """The lock is looked at and left as it was."""
    with run_lock(work / "demo.db"):
        assert "at work at this moment" in checks(books("doctor", "--json"))["lock"][0]["message"]
    assert "no run" in checks(books("doctor", "--json"))["lock"][0]["message"]


def test_a_lock_that_cannot_be_used_is_one_finding_among_others(books: Sfsync, work: Path) -> None:
    """Where a run would end with exit 8, doctor says so and shows the other checks as well."""
    lock = work / "demo.db.lock"
    lock.unlink(missing_ok=True)
    lock.mkdir()
    done = books("doctor", "--json")
    found = checks(done)
    assert (done.status, found["lock"][0]["verdict"]) == (8, "failed")
    assert found["lock"][0]["fix"]
    assert found["ledger"][0]["verdict"] == "ok"


def test_network_file_systems_are_known_by_the_longest_mount(tmp_path: Path) -> None:
    """Blanks in mount points are escaped; of two mounts on one place the later one counts."""
    (tmp_path / "net work" / "deep").mkdir(parents=True)
    mounts = tmp_path / "mounts"
    share = str(tmp_path / "net work").replace(" ", "\\040")
    mounts.write_text(f"/dev/a / ext4 rw 0 0\nhost:/x {share} ext4 rw 0 0\nh:/x {share} nfs4 rw\n")
    assert file_system(tmp_path / "net work" / "deep", mounts) == "nfs4"
    assert file_system(tmp_path, mounts) == "ext4"
    assert file_system(tmp_path, tmp_path / "absent") is None


def test_a_field_that_is_hidden_is_named_with_its_line(books: Sfsync, work: Path) -> None:
    """Exit 5, the field by name, where the mapping needs it, and what to do."""
    config = work / "mappings.yaml"
    config.write_text(config.read_text().replace("Project_Code__c", "Projekt_Code__c"))
    done = books("doctor", "--online", "--json")
    assert done.status == 5
    (row,) = [row for row in checks(done)["fields"] if row["verdict"] == "failed"]
    assert "Opportunity has no field 'Projekt_Code__c', or hides it" in row["message"]
    assert "mappings.yaml:" in row["message"]
    assert "Project_Code__c" in row["fix"]


def test_an_allowance_beyond_which_a_run_stops_is_told(
    books: Sfsync, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the very budget of a run."""
    assert work.is_dir()
    (row,) = checks(books("doctor", "--online", "--json"))["salesforce"]
    assert row["verdict"] == "ok"
    monkeypatch.setattr(ApiBudget, "allows", lambda *_: False)
    (row,) = checks(books("doctor", "--online", "--json"))["salesforce"]
    assert row["verdict"] == "warning"


def test_a_dead_sign_in_is_found_online(books: Sfsync, work: Path) -> None:
    """Offline all is well; the org says otherwise, and that is the exit code of a run."""
    assert work.is_dir()
    assert books("demo", "break", "expired-sign-in").status == 0
    assert books("doctor").status == 0
    done = books("doctor", "--online", "--json")
    assert done.status == 4
    assert checks(done)["salesforce"][0]["verdict"] == "failed"


def test_a_clock_that_is_wrong_is_told(
    books: Sfsync, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Compared with the Date of Salesforce's replies."""
    assert work.is_dir()
    monkeypatch.setattr("sfsync.health.org_checks._DRIFT_SECONDS", -1)
    (row,) = checks(books("doctor", "--online", "--json"))["clock"]
    assert row["verdict"] == "warning"
    assert "NTP" in row["fix"]


def connect_by_keyring(
    sfsync: Sfsync, home: Path, org: RunningOrg, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client secret in a keyring that only this process can reach."""
    Desktop.desktop.clear()
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "tests.salesforce.keyrings.Desktop")
    (home.parent / "work" / "mappings.yaml").write_text(
        f'version: 1\nconnection: {{login_url: "{org.url}", client_id: "{demo.CLIENT_ID}",'
        " auth: client-credentials}\n"
    )
    done = sfsync("connect", "--client-secret-file", "-", answer=demo.CLIENT_SECRET)
    assert done.status == 0, done.err


def test_a_notify_program_is_looked_for_on_cron_s_own_path(
    books: Sfsync, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that only the session's PATH finds differs there; one that is nowhere is a warning."""
    (work / "bin").mkdir()
    (work / "bin" / "alert-finance").write_text("#!/bin/sh\n")
    (work / "bin" / "alert-finance").chmod(0o700)
    monkeypatch.setenv("PATH", f"{work / 'bin'}:{os.environ['PATH']}")
    with (work / "mappings.yaml").open("a") as config:
        config.write("\nnotify: {command: [alert-finance]}\n")
    assert checks(books("doctor", "--json"))["notify"][0]["verdict"] == "ok"
    done = books("doctor", "--as-cron", "--json")
    assert done.status == 0
    (row,) = checks(done)["notify"]
    assert "absolute path" in row["fix"]
    differs = done.document["result"]["differs"]
    assert {"check": "notify", "here": "ok", "as_cron": "warning"} in differs


def test_cron_reaches_no_keyring(
    sfsync: Sfsync, home: Path, demo_org: RunningOrg, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What works in the session and not from cron is said, with exit 4 and the ways out."""
    connect_by_keyring(sfsync, home, demo_org, monkeypatch)
    here = sfsync("doctor", "--json")
    assert here.status == 0
    assert "Desktop" in checks(here)["credentials"][0]["message"]
    done = sfsync("doctor", "--as-cron", "--json")
    assert done.status == 4
    differs = done.document["error"]["differs"]
    assert {"check": "credentials", "here": "ok", "as_cron": "failed"} in differs
    (row,) = checks(done)["credentials"]
    assert "--store file" in row["fix"]
    assert "Differs: credentials" in sfsync("doctor", "--as-cron", terminal=True).out


def test_a_bundle_has_no_secret_and_no_customer(books: Sfsync, home: Path, work: Path) -> None:
    """Canaries in comments, arguments, keys, log and traceback: none is found in any part."""
    config = work / "mappings.yaml"
    config.write_text(
        f"# {CANARIES[0]}\n# {PEM.replace(chr(10), chr(10) + '# ')}\n{config.read_text()}"
        f"notify:\n  command: [alert, {CANARIES[1]}]\n"
        f"seller: {{name: x}}  # client_secret: {SECRET}\n"
        f"pass_phrase: {CANARIES[0]}\npassphrase: {CANARIES[2]}\n"
    )
    log = home / "log" / "sfsync.log"
    log.parent.mkdir(parents=True)
    entries: list[dict[str, str]] = [
        {"level": "info", "message": f"Bearer {CANARIES[5]} {SECRET}"},
        {"level": "debug", "message": CANARIES[6]},
        {
            "level": "error",
            "message": "ValueError",
            "traceback": f'Traceback\n  File "x.py", line 1\n    raise\nValueError: {CANARIES[6]}',
        },
    ]
    log.write_text("".join(json.dumps(one) + "\n" for one in entries) + f"torn {SECRET}\n")
    path = work / "support.zip"
    done = books("doctor", "--bundle", str(path), "--json")
    assert done.status == 5, "the config has keys that it does not know"
    assert done.document["error"]["bundle"] == str(path)
    assert path.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    assert set(parts) == {
        *("README.txt", "doctor.json", "versions.json", "config.yaml", "log.jsonl", "ledger.json"),
    }
    whole = "".join(parts.values())
    assert [canary for canary in CANARIES if canary in whole] == []
    (error,) = [json.loads(line) for line in parts["log.jsonl"].splitlines()][1:]
    assert error["traceback"] == '  File "x.py", line 1\nValueError'
    assert "stages: [Closed Won]" in parts["config.yaml"]
    assert json.loads(parts["versions.json"])["packages"]["keyring"] != "absent"
    with closing(sqlite3.connect(work / "demo.db")) as ledger:
        names = ledger.execute("SELECT name FROM customer UNION SELECT name FROM opportunity")
        assert [name for (name,) in names if name in whole] == []
    again = books("doctor", "--bundle", str(path), "--json")
    assert (again.status, again.document["error"]["code"]) == (11, "file-exists")
