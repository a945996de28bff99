"""The whole way of a server: signed in with a key, called by cron, told of what goes wrong."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from sfsync import demo
from sfsync.config import demo_template
from sfsync.demo.faults import Fault
from sfsync.demo.oauth.grants import expire_sessions
from sfsync.demo.state import opened
from sfsync.ledger import open_ledger
from tests.browser import sign_in_by_browser
from tests.salesforce.demo_access import private_key

if TYPE_CHECKING:
    from pathlib import Path

    from sfsync.demo.server import RunningOrg

_ORG = """connection:
  name: acme
  login_url: {url}
  client_id: {client_id}
"""

_CRONTAB = """#!/bin/sh
table='{table}'
if test "$1" = -l; then test -e "$table" || {{ echo "no crontab for x" >&2; exit 1; }}; cat "$table"
else cat > "$table"; fi
"""

_NOTIFY = "notify:\n  command: [{program}]\n  on: [failed, partial, recovered]\n"


@dataclass(frozen=True)
class Server:
    """A machine without a desktop: a home, a config, and an org that answers over HTTP."""

    org: RunningOrg
    home: Path

    @property
    def config(self) -> Path:
        """The mapping file; its folder has a name that cron and shells read differently."""
        return self.home / "50% of 'books'" / "mappings.yaml"

    def surroundings(self, path: str = "/usr/bin:/bin") -> dict[str, str]:
        """What cron sets, and nothing else; the code under test is where these tests are."""
        code = {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}
        cron = {"HOME": str(self.home), "LOGNAME": "dana", "SHELL": "/bin/sh", "PATH": path}
        return {**cron, **code}

    def start(self, *words: str, path: str = "/usr/bin:/bin") -> subprocess.Popen[str]:
        """A command as another process starts it: no terminal, no D-Bus."""
        return subprocess.Popen(
            [sys.executable, "-m", "sfsync", *words, "--config", str(self.config)],
            env=self.surroundings(path),
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *words: str, path: str = "/usr/bin:/bin") -> tuple[int, str, str]:
        """The same, to its end: exit code, stdout, stderr."""
        process = self.start(*words, path=path)
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err

    def tick(self) -> tuple[int, str, str]:
        """What cron does with the line that it has: the shell gets it without its backslashes."""
        table = (self.home / "table").read_text()
        (line,) = re.findall(r"^\*/5 \* \* \* \* (.+)$", table, re.MULTILINE)
        done = subprocess.run(
            ["/bin/sh", "-c", line.replace("\\%", "%")],
            env=self.surroundings(),
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return done.returncode, done.stdout, done.stderr

    def schedule(self, frequency: str) -> None:
        """Another schedule; the crontab stays as it is."""
        text = self.config.read_text()
        new = f"schedule:\n  frequency: {frequency}\n"
        self.config.write_text(re.sub(r"schedule:\n(  .+\n)+", new, text))


@pytest.fixture
def server(demo_org: RunningOrg, tmp_path: Path) -> Server:
    """A machine with a mapping file for an org that is served next door."""
    found = Server(demo_org, tmp_path)
    found.config.parent.mkdir()
    text = re.sub(
        r"connection:\n(  .+\n)+",
        _ORG.format(url=demo_org.url, client_id=demo.CLIENT_ID),
        demo_template(),
    )
    found.config.write_text(text)
    # The org says that it is a demo; a ledger for real data would refuse it.
    with open_ledger(found.config.with_name("demo.db"), demo=True):
        return found


def program(path: Path, text: str) -> Path:
    """Something that can be called."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_a_server_signs_in_is_called_fails_tells_and_recovers(server: Server) -> None:
    """All under cron's own environment, with the very line that was installed."""
    key = private_key(server.org, server.home / "acme.pem")
    told = server.home / "told"
    alert = program(server.home / "alert", f"#!/bin/sh\ncat >> '{told}'; echo >> '{told}'\n")
    server.config.write_text(server.config.read_text() + _NOTIFY.format(program=alert))
    signed_in = server.run(
        *("connect", "--auth", "jwt", "--key-file", str(key), "--username", demo.USERNAME, "-q")
    )
    assert signed_in[0] == 0, signed_in
    program(server.home / "bin" / "crontab", _CRONTAB.format(table=server.home / "table"))
    path = f"{server.home / 'bin'}:/usr/bin:/bin"
    installed = server.run("schedule", "install", "--yes", path=path)
    assert installed[0] == 0, installed

    server.schedule("realtime")
    status, out, err = server.tick()
    assert (status, out) == (3, "")
    assert "partial" in err
    assert "\x1b" not in err
    assert server.tick() == (0, "", "")

    demo.break_org(server.org.path, "api-disabled")
    status, out, err = server.tick()
    assert (status, out) == (4, "")
    assert 0 < len(err.splitlines()) <= 3
    for what in ("api-disabled", "missing-field", "bad-amount", "unknown-customer"):
        demo.fix_org(server.org.path, what)
    assert server.run("sync", "--now", "-q")[0] == 0
    assert server.tick() == (0, "", "")

    server.schedule("manual")
    before = len(demo.requests_of(server.org.path))
    assert server.tick() == (0, "", "")
    assert len(demo.requests_of(server.org.path)) == before
    events = [json.loads(line)["event"] for line in told.read_text().splitlines() if line]
    assert events == ["partial", "failed", "recovered"]
    runs = json.loads(server.run("history", "list", "--json")[1])["result"]
    assert [run["trigger"] for run in runs][-2:] == ["schedule", "schedule"]
    removed = server.run("schedule", "remove", "--yes", path=path)
    assert removed[0] == 0, removed


def refreshes(server: Server, processes: int, *, stalled: float) -> tuple[list[int], int]:
    """Exit codes of so many syncs at once with a spent session, and the refreshes they took."""
    folder = server.home / ".config" / "sfsync"
    demo.change_setting(server.org.path, "oauth.rotation", value=True)
    sign_in_by_browser(server.org, folder)
    with opened(server.org.path) as state:
        expire_sessions(state)
    before = len(_token_requests(server))
    demo.plan_faults(server.org.path, [Fault("/services/data", 2, "delay", str(stalled))])
    running = [server.start("sync", "--now") for _ in range(processes)]
    for process in running:
        process.communicate(timeout=120)
    codes = sorted(process.returncode for process in running)
    return codes, len(_token_requests(server)) - before


def _token_requests(server: Server) -> list[str | None]:
    asked = demo.requests_of(server.org.path, "/services/oauth2/token")
    return [one.detail for one in asked]


@pytest.mark.long
def test_of_twenty_at_once_one_renews_the_sign_in(server: Server) -> None:
    """With rotation a refresh token is good for one use: one run asks, nineteen exit 7."""
    assert refreshes(server, 20, stalled=25) == ([3, *[7] * 19], 1)
    assert server.run("sync", "--now", "-q")[0] == 0
