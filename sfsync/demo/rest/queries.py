"""`query`, `queryAll` and the pages after the first.

Source: REST API Developer Guide, "Query", "QueryAll", "Query More Results", "Query Options Header".
A locator belongs to the session that made it and lives two days. It keeps the query, not its
rows: rows that change while somebody reads pages are seen as they are then.
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sfsync.demo import shapes, soql
from sfsync.demo.identity import TIME_ZONE
from sfsync.demo.ids import random_id
from sfsync.demo.wire import ApiError, json_reply, milliseconds

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from sfsync.demo.exchange import Exchange
    from sfsync.demo.soql import Result

LOCATOR_LIFE: Final = timedelta(days=2)
MOST_ROWS: Final = 2000
FEWEST_ROWS: Final = 200
_LOCATOR: Final = re.compile(r"(0r8[A-Za-z0-9]{15})-(\d{1,9})\Z")
_BATCH: Final = re.compile(r"batchSize\s*=\s*(\d{1,9})", re.IGNORECASE)


def query(exchange: Exchange) -> Response:
    """`GET …/query?q=SOQL`."""
    return _first_page(exchange, all_rows=False)


def query_all(exchange: Exchange) -> Response:
    """`GET …/queryAll?q=SOQL`: deleted rows too."""
    return _first_page(exchange, all_rows=True)


def next_page(exchange: Exchange, locator: str) -> Response:
    """`GET …/query/LOCATOR`.

    Raises:
        ApiError: 400, the locator is unknown, too old, or of another session.
    """
    match = _LOCATOR.match(locator)
    row = match and exchange.state.row(
        "SELECT query, all_rows, batch FROM wire_locator"
        " WHERE id = ? AND session = ? AND issued_at > ?",
        (
            match.group(1),
            exchange.signed_in.token,
            milliseconds(exchange.now - LOCATOR_LIFE),
        ),
    )
    if not match or row is None:
        raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    start = int(match.group(2))
    result = understood(
        exchange, row["query"], all_rows=bool(row["all_rows"]), window=(start, row["batch"])
    )
    end = start + row["batch"]
    more = f"{match.group(1)}-{end}" if end < result.total else None
    return _page(exchange, result, more)


def records(exchange: Exchange, text: str, *, all_rows: bool = False) -> list[dict[str, Any]]:
    """The rows of a query of the org's own, parsed."""
    return [record for record, _ in record_texts(exchange, text, all_rows=all_rows)]


def record_texts(
    exchange: Exchange, text: str, *, all_rows: bool = False
) -> list[tuple[dict[str, Any], str]]:
    """The rows of a query of the org's own, each parsed and as REST writes it.

    Replies are made of the texts: parsing loses how numbers are written (`1.0E7`).
    """
    result = understood(exchange, text, all_rows=all_rows)
    array, decoder = shapes.rest_json(result, exchange.version), json.JSONDecoder()
    rows, at = [], 1
    while at < len(array) - 1:
        record, end = decoder.raw_decode(array, at)
        rows.append((record, array[at:end]))
        at = end + 1
    return rows


def understood(
    exchange: Exchange, text: str, *, all_rows: bool = False, window: tuple[int, int] | None = None
) -> Result:
    """Understand a query at the moment of the exchange; see `soql.run`."""
    return soql.run(
        exchange.store,
        text,
        now=exchange.now,
        time_zone=TIME_ZONE,
        all_rows=all_rows,
        window=window,
    )


def quoted(value: str) -> str:
    """A text as SOQL writes it."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _first_page(exchange: Exchange, *, all_rows: bool) -> Response:
    text = exchange.request.args.get("q")
    if text is None:
        raise ApiError(400, "MALFORMED_QUERY", "A query string has to be specified")
    batch = _batch(exchange)
    result = understood(exchange, text, all_rows=all_rows, window=(0, batch))
    if exchange.request.args.get("columns") == "true":
        return _columns(result)
    more = None
    if not result.is_count and result.total > batch:
        if result.is_aggregate:
            message = (
                "Aggregate query does not support queryMore(), use LIMIT to restrict the results "
                "to a single batch"
            )
            raise ApiError(400, "EXCEEDED_ID_LIMIT", message)
        more = f"{_new_locator(exchange, text, all_rows=all_rows, batch=batch)}-{batch}"
    return _page(exchange, result, more)


def _batch(exchange: Exchange) -> int:
    found = _BATCH.search(exchange.request.headers.get("Sforce-Query-Options", ""))
    if found is None:
        return MOST_ROWS
    asked = int(found.group(1))
    if not FEWEST_ROWS <= asked <= MOST_ROWS:
        message = f"Batch size must be between {FEWEST_ROWS} and {MOST_ROWS}"
        raise ApiError(400, "INVALID_BATCH_SIZE", message)
    return asked


def _new_locator(exchange: Exchange, text: str, *, all_rows: bool, batch: int) -> str:
    locator = random_id("0r8")
    exchange.state.write(
        "INSERT INTO wire_locator (id, session, query, all_rows, batch, issued_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            locator,
            exchange.signed_in.token,
            text,
            int(all_rows),
            batch,
            milliseconds(exchange.now),
        ),
    )
    return locator


def _page(exchange: Exchange, result: Result, more: str | None) -> Response:
    # The next pages of queryAll are under `query` too, as in a real org.
    records_text = shapes.rest_json(result, exchange.version)
    following = f',"nextRecordsUrl":"{exchange.root}/query/{more}"' if more else ""
    head = f'"totalSize":{result.total},"done":{json.dumps(more is None)}{following}'
    return json_reply(f'{{{head},"records":{records_text}}}')


def _columns(result: Result) -> Response:
    return json_reply(
        {
            "entityName": result.sobject,
            "groupBy": bool(result.query.group_by),
            "idSelected": any(column.name == "Id" for column in result.columns),
            "keyPrefix": None,
            "columnMetadata": [
                {
                    "aggregate": result.is_aggregate,
                    "apexType": column.kind,
                    "columnName": column.name.rsplit(".", 1)[-1],
                    "displayName": column.name,
                    "joinColumns": [],
                }
                for column in result.columns
            ],
        }
    )
