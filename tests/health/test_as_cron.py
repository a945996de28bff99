from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from sfsync.errors import ExitCode
from sfsync.health.as_cron import seen_by_cron, what_differs
from sfsync.health.findings import Finding, Verdict, ok, skipped, warning, worst
from sfsync.schedule.call import Call

if TYPE_CHECKING:
    from pathlib import Path


def call(folder: Path, program: str) -> Call:
    """A call whose program is a few lines of Python."""
    return Call((sys.executable, "-c", program), folder / "mappings.yaml", None, {})


def test_a_program_that_does_not_start_there_is_a_finding(tmp_path: Path) -> None:
    """Its last words are shown without their secrets; nothing that was written is taken as JSON."""
    (found,) = seen_by_cron(
        call(tmp_path, "import sys; sys.exit('no module; token=abcdefghijkl')"), online=False
    )
    assert found.verdict is Verdict.FAILED
    assert "no module" in found.message
    assert "abcdefghijkl" not in found.message
    assert worst((found,)) is ExitCode.UNEXPECTED
    for said in ("", "[]", "{}", '{"result": {"checks": [{}]}}', '{"result": null}'):
        (found,) = seen_by_cron(call(tmp_path, f"print({said!r})"), online=True)
        assert found.check == "start"


def test_it_starts_with_next_to_nothing(tmp_path: Path) -> None:
    """No terminal, no display, no session bus, cron's own PATH, the home folder."""
    program = (
        "import os, sys, json; print(json.dumps({'result': {'checks': [{'check': 'x',"
        " 'verdict': 'ok', 'message': json.dumps([sorted(os.environ), os.environ['PATH'],"
        " sys.stdin.isatty(), os.getcwd() == os.path.expanduser('~')]), 'fix': '',"
        " 'exit_code': 0}]}}))"
    )
    (found,) = seen_by_cron(call(tmp_path, program), online=False)
    assert '"/usr/bin:/bin", false, true]' in found.message
    assert "DBUS" not in found.message
    assert "DISPLAY" not in found.message


def test_only_what_ends_otherwise_differs() -> None:
    """By check and its gravest verdict; the words may be others."""
    bad = Finding("b", Verdict.FAILED, "x", "fix", ExitCode.SIGN_IN)
    here = (ok("a", "1"), ok("b", "2"), ok("b", "3"), warning("c", "4", "f"), skipped("d", "5"))
    there = (ok("a", "9"), ok("b", "2"), bad, warning("c", "8", "f"))
    assert what_differs(here, there) == [("b", "ok", "failed"), ("d", "skipped", "absent")]
