from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sfsync import demo
from sfsync.cli.context import Context
from sfsync.ledger.lock import run_lock
from sfsync.schedule.user_crontab import change_crontab

if TYPE_CHECKING:
    from tests.cli.command_line import Sfsync

_FAKE_CRONTAB = """#!/bin/sh
table='{folder}/table'
case "$1" in
  -l) test -e "$table" || {{ echo "no crontab for dana" >&2; exit 1; }}; cat "$table" ;;
  -r) rm "$table" ;;
  -) cat > "$table" ;;
esac
"""

_FAKE_SYSTEMCTL = """#!/bin/sh
echo "$@" >> '{folder}/systemctl.log'
test ! -e '{folder}/no-bus' || {{ echo "Failed to connect to bus" >&2; exit 1; }}
"""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for programs that the machine has; only what is put there, and the shell's own."""
    folder = tmp_path / "machine"
    folder.mkdir()
    (folder / "bin").mkdir()
    for name in ("sh", "cat", "rm", "test"):
        (folder / "bin" / name).symlink_to(f"/bin/{name}")
    monkeypatch.setenv("PATH", str(folder / "bin"))
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return folder


def put_program(machine: Path, name: str, text: str) -> None:
    """Give the machine a program."""
    path = machine / "bin" / name
    path.write_text(text.format(folder=machine))
    path.chmod(0o755)


@pytest.mark.parametrize(
    "before", [None, b"", b"MAILTO=x\n", b"0 4 * * * backup", b"0 4 * * * b\r\n# caf\xe9\r\n"]
)
def test_installing_and_removing_leaves_the_crontab_as_it_was(
    books: Sfsync, machine: Path, before: bytes | None
) -> None:
    """Byte for byte; in between one line with absolute paths that cron can run."""
    put_program(machine, "crontab", _FAKE_CRONTAB)
    table = machine / "table"
    if before is not None:
        table.write_bytes(before)
    done = books("schedule", "install", "--yes", "--force")
    assert (done.status, done.out) == (0, "Installed: cron calls it every 5 minutes.\n")
    assert "+*/5 * * * * SFSYNC_HOME=" in done.err
    (line,) = re.findall(rb"^\*/5 \* \* \* \* (.+)$", table.read_bytes(), re.MULTILINE)
    words = line.decode().split()
    program = words.index(sys.executable)
    assert words[program : program + 5] == [sys.executable, "-P", "-m", "sfsync", "sync"]
    assert Path(words[words.index("--config") + 1]).is_absolute()
    assert books("schedule", "show", "--json").document["result"]["called_by"] == "cron"
    again = books("schedule", "install", "--yes", "--force", "--json").document["result"]
    assert again == {"target": "cron", "changed": False, "diff": ""}
    removed = books("schedule", "remove", "--yes", "--json").document["result"]
    assert (removed["target"], removed["changed"]) == ("cron", True)
    assert (table.read_bytes() if table.exists() else None) == before
    assert "Nothing to remove" in books("schedule", "remove").out


def test_what_is_written_into_a_crontab_meanwhile_stays(
    books: Sfsync, machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person may have `crontab -e` open while sfsync asks."""
    put_program(machine, "crontab", _FAKE_CRONTAB)
    table = machine / "table"
    table.write_bytes(b"0 4 * * * backup\n")

    def edit(_context: Context, question: str) -> None:
        table.write_bytes(table.read_bytes() + f"# {question}\n".encode())

    monkeypatch.setattr(Context, "confirm", edit)
    assert books("schedule", "install", "--force").status == 0
    assert re.search(rb"backup\n# Have it .*\n(#.*\n)*\*/5 ", table.read_bytes())
    assert books("schedule", "remove").status == 0
    lines = b"0 4 * * * backup\n# Have it called every 5 minutes?\n# Take it away?\n"
    assert table.read_bytes() == lines


def test_of_several_that_change_a_crontab_at_once_none_is_forgotten(machine: Path) -> None:
    """Two configs are installed side by side, as a script may do that sets up a machine."""
    put_program(machine, "crontab", _FAKE_CRONTAB)
    lines = [f"# {number}\n".encode() for number in range(6)]

    def add(line: bytes) -> None:
        change_crontab(lambda before: (before or b"") + line)

    with ThreadPoolExecutor(len(lines)) as pool:
        list(pool.map(add, lines))
    assert sorted((machine / "table").read_bytes().splitlines(keepends=True)) == lines


def test_nothing_is_installed_without_a_yes(books: Sfsync, machine: Path) -> None:
    """Without a terminal it needs --yes; at one the difference is shown first, and No is no."""
    put_program(machine, "crontab", _FAKE_CRONTAB)
    assert books("schedule", "install", "--force").status == 2
    said_no = books("schedule", "install", "--force", terminal=True, answer="n\n")
    assert said_no.status == 11
    assert said_no.err.index("+*/5 ") < said_no.err.index("[y/N]")
    assert not (machine / "table").exists()


def test_a_machine_without_the_program_is_told_what_to_print(books: Sfsync, machine: Path) -> None:
    """No crontab, no systemctl: exit 9 and `schedule print`, which works anywhere."""
    for target in ("cron", "systemd"):
        done = books("schedule", "install", target, "--yes", "--json")
        assert (done.status, done.document["error"]["code"]) == (9, "scheduler-missing")
        assert f"sfsync schedule print {target}" in done.document["error"]["fix"]
        assert books("schedule", "print", target).status == 0
    assert books("schedule", "show", "--json").document["result"]["called_by"] is None
    assert not list(machine.rglob("*.timer"))


def test_a_crontab_that_is_forbidden_is_not_taken_for_an_empty_one(
    books: Sfsync, machine: Path
) -> None:
    """What cron says is passed on, and nothing is written."""
    put_program(machine, "crontab", "#!/bin/sh\necho 'you are not allowed' >&2; exit 1\n")
    done = books("schedule", "install", "--yes", "--force")
    assert done.status == 1
    assert "you are not allowed" in done.err


def test_a_timer_is_installed_and_removed(books: Sfsync, machine: Path) -> None:
    """Two units and `enable --now`; all of it undone by remove, or when systemd refuses."""
    put_program(machine, "systemctl", _FAKE_SYSTEMCTL)
    units = machine / ".config" / "systemd" / "user"
    assert books("schedule", "install", "systemd", "--yes", "--force").status == 0
    (timer,) = units.glob("sfsync-work-*.timer")
    assert f"--user enable --now {timer.name}" in (machine / "systemctl.log").read_text()
    assert books("schedule", "show", "--json").document["result"]["called_by"] == "systemd"
    assert books("schedule", "remove", "--yes").status == 0
    assert not list(units.iterdir())
    (machine / "no-bus").touch()
    refused = books("schedule", "install", "systemd", "--yes", "--force")
    assert refused.status == 1
    assert "Failed to connect to bus" in refused.err
    assert not list(units.iterdir())


def test_a_call_that_would_not_work_is_not_installed(
    books: Sfsync, machine: Path, tmp_path: Path
) -> None:
    """It is tried out as cron would make it, and what is wrong is said; then it is installed."""
    put_program(machine, "crontab", _FAKE_CRONTAB)
    demo.break_org(tmp_path / "work" / "demo-org.db", "outage")
    refused = books("schedule", "install", "--yes", "--json")
    assert (refused.status, refused.document["error"]["code"]) == (11, "not-schedulable")
    assert "salesforce" in refused.document["error"]["message"]
    assert not (machine / "table").exists()
    demo.fix_org(tmp_path / "work" / "demo-org.db", "outage")
    assert books("schedule", "install", "--yes").status == 0
    assert b"sfsync sync --quiet" in (machine / "table").read_bytes()


_WATCHED_TICK = """
import os, sys
def watch(event, details):
    if event in {"socket.__new__", "subprocess.Popen", "os.mkdir", "os.rename"}:
        os._exit(77)
    if event == "open" and isinstance(details[2], int) and details[2] & (os.O_WRONLY | os.O_RDWR):
        os._exit(78)
    if event == "import" and details[0].partition(".")[0] in {"keyring", "requests", "filelock"}:
        os._exit(79)
sys.addaudithook(watch)
from sfsync.cli.frame.boundary import run
sys.exit(run(["sync", "--json"]))
"""


def _tick(program: str, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program],
        # Python would otherwise write down what it has compiled.
        env={**os.environ, "SFSYNC_HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def _daily(config: Path, frequency: str = "manual") -> None:
    """Let nothing be due, or something at every tick."""
    text = config.read_text()
    schedule = re.sub(r"schedule:\n(  .+\n)+", f"schedule:\n  frequency: {frequency}\n", text)
    config.write_text(schedule)


@pytest.mark.parametrize("frequency", ["manual", "daily"])
def test_a_tick_that_is_not_due_touches_nothing(books: Sfsync, home: Path, frequency: str) -> None:
    """No socket, no keyring, no byte of the ledger, no history: exit 0 without a word under -q."""
    config, ledger = Path("mappings.yaml"), Path("demo.db")
    if frequency == "manual":
        _daily(config)
    before = (hashlib.sha256(ledger.read_bytes()).digest(), ledger.stat().st_mtime_ns)
    requests = len(demo.requests_of(Path("demo-org.db")))
    done = _tick(_WATCHED_TICK, home)
    assert (done.returncode, done.stderr) == (0, "")
    assert '"result":null' in done.stdout
    assert (hashlib.sha256(ledger.read_bytes()).digest(), ledger.stat().st_mtime_ns) == before
    assert len(demo.requests_of(Path("demo-org.db"))) == requests
    quiet = books("sync", "-q")
    assert (quiet.status, quiet.out, quiet.err) == (0, "", "")


@pytest.mark.parametrize(
    "wrong",
    [
        ("--only", "oportunities"),
        ("--opportunity", "x"),
        ("--since", "yesterday"),
        ("--since", "2999-01-01"),
        ("--since", "0001-01-01"),
        ("--since", "0666-06-06"),
        ("--since", "2026-01-01", "--full"),
        ("--only", "accounts", "--opportunity", "0065g0000000001"),
        ("--transport", "bulc"),
        ("--lock-wait", "5x"),
    ],
    ids=" ".join,
)
def test_a_wrong_option_is_wrong_when_nothing_is_due_too(
    books: Sfsync, wrong: tuple[str, ...]
) -> None:
    """Who writes a line for a scheduler learns of a mistake at once, not on the day of the run."""
    assert books("sync").out == "Nothing is due. To sync anyway: sfsync sync --now\n"
    deal = ("sync", "--opportunity", "0065g0000000001AAA")
    assert books(*deal).out.endswith(f"sfsync {' '.join(deal)} --now\n"), "not more than was asked"
    assert books("sync", *wrong).status == 2


def test_a_tick_that_is_due_runs_and_yields_to_a_run_at_work(books: Sfsync) -> None:
    """It is trigger `schedule`; a held lock is exit 0 in silence, and 7 for --now."""
    _daily(Path("mappings.yaml"), "realtime")
    with run_lock(Path("demo.db").absolute()):
        yielded = books("sync", "-q")
        assert (yielded.status, yielded.out, yielded.err) == (0, "", "")
        assert books("sync", "--now", "--json").document["error"]["code"] == "ledger-locked"
        assert books("sync", "--now", "--lock-wait", "0.1s").status == 7
    assert books("sync", "-q").status == 0
    (newest, *_) = books("history", "list", "--json").document["result"]
    assert newest["trigger"] == "schedule"


def test_only_a_whole_run_answers_the_schedule(books: Sfsync) -> None:
    """A run of one deal, or of one object, leaves the slot open; so does one that failed."""
    sync = books("schedule", "show", "--json").document["result"]
    assert sync["due"] is False
    first = sync["last_good_run"]
    time.sleep(1.1)
    deal = books("invoice", "list", "--json").document["result"][0]["opportunity"]
    assert books("sync", "--now", "--opportunity", f" {deal}\n").status == 0
    assert books("sync", "--now", "--only", "accounts").status == 0
    demo.break_org(Path("demo-org.db"), "api-limit")
    assert books("sync", "--now", "-q").status == 6
    shown = books("schedule", "show", "--json").document["result"]
    assert shown["last_good_run"] == first
    assert shown["failures_since"] == 1
    demo.fix_org(Path("demo-org.db"), "api-limit")
    assert books("sync", "--now", "-q").status in {0, 3}
    assert books("schedule", "show", "--json").document["result"]["last_good_run"] > first
    assert "Last good run" in books("schedule", "show", terminal=True).out


def test_next_runs_are_listed_in_the_zone_of_the_schedule(books: Sfsync) -> None:
    """One line each: local time, zone, UTC; by hand there are none."""
    config = Path("mappings.yaml")
    config.write_text(config.read_text().replace("time_zone: UTC", "time_zone: Europe/Berlin"))
    lines = books("schedule", "next", "-n", "3").out.splitlines()
    assert len(lines) == 3
    assert all("06:30\tEurope/Berlin\t20" in line for line in lines)
    _daily(config)
    assert books("schedule", "next", "--json").document["result"] == []
    assert "manual" in books("schedule", "next", terminal=True).out
