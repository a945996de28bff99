"""Things that go wrong on purpose: what `demo break` breaks, and single faults for tests."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sfsync.demo.org_settings import setting
from sfsync.demo.state import opened
from sfsync.demo.wire import ApiError, ConnectionFault, html_reply

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from werkzeug.wrappers import Response

    from sfsync.demo.state import WireState
    from sfsync.demo.store import OrgStore

ACTIONS: Final = ("status", "html", "reset", "truncate", "delay")

_MAINTENANCE: Final = (
    "<html><head><title>DEMO: Service Unavailable</title></head>"
    "<body><h1>We are down for maintenance.</h1><p>Please try again later.</p></body></html>"
)


@dataclass(frozen=True)
class Fault:
    """A fault that strikes once, on the nth request from now whose path starts so.

    Args:
        path: beginning of the path, for example `/services/data`.
        nth: 1 for the next such request.
        action: `status` and `html` answer with the status in `value` (an error array, or a page as
            a proxy sends it), `reset` cuts the connection without a reply, `truncate` cuts it in
            the middle of the body, `delay` waits for `value` seconds and then answers.
        value: see `action`.
    """

    path: str
    nth: int
    action: str
    value: str = "503"

    def __post_init__(self) -> None:
        if self.action not in ACTIONS:
            raise ValueError(f"unknown action {self.action!r}; one of {', '.join(ACTIONS)}")
        if self.nth < 1:
            raise ValueError("nth counts from 1")


def plan_faults(path: Path, faults: Iterable[Fault]) -> None:
    """Add faults to the org in that file; each is consumed by the request that it strikes."""
    with opened(path) as state:
        state.write_many(
            "INSERT INTO wire_fault (path, remaining, action, value) VALUES (?, ?, ?, ?)",
            [(fault.path, fault.nth, fault.action, fault.value) for fault in faults],
        )


def strike(state: WireState, path: str) -> Response | ConnectionFault | None:
    """Count this request against the planned faults, and act on the one that is due.

    Returns:
        A reply to send instead of the real one, a fault of the connection, or `None`.
    """
    if state.row("SELECT 1 FROM wire_fault LIMIT 1") is None:
        return None
    # Another request may come in between, and must not be struck by what was meant for this one.
    with state.transaction():
        state.write(
            "UPDATE wire_fault SET remaining = remaining - 1"
            " WHERE substr(?, 1, length(path)) = path",
            (path,),
        )
        due = state.row(
            "DELETE FROM wire_fault WHERE no = (SELECT min(no) FROM wire_fault"
            " WHERE remaining <= 0 AND substr(?, 1, length(path)) = path) RETURNING action, value",
            (path,),
        )
    return None if due is None else _act(due["action"], due["value"])


def _act(action: str, value: str) -> Response | ConnectionFault | None:
    if action == "delay":
        time.sleep(float(value))
        return None
    if action == "status":
        raise ApiError(int(value), "UNKNOWN_EXCEPTION", "An unexpected error occurred.")
    if action == "html":
        return html_reply(_MAINTENANCE, int(value))
    return ConnectionFault(action)


def outage(store: OrgStore) -> Response | None:
    """The page that everything answers while the org is out of service."""
    return html_reply(_MAINTENANCE, 503) if "outage" in setting(store, "broken") else None


def check_api_access(store: OrgStore, username: str, *, calls_left: bool) -> None:
    """Refuse API calls of an org or a user that may make none.

    Raises:
        ApiError: 403, for the edition, the permission or the daily limit.
    """
    broken = setting(store, "broken")
    if "api-disabled" in broken:
        raise ApiError(
            403,
            "API_DISABLED_FOR_ORG",
            "The REST API is not enabled for this Organization.",
        )
    if username in setting(store, "api.disabled_users"):
        raise ApiError(403, "API_CURRENTLY_DISABLED", "API is disabled for this User")
    if "api-limit" in broken or not calls_left:
        raise ApiError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
