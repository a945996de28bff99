"""A query over REST, one reply at a time: asked, checked, and as records."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

from sfsync.salesforce.composite import MOST_QUERIES, ask_together
from sfsync.salesforce.faults import bad_reply

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simple_salesforce.api import Salesforce

    from sfsync.salesforce.client import OrgClient
    from sfsync.salesforce.faults import PassingError
    from sfsync.salesforce.records import Record

LONGEST_URL = 14_000
"""Bytes of an encoded query that still goes by GET: request line and headers end at 16,384."""

_SELECTED = re.compile(r"\s*SELECT\s+(.+?)\s+FROM\s", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class QueryReply:
    """One reply of a query: its records, the query's total, the path of the next page if any."""

    records: list[Record]
    total: int
    next_path: str | None


def first_page(salesforce: OrgClient, soql: str, *, all_rows: bool) -> QueryReply:
    """Send `soql`; `all_rows` includes deleted and archived ones. A long query goes in a body."""
    if len(quote_plus(soql)) > LONGEST_URL:
        return first_pages(salesforce, [soql], all_rows=all_rows)[0]
    with salesforce.asking(soql):
        body = salesforce.query(soql, include_deleted=all_rows)
    return query_reply(body, with_ids=selects_id(soql))


def first_pages(
    salesforce: Salesforce, soqls: Sequence[str], *, all_rows: bool
) -> list[QueryReply]:
    """The first pages of at most five queries, in one request."""
    if len(soqls) > MOST_QUERIES:
        raise ValueError(f"one request holds at most {MOST_QUERIES} queries")
    resource = "queryAll" if all_rows else "query"
    answers = ask_together(salesforce, [f"{resource}?q={quote_plus(soql)}" for soql in soqls])
    return [
        query_reply(answer.checked(), with_ids=selects_id(soql))
        for soql, answer in zip(soqls, answers, strict=True)
    ]


def next_page(salesforce: OrgClient, path: str, soql: str) -> QueryReply:
    """Fetch the page at `path`, from a `QueryReply` of `soql`."""
    with salesforce.asking(soql):
        body = salesforce.query_more(path, identifier_is_url=True)
    return query_reply(body, with_ids=selects_id(soql))


def selects_id(soql: str) -> bool:
    """Whether every record of `soql` must come with its Id."""
    selected = _SELECTED.match(soql)
    names = selected[1].split(",") if selected else []
    return any(name.strip().casefold() == "id" for name in names)


def query_reply(body: Any, *, with_ids: bool) -> QueryReply:  # noqa: ANN401 - parsed JSON is of any type
    """A page without ``attributes``, which name the object and its URL in every record.

    Args:
        body: the parsed reply.
        with_ids: every record must have an Id.

    Raises:
        PassingError: the reply is no page of records (``bad-reply``).
    """
    try:
        records, total = body["records"], int(body["totalSize"])
        next_path = None if body["done"] else body["nextRecordsUrl"]
    except (KeyError, TypeError, ValueError):
        raise _no_page() from None
    # The path follows the host in a URL: anything else could name another host.
    if next_path is not None and not str(next_path).startswith("/services/data/v"):
        raise _no_page()
    if type(records) is not list or total < 0:
        raise _no_page()
    for record in records:
        if type(record) is not dict or (with_ids and not _has_id(record)):
            raise _no_page()
        _drop_attributes(record)
    return QueryReply(_distinct(records) if with_ids else records, total, next_path)


def _distinct(records: list[Record]) -> list[Record]:
    """Each record once, as it was told last: nothing downstream may see one twice in a page."""
    by_id = {record["Id"]: record for record in records}
    return records if len(by_id) == len(records) else list(by_id.values())


def _has_id(record: Record) -> bool:
    record_id = record.get("Id")
    return type(record_id) is str and record_id != ""


def _drop_attributes(record: Record) -> None:
    record.pop("attributes", None)
    for value in record.values():
        if type(value) is dict and "attributes" in value:
            _drop_attributes(value)


def _no_page() -> PassingError:
    return bad_reply("Salesforce's answer to a query is not a page of records.")
