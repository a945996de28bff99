from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import pytest

from sfsync.programs import run_program

if TYPE_CHECKING:
    from pathlib import Path


def python(program: str) -> list[str]:
    """The argument list of a small program."""
    return [sys.executable, "-c", program]


def test_words_are_never_read_by_a_shell() -> None:
    """What a shell would expand or run arrives as it was written."""
    words = ["$HOME", "`id`", "; echo x", "*", "a b", ""]
    done = run_program([*python("import sys; print(sys.argv[1:])"), *words], seconds=10)
    assert done.out == f"{words}\n"
    assert done.trouble == ""


def test_a_program_that_takes_too_long_ends_with_its_children(tmp_path: Path) -> None:
    """Nothing of it is left behind, and nobody waits for a child that holds its output open."""
    sign = tmp_path / "child-lived"
    child = f"import time, pathlib; time.sleep(1.5); pathlib.Path({str(sign)!r}).touch()"
    program = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    began = time.monotonic()
    done = run_program(python(program), seconds=0.5)
    assert time.monotonic() - began < 10
    assert done.trouble == "was still running after 0.5 s and was stopped"
    time.sleep(1.3)
    assert not sign.exists()


@pytest.mark.parametrize(
    ("program", "trouble", "last_words"),
    [
        ("import sys; sys.exit('why\\n\\nbecause')", "ended with status 1", "because"),
        ("import os; os.kill(os.getpid(), 9)", "was ended by signal 9", ""),
        ("raise SystemExit(7)", "ended with status 7", ""),
    ],
)
def test_how_it_ended_is_said_in_a_few_words(program: str, trouble: str, last_words: str) -> None:
    """The status or signal, and its last line apart: that one may quote a secret."""
    done = run_program(python(program), given=b"x" * 1_000_000, seconds=10)
    assert (done.trouble, done.last_words) == (trouble, last_words)
    assert "because" not in repr(done)


def test_a_program_that_is_not_there_is_no_exception(tmp_path: Path) -> None:
    """Absent, not executable, an impossible name: each is said."""
    (tmp_path / "plain").write_text("x")
    for argv in ([str(tmp_path / "absent")], [str(tmp_path / "plain")], ["a\0b"]):
        assert run_program(argv, seconds=5).trouble.startswith("cannot be started: ")
