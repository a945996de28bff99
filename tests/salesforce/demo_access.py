"""How tests reach the demo org: signed in, by a token of the app's secret, by a key it knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

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


def access_token(url: str) -> str:
    """An access token of the org at a URL, by client credentials."""
    form = {
        "grant_type": "client_credentials",
        "client_id": demo.CLIENT_ID,
        "client_secret": demo.CLIENT_SECRET,
    }
    reply = requests.post(f"{url}/services/oauth2/token", data=form, timeout=30)
    return str(reply.json()["access_token"])


def private_key(running: RunningOrg, path: Path) -> Path:
    """A private key, written to `path` for its owner only, whose public half the org knows."""
    private = rsa.generate_private_key(65537, 2048)
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    demo.register_certificate(running.path, public.decode())
    path.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    path.chmod(0o600)
    return path
