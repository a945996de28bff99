"""A scripted org: one socket that says exactly what a test wants, faults included."""

from __future__ import annotations

import json
import socket
import struct
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sfsync.ids import normalise_id
from sfsync.salesforce.connections import Connection

ORG_ID = "00D5g00000ABCDEEA5"
USER_ID = normalise_id("0055g00000XYZab")
ACCESS = "00D5g00000ABCDE!AQplantedAccess.Token_1"
REFRESH = "5Aep861plantedRefreshToken1"


@dataclass
class Said:
    """One reply of the scripted org; `fault` is reset, truncate or silence."""

    status: int = 200
    body: object = ""
    headers: dict[str, str] = field(default_factory=dict)
    fault: str = ""


@dataclass
class Asked:
    """One request that the scripted org got."""

    method: str
    path: str
    headers: dict[str, str]
    body: str


class ScriptedOrg:
    """Answers requests in turn from `script`; the last entry is repeated for ever."""

    def __init__(self) -> None:
        self.script: list[Said] = []
        self.asked: list[Asked] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop answering."""
        self._stop.set()
        with socket.create_connection(self._socket.getsockname()):
            pass
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            with connection:
                if self._stop.is_set():
                    return
                self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        try:
            asked = _read(connection)
        except OSError:
            return
        if asked is None:
            return
        self.asked.append(asked)
        said = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if said.fault == "silence":
            self._stop.wait(1.0)
            return
        if said.fault == "reset":
            linger = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            return
        connection.sendall(_rendered(said))


def _read(connection: socket.socket) -> Asked | None:
    with connection.makefile("rb") as stream:
        line = stream.readline().decode()
        if not line:
            return None
        headers: dict[str, str] = {}
        while (header := stream.readline().decode().strip()) != "":
            name, _, value = header.partition(": ")
            headers[name.lower()] = value
        body = stream.read(int(headers.get("content-length", 0))).decode()
    method, path, _ = line.split(" ")
    return Asked(method, path, headers, body)


def _rendered(said: Said) -> bytes:
    body = said.body if isinstance(said.body, str) else json.dumps(said.body)
    payload = body.encode()
    headers = {
        "Content-Type": "application/json;charset=UTF-8",
        "Content-Length": str(len(payload)),
        "Connection": "close",
        **said.headers,
    }
    head = f"HTTP/1.1 {said.status} X\r\n" + "".join(f"{k}: {v}\r\n" for k, v in headers.items())
    if said.fault == "truncate":
        payload = payload[: len(payload) // 2]
    return head.encode() + b"\r\n" + payload


def a_connection(url: str, **changes: Any) -> Connection:
    """A web connection to the org at `url`."""
    values: dict[str, Any] = {
        "name": "acme",
        "org_id": ORG_ID,
        "org_name": "Acme",
        "kind": "production",
        "user_id": USER_ID,
        "username": "dana@acme.example",
        "auth": "web",
        "login_url": url,
        "client_id": "3MVG9example",
        "key_file": None,
        "store": "memory",
        "scopes": ("api", "refresh_token"),
        "obtained_at": datetime(2026, 11, 22, 8, 31, 7, tzinfo=UTC),
        "api_version": "66.0",
        "instance_url": url,
    }
    return Connection(**{**values, **changes})


def token_reply(url: str, **changes: object) -> dict[str, object]:
    """What the token endpoint answers."""
    return {
        "access_token": "00D5g00000ABCDE!AQplantedAccess.Token_2",
        "instance_url": url,
        "id": f"{url}/id/{ORG_ID}/{USER_ID}",
        "token_type": "Bearer",
        "issued_at": "1763800267000",
        "scope": "api refresh_token",
        **changes,
    }


def records_reply(*records: dict[str, object], total: int | None = None, more: str = "") -> object:
    """One page of a query; `more` is the path of the next."""
    return {
        "totalSize": len(records) if total is None else total,
        "done": not more,
        "records": [{"attributes": {"type": "X", "url": "/x"}, **one} for one in records],
        **({"nextRecordsUrl": more} if more else {}),
    }


def refused(code: str, message: str = "no") -> list[dict[str, str]]:
    """An error body of the REST API."""
    return [{"errorCode": code, "message": message}]


EXPIRED = Said(401, refused("INVALID_SESSION_ID", "Session expired or invalid"))
