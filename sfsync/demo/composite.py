"""`POST …/composite`: up to 25 requests in one call, later ones may use results of earlier ones.

Source: REST API Developer Guide, "Composite". The reply is 200 whatever the parts answer; the
whole series counts as one API call.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

from sfsync.demo.json_body import json_body
from sfsync.demo.wire import ApiError, json_reply

if TYPE_CHECKING:
    from werkzeug.wrappers import Request, Response

    from sfsync.demo.exchange import Exchange

MOST_PARTS: Final = 25
MOST_QUERIES: Final = 5
_REFERENCE: Final = re.compile(r"@\{([^{}]+)\}")
_STEP: Final = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")
_QUERY: Final = re.compile(r"/(query|queryAll)(/|\?|$)|/composite/sobjects")
_OK: Final = range(200, 300)
_HALTED: Final = {
    "errorCode": "PROCESSING_HALTED",
    "message": "The transaction was rolled back since another operation in the same "
    "transaction failed.",
}


@dataclass(frozen=True)
class _Answer:
    """What one part answered; the body is JSON text, as it was written."""

    reference: str
    status: int
    body: str
    location: str | None = None

    @property
    def is_ok(self) -> bool:
        return self.status in _OK

    @property
    def text(self) -> str:
        headers = json.dumps({"Location": self.location} if self.location else {})
        return (
            f'{{"body":{self.body},"httpHeaders":{headers},'
            f'"httpStatusCode":{self.status},"referenceId":"{self.reference}"}}'
        )


class _RollBackError(Exception):
    """A part of an all-or-none request failed; leaving the transaction takes the rest back."""

    def __init__(self, answers: list[_Answer]) -> None:
        super().__init__("a part failed")
        self.answers = answers


def composite(exchange: Exchange) -> Response:
    """Answer a composite request.

    With `allOrNone` nothing after the first failure is carried out, what came before it is taken
    back, and every part but the failed one reports `PROCESSING_HALTED`.

    Raises:
        ApiError: 400, the request is malformed or too large.
    """
    body = json_body(exchange.request)
    parts = body.get("compositeRequest") if isinstance(body, dict) else None
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        raise ApiError(400, "JSON_PARSER_ERROR", "compositeRequest has to be a list of requests")
    _check_size(parts)
    answers = _all_or_none(exchange, parts) if body.get("allOrNone") else _run(exchange, parts)
    return json_reply('{"compositeResponse":[' + ",".join(each.text for each in answers) + "]}")


def _all_or_none(exchange: Exchange, parts: list[dict[str, Any]]) -> list[_Answer]:
    try:
        with exchange.state.transaction():
            return _all_ok(_run(exchange, parts, halt=True))
    except _RollBackError as failed:
        return [_halted(each.reference) if each.is_ok else each for each in failed.answers]


def _all_ok(answers: list[_Answer]) -> list[_Answer]:
    if not all(answer.is_ok for answer in answers):
        raise _RollBackError(answers)
    return answers


def _check_size(parts: list[dict[str, Any]]) -> None:
    if len(parts) > MOST_PARTS:
        message = f"Cannot execute more than {MOST_PARTS} operations in a composite request"
        raise ApiError(400, "LIMIT_EXCEEDED", message)
    queries = [part for part in parts if _QUERY.search(str(part.get("url", "")))]
    if len(queries) > MOST_QUERIES:
        message = f"Cannot execute more than {MOST_QUERIES} query operations in a composite request"
        raise ApiError(400, "LIMIT_EXCEEDED", message)


def _run(exchange: Exchange, parts: list[dict[str, Any]], *, halt: bool = False) -> list[_Answer]:
    answers: list[_Answer] = []
    results: dict[str, Any] = {}
    for part in parts:
        reference = str(part.get("referenceId", ""))
        if reference in results or not re.fullmatch(r"\w+", reference):
            raise ApiError(400, "INVALID_INPUT", f"Invalid or duplicate referenceId: {reference}")
        failed = halt and not all(answer.is_ok for answer in answers)
        answer = _halted(reference) if failed else _answer(exchange, part, reference, results)
        results[reference] = json.loads(answer.body)
        answers.append(answer)
    return answers


def _answer(
    exchange: Exchange, part: dict[str, Any], reference: str, results: dict[str, Any]
) -> _Answer:
    try:
        request = _request(exchange, part, results)
    except ApiError as error:
        return _Answer(reference, error.status, json.dumps(error.body()))
    reply = exchange.forward(replace(exchange, request=request))
    text = reply.get_data(as_text=True) or "null"
    return _Answer(reference, reply.status_code, text, reply.headers.get("Location"))


def _request(exchange: Exchange, part: dict[str, Any], results: dict[str, Any]) -> Request:
    from werkzeug.test import EnvironBuilder  # noqa: PLC0415 - start-up time

    url = urlsplit(_substitute(str(part.get("url", "")), results))
    if not url.path.startswith("/services/data/v") or url.path.endswith("/composite"):
        raise ApiError(400, "INVALID_INPUT", f"The url {url.path} is not allowed in composite")
    body = part.get("body")
    builder = EnvironBuilder(
        path=url.path,
        # Clients may leave spaces and quotes of a query as they are.
        query_string=quote(url.query, safe="=&%+:/?,!'()*@[]"),
        base_url=exchange.origin,
        method=str(part.get("method", "GET")),
        headers=part.get("httpHeaders") or {},
        data=None if body is None else _substitute(json.dumps(body, default=float), results),
        content_type="application/json",
    )
    return builder.get_request()


def _substitute(text: str, results: dict[str, Any]) -> str:
    """Replace each `@{reference.path}` by the value there."""
    return _REFERENCE.sub(lambda match: str(_value(match.group(1), results)), text)


def _value(path: str, results: dict[str, Any]) -> object:
    value: Any = results
    for name, index in _STEP.findall(path):
        try:
            value = value[int(index)] if index else value[name]
        except (KeyError, IndexError, TypeError) as error:
            message = f"Invalid reference specified. No value for {path} found."
            raise ApiError(400, "PROCESSING_HALTED", message) from error
    return value


def _halted(reference: str) -> _Answer:
    return _Answer(reference, 400, json.dumps([_HALTED]))
