"""The users of the org, as sign-in sees them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfsync.demo.catalogue.refusal import StoreError

if TYPE_CHECKING:
    from sfsync.demo.store import OrgStore


@dataclass(frozen=True)
class Person:
    """A user: who signs in."""

    id: str
    username: str
    name: str
    email: str
    active: bool
    first_name: str
    last_name: str


def by_username(store: OrgStore, username: str) -> Person | None:
    """The user with that username, active or not; case does not count."""
    everybody = (by_id(store, user_id) for user_id in store.ids("User"))
    wanted = username.lower()
    return next((one for one in everybody if one and one.username.lower() == wanted), None)


def by_id(store: OrgStore, user_id: str) -> Person | None:
    """The user with that id, active or not."""
    try:
        row = store.get("User", user_id)
    except StoreError:
        return None
    return Person(
        id=row["Id"],
        username=row["Username"],
        name=row["Name"],
        email=row["Email"],
        active=row["IsActive"],
        first_name=row["FirstName"] or "",
        last_name=row["LastName"],
    )
