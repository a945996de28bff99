"""One request being answered: everything that a handler may look at, and where handlers sit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from werkzeug.wrappers import Request, Response

    from sfsync.demo.oauth.grants import Session
    from sfsync.demo.state import WireState
    from sfsync.demo.store import OrgStore

OPEN: Final = "open"
"""Access without sign-in."""
SIGNED_IN: Final = "signed-in"
"""Access with a good session; no API call is counted."""
API: Final = "api"
"""Access with a good session and API access; counts as one API call."""


@dataclass(frozen=True)
class Exchange:
    """A request, the org that it asks, and the moment it asks.

    Args:
        request: the HTTP request.
        store: the rows, catalogue and settings of the org.
        state: the tables of codes, tokens, locators, jobs and the request log.
        now: the moment of the request, in UTC.
        forward: answers another request in the name of this one; for `composite`.
        version: API version named in the path, `67.0`; empty outside of `/services/data/vNN.N`.
        session: who asks; `None` on endpoints without sign-in.
    """

    request: Request
    store: OrgStore
    state: WireState
    now: datetime
    forward: Callable[[Exchange], Response]
    version: str = ""
    session: Session | None = None

    @property
    def origin(self) -> str:
        """The org's own URL as this caller reached it: `http://127.0.0.1:PORT`."""
        return f"{self.request.scheme}://{self.request.host}"

    @property
    def root(self) -> str:
        """Path of the resources of this API version: `/services/data/v67.0`."""
        return f"/services/data/v{self.version}"

    def identity_of(self, user_id: str) -> str:
        """The identity URL of a user: the `id` of a token reply."""
        return f"{self.origin}/id/{self.store.file.org_id}/{user_id}"

    @property
    def signed_in(self) -> Session:
        """The session; only on endpoints that refuse callers without one."""
        if self.session is None:  # pragma: no cover - the gateway signs in before it calls
            raise LookupError("this endpoint is open to callers without a session")
        return self.session


@dataclass(frozen=True)
class Route:
    """A method and path pattern, who may use it, and what answers it."""

    method: str
    path: str
    handler: Callable[..., Response]
    access: str = API
