"""The loopback listener that the browser comes back to (RFC 8252, section 7.3).

It answers one path to loopback callers, says the same static page to everybody, and hands over the
first answer that carries the right state.
"""

from __future__ import annotations

import errno
import os
import queue
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from hmac import compare_digest
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from sfsync.errors import SignInError

CALLBACK_PATH = "/OauthRedirect"

_REQUEST_TIMEOUT = 5.0
_FREE_PORT_TRIES = 20
_ADDRESSES = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))
_NO_SUCH_ADDRESS = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT}
_PAGE = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>sfsync</title>"
    "<p>{text}<p>You can close this tab and go back to the terminal."
)
_DONE = _PAGE.format(text="sfsync has received the answer.").encode()
_REFUSED = _PAGE.format(text="sfsync did not expect this request.").encode()


@dataclass(frozen=True, slots=True)
class CallbackAnswer:
    """What the browser brought: a `code`, or an `error` with its `description`."""

    code: str | None = field(default=None, repr=False)
    error: str = ""
    description: str = ""


def read_answer(query: str, state: str) -> CallbackAnswer | None:
    """The answer in a callback's query string; None when it is not the one to this `state`."""
    values = parse_qs(query, keep_blank_values=True, max_num_fields=20)
    if any(len(found) > 1 for found in values.values()):
        return None
    given = values.get("state", [""])[0]
    if not compare_digest(given.encode(), state.encode()):
        return None
    if "error" in values:
        return CallbackAnswer(
            error=values["error"][0], description=values.get("error_description", [""])[0]
        )
    code = values.get("code", [""])[0]
    return CallbackAnswer(code=code) if code else None


class CallbackListener:
    """Listens on 127.0.0.1 and, where it exists, ::1, from construction until `close`.

    Args:
        port: TCP port, the one in the callback URL that the app has registered; 0 picks one.
        state: the value that an answer must carry.

    Attributes:
        port: the port it listens on.
        answers: gets the one answer, and a None for each refused one (wrong state, no code).

    Raises:
        SignInError: ``port-taken``.
    """

    def __init__(self, port: int, state: str) -> None:
        self._state = state
        self._lock = threading.Lock()
        self._answered = False
        self.answers: queue.SimpleQueue[CallbackAnswer | None] = queue.SimpleQueue()
        self._servers: list[_Server] = []
        self._threads: list[threading.Thread] = []
        self.port = port
        self._listen_on_both(_FREE_PORT_TRIES if port == 0 else 1)
        self._threads = [
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
            for server in self._servers
        ]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def accept(self, query: str) -> bool:
        """Take the callback's query string; False when it is refused."""
        answer = read_answer(query, self._state)
        with self._lock:
            if answer is None or self._answered:
                self.answers.put(None)
                return False
            self._answered = True
        self.answers.put(answer)
        return True

    def close(self) -> None:
        """Stop listening; a second call does nothing."""
        servers, self._servers = self._servers, []
        for server in servers:
            if self._threads:
                server.shutdown()
            server.server_close()

    def _listen_on_both(self, tries: int) -> None:
        """Listen on every loopback address; a free port of one may be taken on the other."""
        wanted = self.port
        try:
            for family, address in _ADDRESSES:
                self._listen(family, address)
        except SignInError:
            self.close()
            if tries == 1:
                raise
            self.port = wanted
            self._listen_on_both(tries - 1)
        except BaseException:
            self.close()
            raise

    def _listen(self, family: socket.AddressFamily, address: str) -> None:
        try:
            server = _Server(family, (address, self.port), self)
        except OSError as error:
            if error.errno in _NO_SUCH_ADDRESS and family == socket.AF_INET6:
                return
            raise SignInError(
                f"Port {self.port} on {address} cannot be used: {error.strerror}",
                code="port-taken",
                fix=(
                    "Close the program that listens there, or choose another registered port:"
                    " sfsync connect --port PORT"
                ),
            ) from None
        self._servers.append(server)
        self.port = server.server_port


class _Server(ThreadingHTTPServer):
    """One loopback socket; requests are short, and never outlive the process."""

    daemon_threads = True
    # On Windows this option would let another program take the port over.
    allow_reuse_address = os.name == "posix"

    def __init__(
        self, family: socket.AddressFamily, address: tuple[str, int], listener: CallbackListener
    ) -> None:
        self.address_family = family
        self.listener = listener
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Bind this family only: the other one has a socket of its own."""
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        super().server_bind()

    def handle_error(self, *_: Any) -> None:  # noqa: ANN401 - the signature of socketserver
        """A caller that hangs up is no news; the base class would print a traceback."""


class _Handler(BaseHTTPRequestHandler):
    """Answers ``GET /OauthRedirect`` to a loopback Host; everything else is refused."""

    server: _Server
    server_version = "sfsync"
    sys_version = ""
    timeout = _REQUEST_TIMEOUT

    def do_GET(self) -> None:
        """Take the answer, or refuse."""
        parts = urlsplit(self.path)
        if not self._host_is_loopback():
            self._answer(HTTPStatus.BAD_REQUEST, _REFUSED)
        elif parts.path != CALLBACK_PATH:
            self._answer(HTTPStatus.NOT_FOUND, _REFUSED)
        elif self._taken(parts.query):
            self._answer(HTTPStatus.OK, _DONE)
        else:
            self._answer(HTTPStatus.BAD_REQUEST, _REFUSED)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse without a word of the request; an unknown method is a 405."""
        del message, explain
        if code == HTTPStatus.NOT_IMPLEMENTED:
            code = HTTPStatus.METHOD_NOT_ALLOWED
        with suppress(OSError):
            self._answer(HTTPStatus(code), _REFUSED)

    def log_message(self, *_: Any) -> None:  # noqa: ANN401 - the signature of http.server
        """Say nothing: the request line carries the code."""

    def _taken(self, query: str) -> bool:
        try:
            return self.server.listener.accept(query)
        except ValueError:  # more fields than an answer has
            return False

    def _host_is_loopback(self) -> bool:
        port = self.server.server_port
        allowed = {f"{host}:{port}" for host in ("localhost", "127.0.0.1", "[::1]")}
        return self.headers.get_all("Host", []) in [[host] for host in allowed]

    def _answer(self, status: HTTPStatus, page: bytes) -> None:
        self.send_response_only(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Security-Policy", "default-src 'none'")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Connection", "close")
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", "GET")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(page)
        self.close_connection = True
