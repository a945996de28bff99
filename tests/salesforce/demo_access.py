"""The demo org as a signed-in client sees it, for tests of reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync import demo
from sfsync.salesforce.network import Network
from sfsync.salesforce.org import open_org
from sfsync.salesforce.request import SignInRequest
from sfsync.salesforce.retry import RetryPolicy
from sfsync.salesforce.sign_in import sign_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sfsync.demo.server import RunningOrg
    from sfsync.salesforce.budget import ApiBudget
    from sfsync.salesforce.org import Org
    from sfsync.salesforce.stores import TokenStore

DIRECT = Network()


def signed_in(
    running: RunningOrg,
    folder: Path,
    store: TokenStore,
    *,
    sleep: Callable[[float], None] = lambda _: None,
    budget: ApiBudget | None = None,
) -> Org:
    """The demo org, signed in with client credentials; close it yourself."""
    request = SignInRequest(
        name="demo",
        client_id=demo.CLIENT_ID,
        login_url=running.url,
        auth="client-credentials",
        client_secret=demo.CLIENT_SECRET,
    )
    connection = sign_in(request, folder, store=store, network=DIRECT).connection
    policy = RetryPolicy(sleep=sleep)
    return open_org(connection, folder, store=store, network=DIRECT, policy=policy, budget=budget)
