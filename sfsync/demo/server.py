"""The HTTP server of the org: loopback only, HTTP/1.1 with keep-alive, quiet.

Werkzeug's server closes every connection after one reply; here the request is read to its end
first, so the next one can follow on the same connection, as clients of a real org expect.
"""

from __future__ import annotations

import contextlib
import errno
import io
import socket
import sqlite3
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.wrappers import Response

from sfsync.demo.gateway import CUT, Gateway

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

_HOST: Final = "127.0.0.1"
_IPV6_HOST: Final = "::1"
_POLL_SECONDS: Final = 0.02
_BACKLOG: Final = 64
_PORT_ATTEMPTS: Final = 20


@dataclass(frozen=True)
class RunningOrg:
    """An org that answers requests.

    Args:
        url: `http://127.0.0.1:PORT`; `http://localhost:PORT` works too.
        path: the org's file.
        org_id: the org's own id, 18 characters.
    """

    url: str
    path: Path
    org_id: str

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.url.rsplit(":", 1)[1])


@contextmanager
def serve(
    path: Path, *, port: int = 0, clock: Callable[[], datetime] | None = None
) -> Iterator[RunningOrg]:
    """Serve the org in a file from threads of this process, until the block ends.

    Args:
        path: the org's file; several processes may serve the same one.
        port: port on loopback; 0 takes a free one.
        clock: tells the moment of each request, in UTC; the system clock when not given.

    Raises:
        OSError: the port is taken.
        FileNotFoundError: there is no such file.
        PermissionError: the file cannot be written.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"no demo org at {path}")
    gateway = _gateway(path, clock)
    try:
        listeners = _listen(port)
    except BaseException:
        gateway.close()
        raise
    number = listeners[0].getsockname()[1]
    servers = [_Server(listener, gateway) for listener in listeners]
    threads = [
        threading.Thread(target=server.serve_forever, args=(_POLL_SECONDS,), daemon=True)
        for server in servers
    ]
    for thread in threads:
        thread.start()
    try:
        yield RunningOrg(f"http://{_HOST}:{number}", Path(path), gateway.org_id)
    finally:
        for server in servers:
            server.shutdown()
        for thread in threads:
            thread.join()
        gateway.close()


def _gateway(path: Path, clock: Callable[[], datetime] | None) -> Gateway:
    try:
        return Gateway(path, clock)
    except sqlite3.OperationalError as trouble:
        raise PermissionError(errno.EACCES, str(trouble), str(path)) from trouble


def _listen(port: int) -> list[socket.socket]:
    """Listen on IPv4 loopback, and on IPv6 loopback with the same port where there is one.

    A browser may resolve `localhost` to either. When the free port of one family is taken in the
    other by somebody else, another port is tried.
    """
    for _ in range(_PORT_ATTEMPTS):
        first = socket.create_server((_HOST, port), backlog=_BACKLOG)
        second, taken = _listen_ipv6(first.getsockname()[1])
        if not taken:
            return [first] if second is None else [first, second]
        first.close()
        if port:
            break
    raise OSError(f"port {port} of {_IPV6_HOST} is taken")


def _listen_ipv6(port: int) -> tuple[socket.socket | None, bool]:
    if not socket.has_ipv6:
        return None, False
    try:
        listener = socket.create_server(
            (_IPV6_HOST, port), family=socket.AF_INET6, backlog=_BACKLOG
        )
    except OSError as error:
        return None, error.errno == errno.EADDRINUSE
    return listener, False


class _Server(ThreadedWSGIServer):
    """Werkzeug's threaded server on a socket that listens already; ends its connections."""

    daemon_threads = False
    block_on_close = True

    def __init__(self, listener: socket.socket, gateway: Gateway) -> None:
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        host, port = listener.getsockname()[:2]
        with listener:
            super().__init__(host, port, gateway, _RequestHandler, fd=listener.fileno())

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - socketserver's own types
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - socketserver's own types
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        # Threads wait for the next request of an idle connection; ending it ends them.
        with self._open_lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        super().server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - socketserver's own types
        """Say nothing: a caller that hangs up in the middle is no event for a demo org."""


class _RequestHandler(WSGIRequestHandler):
    """Answers the requests of one connection, one after the other."""

    protocol_version = "HTTP/1.1"
    # One small packet per reply: without it a reply waits for the acknowledgement of its headers.
    disable_nagle_algorithm = True
    wbufsize = -1

    def run_wsgi(self) -> None:
        environ = self.make_environ()
        environ["wsgi.input"] = io.BytesIO(environ["wsgi.input"].read(self._body_length(environ)))
        cuts: list[str] = []
        environ[CUT] = cuts
        reply = Response.from_app(self.server.app, environ, buffered=True)
        self._send(reply, cuts[0] if cuts else None)

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002, ANN401 - werkzeug's signature
        """Say nothing: the org keeps its own request log."""

    def _body_length(self, environ: dict[str, Any]) -> int:
        chunked = environ.get("wsgi.input_terminated")
        return -1 if chunked else int(environ.get("CONTENT_LENGTH") or 0)

    def _send(self, reply: Response, cut: str | None) -> None:
        body = reply.get_data()
        if cut == "reset":
            self.close_connection = True
            return
        # Not send_response: the reply carries the Date of the org's own clock.
        self.send_response_only(reply.status_code)
        for name, value in self._headers(reply):
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if cut == "truncate":
            body = body[: len(body) // 2]
            self.close_connection = True
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def _headers(self, reply: Response) -> Iterable[tuple[str, str]]:
        named = {"content-length", "connection"}
        return [(name, value) for name, value in reply.headers if name.lower() not in named]
