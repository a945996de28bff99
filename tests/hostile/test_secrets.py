"""No secret shows: not in a child process, a file that is handed on, an output or the log."""

from __future__ import annotations

import io
import json
import sys
import zipfile
from typing import TYPE_CHECKING, Any

from pypdf import PdfReader
from pypdf.generic import StreamObject

from sfsync import demo
from sfsync.salesforce import oauth
from tests.cli.command_line import start
from tests.cli.test_canaries import kept_tokens, leaks

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.cli.command_line import Sfsync

# What another user's `ps` and the program itself can see of it and of what has started it.
LOOK = (
    "import os, pathlib, sys;"
    "seen = [pathlib.Path(f'/proc/{p}/{f}').read_bytes()"
    " for p in (os.getpid(), os.getppid()) for f in ('cmdline', 'environ')];"
    "pathlib.Path(sys.argv[1]).write_bytes(b'|'.join([sys.stdin.buffer.read(), *seen]))"
)


def test_no_token_reaches_a_child_or_what_is_handed_on(books: Sfsync, home: Path) -> None:
    """Notices, command lines, environments, lists, journals and the support bundle have none."""
    work = home.parent / "work"
    secrets = kept_tokens(work)
    config = work / "mappings.yaml"
    command = json.dumps([sys.executable, "-c", LOOK, str(work / "seen")])
    text = config.read_text().partition("\nschedule:")[0].partition("\nnotify:")[0]
    config.write_text(
        f"{text}\nschedule: {{frequency: realtime}}\nnotify: {{command: {command}}}\n"
    )
    assert books("demo", "break", "expired-sign-in").status == 0
    done = [books("sync", "-v")]
    assert done[0].status == 4, done
    assert b"PATH=" in (work / "seen").read_bytes()
    assert books("demo", "fix", "expired-sign-in").status == 0
    done += [books("connect", "-v"), books("invoice", "post", "--all", "--yes", "-v")]
    secrets |= kept_tokens(work)
    for number, argv in enumerate(
        (
            ("invoice", "list"), ("customer", "list"), ("audit", "list"), ("history", "export"),
            ("journal", "export", "--format", "beancount"), ("sync", "plan"),
        )
    ):  # fmt: skip
        done.append(
            books(*argv, "-v", "-o", f"out{number}.{'txt' if argv[0] == 'journal' else 'json'}")
        )
    done.append(books("doctor", "--online", "-v", "--bundle", "support.zip"))
    with zipfile.ZipFile(io.BytesIO((work / "support.zip").read_bytes())) as bundle:
        (work / "unpacked").write_bytes(b"|".join(map(bundle.read, bundle.namelist())))
    assert len(secrets) >= 3
    assert leaks(secrets, done, home, work) == []


def test_the_code_and_its_proof_are_said_to_the_org_alone(
    books: Sfsync, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The verifier has 43 to 128 characters; neither it nor the code is printed or logged."""
    said: set[str] = set()
    real = oauth.OAuthEndpoints.exchange

    def spied(self: Any, code: str, *, verifier: str, redirect_uri: str) -> Any:
        said.update({code, verifier})
        assert 43 <= len(verifier) <= 128
        assert redirect_uri.startswith(("http://localhost:", "http://127.0.0.1:"))
        return real(self, code, verifier=verifier, redirect_uri=redirect_uri)

    monkeypatch.setattr(oauth.OAuthEndpoints, "exchange", spied)
    done = [books("connect", "-v"), start(["connect", "-v", "--json"])]
    assert [one.status for one in done] == [0, 0]
    assert len(said) == 4
    assert leaks(said, done, home, home.parent / "work") == []


def test_a_client_secret_is_kept_in_its_store_alone(
    books: Sfsync, home: Path, tmp_path: Path
) -> None:
    """Read from stdin, it is in no output, log or other file."""
    work = home.parent / "work"
    assert books("status").status == 0
    with demo.serve(work / "demo-org.db") as org:
        argv = [
            *("connect", "--auth", "client-credentials", "--login-url", org.url, "-v"),
            *("--client-id", demo.CLIENT_ID, "--client-secret-file", "-", "--store", "file"),
        ]
        done = books(*argv, answer=f"{demo.CLIENT_SECRET}\n")
        wrong = books(*argv, answer="wrong-canary-of-a-client-secret\n")
    assert done.status == 0, done
    assert wrong.status == 4, wrong
    secrets = {demo.CLIENT_SECRET, "wrong-canary-of-a-client-secret"}
    assert leaks(secrets, [done, wrong], tmp_path) == []


def inside(path: Path) -> bytes:
    """Everything that a file holds, also what is packed in it."""
    content = path.read_bytes()
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as book:
            content = b"|".join(map(book.read, book.namelist()))
    elif path.suffix == ".pdf":
        reader = PdfReader(path)
        objects = (reader.get_object(number) for number in range(1, len(reader.xref[0]) + 1))
        streams = [one.get_data() for one in objects if isinstance(one, StreamObject)]
        text = "".join("".join(page.extract_text().split()) for page in reader.pages)
        assert streams
        content = b"|".join([content, *streams, text.encode(), str(reader.metadata).encode()])
    return content


EXPORTED = (
    *("invoice list", "audit list", "history list", "history failures"),
    *("config show --origin", "doctor", "export customers"),
)


def test_no_file_of_any_format_holds_a_secret(
    books: Sfsync, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tokens old and new, the client's secret and a proxy's password are in no file, unpacked."""
    work = home.parent / "work"
    proxy, client = "canary-of-a-proxy-password", "canary-of-a-client-secret"
    secrets = {proxy, client, *kept_tokens(work)}
    (work / "client-secret").write_text(client)
    (work / "client-secret").chmod(0o600)
    with monkeypatch.context() as around:
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
            around.setenv(name, f"http://mole:{proxy}@127.0.0.1:9")
        far = ("--login-url", "https://login.example.com", "--client-id", "x")
        argv = ("--auth", "client-credentials", *far, "--client-secret-file", "client-secret")
        done = [books("connect", *argv, "-v"), books("doctor", "--online", "-v")]
        done.append(books("sync", "--now", "-v", "--json"))
    assert done[0].status in {4, 6}
    (work / "client-secret").unlink()
    assert books("demo", "break", "expired-sign-in").status == 0
    done.append(books("sync", "--now", "-v"))
    assert books("demo", "fix", "expired-sign-in").status == 0
    done += [books("connect", "-v"), books("sync", "--now", "-v")]
    done.append(books("invoice", "post", "--all", "--yes", "-v"))
    secrets |= kept_tokens(work)
    assert len(secrets) >= 5
    folder = work / "files"
    folder.mkdir()
    for number, words in enumerate(EXPORTED):
        for kind in ("xlsx", "pdf", "html", "csv", "json"):
            path = folder / f"{number}.{kind}"
            done.append(books(*words.split(), "-v", "-o", str(path)))
            assert path.exists(), (words, kind, done[-1].err)
            found = [secret for secret in secrets if secret.encode() in inside(path)]
            assert found == [], (words, kind)
    for kind in ("xlsx", "pdf", "html", "csv", "json"):
        assert b"D-000001" in inside(folder / f"0.{kind}"), kind
    assert books("invoice", "pdf", "D-000001", "-o", str(folder / "paper.pdf")).status == 0
    assert not [secret for secret in secrets if secret.encode() in inside(folder / "paper.pdf")]
    assert leaks(secrets, done, home, work) == []
