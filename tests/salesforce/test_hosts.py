from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sfsync.errors import UnavailableError
from sfsync.salesforce.hosts import checked_instance_url, jwt_audience
from sfsync.salesforce.network import Network

if TYPE_CHECKING:
    from pathlib import Path

LOGIN = "https://login.salesforce.com"


@pytest.mark.parametrize(
    ("url", "login_url"),
    [
        ("https://acme.my.salesforce.com", LOGIN),
        ("https://acme--uat.sandbox.my.salesforce.com", "https://test.salesforce.com"),
        ("https://acme.my.salesforce.mil", "https://login.salesforce.com"),
        ("https://sign-in.acme.example", "https://sign-in.acme.example"),
        ("http://127.0.0.1:8123", "http://localhost:8123"),
    ],
)
def test_the_orgs_own_addresses_are_trusted(url: str, login_url: str) -> None:
    """Salesforce's domains, and the server that signed in, get the token."""
    assert checked_instance_url(url, login_url) == url


@pytest.mark.parametrize(
    ("login_url", "audience"),
    [
        (LOGIN, LOGIN),
        ("https://acme.my.salesforce.com", LOGIN),
        ("https://test.salesforce.com", "https://test.salesforce.com"),
        ("https://acme--uat.sandbox.my.salesforce.com", "https://test.salesforce.com"),
        ("https://partners.acme.example", "https://partners.acme.example"),
        ("http://127.0.0.1:8123", "http://127.0.0.1:8123"),
    ],
)
def test_an_assertion_names_the_host_that_checks_it(login_url: str, audience: str) -> None:
    """Production, sandbox, or the login host itself."""
    assert jwt_audience(login_url) == audience


def test_proxies_come_from_the_environment_and_spare_loopback() -> None:
    """HTTPS_PROXY serves all hosts but those of NO_PROXY and this machine; it is not shown."""
    network = Network.from_environment(
        {
            "HTTPS_PROXY": "http://dana:planted@proxy.example:8080",
            "NO_PROXY": ".internal, x.example",
        }
    )
    used = {"http": network.proxy, "https": network.proxy}
    assert network.proxies_for("https://acme.my.salesforce.com/x") == used
    assert network.proxies_for("https://org.internal/x") == {}
    assert network.proxies_for("https://x.example") == {}
    assert network.proxies_for("https://notx.example") == used
    assert network.proxies_for("https://127.0.0.1:8123/") == {}
    assert network.proxies_for("http://localhost:8123/") == {}
    assert "planted" not in repr(network)
    assert Network.from_environment({}) == Network()


def test_a_ca_bundle_must_exist(tmp_path: Path) -> None:
    """The variable that names a missing file is said, not an OSError of a library."""
    bundle = tmp_path / "ca.pem"
    with pytest.raises(UnavailableError) as stopped:
        Network.from_environment({"SSL_CERT_FILE": str(bundle)})
    assert stopped.value.code == "ca-bundle-missing"
    bundle.touch()
    assert Network.from_environment({"SSL_CERT_FILE": str(bundle)}).ca_bundle == bundle
