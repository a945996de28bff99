from __future__ import annotations

import json
import re
import threading
import time
import urllib.request
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from sfsync import demo
from tests.cli.command_line import Terminal, start

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.cli.command_line import Done, Sfsync


def test_the_url_is_printed_and_the_callback_is_taken(
    books: Sfsync, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--no-browser prints scopes and one URL on stderr, waits, and confirms on stdout."""
    said = Terminal()
    monkeypatch.setattr(
        "sfsync.cli.context.Context.say", lambda _self, text, **_: said.write(text + "\n")
    )
    found: list[Done] = []
    with demo.serve(tmp_path / "work" / "demo-org.db") as org:
        argv = [
            *("connect", "--login-url", org.url, "--client-id", demo.CLIENT_ID),
            *("--no-browser", "--store", "file", "--port", "0", "--json"),
        ]
        waiting = threading.Thread(target=lambda: found.append(start(argv)))
        waiting.start()
        url = _printed(said)
        redirect = parse_qs(urlsplit(url).query)["redirect_uri"][0]
        demo.register_redirect(org.path, redirect)
        with urllib.request.urlopen(demo.approve_in_browser(url), timeout=10) as page:  # noqa: S310 - loopback
            assert page.status == 200
        waiting.join(timeout=20)
    (done,) = found
    assert done.status == 0, done
    assert done.document["result"]["store"] == "file"
    kept = json.loads((home / "connections.json").read_text())["connections"]["demo"]
    assert kept["auth"] == "web"
    assert (home / "connections.json").stat().st_mode & 0o777 == 0o600
    assert "refresh_token" in done.document["result"]["scopes"]
    assert books("status", "--json").document["result"]["connection"]["store"] == "file"


def _printed(said: Terminal) -> str:
    """The one line that is a URL."""
    for _ in range(200):
        lines = re.findall(r"^https?://\S+$", said.getvalue(), re.MULTILINE)
        if lines:
            (url,) = lines
            return str(url)
        time.sleep(0.05)
    raise AssertionError(f"no URL in {said.getvalue()!r}")
