"""The embedded demo org as a config meets it: its file beside the config, its sign-in beside it.

Nothing of the demo leaves its folder: the records are in `demo-org.db`, the sign-in in `.demo/`.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from sfsync.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sfsync.cli.context import Context
    from sfsync.config.settings import Settings
    from sfsync.demo.server import RunningOrg
    from sfsync.salesforce import Org, SignedIn

ORG_FILE = "demo-org.db"
SIGN_IN_FOLDER = ".demo"


def demo_file(folder: Path) -> Path:
    """The demo org's records in a working folder.

    Raises:
        NotFoundError: there are none.
    """
    path = folder / ORG_FILE
    if not path.exists():
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
        UsageError: the port is taken.
    """
    from sfsync import demo  # noqa: PLC0415 - start-up time

    with ExitStack() as stack:
        try:
            running = stack.enter_context(demo.serve(path, port=port))
        except OSError as problem:
            raise UsageError(
                f"port {port} cannot be used: {problem.strerror}",
                code="port-taken",
                fix="choose another one with --port, or 0 for any",
            ) from None
        yield running


@contextmanager
def serve_demo(context: Context) -> Iterator[RunningOrg]:
    """The demo org beside the config, speaking HTTP on loopback while the block lasts."""
    with serve_file(demo_file(context.config_path().parent)) as running:
        yield running


@contextmanager
def open_demo_org(context: Context, settings: Settings) -> Iterator[Org]:
    """The demo org, signed in; the first time a consent is given by the tour's own user agent.

    A sign-in that was revoked since (`demo break expired-sign-in`) stays broken until the next
    `sfsync connect`, as it would with a real org.
    """
    from sfsync.salesforce import open_org, read_connections  # noqa: PLC0415 - start-up time

    folder = context.config_path().parent / SIGN_IN_FOLDER
    with serve_demo(context) as running:
        known = read_connections(folder).get(settings.connection.name)
        if known is None:
            known = sign_in_to_demo(running, folder, settings).connection
        # The port is another one each time; the org and the sign-in are the same.
        here = replace(known, login_url=running.url, instance_url=running.url)
        with open_org(here, folder) as org:
            yield org


def sign_in_to_demo(running: RunningOrg, folder: Path, settings: Settings) -> SignedIn:
    """Connect to the demo org by its real web sign-in, approving the consent page."""
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
        return pending.complete(demo.approve_in_browser(pending.authorize_url))
