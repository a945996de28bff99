from __future__ import annotations

import json
import logging
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from sfsync.cli.frame import log_file
from sfsync.cli.frame.log_file import JsonLines, LogFile

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.cli.command_line import Sfsync


def lines(path: Path) -> list[dict[str, Any]]:
    """What the log holds, oldest first."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_run_is_in_the_log_with_its_number_and_no_names(books: Sfsync, home: Path) -> None:
    """From its first line to its last every line carries the run; ids and counts only."""
    assert books("sync", "--now", "-q").status in {0, 3}
    found = lines(home / "log" / "sfsync.log")
    run = [one for one in found if one["run"] is not None]
    assert [one["run"] for one in run] == [2] * len(run)
    assert run[0]["message"] == "run 2 (manual)"
    assert run[-1]["message"].startswith("run 2 ended: ")
    assert {one["level"] for one in found} == {"info"}
    assert {one["command"] for one in found} == {"sync"}
    assert set(found[0]) == {"time", "level", "room", "command", "run", "process", "message"}
    names = {row["name"] for row in books("customer", "list", "--json").document["result"]}
    assert not [name for name in names if name in (home / "log" / "sfsync.log").read_text()]


def test_a_failure_is_in_the_log_by_its_code(books: Sfsync, home: Path) -> None:
    """What a person was told at three in the morning can be read at nine."""
    assert books("demo", "break", "outage").status == 0
    assert books("sync", "--now", "-q").status == 6
    ended, failed = lines(home / "log" / "sfsync.log")[-2:]
    assert ended["message"].startswith("run 2 failed: salesforce-unavailable")
    assert failed["level"] == "error"
    assert failed["message"].startswith("salesforce-unavailable (exit 6): ")


def test_verbose_shows_the_log_on_stderr(books: Sfsync) -> None:
    """-v is the same lines for a person, requests included; stdout stays what it was."""
    quiet = books("sync", "--now", "--full", "--json")
    verbose = books("sync", "--now", "--full", "--json", "-v")
    assert quiet.err == ""
    assert " debug salesforce: GET /services/data/" in verbose.err
    assert " info sync: run 3 ended: " in verbose.err
    assert "query?" not in verbose.err
    assert verbose.document["result"]["run"] == 3


def test_reading_commands_leave_no_log(books: Sfsync, home: Path) -> None:
    """A look at the ledger neither writes nor makes a folder."""
    assert books("invoice", "list").status == 0
    assert books("invoice", "show", "D-999999").status == 9
    assert not (home / "log").exists()


def test_a_log_that_cannot_be_written_is_a_warning(books: Sfsync, home: Path) -> None:
    """The run goes on without it and says so."""
    home.mkdir(exist_ok=True)
    (home / "log").write_text("in the way")
    done = books("sync", "--now", "-q")
    assert done.status in {0, 3}
    assert "warning: the log " in done.err


def test_the_log_is_private_and_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five files, none larger than allowed, mode 0600, the newest lines in the first."""
    monkeypatch.setattr(log_file, "MAX_BYTES", 2000)
    path = tmp_path / "state" / "sfsync.log"
    handler = LogFile(path)
    handler.setFormatter(JsonLines("sync"))
    for number in range(100):
        handler.handle(logging.makeLogRecord({"name": "sfsync", "msg": f"line {number}"}))
    files = sorted(path.parent.iterdir())
    assert [one.name for one in files] == ["sfsync.log", *(f"sfsync.log.{n}" for n in range(1, 5))]
    assert all(one.stat().st_size <= 2000 for one in files)
    assert {one.stat().st_mode & 0o777 for one in files} == {0o600}
    kept = [line["message"] for one in reversed(files) for line in lines(one)]
    assert kept == [f"line {number}" for number in range(100 - len(kept), 100)]
    assert log_file.FILES == 5


def test_two_processes_may_write_and_rotate(tmp_path: Path) -> None:
    """No line is torn, and none is lost as long as there is room."""
    path = tmp_path / "sfsync.log"
    program = f"""
import logging, sys
from pathlib import Path
from sfsync.cli.frame import log_file
log_file.MAX_BYTES = 20_000
handler = log_file.LogFile(Path({str(path)!r}))
handler.setFormatter(log_file.JsonLines("sync"))
for number in range(150):
    text = f"{{sys.argv[1]}} {{number}}"
    handler.handle(logging.makeLogRecord({{"name": "sfsync", "msg": text}}))
"""
    writers = [subprocess.Popen([sys.executable, "-c", program, name]) for name in ("a", "b")]
    assert [writer.wait(timeout=30) for writer in writers] == [0, 0]
    found = {line["message"] for one in tmp_path.iterdir() for line in lines(one)}
    assert found == {f"{name} {number}" for name in ("a", "b") for number in range(150)}
