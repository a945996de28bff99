"""One signed-in client of an org's REST API, for one thread: retries, one refresh, own errors.

simple-salesforce in direct mode makes the requests. What it lacks is added here: time limits, plain
http on loopback, retries, the refresh of a spent token, and errors without queries or tokens.
"""

from __future__ import annotations

from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

from sfsync.salesforce.faults import SessionExpired, reply_error
from sfsync.salesforce.network import origin
from sfsync.salesforce.records import ApiUsage
from sfsync.salesforce.redact import log
from sfsync.salesforce.retry import RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from requests import Response
    from simple_salesforce.api import Salesforce

    from sfsync.salesforce.network import Network
    from sfsync.salesforce.tokens import AccessToken

T = TypeVar("T")


class Tokens(Protocol):
    """Where a client gets its access token, and a newer one."""

    def current(self) -> AccessToken:
        """The token to begin with."""

    def renew(self, spent: AccessToken | None) -> AccessToken:
        """A token other than `spent`."""


class RestClient:
    """Calls one org. Not to be shared between threads.

    Args:
        tokens: gives and renews the access token.
        api_version: such as ``66.0``.
        network: proxies and trusted certificates.
        policy: how reads are repeated.

    Attributes:
        api_calls: replies of the data API so far, repeated requests included.
        server_time: the org's clock at its last reply; None before the first.
        usage: the org's API allowance at its last reply that told it.
    """

    def __init__(
        self,
        tokens: Tokens,
        api_version: str,
        *,
        network: Network,
        policy: RetryPolicy | None = None,
    ) -> None:
        self.api_calls = 0
        self.server_time: datetime | None = None
        self.usage: ApiUsage | None = None
        self._tokens = tokens
        self.api_version = api_version
        self._network = network
        self._policy = policy or RetryPolicy()
        self._retry_after: float | None = None
        self._token: AccessToken | None = None
        self._salesforce: Salesforce | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call(self, ask: Callable[[Salesforce], T]) -> T:
        """What `ask` reads from the org; repeated when the fault passes, so it must only read.

        Raises:
            SessionExpired: the org rejects the token, and the renewed one as well.
            SignInError: the sign-in has ended, or may not use the API.
            UnavailableError: Salesforce cannot be reached, or its limits are used up.
            QueryRefused: the org says no.
        """
        return self._policy.run(lambda: self._renewing(ask))

    def close(self) -> None:
        """Close the connections."""
        if self._salesforce is not None:
            self._salesforce.session.close()
            self._salesforce = None

    def _renewing(self, ask: Callable[[Salesforce], T]) -> T:
        try:
            return self._attempt(ask)
        except SessionExpired:
            log.debug("the access token is spent")
            renewed = self._tokens.renew(self._token)
        self.close()
        self._token = renewed
        return self._attempt(ask)

    def _attempt(self, ask: Callable[[Salesforce], T]) -> T:
        import requests  # noqa: PLC0415 - start-up time
        from simple_salesforce.exceptions import SalesforceError  # noqa: PLC0415 - start-up time

        from sfsync.salesforce.transport import wire_error  # noqa: PLC0415 - start-up time

        salesforce = self._connected()
        self._retry_after = None
        try:
            return ask(salesforce)
        except SalesforceError as error:
            # The library's error quotes the whole URL, so it does not travel on.
            fault = reply_error(error.status, error.content, retry_after=self._retry_after)
        except requests.RequestException as error:
            fault = wire_error(error, salesforce.sf_instance)
        raise fault

    def _connected(self) -> Salesforce:
        """The client of the current token, at the address that came with it."""
        if self._salesforce is not None:
            return self._salesforce
        from simple_salesforce.api import Salesforce  # noqa: PLC0415 - start-up time

        from sfsync.salesforce.transport import OrgSession  # noqa: PLC0415 - start-up time

        if self._token is None:
            self._token = self._tokens.current()
        session = OrgSession(self._network)
        if origin(self._token.instance_url)[0] == "http":
            session.speak_http_to(self._token.instance_url)
        session.hooks["response"].append(self._note)
        self._salesforce = Salesforce(
            session_id=self._token.token,
            instance_url=self._token.instance_url,
            version=self.api_version,
            session=session,
            parse_float=Decimal,
            # None lets the C decoder build plain dicts; a hook is called for every object.
            object_pairs_hook=None,
        )
        # Indented replies are a third longer.
        del self._salesforce.headers["X-PrettyPrint"]
        return self._salesforce

    def _note(self, reply: Response, **_: Any) -> None:  # noqa: ANN401 - a reply or arguments of a foreign library
        """Keep what the headers of a reply tell."""
        path = reply.request.path_url.partition("?")[0]
        log.debug("%s %s: %d", reply.request.method, path, reply.status_code)
        if path.startswith("/services/data/v"):
            self.api_calls += 1
        self.server_time = _moment(reply.headers.get("Date")) or self.server_time
        self._retry_after = _seconds(reply.headers.get("Retry-After"))
        usage = reply.headers.get("Sforce-Limit-Info")
        if usage and self.server_time:
            self.usage = _usage(usage, self.server_time) or self.usage


def _moment(header: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(header) if header else None
    except ValueError:
        return None


def _seconds(header: str | None) -> float | None:
    """A Retry-After in seconds; the form with a date is not worth a wait of unknown length."""
    return float(header) if header and header.isascii() and header.isdigit() else None


def _usage(header: str, at: datetime) -> ApiUsage | None:
    """``api-usage=18/5000; per-app-api-usage=…``."""
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        used, _, limit = value.partition("/")
        if name == "api-usage" and used.isdecimal() and limit.isdecimal():
            return ApiUsage(used=int(used), limit=int(limit), at=at)
    return None
