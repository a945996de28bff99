from __future__ import annotations

import errno
import http.client
import socket
import threading
import time
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from sfsync.errors import SignInError
from sfsync.salesforce.callback import CALLBACK_PATH, CallbackListener, _Server, read_answer

if TYPE_CHECKING:
    from collections.abc import Iterator

STATE = "s" * 43
GOOD = f"{CALLBACK_PATH}?code=aPrxplanted%3D%3D&state={STATE}"


@pytest.fixture
def listener() -> Iterator[CallbackListener]:
    """A listener on a free port."""
    with CallbackListener(0, STATE) as listening:
        yield listening


def ask(
    port: int,
    path: str,
    *,
    method: str = "GET",
    host: str | None = None,
    address: str = "127.0.0.1",
) -> tuple[int, dict[str, str], str]:
    """Status, headers and body of one request."""
    connection = http.client.HTTPConnection(address, port, timeout=5)
    try:
        connection.request(method, path, headers={"Host": host or f"localhost:{port}"})
        reply = connection.getresponse()
        headers = {name.lower(): value for name, value in reply.getheaders()}
        return reply.status, headers, reply.read().decode()
    finally:
        connection.close()


def test_the_code_arrives_decoded_once_and_is_not_echoed(listener: CallbackListener) -> None:
    """One GET on the exact path hands over the code; the page is static and not cached."""
    status, headers, page = ask(listener.port, GOOD)
    answer = listener.answers.get(timeout=1)
    assert status == 200
    assert answer is not None
    assert answer.code == "aPrxplanted=="
    assert "planted" not in repr(answer)
    assert "planted" not in page
    assert headers["cache-control"] == "no-store"
    assert headers["content-security-policy"] == "default-src 'none'"


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/favicon.ico", "GET", 404),
        ("/", "GET", 404),
        (f"{CALLBACK_PATH}/?code=x&state={STATE}", "GET", 404),
        (GOOD, "POST", 405),
        (GOOD, "OPTIONS", 405),
        (GOOD, "HEAD", 405),
        (GOOD, "BREW", 405),
        (f"{CALLBACK_PATH}?code=aPrx", "GET", 400),
        (f"{CALLBACK_PATH}?code=aPrx&state=wrong", "GET", 400),
        (f"{CALLBACK_PATH}?code=&state={STATE}", "GET", 400),
        (f"{GOOD}&state=other", "GET", 400),
        (f"{CALLBACK_PATH}?error=access_denied&state=wrong", "GET", 400),
        (f"{CALLBACK_PATH}?" + "&".join(f"a{n}=1" for n in range(50)), "GET", 400),
    ],
)
def test_everything_else_is_refused_and_the_wait_goes_on(
    listener: CallbackListener, path: str, method: str, status: int
) -> None:
    """Wrong path, method, state or shape changes nothing: the right answer still counts."""
    assert ask(listener.port, path, method=method)[0] == status
    assert ask(listener.port, GOOD)[0] == 200
    answers = [listener.answers.get(timeout=1)]
    while answers[-1] is None:
        answers.append(listener.answers.get(timeout=1))
    assert answers[-1].code == "aPrxplanted=="


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example:1", "localhost"])
def test_a_foreign_host_header_is_refused(listener: CallbackListener, host: str) -> None:
    """A page on the web cannot rebind its name to this listener."""
    assert ask(listener.port, GOOD, host=host)[0] == 400
    assert listener.answers.empty()


def test_a_second_code_is_refused(listener: CallbackListener) -> None:
    """Only the first answer counts."""
    assert ask(listener.port, GOOD)[0] == 200
    assert ask(listener.port, GOOD.replace("planted", "second"))[0] == 400
    first = listener.answers.get(timeout=1)
    assert first is not None
    assert first.code == "aPrxplanted=="
    assert listener.answers.get(timeout=1) is None


def test_both_families_listen_and_only_on_loopback(listener: CallbackListener) -> None:
    """A browser may resolve localhost to ::1 first; other addresses of the machine are closed."""
    if socket.has_ipv6 and _ipv6_loopback():
        assert ask(listener.port, "/", address="::1")[0] == 404
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.2", listener.port), timeout=1)


def test_a_slow_caller_does_not_keep_others_out(listener: CallbackListener) -> None:
    """A connection that says nothing blocks nobody."""
    with socket.create_connection(("127.0.0.1", listener.port)) as slow:
        slow.sendall(b"GET /Oauth")
        began = time.monotonic()
        assert ask(listener.port, GOOD)[0] == 200
        assert time.monotonic() - began < 2


def test_closing_frees_the_port_and_ends_the_threads() -> None:
    """After close nothing listens, and a second close is harmless."""
    before = threading.active_count()
    listener = CallbackListener(0, STATE)
    port = listener.port
    listener.close()
    listener.close()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    with CallbackListener(port, STATE) as again:
        assert again.port == port
    deadline = time.monotonic() + 2
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() <= before


@pytest.mark.parametrize("family", ["127.0.0.1", "::1"])
def test_a_taken_port_is_an_error_that_names_the_flag(family: str) -> None:
    """Whichever loopback address is taken, nothing is half opened."""
    if family == "::1" and not _ipv6_loopback():
        pytest.skip("this machine has no IPv6 loopback")
    kind = socket.AF_INET6 if ":" in family else socket.AF_INET
    with socket.create_server((family, 0), family=kind) as taken:
        with pytest.raises(SignInError) as refused:
            CallbackListener(taken.getsockname()[1], STATE)
        assert refused.value.code == "port-taken"
        assert "--port" in refused.value.fix


def test_a_free_port_is_free_on_both_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that somebody has on the other address is no error: the next one is tried."""
    if not _ipv6_loopback():
        pytest.skip("this machine has no IPv6 loopback")
    bind, tried = _Server.server_bind, list[int]()

    def bind_where_others_are(server: _Server) -> None:
        if server.address_family == socket.AF_INET6:
            tried.append(server.server_address[1])
            if len(tried) < 3:
                raise OSError(errno.EADDRINUSE, "Address already in use")
        bind(server)

    monkeypatch.setattr(_Server, "server_bind", bind_where_others_are)
    with CallbackListener(0, STATE) as listening:
        assert len(tried) == 3
        assert listening.port == tried[-1]
        assert ask(listening.port, GOOD, address="::1")[0] == 200


def test_an_error_answer_keeps_its_words() -> None:
    """A denial arrives as an error, not as a missing code."""
    query = f"error=access_denied&error_description=end-user%20denied&state={STATE}"
    answer = read_answer(query, STATE)
    assert answer is not None
    assert (answer.code, answer.error, answer.description) == (
        None,
        "access_denied",
        "end-user denied",
    )
    assert parse_qs(urlsplit(GOOD).query)["code"] == ["aPrxplanted=="]


def _ipv6_loopback() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False
