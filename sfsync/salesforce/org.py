"""One signed-in org: describe it, query it page by page, ask for its limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, TypeVar

from sfsync.salesforce.describes import object_describe
from sfsync.salesforce.faults import (
    LocatorLost,
    QueryRefused,
    SessionExpired,
)
from sfsync.salesforce.network import Network
from sfsync.salesforce.query import first_page, next_page
from sfsync.salesforce.records import Page
from sfsync.salesforce.rest import RestClient
from sfsync.salesforce.soql import identifier
from sfsync.salesforce.store_choice import open_store
from sfsync.salesforce.tokens import TokenSource
from sfsync.salesforce.versions import call_in_served_version, served_versions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from simple_salesforce.api import Salesforce

    from sfsync.salesforce.connections import Connection
    from sfsync.salesforce.query import QueryReply
    from sfsync.salesforce.records import ApiUsage, ObjectDescribe, OrgIdentity, Record
    from sfsync.salesforce.retry import RetryPolicy
    from sfsync.salesforce.stores import TokenStore

T = TypeVar("T")


class Org:
    """An org as one thread reads it; a context manager. `open_org` makes one.

    Every method that asks the org raises `SignInError` (exit 4), `UnavailableError` (exit 6) or
    `QueryRefused` (exit 5), after the retries that may help. Nothing is ever written to the org.
    """

    def __init__(
        self, tokens: TokenSource, *, network: Network, policy: RetryPolicy | None = None
    ) -> None:
        self._tokens = tokens
        self._network = network
        self._policy = policy
        self._client = RestClient(
            tokens, tokens.connection.api_version, network=network, policy=policy
        )
        self._describes: dict[str, ObjectDescribe | None] = {}
        self._versions: tuple[str, ...] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; the sign-in stays."""
        self._client.close()

    def another(self) -> Org:
        """A second client of the same org, for another thread; close it yourself."""
        return Org(self._tokens.sibling(), network=self._network, policy=self._policy)

    @property
    def identity(self) -> OrgIdentity:
        """Which org, and as whom, as of the sign-in; asks nobody."""
        return self._tokens.connection.identity

    @property
    def api_calls(self) -> int:
        """Replies of the data API so far, repeated requests included."""
        return self._client.api_calls

    @property
    def server_time(self) -> datetime | None:
        """The org's clock at its last reply (UTC); None before the first."""
        return self._client.server_time

    @property
    def usage(self) -> ApiUsage | None:
        """The org's API allowance as its last reply told it."""
        return self._client.usage

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person must know although the work went on, e.g. a sign-in that was not kept."""
        return tuple(self._tokens.warnings)

    def record_url(self, record_id: str) -> str:
        """Where a person sees the record; Lightning and Classic both know this form."""
        return f"{self.identity.instance_url}/{record_id}"

    def query(self, soql: str, *, all_rows: bool = False) -> Iterator[Page]:
        """The pages of `soql`, each fetched when it is asked for; at least one, perhaps empty.

        Numbers with a fraction or exponent are Decimal, others int. Records and their parents
        carry no ``attributes``. `all_rows` includes deleted and archived rows.

        Raises:
            LocatorLost: between two pages; the caller asks anew from the last row it has kept.
        """
        reply = self._call(lambda sf: first_page(sf, soql, all_rows=all_rows))
        while True:
            yield Page(reply.records, reply.total)
            if reply.next_path is None:
                return
            reply = self._next(reply.next_path)

    def query_all_records(self, soql: str) -> list[Record]:
        """All records of a small query at once."""
        return [record for page in self.query(soql) for record in page.records]

    def count(self, soql: str) -> int:
        """The total of a ``SELECT COUNT()`` query."""
        return next(self.query(soql)).total

    def describe(self, sobject: str) -> ObjectDescribe | None:
        """The object as the user sees it, None where it does not exist or is hidden; cached.

        Raises:
            ValueError: `sobject` is no name.
        """
        key = identifier(sobject).casefold()
        if key not in self._describes:
            self._describes[key] = self._describe(sobject)
        return self._describes[key]

    def limits(self) -> dict[str, dict[str, int]]:
        """The org's limits: ``{"DailyApiRequests": {"Max": …, "Remaining": …}, …}``."""
        found: dict[str, dict[str, int]] = self._call(lambda sf: sf.limits())
        return found

    def versions(self) -> tuple[str, ...]:
        """The API versions that the org serves, oldest first, such as ``66.0``; cached."""
        if self._versions is None:
            self._versions = self._client.call(served_versions)
        return self._versions

    def _describe(self, sobject: str) -> ObjectDescribe | None:
        try:
            return self._call(
                lambda sf: object_describe(sf.restful(f"sobjects/{sobject}/describe"))
            )
        except QueryRefused as error:
            if error.error_code in {"NOT_FOUND", "INVALID_TYPE"}:
                return None
            raise

    def _call(self, ask: Callable[[Salesforce], T]) -> T:
        return call_in_served_version(self._client, ask)

    def _next(self, path: str) -> QueryReply:
        try:
            return self._client.call(lambda sf: next_page(sf, path))
        except SessionExpired:
            # The cursor died with the session it was made in; the sign-in itself is fine.
            raise LocatorLost(
                "The query's session ended before its last page.",
                code="query-interrupted",
                fix="Run the sync again; it goes on where it stopped.",
            ) from None


def open_org(
    connection: Connection,
    folder: Path,
    *,
    store: TokenStore | None = None,
    network: Network | None = None,
    policy: RetryPolicy | None = None,
    client_secret: str | None = None,
) -> Org:
    """The org of `connection`. Touches neither network nor keyring before the first question.

    Args:
        connection: from `sfsync.salesforce.connections.find_connection`.
        folder: the config folder, which holds the connections file.
        store: in place of the one that the connection names.
        network: in place of what the environment says.
        policy: how reads are repeated.
        client_secret: comes before the one in the store.
    """
    network = network or Network.from_environment()
    tokens = TokenSource(
        connection,
        store or open_store(connection.store, folder),
        folder,
        network=network,
        client_secret=client_secret,
    )
    return Org(tokens, network=network, policy=policy)
