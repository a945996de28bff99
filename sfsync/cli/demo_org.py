"""The embedded demo org as a config meets it: its file beside the config, its sign-in beside it.

Nothing of the demo leaves its folder: the records are in `demo-org.db`, the sign-in in `.demo/`.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from sfsync.cli.frame.paths import CONFIG_NAME
from sfsync.errors import NotFoundError, RefusedError, UnavailableError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sfsync.cli.context import Context
    from sfsync.config.settings import Settings
    from sfsync.demo.server import RunningOrg
    from sfsync.salesforce import Connection, Org, SignedIn

ORG_FILE = "demo-org.db"
SIGN_IN_FOLDER = ".demo"
_FIRST_SIGN_IN = 30.0
"""Seconds to wait for another command that is signing in for the first time."""


def demo_file(folder: Path) -> Path:
    """The demo org's records in a working folder.

    Raises:
        NotFoundError: there are none.
    """
    path = folder / ORG_FILE
    if not path.is_file():
        raise NotFoundError(
            f"there is no demo org in {folder}",
            code="demo-not-found",
            fix="sfsync demo start",
        )
    return path


@contextmanager
def serve_file(path: Path, port: int = 0) -> Iterator[RunningOrg]:
    """Serve a demo org while the block lasts; its records stay in `path`.

    Raises:
        UsageError: the port is taken, or the file cannot be written.
    """
    from sfsync import demo  # noqa: PLC0415 - start-up time

    with ExitStack() as stack:
        try:
            running = stack.enter_context(demo.serve(path, port=port))
        except PermissionError as problem:
            if problem.filename is None:
                raise _port_unusable(port, problem) from None
            raise UsageError(
                f"the demo org {path} cannot be written: {problem.strerror}",
                code="not-writable",
                fix="check the folder's permissions and free space",
            ) from None
        except OSError as problem:
            raise _port_unusable(port, problem) from None
        yield running


def _port_unusable(port: int, problem: OSError) -> UsageError:
    return UsageError(
        f"port {port} cannot be used: {problem.strerror}",
        code="port-taken",
        fix="choose another one with --port, or 0 for any",
    )


@contextmanager
def serve_demo(context: Context) -> Iterator[RunningOrg]:
    """The demo org beside the config, speaking HTTP on loopback while the block lasts."""
    with serve_file(demo_file(context.config_path().parent)) as running:
        yield running


@contextmanager
def open_demo_org(context: Context, settings: Settings) -> Iterator[Org]:
    """The demo org, signed in; the first time a consent is given by the tour's own user agent.

    A sign-in that was revoked since (`demo break expired-sign-in`) stays broken until somebody
    signs in (`sfsync connect`, `demo fix expired-sign-in`), as it would with a real org.
    """
    from sfsync.salesforce import open_org  # noqa: PLC0415 - start-up time

    folder = context.config_path().parent / SIGN_IN_FOLDER
    with serve_demo(context) as running:
        known = _known_or_first(running, folder, settings)
        # The port is another one each time; the org and the sign-in are the same.
        here = replace(
            known,
            login_url=running.url,
            instance_url=running.url,
            api_version=settings.connection.api_version,
        )
        with open_org(here, folder) as org:
            yield org


def _known_or_first(running: RunningOrg, folder: Path, settings: Settings) -> Connection:
    """The sign-in that is there; of several first commands at once only one makes it."""
    from sfsync.salesforce import read_connections  # noqa: PLC0415 - start-up time
    from sfsync.salesforce.connections import cross_process_lock  # noqa: PLC0415 - as above

    name = settings.connection.name
    if (known := read_connections(folder).get(name)) is not None:
        return known
    with cross_process_lock(folder / ".first.lock", wait=_FIRST_SIGN_IN):
        known = read_connections(folder).get(name)
        return known or sign_in_to_demo(running, folder, settings).connection


def win_deal(path: Path, name: str | None, amount: str | None, lines: int) -> str:
    """Win a deal in the org of a file; what was done, in a sentence.

    Raises:
        UsageError: the org takes no such deal.
    """
    from sfsync import demo  # noqa: PLC0415 - start-up time

    try:
        return demo.close_deal(path, name, amount, lines)
    except ValueError as refused:
        raise UsageError(
            f"the demo org takes no such deal: {refused}",
            code="deal-refused",
            fix="sfsync demo close-deal -h",
        ) from None


def break_org(path: Path, what: str) -> str:
    """Break something in the org of a file; what was done, in a sentence.

    Raises:
        RefusedError: there is nothing left to break that way.
    """
    from sfsync import demo  # noqa: PLC0415 - start-up time

    try:
        return demo.break_org(path, what)
    except ValueError as nothing_left:
        raise RefusedError(
            str(nothing_left), code="nothing-to-break", fix=f"sfsync demo fix {what}"
        ) from None


def sign_in_again(path: Path) -> None:
    """Sign in to the org of a file anew, as the person who works with its folder.

    An org that is also broken in another way may take no sign-in now; `connect` is for later.
    """
    from sfsync import demo  # noqa: PLC0415 - start-up time
    from sfsync.config import load  # noqa: PLC0415 - as above

    if demo.org_status(path).broken:
        return
    settings = load(path.parent / CONFIG_NAME)
    with serve_file(path) as running:
        sign_in_to_demo(running, path.parent / SIGN_IN_FOLDER, settings)


def sign_in_to_demo(running: RunningOrg, folder: Path, settings: Settings) -> SignedIn:
    """Connect to the demo org by its real web sign-in, approving the consent page.

    Raises:
        UnavailableError: it shows none, as in an outage.
    """
    from sfsync import demo  # noqa: PLC0415 - start-up time
    from sfsync.salesforce import SignInRequest, begin_web_sign_in  # noqa: PLC0415 - as above

    request = SignInRequest(
        name=settings.connection.name,
        client_id=demo.CLIENT_ID,
        login_url=running.url,
        port=0,
        api_version=settings.connection.api_version,
        store="file",
    )
    with begin_web_sign_in(request, folder) as pending:
        demo.register_redirect(running.path, pending.redirect_uri)
        try:
            answer = demo.approve_in_browser(pending.authorize_url)
        except demo.ApprovalError as problem:
            raise UnavailableError(
                f"The demo org shows no sign-in page: {problem}",
                code="salesforce-unavailable",
                fix="sfsync demo status says what is broken in it",
            ) from None
        return pending.complete(answer)
