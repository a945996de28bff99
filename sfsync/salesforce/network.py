"""The way to the network: proxies and CA bundle, read from the environment by us alone.

`requests` would also read ``~/.netrc`` and put a password in place of the bearer token, so its own
reading of the environment stays off.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sfsync.errors import UnavailableError
from sfsync.loopback import is_loopback

if TYPE_CHECKING:
    from collections.abc import Mapping

_CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
_PROXY_VARIABLES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
_DIRECT_VARIABLES = ("NO_PROXY", "no_proxy")
VARIABLES = (*_PROXY_VARIABLES, *_DIRECT_VARIABLES, *_CA_VARIABLES)
"""All that is read of the environment."""


@dataclass(frozen=True, slots=True)
class Network:
    """How requests leave this machine.

    `proxy` is a URL (perhaps with a password, so it is not in the repr), `no_proxy` a list of host
    suffixes that are reached directly, `ca_bundle` a PEM file that replaces the built-in roots.
    `timeouts` are seconds to connect, and between two bytes: a query may run for 120 s in the org.
    """

    proxy: str | None = field(default=None, repr=False)
    no_proxy: tuple[str, ...] = ()
    ca_bundle: Path | None = None
    timeouts: tuple[float, float] = (10.0, 130.0)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Network:
        """What HTTPS_PROXY, ALL_PROXY, NO_PROXY, REQUESTS_CA_BUNDLE and SSL_CERT_FILE say.

        Raises:
            UnavailableError: the CA bundle they name does not exist (``ca-bundle-missing``).
        """
        bundle = _first(environ, _CA_VARIABLES)
        if bundle and not Path(bundle).exists():
            raise UnavailableError(
                f"The file of trusted certificates {bundle} does not exist.",
                code="ca-bundle-missing",
                fix=f"Correct or unset {' / '.join(_CA_VARIABLES)}.",
            )
        bypass = _first(environ, _DIRECT_VARIABLES) or ""
        return cls(
            proxy=_first(environ, _PROXY_VARIABLES),
            no_proxy=tuple(host.strip().lstrip(".") for host in bypass.split(",") if host.strip()),
            ca_bundle=Path(bundle) if bundle else None,
        )

    def proxies_for(self, url: str) -> dict[str, str]:
        """The proxies of a request to `url`, by scheme; empty when it goes straight there."""
        host = (urlsplit(url).hostname or "").casefold()
        direct = is_loopback(host) or any(host_within(host, domain) for domain in self.no_proxy)
        if self.proxy is None or direct:
            return {}
        return {"http": self.proxy, "https": self.proxy}


def host_within(host: str, domain: str) -> bool:
    """Whether `host` is `domain` or lies below it; ``*`` stands for every host."""
    folded = domain.casefold()
    return folded in {"*", host} or host.endswith(f".{folded}")


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of `url`, the port filled in where the scheme says it."""
    parts = urlsplit(url)
    default = {"https": 443, "http": 80}.get(parts.scheme)
    return parts.scheme, (parts.hostname or "").casefold(), parts.port or default


def _first(environ: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((environ[name] for name in names if environ.get(name)), None)
