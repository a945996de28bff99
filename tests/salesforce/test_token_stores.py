from __future__ import annotations

import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from keyring.backends import chainer
from keyring.core import load_keyring

from sfsync.errors import SignInError, UsageError
from sfsync.salesforce.connections import (
    find_connection,
    read_connections,
    remove_connection,
    save_connection,
)
from sfsync.salesforce.keyring_store import KeyringStore
from sfsync.salesforce.request import SignInRequest
from sfsync.salesforce.store_choice import chosen_kind, open_store
from sfsync.salesforce.stores import ACCESS_TOKEN, REFRESH_TOKEN, FileStore
from tests.salesforce.keyrings import (
    SECRET,
    Forgetful,
    Hanging,
    Locked,
    PlaintextKeyring,
    Working,
)
from tests.salesforce.memory_store import MemoryStore
from tests.salesforce.scripted_org import a_connection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from keyring.backend import KeyringBackend

    from sfsync.salesforce.stores import TokenStore


class EmptyChain(chainer.ChainerBackend):
    """A chain with nothing that keeps."""

    backends = (
        load_keyring("keyring.backends.null.Keyring"),
        load_keyring("keyring.backends.fail.Keyring"),
    )


EMPTY_CHAIN = EmptyChain()  # type: ignore[no-untyped-call] # keyring ships no types for it


@pytest.fixture
def open_umask() -> Iterator[None]:
    """A umask that takes nothing away."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture(params=["memory", "file", "keyring"])
def any_store(request: pytest.FixtureRequest, tmp_path: Path) -> TokenStore:
    """Each kind of store, empty."""
    stores: dict[str, TokenStore] = {
        "memory": MemoryStore(),
        "file": FileStore(tmp_path / "credentials"),
        "keyring": KeyringStore(Working()),
    }
    return stores[request.param]


def test_every_store_keeps_items_apart(any_store: TokenStore) -> None:
    """Items of a connection, and connections, do not touch each other."""
    any_store.probe()
    assert any_store.read("acme", REFRESH_TOKEN) is None
    any_store.write("acme", REFRESH_TOKEN, "one")
    any_store.write("acme", ACCESS_TOKEN, "two")
    any_store.write("other", REFRESH_TOKEN, "three")
    any_store.write("acme", REFRESH_TOKEN, "four")
    assert any_store.read("acme", REFRESH_TOKEN) == "four"
    assert any_store.read("acme", ACCESS_TOKEN) == "two"
    any_store.delete("acme")
    any_store.delete("acme")
    assert any_store.read("acme", REFRESH_TOKEN) is None
    assert any_store.read("acme", ACCESS_TOKEN) is None
    assert any_store.read("other", REFRESH_TOKEN) == "three"


def test_keyring_items_are_small_and_named(tmp_path: Path) -> None:
    """One item per secret, service sfsync, user NAME/ITEM; the probe leaves nothing."""
    backend = Working()
    store = KeyringStore(backend)
    store.probe()
    assert backend.kept == {}
    store.write("acme", REFRESH_TOKEN, SECRET)
    assert backend.kept == {("sfsync", "acme/refresh_token"): SECRET}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "backend",
    [*EmptyChain.backends, EMPTY_CHAIN, Forgetful(), Locked(), PlaintextKeyring()],
    ids=lambda backend: type(backend).__name__ + type(backend).__module__.rpartition(".")[2],
)
def test_a_keyring_that_keeps_nothing_safely_is_refused(backend: KeyringBackend) -> None:
    """Failing, null, forgetful, locked and plain-text keyrings are errors with two ways out."""
    with pytest.raises(SignInError) as refused:
        KeyringStore(backend).probe()
    assert refused.value.code == "keyring-unusable"
    assert "--auth jwt" in refused.value.fix
    assert "--store file" in refused.value.fix
    assert SECRET not in refused.value.message


def test_a_hanging_keyring_is_left_after_its_time() -> None:
    """A keyring that waits for a prompt does not hold the program."""
    backend = Hanging()
    began = time.monotonic()
    with pytest.raises(SignInError) as refused:
        KeyringStore(backend, time_limit=0.1).probe()
    assert time.monotonic() - began < 2
    assert refused.value.code == "keyring-unusable"
    backend.release.set()


@pytest.mark.usefixtures("open_umask")
def test_files_are_private_under_any_umask(tmp_path: Path) -> None:
    """Folders are 0700 and files 0600 even where the umask takes nothing away."""
    FileStore(tmp_path / "home" / "credentials").write("acme", REFRESH_TOKEN, SECRET)
    save_connection(tmp_path / "home", a_connection("https://acme.my.salesforce.com"))
    modes = {
        str(path.relative_to(tmp_path)): oct(path.stat().st_mode & 0o777)
        for path in tmp_path.rglob("*")
    }
    assert modes == {
        "home": "0o700",
        "home/credentials": "0o700",
        "home/credentials/acme.json": "0o600",
        "home/connections.json": "0o600",
        "home/.connections.json.lock": "0o600",
    }


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_credential_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    """As ssh does: named, with the chmod that mends it, and not overwritten either."""
    store = FileStore(tmp_path / "credentials")
    store.write("acme", REFRESH_TOKEN, SECRET)
    path = tmp_path / "credentials" / "acme.json"
    path.chmod(mode)
    uses: tuple[Callable[[], object], ...] = (
        lambda: store.read("acme", REFRESH_TOKEN),
        lambda: store.write("acme", REFRESH_TOKEN, "x"),
    )
    for use in uses:
        with pytest.raises(SignInError) as refused:
            use()
        assert refused.value.code == "credential-file-open"
        assert f"chmod 600 {path}" in refused.value.fix


def test_symbolic_links_and_open_folders_are_refused(tmp_path: Path) -> None:
    """A secret is neither read nor written through a link, nor kept where others may write."""
    store = FileStore(tmp_path / "credentials")
    store.write("real", REFRESH_TOKEN, SECRET)
    (tmp_path / "credentials" / "acme.json").symlink_to("real.json")
    with pytest.raises(SignInError, match="symbolic link"):
        store.read("acme", REFRESH_TOKEN)
    with pytest.raises(SignInError, match="symbolic link"):
        store.write("acme", REFRESH_TOKEN, "x")
    (tmp_path / "credentials").chmod(0o777)
    with pytest.raises(SignInError) as refused:
        store.probe()
    assert refused.value.code == "folder-open"


@pytest.mark.parametrize("text", ["", "{", "[]", "\x00", '"x"'])
def test_a_damaged_credential_file_is_named(tmp_path: Path, text: str) -> None:
    """Damage is an error with its path, never a traceback."""
    FileStore(tmp_path).write("acme", REFRESH_TOKEN, SECRET)
    (tmp_path / "acme.json").write_text(text)
    with pytest.raises(SignInError) as refused:
        FileStore(tmp_path).read("acme", REFRESH_TOKEN)
    assert refused.value.code == "credential-file-damaged"


def test_connections_come_back_as_they_were_saved(tmp_path: Path) -> None:
    """The last connect of a name wins; others stay; removing is final."""
    one = a_connection("https://acme.my.salesforce.com", key_file=tmp_path / "k.pem")
    two = a_connection("https://other.my.salesforce.com", name="other", store="none", auth="jwt")
    for connection in (one, two, a_connection("https://new.my.salesforce.com")):
        save_connection(tmp_path, connection)
    found = read_connections(tmp_path)
    assert found["acme"].instance_url == "https://new.my.salesforce.com"
    assert found["other"] == two
    save_connection(tmp_path, one)
    assert find_connection(tmp_path, "acme") == one
    remove_connection(tmp_path, "acme")
    remove_connection(tmp_path, "acme")
    with pytest.raises(SignInError) as missing:
        find_connection(tmp_path, "acme")
    assert missing.value.code == "not-connected"


@pytest.mark.parametrize(
    "text", ["", "[]", '{"connections": {"acme": {}}}', '{"connections": {"../x": 1}}']
)
def test_a_damaged_connections_file_is_named(tmp_path: Path, text: str) -> None:
    """Damage is an error with the way out."""
    save_connection(tmp_path, a_connection("https://acme.my.salesforce.com"))
    (tmp_path / "connections.json").write_text(text)
    with pytest.raises(SignInError) as refused:
        read_connections(tmp_path)
    assert refused.value.code == "connections-damaged"


@pytest.mark.parametrize("name", ["", "..", "a/b", "-x", "a" * 65, "ü"])
def test_names_that_could_leave_the_folder_are_refused(tmp_path: Path, name: str) -> None:
    """A connection's name is part of paths and keyring entries."""
    save_connection(tmp_path, a_connection("https://x.my.salesforce.com", name="ok"))
    text = (tmp_path / "connections.json").read_text().replace('"ok"', f'"{name}"')
    (tmp_path / "connections.json").write_text(text)
    with pytest.raises((UsageError, SignInError)):
        read_connections(tmp_path)


def test_the_store_is_what_was_asked_then_what_was_chosen_then_the_keyring(tmp_path: Path) -> None:
    """There is no downgrade: auto never means file unless file was chosen before."""
    web = SignInRequest(name="acme", client_id="3MVG9")
    handed = SignInRequest(
        name="acme", client_id="3MVG9", auth="jwt", username="u@acme.com", credential=("pass",)
    )
    assert chosen_kind(web, tmp_path) == "keyring"
    assert chosen_kind(replace(web, store="file"), tmp_path) == "file"
    by_key = replace(handed, store="file", key_file=tmp_path / "k.pem")
    assert chosen_kind(by_key, tmp_path) == "none"
    assert chosen_kind(handed, tmp_path) == "command"
    save_connection(tmp_path, a_connection("https://acme.my.salesforce.com", store="file"))
    assert chosen_kind(web, tmp_path) == "file"
    save_connection(tmp_path, a_connection("https://acme.my.salesforce.com", store="command"))
    assert chosen_kind(web, tmp_path) == "keyring"
    assert open_store("none", tmp_path) is None
    with pytest.raises(UsageError):
        open_store("cloud", tmp_path)
