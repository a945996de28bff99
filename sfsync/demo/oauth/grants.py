"""Approvals, sessions and refresh tokens: what is issued, what is still good, what is revoked.

An approval is one consent of one user. Sessions (access tokens) and refresh tokens hang from it
and end with it. Rules and numbers: Salesforce help, "OAuth Refresh Token Flow" and "Manage OAuth
Access Policies".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sfsync.demo.ids import random_letters
from sfsync.demo.wire import OAuthError, milliseconds

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime, timedelta

    from sfsync.demo.state import WireState

APPROVALS_PER_USER: Final = 5
"""The sixth approval of one app by one user silently revokes the oldest."""

_ACCESS_TAIL = 92


@dataclass(frozen=True)
class Session:
    """An access token that is good at this moment, and whose it is."""

    token: str
    user_id: str
    client_id: str
    scope: str
    issued_at: int
    approval: str | None


@dataclass(frozen=True)
class Issued:
    """Tokens for the caller; `refresh_token` only where the flow and the scope grant one."""

    session: Session
    refresh_token: str | None = None


def new_access_token(org_id: str) -> str:
    """`00D…!AQ…`: fifteen characters of org id, then letters that say nothing."""
    return f"{org_id[:15]}!AQ{random_letters(_ACCESS_TAIL)}"


def approve(state: WireState, client_id: str, user_id: str, scope: str, at: int) -> str:
    """Record a consent and return its id; revokes the oldest beyond five per user and app."""
    approval = random_letters(18)
    state.write(
        "INSERT INTO wire_approval (id, client_id, user_id, scope, issued_at)"
        " VALUES (?, ?, ?, ?, ?)",
        (approval, client_id, user_id, scope, at),
    )
    surplus = state.rows(
        "SELECT id FROM wire_approval WHERE client_id = ? AND user_id = ? AND NOT revoked"
        " ORDER BY issued_at DESC, rowid DESC LIMIT -1 OFFSET ?",
        (client_id, user_id, APPROVALS_PER_USER),
    )
    for row in surplus:
        revoke_approval(state, row["id"])
    return approval


def is_approved(state: WireState, client_id: str, user_id: str) -> bool:
    """Whether the user has a consent for the app that was not revoked."""
    row = state.row(
        "SELECT 1 FROM wire_approval WHERE client_id = ? AND user_id = ? AND NOT revoked",
        (client_id, user_id),
    )
    return row is not None


def issue_session(
    state: WireState,
    *,
    client_id: str,
    user_id: str,
    scope: str,
    at: int,
    approval: str | None = None,
) -> Session:
    """Issue an access token."""
    session = Session(new_access_token(state.org_id), user_id, client_id, scope, at, approval)
    state.write(
        "INSERT INTO wire_session (token, approval, client_id, user_id, scope, issued_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (session.token, approval, client_id, user_id, scope, at),
    )
    return session


def issue_refresh(state: WireState, approval: str) -> str:
    """Issue a refresh token of an approval: `5Aep861…`."""
    token = f"5Aep861{random_letters(80)}"
    state.write("INSERT INTO wire_refresh (token, approval) VALUES (?, ?)", (token, approval))
    return token


def refresh(state: WireState, token: str, client_id: str, at: int, *, rotation: bool) -> Issued:
    """Exchange a refresh token for a session.

    With rotation the reply carries the next refresh token, and the session that went with the old
    one ends; a token that comes back a second time revokes the whole approval.

    Raises:
        OAuthError: the token is unknown, revoked or spent.
    """
    with state.transaction():
        row = _refreshable(state, token, client_id)
        issued = None if row is None else _refreshed(state, token, row, at, rotation=rotation)
    if issued is None:
        raise OAuthError("invalid_grant", "expired access/refresh token")
    return issued


def _refreshable(state: WireState, token: str, client_id: str) -> sqlite3.Row | None:
    row = state.row(
        "SELECT a.id, a.user_id, a.client_id, a.scope, r.used FROM wire_refresh r"
        " JOIN wire_approval a ON a.id = r.approval"
        " WHERE r.token = ? AND a.client_id = ? AND NOT a.revoked",
        (token, client_id),
    )
    if row is not None and row["used"]:
        revoke_approval(state, row["id"])
        return None
    return row


def _refreshed(
    state: WireState, token: str, row: sqlite3.Row, at: int, *, rotation: bool
) -> Issued:
    successor = None
    if rotation:
        state.write("UPDATE wire_refresh SET used = 1 WHERE token = ?", (token,))
        state.write("UPDATE wire_session SET revoked = 1 WHERE approval = ?", (row["id"],))
        successor = issue_refresh(state, row["id"])
    session = issue_session(
        state,
        client_id=row["client_id"],
        user_id=row["user_id"],
        scope=row["scope"],
        at=at,
        approval=row["id"],
    )
    return Issued(session, successor)


def find_session(state: WireState, token: str, now: datetime, life: timedelta) -> Session | None:
    """The session of an access token; `None` when it is unknown, expired or revoked."""
    row = state.row(
        "SELECT token, user_id, client_id, scope, issued_at, approval FROM wire_session"
        " WHERE token = ? AND NOT revoked AND issued_at > ?",
        (token, milliseconds(now - life)),
    )
    return None if row is None else Session(**dict(row))


def revoke_token(state: WireState, token: str) -> bool:
    """Revoke an access token, or a refresh token with all that hangs from it.

    Returns:
        Whether the token was good until now.
    """
    ended = state.write(
        "UPDATE wire_session SET revoked = 1 WHERE token = ? AND NOT revoked", (token,)
    )
    row = state.row(
        "SELECT a.id FROM wire_refresh r JOIN wire_approval a ON a.id = r.approval"
        " WHERE r.token = ? AND NOT a.revoked",
        (token,),
    )
    if row is not None:
        revoke_approval(state, row["id"])
    return bool(ended) or row is not None


def revoke_approval(state: WireState, approval: str) -> None:
    """End a consent with every session and refresh token of it."""
    state.write("UPDATE wire_approval SET revoked = 1 WHERE id = ?", (approval,))
    state.write("UPDATE wire_session SET revoked = 1 WHERE approval = ?", (approval,))


def revoke_everything(state: WireState) -> None:
    """End every consent and every session, as an admin's "revoke all" does."""
    with state.transaction():
        state.write("UPDATE wire_approval SET revoked = 1")
        state.write("UPDATE wire_session SET revoked = 1")


def expire_sessions(state: WireState) -> None:
    """End every session but leave the refresh tokens good, as time does."""
    state.write("UPDATE wire_session SET revoked = 1")
