"""A person who signs in to the demo org with a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync import demo
from sfsync.salesforce import SignInRequest, begin_web_sign_in

if TYPE_CHECKING:
    from pathlib import Path

    from sfsync.demo.server import RunningOrg
    from sfsync.salesforce import Connection


def sign_in_by_browser(server: RunningOrg, folder: Path) -> Connection:
    """The connection `acme` to the org of a server, kept in files below `folder`."""
    request = SignInRequest(
        name="acme", client_id=demo.CLIENT_ID, login_url=server.url, port=0, store="file"
    )
    with begin_web_sign_in(request, folder) as pending:
        demo.register_redirect(server.path, pending.redirect_uri)
        return pending.complete(demo.approve_in_browser(pending.authorize_url)).connection
