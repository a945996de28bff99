"""Somebody who is signed in to a demo org; and the command line's books of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.cli.conftest import books, home, sfsync, synced
from tests.salesforce.demo_access import access_token

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfsync.demo.server import RunningOrg

__all__ = ["books", "home", "sfsync", "synced"]


@dataclass(frozen=True)
class Caller:
    """A signed-in client of an org: plain requests with an access token."""

    session: requests.Session
    url: str
    version: str = "67.0"

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """Send a request for a resource of the API version."""
        url = f"{self.url}/services/data/v{self.version}{path}"
        return self.session.request(method, url, timeout=30, **options)

    def get(self, path: str, **options: Any) -> requests.Response:
        """GET a resource of the API version."""
        return self.call("GET", path, **options)

    def query(self, text: str) -> dict[str, Any]:
        """The reply of a query."""
        reply = self.get("/query", params={"q": text})
        assert reply.status_code == 200, reply.text
        body: dict[str, Any] = reply.json()
        return body

    @property
    def token(self) -> str:
        """The access token."""
        return str(self.session.headers["Authorization"]).removeprefix("Bearer ")


@pytest.fixture
def caller(demo_org: RunningOrg) -> Iterator[Caller]:
    """A client that is signed in to a seeded org."""
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {access_token(demo_org.url)}"
        yield Caller(session, demo_org.url)
