"""The request log of the org: what was asked and answered, never a secret; and the API usage."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sfsync.demo.state import opened

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from sfsync.demo.state import WireState

_DAY_HOURS = 24


@dataclass(frozen=True)
class LoggedRequest:
    """One answered request.

    Args:
        at: moment in UTC, ISO 8601.
        method: HTTP method.
        path: path without its query string.
        status: HTTP status; 0 when a planned fault cut the connection.
        detail: the grant type of a token request, the SOQL of a query; else `None`.
    """

    at: str
    method: str
    path: str
    status: int
    detail: str | None


def requests_of(path: Path, prefix: str = "/") -> list[LoggedRequest]:
    """The requests that the org in that file answered, oldest first.

    Args:
        path: the org's file.
        prefix: only requests whose path starts so.
    """
    with opened(path) as state:
        rows = state.rows(
            "SELECT at, method, path, status, detail FROM wire_request"
            " WHERE substr(path, 1, ?) = ? ORDER BY seq",
            (len(prefix), prefix),
        )
    return [LoggedRequest(**dict(row)) for row in rows]


def write_log(state: WireState, entry: LoggedRequest) -> None:
    """Append a request."""
    state.write(
        "INSERT INTO wire_request (at, method, path, status, detail) VALUES (?, ?, ?, ?, ?)",
        (entry.at, entry.method, entry.path, entry.status, entry.detail),
    )


def calls_in_a_day(state: WireState, now: datetime) -> int:
    """API calls of the last 24 hours, counted by the hour."""
    since = _hour(now) - _DAY_HOURS
    row = state.row("SELECT sum(calls) FROM wire_usage WHERE hour > ?", (since,))
    return int((row and row[0]) or 0)


def count_call(state: WireState, now: datetime) -> None:
    """Count one API call."""
    state.write(
        "INSERT INTO wire_usage (hour, calls) VALUES (?, 1)"
        " ON CONFLICT (hour) DO UPDATE SET calls = calls + 1",
        (_hour(now),),
    )


def _hour(now: datetime) -> int:
    return int(now.timestamp() // timedelta(hours=1).total_seconds())
