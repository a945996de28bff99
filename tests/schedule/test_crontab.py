from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sfsync.errors import UsageError
from sfsync.salesforce.network import Network
from sfsync.schedule.call import call_for
from sfsync.schedule.crontab import cron_line, has_block, with_block, without_block
from sfsync.schedule.systemd import unit_files

if TYPE_CHECKING:
    from sfsync.schedule.call import Call


def call_to(config: str = "/home/dana/books/mappings.yaml", **environment: str) -> Call:
    """The call for a config."""
    return call_for("/opt/sfsync/bin/python", Path(config), None, environment)


CRONTABS = st.one_of(
    st.none(),
    st.binary(max_size=200),
    st.lists(
        st.sampled_from([b"MAILTO=dana", b"# caf\xe9", b"0 4 * * * backup", b"", b"\t"]), max_size=6
    ).flatmap(lambda lines: st.sampled_from([b"\n", b"\r\n"]).map(lambda end: end.join(lines))),
)


@given(CRONTABS)
@example(None)
@example(b"")
@example(b"\n")
@example(b"0 4 * * * backup")
@example(b"0 4 * * * backup\r\n")
def test_what_is_put_in_is_taken_out_without_a_trace(before: bytes | None) -> None:
    """Byte for byte, also without a last newline, with CRLF, empty, or none at all."""
    call = call_to()
    after = with_block(before, call)
    assert has_block(after, call)
    assert after.startswith(before or b"")
    assert after.endswith(b"\n")
    assert with_block(after, call) == after
    assert without_block(after, call) == before


@given(CRONTABS, st.binary(max_size=60).map(lambda line: line.replace(b"\n", b"") + b"\n"))
def test_what_others_add_below_stays(before: bytes | None, below: bytes) -> None:
    """Lines that came after the block are kept, and none is joined to another one."""
    call = call_to()
    left = without_block(with_block(before, call) + below, call)
    assert left in {(before or b"") + below, (before or b"") + b"\n" + below}


def test_calls_for_several_configs_stand_side_by_side() -> None:
    """Each has a block of its own; a changed call takes the place of its earlier form."""
    one, two = call_to(), call_to("/srv/50% off/mappings.yaml")
    both = with_block(with_block(b"0 4 * * * backup", one), two)
    moved = with_block(both, call_to(SFSYNC_HOME="/var/lib/sfsync"))
    assert moved.count(b">>>") == 4
    assert b"SFSYNC_HOME=/var/lib/sfsync" in moved
    left = without_block(moved, one)
    assert left is not None
    assert not has_block(left, one)
    assert has_block(left, two)
    assert without_block(without_block(both, two) or b"", one) == b"0 4 * * * backup"


def as_cron_reads(line: str) -> list[str]:
    """The words that a shell gets from cron: the first five are the time, %% is a newline."""
    command = line.split(" ", 5)[5].replace("\\%", "\0")
    assert "%" not in command
    return shlex.split(command.replace("\0", "%"))


@pytest.mark.parametrize(
    "path",
    ["/home/dana/my books/a.yaml", "/srv/50% off/'q' \"x\" $HOME `id`/a.yaml", "/srv/%/%%.yaml"],
)
def test_odd_paths_reach_the_program_unchanged(path: str) -> None:
    """Spaces, quotes, dollars and percent signs, in the config and in a variable."""
    call = call_to(path, SFSYNC_HOME="/x/100% y")
    words = as_cron_reads(cron_line(call))
    assert words[0] == "SFSYNC_HOME=/x/100% y"
    assert words[1:] == [
        *("/opt/sfsync/bin/python", "-P", "-m", "sfsync", "sync", "--quiet", "--config", path)
    ]


def test_what_cron_cannot_read_is_refused() -> None:
    """A backslash, a line break and a line too long, each by its name."""
    for path, word in (("/a\\b.yaml", "backslash"), ("/" + "x" * 1000, "990 bytes")):
        with pytest.raises(UsageError, match=word):
            cron_line(call_to(path))
    with pytest.raises(UsageError, match="line break"):
        call_to("/a\nb.yaml")


def test_a_call_carries_what_it_needs_and_no_secret() -> None:
    """Relative paths become absolute; a proxy without a password is kept, one with it is not."""
    call = call_for(
        "venv/bin/python",
        Path("mappings.yaml"),
        Path("books.db"),
        {"SFSYNC_HOME": "home", "HTTPS_PROXY": "http://u:p@x:1", "NO_PROXY": "b", "PATH": "/bin"},
    )
    here = Path.cwd()
    assert call.program[0] == str(here / "venv" / "bin" / "python")
    assert call.tick[-4:] == ("--config", f"{here}/mappings.yaml", "--ledger", f"{here}/books.db")
    assert call.environment == {"SFSYNC_HOME": str(here / "home"), "NO_PROXY": "b"}


def test_a_call_carries_whatever_leads_to_the_network() -> None:
    """A scheduler's run goes the way that a run by hand goes, proxies in small letters included."""
    environment = {"https_proxy": "http://proxy:1", "ALL_PROXY": "http://u:p@x:1", "no_proxy": "b"}
    environment["CURL_CA_BUNDLE"] = "/etc/roots.pem"
    carried = dict(call_to(**environment).environment)
    del environment["ALL_PROXY"]
    assert carried == environment
    assert Network.from_environment(environment | {"CURL_CA_BUNDLE": ""}).proxy == "http://proxy:1"


def test_a_unit_says_what_systemd_would_otherwise_read() -> None:
    """Percent signs and dollars are doubled, words with spaces quoted; missed calls catch up."""
    call = call_to("/srv/50% $off/a.yaml", SFSYNC_HOME="/my home")
    service, timer = unit_files(call).values()
    assert '--config "/srv/50%% $$off/a.yaml"' in service
    assert 'Environment="SFSYNC_HOME=/my home"' in service
    assert "Persistent=true" in timer
    assert call.unit.startswith("sfsync-50-off-")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_finds_no_fault_in_the_units(tmp_path: Path) -> None:
    """Also with odd paths; the program itself has to exist."""
    folder = tmp_path / "50% 'x' $y"
    folder.mkdir()
    call = call_for(sys.executable, folder / "a.yaml", None, {"SFSYNC_HOME": str(folder)})
    for name, text in unit_files(call).items():
        (tmp_path / name).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", *map(str, tmp_path.glob("sfsync-*"))],  # noqa: S607 - looked up above
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    # It loads the machine's other units too, and may have something to say of those.
    ours = [line for line in done.stderr.splitlines() if "sfsync" in line]
    assert (done.returncode, ours) == (0, []), done.stderr
