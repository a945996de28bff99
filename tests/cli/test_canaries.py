from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sfsync import demo
from tests.cli.command_line import start

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.cli.command_line import Done, Sfsync


def kept_tokens(folder: Path) -> set[str]:
    """The tokens that the sign-in file holds at this moment."""
    path = folder / ".demo" / "credentials" / "demo.json"
    kept = json.loads(path.read_text()) if path.exists() else {}
    return {secret.rpartition(" ")[2] for secret in kept.values()}


def leaks(secrets: set[str], done: list[Done], *folders: Path) -> list[str]:
    """Where a secret shows: in an output, or in a file that is not the sign-in's own."""
    found = [f"output: {one}" for one in done for secret in secrets if secret in one.out + one.err]
    for folder in folders:
        for path in folder.rglob("*"):
            own = path.parent.name == "credentials" or path.name.startswith("demo-org.db")
            if path.is_file() and not own:
                content = path.read_bytes()
                found += [f"{path}" for secret in secrets if secret.encode() in content]
    return found


def test_no_token_leaves_its_store(
    books: Sfsync, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Connect, sync, failures with -v, a defect's traceback, log and ledger: none is found."""
    work = home.parent / "work"
    secrets = kept_tokens(work)
    done = [books("sync", "--now", "-v"), books("connect", "-v")]
    secrets |= kept_tokens(work)
    demo.change_setting(work / "demo-org.db", "oauth.session_seconds", 0)
    done.append(books("sync", "--now", "-v", "--full"))
    demo.change_setting(work / "demo-org.db", "oauth.session_seconds", 7200)
    done.append(books("sync", "--now", "-v", "--full"))
    secrets |= kept_tokens(work)
    for what in ("outage", "expired-sign-in", "api-limit"):
        assert books("demo", "break", what).status == 0
        done += [start(["sync", "--now", "-v", *more]) for more in ([], ["--json"])]
        done += [books("doctor", "--online", "-v"), books("status", "--json")]
        assert books("demo", "fix", what).status == 0
    done.append(books("connect", "-v"))
    secrets |= kept_tokens(work)
    said = " ".join(secrets)
    monkeypatch.setattr(
        "sfsync.sync.engine.prepare", lambda *_, **__: (_ for _ in ()).throw(RuntimeError(said))
    )
    broken = books("sync", "--now", "-v")
    assert broken.status == 1
    assert "RuntimeError" in (home / "log" / "sfsync.log").read_text()
    assert len(secrets) >= 4
    assert all(len(secret) > 20 for secret in secrets)
    assert leaks(secrets, [*done, broken], home, work) == []
