"""One signed-in org: describe it, query it over REST or Bulk page by page, mind its limits."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Self, TypeVar

from sfsync.salesforce.budget import ApiBudget, usage_from_limits
from sfsync.salesforce.composite import MOST_PARTS, MOST_QUERIES, ask_together
from sfsync.salesforce.describes import object_describe
from sfsync.salesforce.faults import QueryRefused, SessionExpired, locator_lost
from sfsync.salesforce.network import Network
from sfsync.salesforce.paging import InBackground, WhenAsked, pages_of
from sfsync.salesforce.query import first_page, first_pages, next_page
from sfsync.salesforce.rest import RestClient
from sfsync.salesforce.soql import identifier
from sfsync.salesforce.store_choice import open_store
from sfsync.salesforce.tokens import TokenSource
from sfsync.salesforce.versions import call_in_served_version, served_versions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from simple_salesforce.api import Salesforce

    from sfsync.salesforce.client import OrgClient
    from sfsync.salesforce.composite import Answer
    from sfsync.salesforce.connections import Connection
    from sfsync.salesforce.paging import Coming
    from sfsync.salesforce.query import QueryReply
    from sfsync.salesforce.records import ApiUsage, ObjectDescribe, OrgIdentity, Page, Record
    from sfsync.salesforce.retry import RetryPolicy
    from sfsync.salesforce.stores import TokenStore

_ABSENT = frozenset({"NOT_FOUND", "INVALID_TYPE"})

T = TypeVar("T")


class Org:
    """An org as one thread reads it; a context manager. `open_org` makes one.

    Every method that asks the org raises `SignInError` (exit 4), `UnavailableError` (exit 6) or
    `QueryRefused` (exit 5), after the retries that may help. No record of the org is ever written.
    """

    def __init__(
        self,
        tokens: TokenSource,
        *,
        network: Network,
        policy: RetryPolicy | None = None,
        budget: ApiBudget | None = None,
    ) -> None:
        self._tokens = tokens
        self._network = network
        self._policy = policy
        self._budget = budget or ApiBudget()
        self._client = self._new_client(tokens)
        # Those that fetch pages ahead; what they were told counts.
        self._others: list[RestClient] = []
        self._ahead: Org | None = None
        self._describes: dict[str, ObjectDescribe | None] = {}
        self._versions: tuple[str, ...] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections, also of pages under way; the sign-in stays."""
        self._client.close()
        for client in self._clients()[1:]:
            client.retire()

    def another(self) -> Org:
        """A second client of the same org, for another thread; close it yourself."""
        return Org(
            self._tokens.sibling(),
            network=self._network,
            policy=self._policy,
            budget=self._budget,
        )

    @property
    def identity(self) -> OrgIdentity:
        """Which org, and as whom, as of the sign-in; asks nobody."""
        return self._tokens.connection.identity

    @property
    def api_calls(self) -> int:
        """Replies of the data API so far, repeated requests included."""
        return sum(client.api_calls for client in self._clients())

    @property
    def server_time(self) -> datetime | None:
        """The org's clock at its last reply (UTC); None before the first."""
        return max((c.server_time for c in self._clients() if c.server_time), default=None)

    @property
    def usage(self) -> ApiUsage | None:
        """The org's API allowance as its last reply told it."""
        told = [client.usage for client in self._clients() if client.usage]
        return max(told, key=lambda usage: (usage.at, usage.used), default=None)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person must know although the work went on, e.g. a sign-in that was not kept."""
        return tuple(self._tokens.warnings)

    def read_ahead(self, read: Callable[[Org], T]) -> Coming[T]:
        """What `read` asks of another client of this org, in a thread of its own; one at a time.

        What that client was told counts here. Nobody else may be reading ahead meanwhile.
        """
        if self._ahead is None:
            self._ahead = self.another()
        return InBackground(partial(read, self._ahead))

    def query(self, soql: str, *, all_rows: bool = False, prefetch: bool = False) -> Iterator[Page]:
        """The pages of `soql`, at least one, perhaps empty.

        Numbers with a fraction or exponent are Decimal, others int. Records and their parents
        carry no ``attributes``. `all_rows` includes deleted and archived rows. Each page is fetched
        when it is asked for; with `prefetch` one page ahead, by a client in a thread of its own,
        while the caller works on the page before. Close the iterator if you stop early.

        Raises:
            LocatorLost: between two pages; the caller asks anew from the last row it has kept.
            QueryTooSlow: the caller may ask for a smaller range.
        """
        reply = self._call(lambda sf: first_page(sf, soql, all_rows=all_rows))
        yield from self._pages(soql, reply, prefetch=prefetch)

    def query_many(self, soqls: Sequence[str], *, all_rows: bool = False) -> list[Iterator[Page]]:
        """The pages of several queries; the first ones together, five queries to an API call.

        The order is that of `soqls`. Further pages are fetched when they are asked for.

        Raises:
            QueryTooSlow: one of them; as for any other error there is then no answer to the others.
        """
        answers: list[Iterator[Page]] = []
        for start in range(0, len(soqls), MOST_QUERIES):
            some = soqls[start : start + MOST_QUERIES]
            replies = self._call(partial(first_pages, soqls=some, all_rows=all_rows))
            answers += map(self._pages, some, replies)
        return answers

    def bulk_query(self, soql: str, *, all_rows: bool = False) -> Iterator[Page]:
        """As `query`, by a Bulk API 2.0 job: the same records, made for large answers.

        The rows are streamed; no more than one page is in memory. Bulk knows no compound fields,
        sub-queries, aggregates, OFFSET or FIELDS(). It cannot tell a parent whose fields are all
        empty from none, unless the lookup (``AccountId``) is asked for too. A job that is not read
        to its end is aborted and removed.

        Raises:
            LocatorLost: somebody has removed the job; the caller asks anew, as for `query`.
            QueryTooSlow: the caller may ask for a smaller range.
        """
        from sfsync.salesforce.bulk import BulkJob, bulk_pages  # noqa: PLC0415 - start-up time

        job = BulkJob.create(self._client, soql, all_rows=all_rows)
        yield from bulk_pages(job, soql, self.describe)

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

    def describe_many(self, sobjects: Sequence[str]) -> dict[str, ObjectDescribe | None]:
        """As `describe`, by the names given; those not asked before share one API call.

        Raises:
            ValueError: a name is none.
        """
        wanted = {identifier(name).casefold(): name for name in sobjects}
        missing = [key for key in wanted if key not in self._describes]
        for start in range(0, len(missing), MOST_PARTS):
            some = missing[start : start + MOST_PARTS]
            resources = [f"sobjects/{wanted[key]}/describe" for key in some]
            found = self._call(partial(_described, resources=resources))
            self._describes.update(zip(some, found, strict=True))
        return {name: self._describes[name.casefold()] for name in sobjects}

    def limits(self) -> dict[str, dict[str, int]]:
        """The org's limits: ``{"DailyApiRequests": {"Max": …, "Remaining": …}, …}``."""
        found: dict[str, dict[str, int]] = self._call(lambda sf: sf.limits())
        return found

    def check_budget(self, predicted_calls: int) -> None:
        """Whether so many more API calls stay within the budget; asks the org only in doubt.

        An org whose allowance the user may not see is taken to have enough: it refuses by itself.

        Raises:
            UnavailableError: they do not (``api-budget``).
        """
        if self.usage is not None and self._budget.allows(self.usage, predicted_calls):
            return
        try:
            found = usage_from_limits(self.limits(), datetime.now(UTC))
        except QueryRefused:
            found = None
        usage = found or self.usage
        if usage is not None and not self._budget.allows(usage, predicted_calls):
            raise self._budget.exceeded(usage, predicted_calls)

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
            if error.error_code in _ABSENT:
                return None
            raise

    def _call(self, ask: Callable[[OrgClient], T]) -> T:
        return call_in_served_version(self._client, ask)

    def _clients(self) -> tuple[RestClient, ...]:
        ahead = () if self._ahead is None else self._ahead._clients()  # noqa: SLF001 - its own kind
        return (self._client, *self._others, *ahead)

    def _new_client(self, tokens: TokenSource) -> RestClient:
        version = tokens.connection.api_version
        return RestClient(tokens, version, network=self._network, policy=self._policy)

    def _pages(self, soql: str, reply: QueryReply, *, prefetch: bool = False) -> Iterator[Page]:
        if not prefetch or reply.next_path is None:
            fetch = partial(_next, self._client, soql=soql)
            yield from pages_of(reply, fetch, WhenAsked)
            return
        # The locator belongs to the session, and the sibling begins with the same one.
        ahead = self._new_client(self._tokens.sibling())
        self._others.append(ahead)
        try:
            yield from pages_of(reply, partial(_next, ahead, soql=soql), InBackground)
        finally:
            ahead.retire()


def _next(client: RestClient, path: str, soql: str) -> QueryReply:
    try:
        return client.call(partial(next_page, path=path, soql=soql))
    except SessionExpired:
        # The cursor died with the session it was made in; the sign-in itself is fine.
        raise locator_lost("The query's session ended before its last page.") from None


def _described(salesforce: Salesforce, resources: Sequence[str]) -> list[ObjectDescribe | None]:
    return [_described_or_none(answer) for answer in ask_together(salesforce, resources)]


def _described_or_none(answer: Answer) -> ObjectDescribe | None:
    try:
        return object_describe(answer.checked())
    except QueryRefused as error:
        if error.error_code in _ABSENT:
            return None
        raise


def open_org(
    connection: Connection,
    folder: Path,
    *,
    store: TokenStore | None = None,
    network: Network | None = None,
    policy: RetryPolicy | None = None,
    client_secret: str | None = None,
    budget: ApiBudget | None = None,
    credential: Sequence[str] | None = None,
) -> Org:
    """The org of `connection`. Touches neither network nor keyring before the first question.

    Args:
        connection: from `sfsync.salesforce.connections.find_connection`.
        folder: the config folder, which holds the connections file.
        store: in place of the one that the connection names.
        network: in place of what the environment says.
        policy: how reads are repeated.
        client_secret: comes before the one in the store.
        budget: how much of the org's API allowance may be used; 80 % when not given.
        credential: `credential.command` of the config.
    """
    network = network or Network.from_environment()
    tokens = TokenSource(
        connection,
        store or open_store(connection.store, folder, credential),
        folder,
        network=network,
        client_secret=client_secret,
    )
    return Org(tokens, network=network, policy=policy, budget=budget)
