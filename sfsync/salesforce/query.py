"""A query's pages over REST, as the reply has them and as records."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

from sfsync.salesforce.faults import PassingError, reply_error

if TYPE_CHECKING:
    from simple_salesforce.api import Salesforce

    from sfsync.salesforce.records import Record

LONGEST_URL = 14_000
"""Bytes of an encoded query that still goes by GET: request line and headers end at 16,384."""


@dataclass(frozen=True, slots=True)
class QueryReply:
    """One reply of a query: its records, the query's total, the path of the next page if any."""

    records: list[Record]
    total: int
    next_path: str | None


def first_page(salesforce: Salesforce, soql: str, *, all_rows: bool) -> QueryReply:
    """Send `soql`; `all_rows` includes deleted and archived ones. A long query goes in a body."""
    encoded = quote_plus(soql)
    if len(encoded) <= LONGEST_URL:
        return _reply(salesforce.query(soql, include_deleted=all_rows))
    resource = "queryAll" if all_rows else "query"
    path = f"/services/data/v{salesforce.sf_version}/{resource}?q={encoded}"
    return _reply(_composite(salesforce, path))


def next_page(salesforce: Salesforce, path: str) -> QueryReply:
    """Fetch the page at `path`, from a `QueryReply`."""
    return _reply(salesforce.query_more(path, identifier_is_url=True))


def _composite(salesforce: Salesforce, path: str) -> Any:  # noqa: ANN401 - a reply or arguments of a foreign library
    """The body of one GET, asked for in the body of a POST; it counts as one API call."""
    request = {"method": "GET", "url": path, "referenceId": "query"}
    reply: Any = salesforce.restful(
        "composite", method="POST", json={"allOrNone": False, "compositeRequest": [request]}
    )
    try:
        (answer,) = reply["compositeResponse"]
        status, body = int(answer["httpStatusCode"]), answer["body"]
    except (KeyError, TypeError, ValueError):
        raise _bad_reply() from None
    if status >= HTTPStatus.BAD_REQUEST:
        raise reply_error(status, body)
    return body


def _reply(body: Any) -> QueryReply:  # noqa: ANN401 - a reply or arguments of a foreign library
    """A page without ``attributes``, which name the object and its URL in every record."""
    try:
        records, total = body["records"], int(body["totalSize"])
        next_path = None if body["done"] else body["nextRecordsUrl"]
        for record in records:
            _drop_attributes(record)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _bad_reply() from None
    return QueryReply(records, total, next_path)


def _drop_attributes(record: Record) -> None:
    record.pop("attributes", None)
    for value in record.values():
        if type(value) is dict and "attributes" in value:
            _drop_attributes(value)


def _bad_reply() -> PassingError:
    return PassingError(
        "Salesforce's answer to a query is not a page of records.",
        code="bad-reply",
        fix="Try again; a proxy between here and Salesforce may have answered.",
    )
