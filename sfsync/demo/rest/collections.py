"""Rows by id in one call, and rows changed or deleted in a span of time.

Source: REST API Developer Guide, "Get Records Using sObject Collections", "Get Updated" and
"Get Deleted".
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sfsync.demo.ids import to_18
from sfsync.demo.json_body import json_body
from sfsync.demo.rest.queries import quoted, record_texts, records
from sfsync.demo.wire import ApiError, json_reply, wire_time

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from sfsync.demo.exchange import Exchange

MOST_IDS: Final = 2000
_CHUNK: Final = 200
_UPDATED_DAYS: Final = 30
_DELETED_DAYS: Final = 15
_SHORTEST: Final = timedelta(minutes=1)


def retrieve_many(exchange: Exchange, sobject: str) -> Response:
    """`GET …/composite/sobjects/X?ids=&fields=` or `POST`: rows in order, `null` for unknown ids.

    Raises:
        ApiError: 400, too many ids, or no ids or fields.
    """
    name = exchange.store.catalogue.known(sobject).name
    ids, fields = _asked(exchange)
    if not ids or not fields:
        raise ApiError(400, "MALFORMED_QUERY", "ids and fields have to be specified")
    if len(ids) > MOST_IDS:
        message = f"record collection size limit of {MOST_IDS} exceeded"
        raise ApiError(400, "EXCEEDED_ID_LIMIT", message)
    wanted = [to_18(record_id) for record_id in ids]
    found: dict[str, str] = {}
    for at in range(0, len(wanted), _CHUNK):
        quoted_ids = ",".join(quoted(each) for each in wanted[at : at + _CHUNK] if each)
        if quoted_ids:
            found |= _rows(exchange, name, fields, quoted_ids)
    return json_reply("[" + ",".join(found.get(each or "", "null") for each in wanted) + "]")


def updated(exchange: Exchange, sobject: str) -> Response:
    """`GET …/sobjects/X/updated/?start=&end=`."""
    name = exchange.store.catalogue.known(sobject).name
    start, end = _span(exchange, _UPDATED_DAYS)
    condition = f"SystemModstamp >= {start} AND SystemModstamp < {end}"
    rows = records(exchange, f"SELECT Id FROM {name} WHERE {condition} ORDER BY Id")  # noqa: S608 - SOQL, values checked
    covered = wire_time(exchange.now.replace(second=0))
    return json_reply({"ids": [row["Id"] for row in rows], "latestDateCovered": covered})


def deleted(exchange: Exchange, sobject: str) -> Response:
    """`GET …/sobjects/X/deleted/?start=&end=`."""
    name = exchange.store.catalogue.known(sobject).name
    start, end = _span(exchange, _DELETED_DAYS)
    condition = f"IsDeleted = true AND SystemModstamp >= {start} AND SystemModstamp < {end}"
    text = f"SELECT Id, SystemModstamp FROM {name} WHERE {condition} ORDER BY Id"  # noqa: S608 - SOQL, values checked
    rows = records(exchange, text, all_rows=True)
    return json_reply(
        {
            "deletedRecords": [
                {"id": row["Id"], "deletedDate": row["SystemModstamp"]} for row in rows
            ],
            "earliestDateAvailable": wire_time(exchange.now - timedelta(days=_DELETED_DAYS)),
            "latestDateCovered": wire_time(exchange.now.replace(second=0)),
        }
    )


def _asked(exchange: Exchange) -> tuple[list[str], list[str]]:
    request = exchange.request
    if request.method == "POST":
        body = json_body(request)
        lists = [body.get(name, []) for name in ("ids", "fields")] if isinstance(body, dict) else []
        if not lists or not all(_is_texts(each) for each in lists):
            raise ApiError(400, "JSON_PARSER_ERROR", "Unexpected input: ids and fields are lists")
        return lists[0], lists[1]
    ids, fields = request.args.get("ids", ""), request.args.get("fields", "")
    return [each for each in ids.split(",") if each], [each for each in fields.split(",") if each]


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _rows(exchange: Exchange, name: str, fields: list[str], ids: str) -> dict[str, str]:
    """The JSON of rows by id; the id is read from the URL that every row carries."""
    text = f"SELECT {','.join(fields)} FROM {name} WHERE Id IN ({ids})"  # noqa: S608 - SOQL, ids checked
    rows = record_texts(exchange, text)
    return {row["attributes"]["url"].rsplit("/", 1)[1]: written for row, written in rows}


def _span(exchange: Exchange, days: int) -> tuple[str, str]:
    args = exchange.request.args
    try:
        start = datetime.fromisoformat(args["start"].replace(" ", "+"))
        end = datetime.fromisoformat(args["end"].replace(" ", "+"))
        too_short = end - start < _SHORTEST
        too_old = start < exchange.now - timedelta(days=days)
        literals = _literal(start), _literal(end)
    except (KeyError, ValueError, TypeError, OverflowError) as error:
        raise ApiError(400, "INVALID_FIELD", "start and end have to be ISO 8601 moments") from error
    if too_short:
        message = "startDate has to be at least one minute greater than the endDate"
        raise ApiError(400, "INVALID_REPLICATION_DATE", message)
    if too_old:
        message = f"startDate before replication service's limit of {days} days"
        raise ApiError(400, "INVALID_REPLICATION_DATE", message)
    return literals


def _literal(moment: datetime) -> str:
    return wire_time(moment).replace(".000+0000", "Z")
