from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from sfsync import demo
from sfsync.salesforce.keyring_store import KeyringStore
from tests.cli.command_line import start
from tests.salesforce.keyrings import SECRET, Desktop

if TYPE_CHECKING:
    from pathlib import Path

    from sfsync.demo.server import RunningOrg
    from tests.cli.command_line import Done, Sfsync

CONFIG = """version: 1
connection: {{name: acme, login_url: "{url}", client_id: "{client}", auth: {auth},
             username: {user}}}
{more}
"""


@pytest.fixture
def key(demo_org: RunningOrg, tmp_path: Path) -> Path:
    """A private key that the demo org's app knows."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sfsync")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, private.public_key(), 1, now, now + timedelta(days=1))
    ).sign(private, hashes.SHA256())
    demo.register_certificate(
        demo_org.path, certificate.public_bytes(serialization.Encoding.PEM).decode()
    )
    path = tmp_path / "acme.pem"
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(pem)
    path.chmod(0o600)
    return path


def config(home: Path, org: RunningOrg, auth: str, more: str = "") -> None:
    """A mapping file for the org, in the working folder."""
    text = CONFIG.format(
        url=org.url, client=demo.CLIENT_ID, user=demo.USERNAME, auth=auth, more=more
    )
    (home.parent / "work" / "mappings.yaml").write_text(text)


def connected(done: Done, store: str) -> None:
    """The command has signed in, and an org can be asked with what was kept."""
    assert done.status == 0, done.err
    assert done.document["result"]["store"] == store
    assert done.document["result"]["user"]["username"] == demo.USERNAME
    asked = start(["org", "limits", "--json"])
    assert asked.status == 0, asked.out


def test_a_key_file_signs_in_and_nothing_is_kept(
    sfsync: Sfsync, home: Path, demo_org: RunningOrg, key: Path
) -> None:
    """JWT: no token on disk; a key that others can read is exit 4, at connect and at every run."""
    config(home, demo_org, "jwt")
    connected(sfsync("connect", "--key-file", str(key), "--json"), "none")
    assert {path.name for path in home.rglob("*") if path.suffix == ".json"} == {
        *("connections.json",),
    }
    key.chmod(0o640)
    for argv in (["connect", "--key-file", str(key)], ["org", "limits"]):
        done = sfsync(*argv)
        assert done.status == 4
        assert f"chmod 600 {key}" in done.err


def test_the_config_says_which_api_version_is_asked(
    sfsync: Sfsync, home: Path, demo_org: RunningOrg, key: Path
) -> None:
    """From the next command on: nobody has to sign in again for another version."""
    config(home, demo_org, "jwt")
    assert sfsync("connect", "--key-file", str(key)).status == 0
    path = home.parent / "work" / "mappings.yaml"
    path.write_text(path.read_text().replace("auth: jwt", 'auth: jwt, api_version: "65.0"'))
    assert sfsync("org", "limits").status == 0
    assert demo.requests_of(demo_org.path, "/services/data/v65.0/")
    path.write_text(path.read_text().replace("65.0", "99.0"))
    refused = sfsync("org", "limits", "--json").document["error"]
    assert (refused["code"], "api_version" in refused["fix"]) == ("api-version", True)


def test_a_client_secret_comes_from_a_file_or_stdin(
    sfsync: Sfsync, home: Path, demo_org: RunningOrg, tmp_path: Path
) -> None:
    """It is never an argument; a file that others can read is refused."""
    config(home, demo_org, "client-credentials")
    secret = tmp_path / "secret"
    secret.write_text(f"{demo.CLIENT_SECRET}\n")
    argv = ["connect", "--store", "file", "--client-secret-file", str(secret), "--json"]
    secret.chmod(0o644)
    assert sfsync(*argv).status == 4
    secret.chmod(0o600)
    connected(sfsync(*argv), "file")
    argv[4] = "-"
    connected(sfsync(*argv, answer=f"{demo.CLIENT_SECRET}\n"), "file")
    assert sfsync("connect", "--client-secret-file", "-", answer="\n").status == 2


@pytest.mark.parametrize("auth", ["jwt", "client-credentials"])
def test_a_program_hands_the_secret_over(
    sfsync: Sfsync, home: Path, demo_org: RunningOrg, key: Path, auth: str
) -> None:
    """credential.command is asked at every sign-in; nothing that it says is kept or shown."""
    secret = key.parent / "handed"
    secret.write_text(key.read_text() if auth == "jwt" else demo.CLIENT_SECRET)
    program = [sys.executable, "-c", "import sys; print(open(sys.argv[1]).read())", str(secret)]
    config(home, demo_org, auth, f"credential: {{command: {json.dumps(program)}}}")
    connected(sfsync("connect", "--json"), "command")
    said = sfsync("doctor", "--json")
    assert "command" in str(said.document)
    kept = "".join(path.read_text(errors="replace") for path in home.rglob("*") if path.is_file())
    assert secret.read_text() not in kept
    secret.unlink()
    failed = sfsync("org", "limits")
    assert failed.status == 4
    assert "credential.command" in failed.err
    config(home, demo_org, auth)
    gone = sfsync("org", "limits", "--json")
    assert gone.document["error"]["code"] == "credential-missing"
    assert sfsync("disconnect", "--yes").status == 0


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("print('')", "printed nothing"),
        (f"import sys; sys.exit('{SECRET}')", "ended with status 1"),
        ("import time; time.sleep(60)", "was stopped"),
    ],
)
def test_a_program_that_hands_nothing_over_is_named(
    sfsync: Sfsync,
    home: Path,
    demo_org: RunningOrg,
    monkeypatch: pytest.MonkeyPatch,
    program: str,
    said: str,
) -> None:
    """Exit 4 within the limit, without a word of what it wrote."""
    from sfsync.salesforce.secret_sources import CommandSource  # noqa: PLC0415 - its own limit

    limits = CommandSource.__init__.__kwdefaults__
    assert limits == {"time_limit": 10.0}
    if said == "was stopped":
        monkeypatch.setitem(limits, "time_limit", 0.5)
    argv = json.dumps([sys.executable, "-c", program])
    config(home, demo_org, "client-credentials", f"credential: {{command: {argv}}}")
    done = sfsync("connect")
    assert done.status == 4
    assert said in done.err
    assert SECRET not in done.err


@pytest.mark.parametrize("auth", ["jwt", "client-credentials"])
def test_systemd_hands_the_secret_over(
    sfsync: Sfsync,
    home: Path,
    demo_org: RunningOrg,
    key: Path,
    monkeypatch: pytest.MonkeyPatch,
    auth: str,
) -> None:
    """The folder of LoadCredential= is read at every start, and only there."""
    folder = key.parent / "handed"
    folder.mkdir()
    name = "sfsync-acme-key" if auth == "jwt" else "sfsync-acme-secret"
    (folder / name).write_text(key.read_text() if auth == "jwt" else demo.CLIENT_SECRET)
    (folder / name).chmod(0o440)
    config(home, demo_org, auth)
    assert sfsync("connect").status == 2
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    connected(sfsync("connect", "--json"), "systemd")
    (folder / name).chmod(0o444)
    assert sfsync("org", "limits", "--json").document["error"]["code"] == "credential-file-open"
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    gone = sfsync("org", "limits", "--json")
    assert (gone.status, gone.document["error"]["code"]) == (4, "credentials-directory-missing")


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal")
def test_over_ssh_the_address_is_pasted(home: Path, demo_org: RunningOrg) -> None:
    """--no-browser on a terminal prints one URL and takes the address at which the browser ends."""
    import pty  # noqa: PLC0415 - not on Windows

    config(home, demo_org, "web")
    outer, inner = pty.openpty()
    argv = [sys.executable, "-m", "sfsync", "connect", "--no-browser", "--store", "file"]
    work = home.parent / "work"
    process = subprocess.Popen(
        [*argv, "--port", "0"], stdin=inner, stdout=inner, stderr=inner, cwd=work
    )
    os.close(inner)
    said = b""
    while b"OauthRedirect \xe2\x80\xa6" not in said:
        said += os.read(outer, 65536)
    (url,) = re.findall(r"^http://\S+$", said.decode().replace("\r", ""), re.MULTILINE)
    demo.register_redirect(demo_org.path, parse_qs(urlsplit(url).query)["redirect_uri"][0])
    address = demo.approve_in_browser(url)
    os.write(outer, b"http://localhost/nonsense\n")
    os.write(outer, f"{address}\n".encode())
    with suppress(OSError):
        while chunk := os.read(outer, 65536):
            said += chunk
    os.close(outer)
    assert process.wait(timeout=20) == 0, said
    assert b"paste it whole" in said
    assert f"Connected as {demo.USERNAME}" in said.decode()


def test_the_last_connect_wins_over_the_config(
    sfsync: Sfsync, home: Path, demo_org: RunningOrg, key: Path, tmp_path: Path
) -> None:
    """The config says jwt; who connected with a secret since runs with the secret."""
    config(home, demo_org, "jwt")
    connected(sfsync("connect", "--key-file", str(key), "--json"), "none")
    secret = tmp_path / "secret"
    secret.write_text(demo.CLIENT_SECRET)
    secret.chmod(0o600)
    argv = ("--auth", "client-credentials", "--client-secret-file", str(secret), "--store", "file")
    connected(sfsync("connect", *argv, "--json"), "file")
    key.unlink()
    assert sfsync("org", "limits").status == 0
    assert sfsync("status", "--json").document["result"]["connection"]["auth"] == argv[1]


@pytest.mark.parametrize(
    ("backend", "works"),
    [
        ("tests.salesforce.keyrings.Desktop", True),
        ("tests.salesforce.keyrings.Hanging", False),
        ("tests.salesforce.keyrings.Locked", False),
        ("keyring.backends.fail.Keyring", False),
        ("keyring.backends.null.Keyring", False),
        ("tests.salesforce.keyrings.Forgetful", False),
        ("tests.salesforce.keyrings.PlaintextKeyring", False),
        ("tests.salesforce.keyrings.Raising", False),
        ("no.such.Backend", False),
        (None, False),
    ],
)
def test_every_keyring_works_or_is_refused_in_time(
    sfsync: Sfsync,
    home: Path,
    demo_org: RunningOrg,
    monkeypatch: pytest.MonkeyPatch,
    backend: str | None,
    works: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """Never a hang, never a file nobody asked for: exit 4 with the two ways out."""
    limits = KeyringStore.__init__.__kwdefaults__
    assert limits == {"time_limit": 3.0}
    if backend is not None and backend.endswith("Hanging"):
        monkeypatch.setitem(limits, "time_limit", 0.5)
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    Desktop.desktop.clear()
    if backend is None:
        monkeypatch.delenv("PYTHON_KEYRING_BACKEND", raising=False)
    else:
        monkeypatch.setenv("PYTHON_KEYRING_BACKEND", backend)
    config(home, demo_org, "client-credentials")
    began = time.monotonic()
    done = sfsync("connect", "--client-secret-file", "-", "--json", answer=demo.CLIENT_SECRET)
    assert time.monotonic() - began < 10
    if works:
        connected(done, "keyring")
        assert ("sfsync", "acme/client_secret") in Desktop.desktop
        return
    assert done.status == 4
    assert done.document["error"]["code"] == "keyring-unusable"
    assert "--store file" in done.document["error"]["fix"]
    assert SECRET not in done.out + done.err
    assert not (home / "connections.json").exists()
    assert not (home / "credentials").exists()
