"""One signed-in client of an org's REST API, for one thread: retries, one refresh, own errors.

simple-salesforce in direct mode makes the requests. What it lacks is added here: time limits, plain
http on loopback, retries, the refresh of a spent token, and errors without queries or tokens.
"""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

from sfsync.errors import UnavailableError
from sfsync.salesforce.faults import SessionExpired, bad_reply, reply_error
from sfsync.salesforce.records import ApiUsage
from sfsync.salesforce.redact import log
from sfsync.salesforce.retry import RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from requests import Response

    from sfsync.salesforce.client import OrgClient
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
        policy: as given.
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
        self.policy = policy or RetryPolicy()
        self._retired = False
        self._retry_after: float | None = None
        self._token: AccessToken | None = None
        self._salesforce: OrgClient | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call(self, ask: Callable[[OrgClient], T]) -> T:
        """What `ask` reads from the org; repeated when the fault passes, so it must only read.

        Raises:
            SessionExpired: the org rejects the token, and the renewed one as well.
            SignInError: the sign-in has ended, or may not use the API.
            UnavailableError: Salesforce cannot be reached, or its limits are used up.
            QueryRefused: the org says no.
        """
        return self.policy.run(lambda: self.call_once(ask))

    def call_once(self, ask: Callable[[OrgClient], T]) -> T:
        """As `call`, but repeated for nothing else than a spent token."""
        try:
            return self._attempt(ask)
        except SessionExpired:
            log.debug("the access token is spent")
            renewed = self._tokens.renew(self._token)
        self.close()
        self._token = renewed
        return self._attempt(ask)

    def close(self) -> None:
        """Close the connections; the next call opens new ones."""
        if self._salesforce is not None:
            self._salesforce.session.close()
            self._salesforce = None

    def retire(self) -> None:
        """Close the connections and begin no request any more, not even a repeated one."""
        self._retired = True
        self.close()

    def _attempt(self, ask: Callable[[OrgClient], T]) -> T:
        import requests  # noqa: PLC0415 - start-up time

        from sfsync.salesforce.library import SalesforceError  # noqa: PLC0415 - start-up time
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
        except (ValueError, ArithmeticError, RecursionError):
            # JSON of numbers or nesting that no parser takes.
            fault = bad_reply("Salesforce's answer cannot be read.")
        raise fault

    def _connected(self) -> OrgClient:
        """The client of the current token, at the address that came with it."""
        if self._retired:
            raise UnavailableError("This client is closed.", code="client-closed")
        if self._salesforce is not None:
            return self._salesforce
        from sfsync.salesforce.client import OrgClient  # noqa: PLC0415 - start-up time

        if self._token is None:
            self._token = self._tokens.current()
        self._salesforce = OrgClient(self._token, self.api_version, self._network)
        self._salesforce.session.hooks["response"].append(self._note)
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
