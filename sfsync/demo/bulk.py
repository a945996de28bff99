"""Bulk API 2.0 query jobs.

Source: Bulk API 2.0 Developer Guide, "Query". A job needs two polls: the first finds it in
progress, the second complete. Its rows are kept as they were when it was made.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sfsync.demo import shapes
from sfsync.demo.catalogue.refusal import not_found
from sfsync.demo.ids import random_id
from sfsync.demo.json_body import json_body
from sfsync.demo.rest.queries import understood
from sfsync.demo.wire import ApiError, empty_reply, json_reply, milliseconds, wire_time

if TYPE_CHECKING:
    import sqlite3

    from werkzeug.wrappers import Response

    from sfsync.demo.exchange import Exchange
    from sfsync.demo.soql import Result

MOST_ROWS: Final = 50_000
"""Rows of a result page when the caller asks for no number."""

PAGES_AT_ONCE: Final = 5
_DELIMITERS: Final = {
    "COMMA": ",",
    "TAB": "\t",
    "SEMICOLON": ";",
    "PIPE": "|",
    "CARET": "^",
    "BACKQUOTE": "`",
}
_LINE_ENDINGS: Final = {"LF": "\n", "CRLF": "\r\n"}
_OPERATIONS: Final = ("query", "queryAll")
_ENDED: Final = ("JobComplete", "Aborted", "Failed")
_CSV: Final = "text/csv; charset=UTF-8"


def create(exchange: Exchange) -> Response:
    """`POST …/jobs/query`.

    Raises:
        ApiError: 400, an option or something in the query that bulk queries have not.
    """
    body = json_body(exchange.request)
    if not isinstance(body, dict) or not isinstance(body.get("query"), str):
        raise ApiError(400, "INVALIDJOB", "query is required")
    operation = _option(body, "operation", _OPERATIONS, None)
    delimiter = _option(body, "columnDelimiter", tuple(_DELIMITERS), "COMMA")
    line_ending = _option(body, "lineEnding", tuple(_LINE_ENDINGS), "LF")
    _option(body, "contentType", ("CSV",), "CSV")
    result = understood(exchange, body["query"], all_rows=operation == "queryAll")
    _check(result)
    job_id = random_id("750")
    header, lines = _written(result, delimiter, line_ending)
    at = milliseconds(exchange.now)
    with exchange.state.transaction():
        exchange.state.write(
            "INSERT INTO wire_job (id, user_id, version, operation, object, query, delimiter,"
            " line_ending, state, header, records, created_at, changed_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'UploadComplete', ?, ?, ?, ?)",
            (
                job_id, exchange.signed_in.user_id, exchange.version, operation, result.sobject,
                body["query"], delimiter, line_ending, header, len(lines), at, at,
            ),
        )  # fmt: skip
        exchange.state.write_many(
            "INSERT INTO wire_job_row (job, no, csv) VALUES (?, ?, ?)",
            ((job_id, no, line) for no, line in enumerate(lines)),
        )
    return json_reply(_job_body(_job(exchange, job_id)))


def list_jobs(exchange: Exchange) -> Response:
    """`GET …/jobs/query`."""
    jobs = exchange.state.rows("SELECT * FROM wire_job ORDER BY created_at, id")
    return json_reply(
        {"done": True, "records": [_job_body(job) for job in jobs], "nextRecordsUrl": None}
    )


def get(exchange: Exchange, job_id: str) -> Response:
    """`GET …/jobs/query/ID`; asking moves the job on."""
    job = _job(exchange, job_id)
    polls = job["polls"] + 1
    if job["state"] not in _ENDED:
        state = "InProgress" if polls == 1 else "JobComplete"
        _set_state(exchange, job_id, state, polls)
    more = {
        "jobType": "V2Query",
        "numberRecordsProcessed": job["records"] if polls > 1 else 0,
        "retries": 0,
        "totalProcessingTime": 100,
        "isPkChunkingSupported": True,
    }
    return json_reply({**_job_body(_job(exchange, job_id)), **more})


def abort(exchange: Exchange, job_id: str) -> Response:
    """`PATCH …/jobs/query/ID` with `{"state": "Aborted"}`."""
    body = json_body(exchange.request)
    if not isinstance(body, dict) or body.get("state") != "Aborted":
        raise ApiError(400, "INVALIDJOBSTATE", "The only state that can be set is Aborted")
    job = _job(exchange, job_id)
    if job["state"] in _ENDED:
        raise ApiError(400, "INVALIDJOBSTATE", "Aborting already Completed Job not allowed")
    _set_state(exchange, job_id, "Aborted", job["polls"])
    return json_reply(_job_body(_job(exchange, job_id)))


def delete(exchange: Exchange, job_id: str) -> Response:
    """`DELETE …/jobs/query/ID`: 204; only jobs that have ended."""
    if _job(exchange, job_id)["state"] not in _ENDED:
        raise ApiError(400, "INVALIDJOBSTATE", "Deleting a job that has not ended is not allowed")
    with exchange.state.transaction():
        exchange.state.write("DELETE FROM wire_job_row WHERE job = ?", (job_id,))
        exchange.state.write("DELETE FROM wire_job WHERE id = ?", (job_id,))
    return empty_reply()


def results(exchange: Exchange, job_id: str) -> Response:
    """`GET …/jobs/query/ID/results?maxRecords=&locator=`: CSV with a header row on every page."""
    from werkzeug.wrappers import Response  # noqa: PLC0415 - start-up time

    job = _complete(exchange, job_id)
    start = _number(exchange, "locator", 0)
    most = _number(exchange, "maxRecords", MOST_ROWS)
    if not most:
        raise ApiError(400, "INVALID_REQUEST", "maxRecords must be greater than 0")
    rows = exchange.state.rows(
        "SELECT csv FROM wire_job_row WHERE job = ? AND no >= ? ORDER BY no LIMIT ?",
        (job_id, start, most),
    )
    end = start + len(rows)
    reply = Response(job["header"] + "".join(row["csv"] for row in rows), content_type=_CSV)
    # The word `null`, not an empty header, says that this was the last page.
    reply.headers["Sforce-Locator"] = str(end) if end < job["records"] else "null"
    reply.headers["Sforce-NumberOfRecords"] = str(len(rows))
    return reply


def result_pages(exchange: Exchange, job_id: str) -> Response:
    """`GET …/jobs/query/ID/resultPages`: up to five result URLs to fetch side by side."""
    job = _complete(exchange, job_id)
    most = _number(exchange, "maxRecords", MOST_ROWS) or MOST_ROWS
    start = _number(exchange, "locator", 0)
    base = f"{exchange.root}/jobs/query/{job_id}"
    stop = start + most * PAGES_AT_ONCE
    starts = range(start, min(stop, job["records"]), most)
    done = stop >= job["records"]
    return json_reply(
        {
            "resultPages": [
                {"resultUrl": f"{base}/results?locator={at}&maxRecords={most}"} for at in starts
            ],
            "nextRecordsUrl": None
            if done
            else f"{base}/resultPages?locator={stop}&maxRecords={most}",
            "done": done,
        }
    )


def _option(body: dict[str, Any], name: str, allowed: tuple[str, ...], default: str | None) -> str:
    value = body.get(name, default)
    if value not in allowed:
        raise ApiError(400, "INVALIDJOB", f"{name} must be one of {', '.join(allowed)}")
    return str(value)


def _check(result: Result) -> None:
    """Refuse what bulk queries have not."""
    refusals = (
        (result.has_compound, "API_ERROR", "Selecting compound data not supported in Bulk Query"),
        (result.has_children, "API_ERROR", "Aggregate Relationships not supported in Bulk Query"),
        (
            result.is_aggregate or result.is_count or bool(result.query.group_by),
            "API_ERROR",
            "Aggregate functions and GROUP BY are not supported in Bulk Query",
        ),
        (
            result.query.offset is not None,
            "API_ERROR",
            "OFFSET clause is not supported in Bulk Query",
        ),
        (
            result.has_fields_function,
            "MALFORMED_QUERY",
            "The SOQL FIELDS function is not supported in the Bulk API",
        ),
    )
    for applies, code, message in refusals:
        if applies:
            raise ApiError(400, code, message)


def _written(result: Result, delimiter: str, line_ending: str) -> tuple[str, list[str]]:
    """The header and the rows as CSV text, each with its line ending."""
    between, end = _DELIMITERS[delimiter], _LINE_ENDINGS[line_ending]
    header = shapes.csv_line(shapes.csv_header(result), between, end)
    return header, list(shapes.csv_rows(result, between, end))


def _job(exchange: Exchange, job_id: str) -> sqlite3.Row:
    job = exchange.state.row("SELECT * FROM wire_job WHERE id = ?", (job_id,))
    if job is None:
        raise not_found()
    return job


def _complete(exchange: Exchange, job_id: str) -> sqlite3.Row:
    job = _job(exchange, job_id)
    if job["version"] != exchange.version:
        message = "Use the API version that the query job was created with"
        raise ApiError(409, "API_VERSION_MISMATCH", message)
    if job["state"] != "JobComplete":
        message = f"Job {job_id} is in state {job['state']}; results need JobComplete"
        raise ApiError(400, "INVALIDJOBSTATE", message)
    return job


def _set_state(exchange: Exchange, job_id: str, state: str, polls: int) -> None:
    exchange.state.write(
        "UPDATE wire_job SET state = ?, polls = ?, changed_at = ? WHERE id = ?",
        (state, polls, milliseconds(exchange.now), job_id),
    )


def _number(exchange: Exchange, name: str, default: int) -> int:
    text = exchange.request.args.get(name, str(default))
    if not text.isascii() or not text.isdigit():
        raise ApiError(400, "INVALID_LOCATOR", f"Invalid {name}: {text}")
    return int(text)


def _job_body(job: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": job["id"],
        "operation": job["operation"],
        "object": job["object"],
        "createdById": job["user_id"],
        "createdDate": _time(job["created_at"]),
        "systemModstamp": _time(job["changed_at"]),
        "state": job["state"],
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": float(job["version"]),
        "lineEnding": job["line_ending"],
        "columnDelimiter": job["delimiter"],
    }


def _time(at: int) -> str:
    return wire_time(datetime.fromtimestamp(at / 1000, UTC))
