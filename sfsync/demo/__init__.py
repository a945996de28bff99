"""An embedded Salesforce org on loopback; knows nothing of the rooms above.

The org is one SQLite file. Make it with `create_org` or `create_org_from_trees`, answer requests
with `serve`; several processes may do so at once. The other functions act on the file the way a
person acts on a real org: `close_deal`, `break_org`, `fix_org`, `reset`. `approve_in_browser` is
the person at the browser.

Importing this module is cheap: what the org needs is loaded with the first call.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sfsync.demo.breaks import BREAKS
from sfsync.demo.identity import API_VERSIONS, CLIENT_ID, CLIENT_SECRET, ORG_NAME, USER_ID, USERNAME
from sfsync.demo.tree_files import TreeFileError
from sfsync.demo.wire import ApprovalError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import date, datetime
    from pathlib import Path

    from sfsync.demo.faults import Fault
    from sfsync.demo.org import OrgStatus
    from sfsync.demo.request_log import LoggedRequest
    from sfsync.demo.server import RunningOrg

__all__ = [
    "API_VERSIONS",
    "BREAKS",
    "CLIENT_ID",
    "CLIENT_SECRET",
    "ORG_NAME",
    "USERNAME",
    "USER_ID",
    "ApprovalError",
    "TreeFileError",
    "approve_in_browser",
    "break_org",
    "change_setting",
    "close_deal",
    "create_org",
    "create_org_from_trees",
    "fix_org",
    "org_status",
    "plan_faults",
    "register_certificate",
    "register_redirect",
    "requests_of",
    "reset",
    "serve",
]


def create_org(
    path: Path, *, today: date | None = None, clock: Callable[[], datetime] | None = None
) -> None:
    """Make the seeded org "DEMO Northwind Traders" in a new file.

    Args:
        path: the file; there must be none yet.
        today: the day that the dates of the deals are counted from.
        clock: tells the moment in UTC; `today` is its day when not given.

    Raises:
        FileExistsError: there is such a file.
        OSError: it cannot be written; no org is left behind.
    """
    from sfsync.demo import org  # noqa: PLC0415 - start-up time

    org.create_seeded(path, today=today, clock=clock)


def create_org_from_trees(
    path: Path, directory: Path, *, clock: Callable[[], datetime] | None = None
) -> None:
    """Make an org with the records of a folder of sObject tree files.

    Raises:
        FileExistsError: there is such a file.
        OSError: it cannot be written; no org is left behind.
        TreeFileError: a tree file cannot be loaded; no org is left behind.
    """
    from sfsync.demo import org  # noqa: PLC0415 - start-up time

    org.create_from_trees(path, directory, clock=clock)


@contextmanager
def serve(
    path: Path, *, port: int = 0, clock: Callable[[], datetime] | None = None
) -> Iterator[RunningOrg]:
    """Answer requests for the org in a file until the block ends; see `server.serve`."""
    from sfsync.demo import server  # noqa: PLC0415 - start-up time

    with server.serve(path, port=port, clock=clock) as running:
        yield running


def approve_in_browser(
    authorize_url: str, *, deny: bool = False, complete: bool = False, username: str | None = None
) -> str:
    """Approve or deny a sign-in as a person does; see `approve.approve_in_browser`."""
    from sfsync.demo import approve  # noqa: PLC0415 - start-up time

    return approve.approve_in_browser(
        authorize_url, deny=deny, complete=complete, username=username
    )


def close_deal(
    path: Path, name: str | None = None, amount: str | None = None, lines: int = 0
) -> str:
    """Win a deal today: an open one, or a new one.

    Args:
        path: the org's file.
        name: the deal; an open deal of that name is won, else one is made. Without a name, amount
            and lines the next open deal that has an account and an amount is won.
        amount: its amount; lines that it gets are priced to add up to it.
        lines: how many product lines to give it.

    Returns:
        A sentence: the deal, its account, amount and id.

    Raises:
        ValueError: the org refuses such a deal, or has no product to give it.
    """
    from sfsync.demo import deals  # noqa: PLC0415 - start-up time
    from sfsync.demo.catalogue.refusal import OrgRefusal  # noqa: PLC0415 - as above

    try:
        return deals.close_deal(path, name, amount, lines)
    except OrgRefusal as refused:
        raise ValueError(str(refused)) from None


def break_org(path: Path, what: str) -> str:
    """Break one of `BREAKS` and say what was done.

    Raises:
        ValueError: `what` is none of `BREAKS`, or nothing is left to break that way.
    """
    from sfsync.demo import mending  # noqa: PLC0415 - start-up time

    return mending.break_org(path, what)


def fix_org(path: Path, what: str) -> str:
    """Mend one of `BREAKS` and say what was done; what was planted broken is mended too.

    Raises:
        ValueError: `what` is none of `BREAKS`.
    """
    from sfsync.demo import mending  # noqa: PLC0415 - start-up time

    return mending.fix_org(path, what)


def reset(path: Path, *, today: date | None = None) -> None:
    """Put the org back to its seed, under running servers too; sign-ins stay good."""
    from sfsync.demo import org  # noqa: PLC0415 - start-up time

    org.reset(path, today=today)


def org_status(path: Path) -> OrgStatus:
    """Count the rows of an org, its sign-ins and calls, and say what is broken."""
    from sfsync.demo import org  # noqa: PLC0415 - start-up time

    return org.status(path)


def plan_faults(path: Path, faults: Iterable[Fault]) -> None:
    """Let single requests go wrong; see `faults.Fault`."""
    from sfsync.demo import faults as planned  # noqa: PLC0415 - start-up time

    planned.plan_faults(path, faults)


def requests_of(path: Path, prefix: str = "/") -> list[LoggedRequest]:
    """The requests answered so far whose path starts with `prefix`, oldest first."""
    from sfsync.demo import request_log  # noqa: PLC0415 - start-up time

    return request_log.requests_of(path, prefix)


def change_setting(path: Path, name: str, value: Any) -> None:  # noqa: ANN401 - JSON values
    """Set one of `org_settings.DEFAULTS`, for example `oauth.rotation`.

    Raises:
        KeyError: there is no such setting.
    """
    from sfsync.demo import org  # noqa: PLC0415 - start-up time

    org.change_setting(path, name, value)


def register_redirect(path: Path, uri: str) -> None:
    """Add a callback URL to the app of the org."""
    from sfsync.demo import org  # noqa: PLC0415 - start-up time

    org.register_redirect(path, uri)


def register_certificate(path: Path, pem: str) -> None:
    """Upload a certificate or public key (PEM text) to the app, for the JWT bearer flow.

    Raises:
        ValueError: the text is neither.
    """
    from sfsync.demo import org  # noqa: PLC0415 - start-up time

    org.register_certificate(path, pem)
