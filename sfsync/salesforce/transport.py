"""A `requests` session that waits only so long, follows nobody elsewhere, reads no ``~/.netrc``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import requests
from requests.adapters import HTTPAdapter
from requests.exceptions import JSONDecodeError

import sfsync
from sfsync.errors import UnavailableError
from sfsync.salesforce.faults import PassingError
from sfsync.salesforce.network import origin
from sfsync.salesforce.redact import redact

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfsync.errors import SfsyncError
    from sfsync.salesforce.network import Network

_OFFLINE = "Check the network, HTTPS_PROXY and login_url; `sfsync doctor --online` tries again."


class RedirectRefusedError(requests.RequestException):
    """A reply sent us to another host, or would have repeated a POST elsewhere."""


class TimeoutAdapter(HTTPAdapter):
    """Gives every request that brings no timeout of its own the default ones."""

    def __init__(self, timeouts: tuple[float, float]) -> None:
        self._timeouts = timeouts
        super().__init__()

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: FBT001, FBT002 - the signature of requests
        timeout: Any = None,  # noqa: ANN401 - a reply or arguments of a foreign library
        verify: bool | str = True,  # noqa: FBT001, FBT002 - the signature of requests
        cert: Any = None,  # noqa: ANN401 - a reply or arguments of a foreign library
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send `request`, waiting at most the default times unless told otherwise."""
        return super().send(request, stream, timeout or self._timeouts, verify, cert, proxies)


class LoopbackAdapter(TimeoutAdapter):
    """Speaks plain http to one loopback org: simple-salesforce writes https into every URL."""

    def send(
        self,
        request: requests.PreparedRequest,
        *args: Any,  # noqa: ANN401 - a reply or arguments of a foreign library
        **kwargs: Any,  # noqa: ANN401 - a reply or arguments of a foreign library
    ) -> requests.Response:
        """Send `request` over http."""
        request.url = f"http://{str(request.url).split('://', 1)[-1]}"
        return super().send(request, *args, **kwargs)


class OrgSession(requests.Session):
    """The session of one client; not to be shared between threads."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.trust_env = False
        self._network = network
        if network.ca_bundle is not None:
            self.verify = str(network.ca_bundle)
        self.headers["User-Agent"] = f"sfsync/{sfsync.__version__}"
        self.mount("https://", TimeoutAdapter(network.timeouts))
        self.mount("http://", TimeoutAdapter(network.timeouts))

    def speak_http_to(self, instance_url: str) -> None:
        """Let https requests to the loopback org at `instance_url` go over http."""
        self.mount(
            f"https://{instance_url.removeprefix('http://')}/",
            LoopbackAdapter(self._network.timeouts),
        )

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # noqa: ANN401 - a reply or arguments of a foreign library
        """Send `request` through the proxies of its URL, and no others."""
        kwargs["proxies"] = self._network.proxies_for(str(request.url))
        return super().send(request, **kwargs)

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Where `resp` redirects to, when it stays on the same host and repeats no POST.

        Raises:
            RedirectRefusedError: it leads elsewhere.
        """
        target = super().get_redirect_target(resp)
        if target is None:
            return None
        there = urljoin(resp.url, target)
        if resp.request.method != "GET" or origin(there) != origin(resp.url):
            raise RedirectRefusedError(f"redirected to the host {origin(there)[1]}")
        return target


def wire_error(error: requests.RequestException, host: str) -> SfsyncError:
    """What a `requests` exception of a call to `host` means for a person."""
    if isinstance(error, RedirectRefusedError):
        return UnavailableError(
            f"{host} {error}; sfsync does not follow.",
            code="redirect-refused",
            fix="Check login_url, and whether a network gateway wants you to log in first.",
        )
    if isinstance(error, requests.exceptions.SSLError):
        return UnavailableError(
            f"The certificate of {host} cannot be trusted: {_reason(error)}",
            code="tls-failed",
            fix="Behind an inspecting proxy, set SSL_CERT_FILE to its CA file.",
        )
    if isinstance(error, requests.exceptions.ProxyError):
        return PassingError(
            f"The proxy does not let us reach {host}.", code="proxy-failed", fix=_OFFLINE
        )
    if isinstance(error, requests.Timeout):
        return PassingError(f"{host} did not answer in time.", code="timeout", fix=_OFFLINE)
    if isinstance(error, JSONDecodeError):
        return PassingError(
            f"{host} answered something that is not JSON.", code="bad-reply", fix=_OFFLINE
        )
    passing = isinstance(
        error,
        requests.ConnectionError
        | requests.exceptions.ChunkedEncodingError
        | requests.exceptions.ContentDecodingError,
    )
    kind = PassingError if passing else UnavailableError
    return kind(
        f"The connection to {host} failed: {_reason(error)}",
        code="connection-failed",
        fix=_OFFLINE,
    )


def never_sent(error: requests.RequestException) -> bool:
    """Whether the request surely did not reach the server, so that even a POST may be repeated."""
    from urllib3.exceptions import NewConnectionError  # noqa: PLC0415 - start-up time

    if isinstance(error, requests.exceptions.ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    return isinstance(getattr(cause, "reason", None), NewConnectionError)


def _reason(error: BaseException) -> str:
    """The innermost reason in a few words, without the URL that requests quotes."""
    inner: Any = error
    while getattr(inner, "args", ()) and isinstance(
        nested := getattr(inner.args[0], "reason", inner.args[-1]), BaseException
    ):
        inner = nested
    text = getattr(inner, "strerror", None) or str(inner).rsplit(": ", 1)[-1]
    return redact(str(text))[:200]
