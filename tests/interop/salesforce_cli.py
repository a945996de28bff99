"""The Salesforce CLI, `sf`, at home in a folder of its own."""

from __future__ import annotations

import json
import os
import socket
import sys
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfsync import demo
from tests.interop.conftest import program_of

if TYPE_CHECKING:
    from pathlib import Path

    from sfsync.demo.server import RunningOrg

_APPROVE = """
import sys, urllib.request
from sfsync import demo
address = demo.approve_in_browser(sys.argv[1])
for _ in range(30):
    try:
        urllib.request.urlopen(address, timeout=2).close()
    except OSError:
        continue
    break
"""
# `sf` begins to listen when the browser has been started, and loses what was asked before.
_BROWSER = f"""#!/bin/sh
"{sys.executable}" -c '{_APPROVE}' "$1" >/dev/null 2>&1 &
"""
"""A person who says yes at the org, and goes where the org sends the browser."""


@dataclass(frozen=True)
class SalesforceCli:
    """The program, and the folder where it keeps whom it signed in."""

    node: Path
    script: Path
    home: Path

    def answer(self, *argv: str, **env: str) -> Any:
        """The result of a command line as JSON."""
        return json.loads(self.run(*argv, "--json", **env))["result"]

    def run(self, *argv: str, given: str | int = "", **env: str) -> str:
        """Run a command line and give its output; what it reads is a text or an open file."""
        quiet = {
            "HOME": str(self.home),
            "PATH": f"{self.node.parent}{os.pathsep}{os.environ['PATH']}",
            "SF_AUTOUPDATE_DISABLE": "true",
            "SF_DISABLE_TELEMETRY": "true",
            "SF_SKIP_NEW_VERSION_CHECK": "true",
            "SF_USE_GENERIC_UNIX_KEYCHAIN": "true",
        }
        return program_of(
            self.node, self.script, *argv, given=given, env=quiet | env, folder=self.home
        )

    def sign_in_by_browser(self, org: RunningOrg, alias: str) -> None:
        """`sf org login web`, with a browser that approves, and no secret of the app."""
        import pty  # noqa: PLC0415 - not on Windows

        browser = self.home / "browser"
        browser.write_text(_BROWSER, encoding="utf-8")
        browser.chmod(0o755)
        with closing(socket.create_server(("127.0.0.1", 0))) as free:
            port = free.getsockname()[1]
        demo.register_redirect(org.path, f"http://localhost:{port}/OauthRedirect")
        project = {"packageDirectories": [{"path": ".", "default": True}], "oauthLocalPort": port}
        (self.home / "sfdx-project.json").write_text(json.dumps(project), encoding="utf-8")
        outer, inner = pty.openpty()
        try:
            os.write(outer, b"\n")  # It asks for a secret; the enter key says that there is none.
            self.run(
                "org", "login", "web", "--client-id", demo.CLIENT_ID, "--instance-url", org.url,
                "--alias", alias, given=inner, BROWSER=str(browser), DISPLAY="",
            )  # fmt: skip
        finally:
            os.close(outer)
            os.close(inner)
