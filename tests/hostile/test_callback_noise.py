"""Whoever calls the callback listener: only the one right answer is taken."""

from __future__ import annotations

import socket
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.salesforce.callback import CALLBACK_PATH, CallbackListener
from tests.hostile.inert import cases, drawn

STATE = "s" * 43
METHODS = ["GET", "POST", "HEAD", "PUT", "get", "", "CONNECT", "\x00"]
PATHS = [
    CALLBACK_PATH, f"{CALLBACK_PATH}/", "/", "*", "//evil/OauthRedirect", "http://evil/OauthRedirect",
    "/oauthredirect", "/%4fauthRedirect", f"/x{CALLBACK_PATH}", f"{CALLBACK_PATH};x",
]  # fmt: skip
QUERIES = [
    "", "code=a", f"state={STATE}", f"code=a&state={STATE[:-1]}", f"code=a&state={STATE}x",
    f"code=a&state={STATE.upper()}", f"code=&state={STATE}", f"code=a&state={STATE}&state={STATE}",
    f"code=a&code=b&state={STATE}", "code=a&state=", "code=a&state=%00", "error=access_denied",
    f"code=a;state={STATE}", "&" * 99, "=" * 9999, "code=%ff&state=%ff", "state[]=" + STATE,
]  # fmt: skip
requests = st.builds(
    lambda method, path, query, version, host: (
        f"{method} {path}?{query} HTTP/{version}\r\nHost: {host}\r\n\r\n".encode()
    ),
    st.sampled_from(METHODS),
    st.sampled_from(PATHS),
    st.sampled_from(QUERIES),
    st.sampled_from(["1.1", "1.0", "0.9", "2.0", "x"]),
    st.sampled_from(["localhost:PORT", "evil.example", "localhost", "127.0.0.1:PORT", ""]),
)
foreign = st.just(
    f"GET {CALLBACK_PATH}?code=a&state={STATE} HTTP/1.1\r\nHost: evil.example\r\n\r\n".encode()
)


def noise(count: int) -> None:
    """So many requests at one listener; none of them is the answer, and the right one then is."""
    with CallbackListener(0, STATE) as listener:

        @drawn(count)
        @given(requests | foreign | st.binary(max_size=99).map(lambda data: data + b"\r\n\r\n"))
        def refuse(request: bytes) -> None:
            said = _ask(listener.port, request.replace(b"PORT", str(listener.port).encode()))
            assert b" 200 " not in said.partition(b"\r\n")[0], request
            assert b"Traceback" not in said

        refuse()
        while not listener.answers.empty():
            assert listener.answers.get() is None
        good = f"GET {CALLBACK_PATH}?code=right&state={STATE} HTTP/1.1\r\n"
        said = _ask(listener.port, f"{good}Host: localhost:{listener.port}\r\n\r\n".encode())
        assert b" 200 " in said.partition(b"\r\n")[0]
        answer = listener.answers.get(timeout=1)
        assert answer is not None
        assert answer.code == "right"


def _ask(port: int, request: bytes) -> bytes:
    said = b""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as caller, suppress(OSError):
        caller.sendall(request)
        caller.shutdown(socket.SHUT_WR)
        while data := caller.recv(4096):
            said += data
    return said


def test_noise_is_refused_and_the_answer_is_taken(capfd: pytest.CaptureFixture[str]) -> None:
    """Wrong methods, paths, states, hosts and bytes; nothing of them is printed."""
    noise(50)
    assert capfd.readouterr() == ("", "")


@pytest.mark.long
def test_a_thousand_requests_of_noise_are_refused() -> None:
    """A thousand of them."""
    noise(cases(1000))
