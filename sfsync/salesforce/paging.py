"""The pages of a query one after the other, perhaps the next one fetched meanwhile."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from sfsync.errors import UnavailableError
from sfsync.salesforce.records import Page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sfsync.salesforce.query import QueryReply

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

_SECONDS_TO_END = 1.0
"""How long a caller that stops early waits for the page under way."""


class Coming(Protocol[T_co]):
    """A reply that somebody will ask for."""

    def result(self) -> T_co:
        """The reply, or what was raised instead of it."""

    def drop(self) -> None:
        """Nobody will ask."""


class WhenAsked(Generic[T]):
    """A reply that is read when it is asked for."""

    def __init__(self, read: Callable[[], T]) -> None:
        self._read = read

    def result(self) -> T:
        """Read it now."""
        return self._read()

    def drop(self) -> None:
        """Nothing is under way."""


class InBackground(Generic[T]):
    """A reply that is read at once, in a thread that ends with it.

    The thread is a daemon: when the program is interrupted it may not have to wait for an org that
    does not answer.
    """

    def __init__(self, read: Callable[[], T]) -> None:
        self._read = read
        self._future: Future[T] = Future()
        self._thread = threading.Thread(target=self._work, name="sfsync-next-page", daemon=True)
        self._thread.start()

    def result(self) -> T:
        """Wait for it."""
        reply = self._future.result()
        self._thread.join()
        return reply

    def drop(self) -> None:
        """Wait for the thread, but not for an org that has stopped answering."""
        self._thread.join(_SECONDS_TO_END)

    def _work(self) -> None:
        try:
            self._future.set_result(self._read())
        except BaseException as error:  # noqa: BLE001 - raised in the thread that asks for the result
            self._future.set_exception(error)


def pages_of(
    first: QueryReply,
    fetch: Callable[[str], QueryReply],
    coming: Callable[[Callable[[], QueryReply]], Coming[QueryReply]],
) -> Iterator[Page]:
    """The page of `first` and those after it; errors come in the order of the pages.

    Args:
        first: the first reply of a query.
        fetch: reads the page at a path.
        coming: `WhenAsked`, or `InBackground` with a `fetch` that shares nothing with the caller.

    Raises:
        UnavailableError: the pages have no end (``bad-reply``), and whatever `fetch` raises.
    """
    reply, seen, rows = first, set[str](), len(first.records)
    while reply.next_path is not None:
        following = coming(partial(_fetch_new, reply.next_path, seen, fetch))
        try:
            yield Page(reply.records, reply.total)
            reply = following.result()
        finally:
            following.drop()
        rows += len(reply.records)
        if rows > 2 * max(first.total, reply.total):
            raise _endless(f"{rows} records of {first.total}")
    yield Page(reply.records, reply.total)


def _fetch_new(path: str, seen: set[str], fetch: Callable[[str], QueryReply]) -> QueryReply:
    if path in seen:
        raise _endless("the same page twice")
    seen.add(path)
    return fetch(path)


def _endless(what: str) -> UnavailableError:
    return UnavailableError(
        f"The pages of a query have no end: Salesforce answered {what}.",
        code="bad-reply",
        fix="Try again; a proxy between here and Salesforce may keep replies.",
    )
