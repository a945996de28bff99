from __future__ import annotations

import json
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
from keyring.core import load_keyring

from sfsync import demo
from sfsync.errors import ExitCode, SignInError, UnavailableError, UsageError
from sfsync.salesforce.connections import find_connection, read_connections
from sfsync.salesforce.keyring_store import KeyringStore
from sfsync.salesforce.network import Network
from sfsync.salesforce.org import open_org
from sfsync.salesforce.request import SCOPES, SignInRequest
from sfsync.salesforce.retry import RetryPolicy
from sfsync.salesforce.sign_in import begin_web_sign_in, sign_in
from sfsync.salesforce.sign_out import disconnect
from sfsync.salesforce.stores import ACCESS_TOKEN, REFRESH_TOKEN, FileStore
from tests.salesforce.demo_access import private_key
from tests.salesforce.memory_store import MemoryStore

if TYPE_CHECKING:
    from pathlib import Path

    from sfsync.demo.server import RunningOrg
    from sfsync.salesforce.org import Org
    from sfsync.salesforce.web import PendingSignIn

SOQL = "SELECT Id FROM Account LIMIT 1"
DIRECT = Network()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The config folder."""
    return tmp_path / "home"


@pytest.fixture
def key(demo_org: RunningOrg, tmp_path: Path) -> Path:
    """A private key whose public half the org knows."""
    return private_key(demo_org, tmp_path / "acme.pem")


def a_request(org: RunningOrg, **changes: Any) -> SignInRequest:
    """A request to sign in to `org`, on a free port, with the file store."""
    values: dict[str, Any] = {
        "name": "demo",
        "client_id": demo.CLIENT_ID,
        "login_url": org.url,
        "port": 0,
        "store": "file",
    }
    return SignInRequest(**{**values, **changes})


def begin(org: RunningOrg, home: Path, **changes: Any) -> PendingSignIn:
    """Begin in the browser, with the port registered in the org."""
    pending = begin_web_sign_in(a_request(org, **changes), home, network=DIRECT)
    demo.register_redirect(org.path, pending.redirect_uri)
    return pending


def connected(org: RunningOrg, home: Path) -> None:
    """Sign in with the browser, the quick way."""
    with begin(org, home) as pending:
        pending.complete(demo.approve_in_browser(pending.authorize_url))


def opened(home: Path) -> Org:
    """The org that was signed in to, from what is on disk."""
    policy = RetryPolicy(sleep=lambda _: None)
    return open_org(find_connection(home, "demo"), home, network=DIRECT, policy=policy)


def post(url: str, **form: str) -> int:
    """POST a form as a stranger would; the status."""
    try:
        with urllib.request.urlopen(url, urllib.parse.urlencode(form).encode(), timeout=5) as reply:  # noqa: S310 - loopback
            return int(reply.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def grants_asked(org: RunningOrg) -> list[str | None]:
    """The grant types of all token requests so far."""
    return [one.detail for one in demo.requests_of(org.path, "/services/oauth2/token")]


def test_the_browser_way_confirms_and_keeps_the_sign_in(demo_org: RunningOrg, home: Path) -> None:
    """Consent, callback, exchange, identity, store: afterwards the org answers from disk alone."""
    with begin(demo_org, home) as pending:
        browser = threading.Thread(
            target=demo.approve_in_browser,
            args=(pending.authorize_url,),
            kwargs={"complete": True},
        )
        browser.start()
        signed_in = pending.wait(10)
        browser.join()
    assert signed_in.identity.org_id == demo_org.org_id
    assert signed_in.identity.name == demo.ORG_NAME
    assert signed_in.identity.username == demo.USERNAME
    assert signed_in.identity.kind == "demo"
    assert signed_in.connection.scopes == ("api", "refresh_token")
    with opened(home) as org:
        assert org.identity == signed_in.identity
        assert len(org.query_all_records(SOQL)) == 1


def test_the_url_asks_for_little_and_proves_possession(demo_org: RunningOrg, home: Path) -> None:
    """Only the scopes that are shown, PKCE with SHA-256, a state of 32 bytes; fresh each time."""
    with begin(demo_org, home) as one, begin(demo_org, home) as two:
        asked = urllib.parse.parse_qs(urllib.parse.urlsplit(one.authorize_url).query)
        again = urllib.parse.parse_qs(urllib.parse.urlsplit(two.authorize_url).query)
    assert asked["scope"] == [" ".join(scope for scope, _ in SCOPES)] == ["api refresh_token"]
    assert asked["code_challenge_method"] == ["S256"]
    assert len(asked["code_challenge"][0]) == 43
    assert len(asked["state"][0]) == 43
    assert asked["state"] != again["state"]
    assert asked["code_challenge"] != again["code_challenge"]
    assert asked["redirect_uri"] == [one.redirect_uri]


@pytest.mark.parametrize("whole", [True, False])
def test_a_pasted_address_does_as_well(demo_org: RunningOrg, home: Path, whole: bool) -> None:  # noqa: FBT001 - a parameter
    """Over SSH the final address is pasted, or its query alone; wrong lines are noted."""
    notes: list[str] = []
    with begin(demo_org, home) as pending:
        address = demo.approve_in_browser(pending.authorize_url)
        pasted = address if whole else urllib.parse.urlsplit(address).query
        foreign = address.replace("state=", "state=x")
        lines = iter(["", "hello", foreign, "http://[", f"  {pasted}\n"])
        signed_in = pending.wait(10, pasted=lambda: next(lines, None), note=notes.append)
    assert signed_in.identity.org_id == demo_org.org_id
    assert len(notes) == 3


def test_a_denied_consent_is_a_sign_in_error(demo_org: RunningOrg, home: Path) -> None:
    """Exit 4, and nothing is kept."""
    with begin(demo_org, home) as pending:
        browser = threading.Thread(
            target=demo.approve_in_browser,
            args=(pending.authorize_url,),
            kwargs={"deny": True, "complete": True},
        )
        browser.start()
        with pytest.raises(SignInError) as stopped:
            pending.wait(10)
        browser.join()
    assert stopped.value.code == "sign-in-denied"
    assert stopped.value.exit_code == ExitCode.SIGN_IN
    assert read_connections(home) == {}


def test_a_page_that_never_calls_back_times_out_with_advice(
    demo_org: RunningOrg, home: Path
) -> None:
    """A wrong client id is shown in the browser only; the wait ends and says what to check."""
    with begin(demo_org, home, client_id="3MVG9wrong") as pending:
        with pytest.raises(demo.ApprovalError):
            demo.approve_in_browser(pending.authorize_url)
        with pytest.raises(SignInError) as stopped:
            pending.wait(0.1)
    assert stopped.value.code == "sign-in-timeout"
    assert pending.redirect_uri in stopped.value.fix


def test_an_answer_with_a_wrong_state_does_not_end_the_wait(
    demo_org: RunningOrg, home: Path
) -> None:
    """A forged callback is noted and refused; the person's own still counts."""
    notes: list[str] = []
    with begin(demo_org, home) as pending:
        good = demo.approve_in_browser(pending.authorize_url)
        forged = f"{pending.redirect_uri}?code=aPrxevil&state=evil"
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(forged, timeout=5)  # noqa: S310 - loopback
        refused.value.close()
        urllib.request.urlopen(good, timeout=5).close()  # noqa: S310 - loopback
        assert pending.wait(10, note=notes.append).identity.org_id == demo_org.org_id
    assert len(notes) == 1


def test_a_foreign_address_cannot_complete_a_sign_in(demo_org: RunningOrg, home: Path) -> None:
    """Another sign-in's answer, or no answer, is refused with what is wanted."""
    with begin(demo_org, home) as one, begin(demo_org, home) as two:
        theirs = demo.approve_in_browser(two.authorize_url)
        for text in (theirs, "", "x", f"{one.redirect_uri}?code=aPrx"):
            with pytest.raises(SignInError) as stopped:
                one.complete(text)
            assert stopped.value.code == "sign-in-paste"


def test_a_code_is_good_once(demo_org: RunningOrg, home: Path) -> None:
    """A second use of the code is refused by the org, with the way out."""
    with begin(demo_org, home) as pending:
        address = demo.approve_in_browser(pending.authorize_url)
        pending.complete(address)
        with pytest.raises(SignInError) as stopped:
            pending.complete(address)
    assert stopped.value.code == "sign-in-code-expired"


def test_a_taken_port_is_said_before_anything_is_printed(demo_org: RunningOrg, home: Path) -> None:
    """Exit 4 with the flag that helps."""
    with begin(demo_org, home) as pending:
        port = urllib.parse.urlsplit(pending.redirect_uri).port
        with pytest.raises(SignInError) as stopped:
            begin(demo_org, home, port=port)
    assert stopped.value.code == "port-taken"
    assert "--port" in stopped.value.fix


def test_an_unusable_keyring_is_said_before_the_browser_opens(
    demo_org: RunningOrg, home: Path
) -> None:
    """No downgrade to a file, no listener, no consent that cannot be kept."""
    request = a_request(demo_org, store="keyring")
    with pytest.raises(SignInError) as stopped:
        begin_web_sign_in(
            request,
            home,
            store=KeyringStore(load_keyring("keyring.backends.fail.Keyring")),
            network=DIRECT,
        )
    assert stopped.value.code == "keyring-unusable"
    assert not home.exists()


def test_a_refresh_is_transparent_and_survives_rotation(demo_org: RunningOrg, home: Path) -> None:
    """Spent tokens renew themselves; each rotated refresh token replaces the one before."""
    demo.change_setting(demo_org.path, "oauth.rotation", value=True)
    connected(demo_org, home)
    store = FileStore(home / "credentials")
    seen = set()
    for _ in range(3):
        seen.add(store.read("demo", REFRESH_TOKEN))
        _, token = str(store.read("demo", ACCESS_TOKEN)).split(" ")
        with opened(home) as org:
            assert org.query_all_records(SOQL)
            post(f"{demo_org.url}/services/oauth2/revoke", token=token)
            assert org.query_all_records(SOQL)
            assert org.warnings == ()
    assert len(seen) == 3
    assert grants_asked(demo_org).count("refresh_token") == 3


REFRESHER = """
import sys
from pathlib import Path
from sfsync.salesforce.connections import find_connection
from sfsync.salesforce.network import Network
from sfsync.salesforce.org import open_org
home = Path(sys.argv[1])
with open_org(find_connection(home, "demo"), home, network=Network()) as org:
    org.query_all_records("SELECT Id FROM Account LIMIT 1")
    print("ready", flush=True)
    sys.stdin.readline()
    print(len(org.query_all_records("SELECT Id FROM Account LIMIT 1")), flush=True)
"""


def test_two_processes_refresh_once(demo_org: RunningOrg, home: Path) -> None:
    """With rotation on, a token spent in two processes is renewed by one, used by both."""
    demo.change_setting(demo_org.path, "oauth.rotation", value=True)
    connected(demo_org, home)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", REFRESHER, str(home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    _, token = str(FileStore(home / "credentials").read("demo", ACCESS_TOKEN)).split(" ")
    post(f"{demo_org.url}/services/oauth2/revoke", token=token)
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    assert [process.communicate(timeout=20)[0] for process in processes] == ["1\n", "1\n"]
    assert grants_asked(demo_org).count("refresh_token") == 1


def test_a_rotated_token_that_cannot_be_kept_is_said_aloud(
    demo_org: RunningOrg, home: Path
) -> None:
    """The run goes on with the token in memory, through a second refresh, and warns once each."""

    class Full(MemoryStore):
        def write(self, name: str, item: str, secret: str) -> None:
            if self.full:
                raise SignInError("no space", code="file-unwritable")
            super().write(name, item, secret)

        full = False

    demo.change_setting(demo_org.path, "oauth.rotation", value=True)
    store = Full()
    pending = begin_web_sign_in(a_request(demo_org), home, store=store, network=DIRECT)
    demo.register_redirect(demo_org.path, pending.redirect_uri)
    connection = pending.complete(demo.approve_in_browser(pending.authorize_url)).connection
    with open_org(connection, home, store=store, network=DIRECT) as org:
        org.query_all_records(SOQL)
        store.full = True
        _, token = str(store.read("demo", ACCESS_TOKEN)).split(" ")
        post(f"{demo_org.url}/services/oauth2/revoke", token=token)
        assert org.query_all_records(SOQL)
        assert "sfsync connect" in org.warnings[0]


def test_a_revoked_sign_in_is_expired(demo_org: RunningOrg, home: Path) -> None:
    """What an administrator revoked is exit 4 with the command that helps."""
    connected(demo_org, home)
    demo.break_org(demo_org.path, "expired-sign-in")
    with opened(home) as org, pytest.raises(SignInError) as stopped:
        org.query_all_records(SOQL)
    assert stopped.value.code == "sign-in-expired"
    assert stopped.value.exit_code == ExitCode.SIGN_IN
    assert "sfsync connect" in stopped.value.fix


def test_an_org_without_api_is_refused_and_the_consent_given_back(
    demo_org: RunningOrg, home: Path
) -> None:
    """API access is confirmed before anything is kept."""
    demo.break_org(demo_org.path, "api-disabled")
    with begin(demo_org, home) as pending, pytest.raises(SignInError) as stopped:
        pending.complete(demo.approve_in_browser(pending.authorize_url))
    assert stopped.value.code == "api-not-enabled"
    assert read_connections(home) == {}
    assert demo.requests_of(demo_org.path, "/services/oauth2/revoke")
    assert demo.org_status(demo_org.path).sessions == 0


def test_disconnecting_revokes_and_forgets(demo_org: RunningOrg, home: Path) -> None:
    """The org ends the sign-in, the store and the file lose it; a second time there is nothing."""
    connected(demo_org, home)
    stale = open_org(find_connection(home, "demo"), home, store=_copied(home), network=DIRECT)
    assert disconnect(home, "demo", network=DIRECT).org_id == demo_org.org_id
    assert read_connections(home) == {}
    assert FileStore(home / "credentials").read("demo", REFRESH_TOKEN) is None
    with stale, pytest.raises(SignInError) as stopped:
        stale.query_all_records(SOQL)
    assert stopped.value.code == "sign-in-expired"
    with pytest.raises(SignInError) as missing:
        disconnect(home, "demo", network=DIRECT)
    assert missing.value.code == "not-connected"


def test_disconnecting_what_is_gone_already_is_done(demo_org: RunningOrg, home: Path) -> None:
    """A token that the org no longer knows does not keep the entry here."""
    connected(demo_org, home)
    token = str(FileStore(home / "credentials").read("demo", REFRESH_TOKEN))
    post(f"{demo_org.url}/services/oauth2/revoke", token=token)
    disconnect(home, "demo", network=DIRECT)
    assert read_connections(home) == {}


def test_disconnecting_without_the_org_forgets_nothing(demo_org: RunningOrg, home: Path) -> None:
    """A sign-in that could not be revoked stays, to be revoked later; force forgets it."""
    connected(demo_org, home)
    demo.break_org(demo_org.path, "outage")
    with pytest.raises(UnavailableError):
        disconnect(home, "demo", network=DIRECT)
    assert find_connection(home, "demo").store == "file"
    disconnect(home, "demo", network=DIRECT, force=True)
    assert read_connections(home) == {}
    assert FileStore(home / "credentials").read("demo", REFRESH_TOKEN) is None


def test_a_key_signs_in_without_keeping_anything(
    demo_org: RunningOrg, home: Path, key: Path
) -> None:
    """JWT: no token on disk, a new one for each process, renewed when it is spent."""
    request = a_request(demo_org, auth="jwt", username=demo.USERNAME, key_file=key)
    signed_in = sign_in(request, home, network=DIRECT)
    assert signed_in.identity.username == demo.USERNAME
    assert signed_in.connection.store == "none"
    assert not list(home.rglob("demo.json"))
    with opened(home) as org:
        assert org.query_all_records(SOQL)
        demo.change_setting(demo_org.path, "oauth.session_seconds", 0)
        with pytest.raises(SignInError) as stopped:
            org.query_all_records(SOQL)
        assert stopped.value.code == "session-rejected"
        demo.change_setting(demo_org.path, "oauth.session_seconds", 7200)
        assert org.query_all_records(SOQL)
    disconnect(home, "demo", network=DIRECT)
    assert read_connections(home) == {}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_key_open_to_others_is_refused(
    demo_org: RunningOrg, home: Path, key: Path, mode: int
) -> None:
    """As ssh does, with the chmod that mends it."""
    key.chmod(mode)
    request = a_request(demo_org, auth="jwt", username=demo.USERNAME, key_file=key)
    with pytest.raises(SignInError) as stopped:
        sign_in(request, home, network=DIRECT)
    assert stopped.value.code == "key-file-open"
    assert f"chmod 600 {key}" in stopped.value.fix


@pytest.mark.parametrize("text", ["", "hello", "-----BEGIN PRIVATE KEY-----\nplanted\n"])
def test_a_file_that_is_no_key_is_named(
    demo_org: RunningOrg, home: Path, key: Path, text: str
) -> None:
    """No words of the file are quoted."""
    key.write_text(text)
    request = a_request(demo_org, auth="jwt", username=demo.USERNAME, key_file=key)
    with pytest.raises(SignInError) as stopped:
        sign_in(request, home, network=DIRECT)
    assert stopped.value.code == "key-file-invalid"
    assert "planted" not in str(stopped.value)
    key.unlink()
    with pytest.raises(SignInError, match="does not exist"):
        sign_in(request, home, network=DIRECT)


def test_a_key_of_a_stranger_is_refused_by_the_org(
    demo_org: RunningOrg, home: Path, key: Path
) -> None:
    """A user who never approved the app, and a user who does not exist, are told apart."""
    request = a_request(demo_org, auth="jwt", username="nobody@example.com", key_file=key)
    with pytest.raises(SignInError) as stopped:
        sign_in(request, home, network=DIRECT)
    assert stopped.value.code == "sign-in-refused"
    demo.change_setting(demo_org.path, "oauth.preapproved", [])
    request = a_request(demo_org, auth="jwt", username=demo.USERNAME, key_file=key)
    with pytest.raises(SignInError) as stopped:
        sign_in(request, home, network=DIRECT)
    assert stopped.value.code == "consent-missing"


def test_client_credentials_keep_the_secret_in_the_store(demo_org: RunningOrg, home: Path) -> None:
    """The secret signs in again by itself; a wrong one, and an app without a user, are named."""
    request = a_request(demo_org, auth="client-credentials", client_secret=demo.CLIENT_SECRET)
    sign_in(request, home, network=DIRECT)
    assert demo.CLIENT_SECRET not in (home / "connections.json").read_text()
    assert demo.CLIENT_SECRET not in repr(request)
    FileStore(home / "credentials").write("demo", ACCESS_TOKEN, f"{demo_org.url} spent")
    with opened(home) as org:
        assert org.query_all_records(SOQL)
    wrong = a_request(demo_org, auth="client-credentials", client_secret="wrong")
    with pytest.raises(SignInError) as stopped:
        sign_in(wrong, home, network=DIRECT)
    assert stopped.value.code == "client-secret-wrong"
    unknown = a_request(
        demo_org, auth="client-credentials", client_secret="x", client_id="3MVG9wrong"
    )
    with pytest.raises(SignInError) as stopped:
        sign_in(unknown, home, network=DIRECT)
    assert stopped.value.code == "invalid-client-id"
    demo.change_setting(demo_org.path, "oauth.run_as", None)
    with pytest.raises(SignInError) as stopped:
        sign_in(request, home, network=DIRECT)
    assert stopped.value.code == "run-as-user-missing"


@pytest.mark.parametrize(
    ("changes", "flag"),
    [
        ({"auth": "jwt"}, "--username"),
        ({"auth": "client-credentials"}, "--client-secret-file"),
        ({"client_id": ""}, "--client-id"),
        ({"auth": "password"}, "--auth"),
        ({"name": "../x"}, "letters"),
    ],
)
def test_an_incomplete_request_is_a_usage_error(changes: dict[str, Any], flag: str) -> None:
    """Exit 2, naming the flag."""
    values = {"name": "demo", "client_id": "x", **changes}
    with pytest.raises(UsageError) as stopped:
        SignInRequest(**values)
    assert flag in f"{stopped.value.message} {stopped.value.fix}"


@pytest.mark.parametrize(
    "url", ["http://acme.my.salesforce.com", "acme", "ftp://x", "https://u:p@x.com", "https://"]
)
def test_a_login_host_without_https_is_refused(url: str) -> None:
    """Secrets go over https, or to loopback."""
    with pytest.raises(SignInError) as stopped:
        SignInRequest(name="demo", client_id="x", login_url=url)
    assert stopped.value.code == "login-url-refused"


def test_a_last_connect_wins_over_another_store(demo_org: RunningOrg, home: Path) -> None:
    """Signing in again with another store leaves no secret in the first one."""
    connected(demo_org, home)
    assert FileStore(home / "credentials").read("demo", REFRESH_TOKEN)
    store = MemoryStore()
    pending = begin_web_sign_in(a_request(demo_org), home, store=store, network=DIRECT)
    demo.register_redirect(demo_org.path, pending.redirect_uri)
    pending.complete(demo.approve_in_browser(pending.authorize_url))
    assert FileStore(home / "credentials").read("demo", REFRESH_TOKEN) is None
    assert find_connection(home, "demo").store == "memory"


def test_the_connections_file_holds_no_secret(demo_org: RunningOrg, home: Path) -> None:
    """What a person may show to support has ids and settings only."""
    connected(demo_org, home)
    text = (home / "connections.json").read_text()
    kept = json.loads((home / "credentials" / "demo.json").read_text())
    assert set(kept) == {"refresh_token", "access_token"}
    assert not any(part in text for secret in kept.values() for part in secret.split(" ")[-1:])
    entry = json.loads(text)["connections"]["demo"]
    assert entry["org_id"] == demo_org.org_id
    assert entry["obtained_at"].endswith("Z")


def _copied(home: Path) -> MemoryStore:
    """The secrets of today, out of reach of a later disconnect."""
    store, kept = MemoryStore(), FileStore(home / "credentials")
    for item in (REFRESH_TOKEN, ACCESS_TOKEN):
        store.write("demo", item, str(kept.read("demo", item)))
    return store
