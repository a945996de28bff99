from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, NoReturn

import pytest

from sfsync.cli.frame import topics
from sfsync.cli.frame.boundary import error_text
from sfsync.errors import ConfigError, ConfigProblem, NotFoundError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.command_line import Sfsync

COMMAND = [sys.executable, "-m", "sfsync"]


def environment(home: Path, **more: str) -> dict[str, str]:
    """The environment of a process of its own."""
    return {**os.environ, "SFSYNC_HOME": str(home), **more}


def test_a_mistyped_command_gets_one_suggestion(sfsync: Sfsync) -> None:
    """Unknown words are never acted on: exit 2, and what was probably meant."""
    done = sfsync("hisory")
    assert done.status == 2
    assert done.out == ""
    assert "sfsync: No such command 'hisory'. Did you mean 'history'?" in done.err
    assert "  fix: sfsync -h" in done.err


def test_an_unknown_option_is_wrong_usage_in_json_too(sfsync: Sfsync) -> None:
    """A misspelt option is one JSON document with status 2."""
    done = sfsync("help", "--tpoic", "--json")
    assert done.status == 2
    assert done.err == ""
    assert done.document["schema"] == "sfsync.error.v1"
    assert done.document["status"] == 2
    assert done.document["error"]["code"] == "usage"
    assert done.document["error"]["fix"] == "sfsync help -h"


def test_a_choice_that_is_missing_is_listed_on_one_line(sfsync: Sfsync) -> None:
    """What the parser breaks into lines is a sentence like any other."""
    done = sfsync("journal", "export")
    said = "Missing option '--format'. Choose from: beancount, hledger, csv"
    assert (done.status, done.err.splitlines()[0]) == (2, f"sfsync: {said}")


def test_an_option_without_its_value_is_explained_where_it_belongs(sfsync: Sfsync) -> None:
    """The fix names the help of the command, also where the parser does not know it."""
    for argv in (["invoice", "list", "--status"], ["sync", "--since"], ["connect", "--port"]):
        done = sfsync(*argv)
        assert done.status == 2
        assert f"fix: sfsync {' '.join(argv[:-1])} -h" in done.err


@pytest.mark.parametrize(
    "argv",
    [
        ["invoice", "list", "--status", "draft", "--status=posted"],
        ["invoice", "post", "--all", "--max", "50", "--max", "5000"],
        ["sync", "--now", "--since", "2026-01-01", "--since", "2026-02-01"],
    ],
    ids=" ".join,
)
def test_an_option_given_twice_is_wrong_usage(sfsync: Sfsync, argv: list[str]) -> None:
    """No value is dropped in silence; help still helps."""
    done = sfsync(*argv)
    assert done.status == 2
    assert f"{argv[-2] if '=' not in argv[-1] else '--status'} is given twice" in done.err
    assert sfsync(*argv, "-h").status == 0


def test_what_is_no_number_is_called_so(sfsync: Sfsync) -> None:
    """Not by the name that the parser has for the type."""
    for argv in (["invoice", "list", "--limit", "many"], ["audit", "show", "many"]):
        assert "'many' is not a whole number." in sfsync(*argv).err
    assert "'soon' is not a number." in sfsync("report", "run", "x", "--timeout", "soon").err


def test_help_about_errors_takes_a_code_and_knows_what_it_does_not_know(sfsync: Sfsync) -> None:
    """`help errors CODE` is `help CODE`; no hint repeats the very word that was not found."""
    assert sfsync("help", "errors", "missing-field").out == sfsync("help", "missing-field").out
    done = sfsync("help", "errors", "missing-feild")
    assert (done.status, "no help about 'missing-feild'" in done.err) == (9, True)
    assert "Did you mean 'missing-field'" in done.err
    assert "no help about 'files more'" in sfsync("help", "files", "more").err


def test_bare_command_names_the_next_step(sfsync: Sfsync) -> None:
    """Without a config the overview says how to connect."""
    done = sfsync()
    assert done.status == 0
    assert "Not connected yet." in done.out
    assert "sfsync connect" in done.out
    assert "--fields A,B" in done.out
    assert sfsync("-h").out == done.out


def test_a_bare_group_shows_its_help_or_is_wrong_usage_in_json(sfsync: Sfsync) -> None:
    """`sfsync config` explains itself; a program that forgot the command learns it."""
    done = sfsync("config")
    assert done.status == 0
    assert "Usage: sfsync config" in done.out
    failed = sfsync("config", "--json")
    assert failed.status == 2
    assert failed.document["error"]["code"] == "usage"


def test_a_defect_is_one_line_and_the_log_has_the_rest(
    sfsync: Sfsync, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No traceback on the terminal, no token in the log, and the log is the owner's alone."""
    token = "00D5g00000ABCDEEA4!AQ4AQsecretsecret"

    def broken() -> NoReturn:
        raise RuntimeError(f"boom {token}")

    monkeypatch.setitem(topics.TOPICS, "files", broken)
    done = sfsync("help", "files")
    log = home / "log" / "sfsync.log"
    assert done.status == 1
    assert done.err.startswith("sfsync: failed unexpectedly: RuntimeError: boom [redacted]\n")
    assert str(log) in done.err
    entry = json.loads(log.read_text())
    assert "Traceback" in entry["traceback"]
    assert entry["command"] == "help files"
    assert token not in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600
    assert log.parent.stat().st_mode & 0o777 == 0o700
    assert sfsync("help", "files", "--json").document["error"]["code"] == "unexpected"


@pytest.mark.parametrize(("error", "status"), [(KeyboardInterrupt, 130), (NotFoundError, 9)])
def test_interruptions_and_expected_errors_have_their_codes(
    sfsync: Sfsync,
    monkeypatch: pytest.MonkeyPatch,
    error: type[BaseException],
    status: int,
) -> None:
    """Ctrl-C is 130, not found is 9; both are a document under --json."""

    def stop() -> NoReturn:
        raise NotFoundError("no", code="nothing") if error is NotFoundError else error

    monkeypatch.setitem(topics.TOPICS, "files", stop)
    assert sfsync("help", "files").status == status
    assert sfsync("help", "files", "--json").document["status"] == status


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_sigterm_unwinds_and_ends_with_143(
    sfsync: Sfsync, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    """SIGTERM and a closed terminal are ordinary ends with a code; the handler is put back."""

    def stop() -> str:
        os.kill(os.getpid(), number)
        return "not reached"

    before = signal.getsignal(number)
    monkeypatch.setitem(topics.TOPICS, "files", stop)
    done = sfsync("help", "files", "--json")
    assert done.status == 143
    assert done.document["error"]["code"] == "terminated"
    assert signal.getsignal(number) is before


def test_what_nohup_ignores_stays_ignored(sfsync: Sfsync, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under nohup a command outlives its terminal."""

    def go_on() -> str:
        os.kill(os.getpid(), signal.SIGHUP)
        return "went on\n"

    monkeypatch.setitem(topics.TOPICS, "files", go_on)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        done = sfsync("help", "files")
    finally:
        signal.signal(signal.SIGHUP, before)
    assert done.status == 0
    assert "went on" in done.out


def test_the_form_of_an_error_is_fixed_and_inert() -> None:
    """What, details, fix; a hostile name cannot write to the terminal."""
    error = NotFoundError("no \x1b[2J here\nsecond \u202e line", code="x", fix="sfsync \x07 go")
    assert error_text(error) == (
        "sfsync: no \\x1b[2J here\n  second \\u202e line\n  fix: sfsync \\x07 go\n"
    )


def test_config_problems_are_listed_with_their_places() -> None:
    """All problems, each with file:line:column, then the sentence."""
    problem = ConfigProblem(
        "C101", "m.yaml", 3, 5, "unknown setting 'x'", "did you mean 'y'?", "  x: 1"
    )
    text = error_text(ConfigError("1 problem in m.yaml", problems=(problem,)))
    assert "m.yaml:3:5: C101 unknown setting 'x'" in text
    assert "sfsync: 1 problem in m.yaml" in text


def test_the_reader_of_a_pipe_may_leave(home: Path) -> None:
    """`sfsync … | head -1` is silent, with code 141."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    started = subprocess.run(
        [*COMMAND, "help", "exit-codes"],
        stdout=write_end,
        stderr=subprocess.PIPE,
        env=environment(home),
        check=False,
    )
    os.close(write_end)
    assert started.returncode == 141
    assert started.stderr == b""


def test_a_terminal_that_is_not_utf8_survives(home: Path) -> None:
    """Windows pipes and old locales get replacements, not a crash."""
    for argv in (["-h"], ["help", "json"], ["help", "Ω"]):
        started = subprocess.run(
            [*COMMAND, *argv],
            capture_output=True,
            env=environment(home, PYTHONIOENCODING="cp1252"),
            check=False,
        )
        assert started.returncode in {0, 2, 9}
        assert b"Traceback" not in started.stderr


def test_signs_are_spelled_where_the_stream_has_none(synced: Path, home: Path) -> None:
    """Check marks and arrows become ASCII, not question marks; foreign letters may."""
    started = subprocess.run(
        [*COMMAND, "sync", "plan", "--full", "-c", str(synced / "work" / "mappings.yaml")],
        capture_output=True,
        env=environment(home, PYTHONIOENCODING="ascii"),
        check=False,
    )
    assert started.returncode == 3, started.stderr
    assert b"\nx Alfreds " in started.stdout
    assert b"\n? " not in started.stdout
    assert b" ?" not in started.stdout.replace(b"? rollout", b"")


HEAVY = {
    "simple_salesforce",
    "keyring",
    "sqlite_utils",
    "werkzeug",
    "lark",
    "msgspec",
    "requests",
    "rich",
    "yaml",
}


def imported(home: Path, *argv: str) -> set[str]:
    """The modules that a command imports, in a process of its own."""
    code = (
        "import sys; from sfsync.cli.frame.boundary import run; run(sys.argv[1:]);"
        "print(*sorted(sys.modules), file=sys.stderr)"
    )
    started = subprocess.run(
        [sys.executable, "-c", code, *argv],
        capture_output=True,
        env=environment(home),
        check=True,
        text=True,
    )
    return set(started.stderr.split())


def test_help_imports_nothing_heavy(home: Path) -> None:
    """Help stays fast: no library of another room is loaded for it."""
    assert imported(home, "-h").isdisjoint(HEAVY)
    assert imported(home, "help", "exit-codes").isdisjoint(HEAVY)
