"""One org over the wire: sign-in, token store, session, SOQL, REST and Bulk reads, describe.

The door's modules are imported when a name is asked for: every command loads this package for its
redaction, and few of them sign in. The function `sign_in` is not among them, for its module has the
same name: it is `sfsync.salesforce.sign_in.sign_in`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sfsync.salesforce import soql
    from sfsync.salesforce.budget import ApiBudget
    from sfsync.salesforce.composite import MOST_QUERIES
    from sfsync.salesforce.connections import Connection, find_connection, read_connections
    from sfsync.salesforce.faults import LocatorLost, QueryRefused, QueryTooSlow
    from sfsync.salesforce.org import Org, open_org
    from sfsync.salesforce.paging import Coming, WhenAsked
    from sfsync.salesforce.request import SignInRequest
    from sfsync.salesforce.sign_in import SignedIn, begin_web_sign_in

__all__ = [
    "MOST_QUERIES",
    "ApiBudget",
    "Coming",
    "Connection",
    "LocatorLost",
    "Org",
    "QueryRefused",
    "QueryTooSlow",
    "SignInRequest",
    "SignedIn",
    "WhenAsked",
    "begin_web_sign_in",
    "find_connection",
    "open_org",
    "read_connections",
    "soql",
]

_HOMES = {
    "budget": ("ApiBudget",),
    "composite": ("MOST_QUERIES",),
    "connections": ("Connection", "find_connection", "read_connections"),
    "faults": ("LocatorLost", "QueryRefused", "QueryTooSlow"),
    "org": ("Org", "open_org"),
    "paging": ("Coming", "WhenAsked"),
    "request": ("SignInRequest",),
    "sign_in": ("SignedIn", "begin_web_sign_in"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    """Import the module that a name of the door lives in."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value
