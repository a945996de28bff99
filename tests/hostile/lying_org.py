"""An org over HTTP that tells lies: the demo org, with some of its replies exchanged or spoilt."""

from __future__ import annotations

import copy
import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from werkzeug.wrappers import Response

from sfsync.demo.gateway import Gateway

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfsync.demo.exchange import Exchange
    from sfsync.demo.wire import ConnectionFault

ELSEWHERE = "https://elsewhere.example"
WRONG: list[Any] = [
    None, True, False, 0, -1, 7, 1.5, -0.0, 1e308, 10**400, -(10**30), math.nan, math.inf, "", " ",
    "x", "x" * 40_000, [], {}, [[]], [None], {"": None}, {"Id": 1}, "null", "NaN", "1E+999999",
    "-1E-999999", "\x00", "\ud800", "\x1b]0;x\x07", "\u202e", "2026-99-99", "99999-12-31",
    "0000-00-00", "2026-11-22T25:61:61.000+0000", "9999-12-31T23:59:59.999+1400",
    "00D000000000001AAA", "006000000000001", "006000000000001ZZZ", "001000000000001AAA",
    f"{ELSEWHERE}/services/data/v66.0/query/01g", "/services/data/v66.0/query/01gNOWHERE-2000",
    "006' OR Name != 'x", "@elsewhere.example/", "//elsewhere.example/services/data/v1", ELSEWHERE, "http://127.0.0.1:9",
]  # fmt: skip
HUGE = (
    200,
    "application/json",
    '{"totalSize":1,"done":true,"records":[{"Id":"0065g000000000JAAQ","Amount":1e9999999999}]}',
)
BODIES: list[tuple[int, str, str]] = [
    (200, "text/html", "<html><title>Log in</title><form>"),
    (200, "application/json", ""),
    (200, "application/json", "null"),
    (200, "application/json", "[]"),
    (200, "application/json", "{}"),
    (200, "application/json", '"text"'),
    (200, "application/json", "[" * 50_000),
    (200, "application/json", '{"a":' * 50_000),
    (200, "application/json", "1" * 5000),
    (200, "application/json", '{"totalSize": 1e999, "done": true, "records": []}'),
    (200, "application/json", '{"totalSize":0,"done":true,"records":[]}'),
    (200, "application/json", '[{"errorCode":"INVALID_FIELD","message":"No such column"}]'),
    HUGE,
    (204, "application/json", ""),
    (400, "application/json", '[{"errorCode":null,"message":null}]'),
    (400, "application/json", '[{"errorCode":7,"message":[]}]'),
    (400, "application/json", '{"error":{},"error_description":1}'),
    (400, "application/json", "[[]]"),
    (400, "application/json", "[null]"),
    (401, "application/json", '[{"errorCode":"INVALID_SESSION_ID","message":"no"}]'),
    (403, "application/json", '[{"errorCode":"\\u001b[2J","message":"\\u001b]0;x\\u0007"}]'),
    (404, "text/html", "<html>\x1b[2J"),
    (418, "application/json", "{"),
    (500, "application/json", '[{"errorCode":"X","message":"\\ud800"}]'),
]


@dataclass(frozen=True)
class Lie:
    """What is told instead of the truth, from reply `nth` on: once, or for as long as asked.

    `how` is body, redirect, cut, gzip, replace, remove, double, reverse, all-null or more-pages.
    """

    nth: int
    how: str
    stays: bool
    which: int = 0
    value: Any = None


lies = st.builds(
    Lie,
    nth=st.integers(1, 9),
    how=st.sampled_from(
        ["body", "redirect", "cut", "gzip", "all-null", "more-pages", "double", "reverse"]
        + ["replace"] * 10
        + ["remove"] * 3
    ),
    stays=st.booleans(),
    which=st.integers(0, 10**6),
    value=st.sampled_from(WRONG)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=9) | st.integers(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
        max_leaves=4,
    ),
)


@dataclass
class Liar:
    """The lies that are told; `told` counts the replies that were spoilt."""

    lies: tuple[Lie, ...] = ()
    replies: int = 0
    told: int = 0
    paths: dict[Lie, str] = field(default_factory=dict)

    def spoil(self, path: str, reply: Response) -> Response:
        """The reply, or what is told instead."""
        self.replies += 1
        for lie in self.lies:
            first = lie.nth == self.replies
            if first:
                self.paths[lie] = path
            if first or (lie.stays and self.paths.get(lie) == path):
                self.told += 1
                reply = _told(lie, reply)
        return reply


def lying_gateway(liar: Liar) -> type[Gateway]:
    """A gateway whose replies pass through `liar`."""

    class LyingGateway(Gateway):
        def _answer(self, exchange: Exchange) -> tuple[Response, ConnectionFault | None]:
            exchange.request.environ.pop("HTTP_ACCEPT_ENCODING", None)
            reply, cut = super()._answer(exchange)
            return liar.spoil(exchange.request.path, reply), cut

    return LyingGateway


def _told(lie: Lie, reply: Response) -> Response:
    truth = reply.get_data(as_text=True)
    if lie.how == "body":
        status, kind, body = BODIES[lie.which % len(BODIES)]
        return Response(body, status, content_type=kind)
    if lie.how == "redirect":
        where = [f"{ELSEWHERE}/x", "http://127.0.0.1:9/", "//127.0.0.1:9/x", "/", "", "file:///etc"]
        return Response("", 302, {"Location": where[lie.which % len(where)]})
    if lie.how == "cut":
        return _answered(reply, truth[: lie.which % (len(truth) + 1)])
    if lie.how == "gzip":
        reply.headers["Content-Encoding"] = "gzip"
        return reply
    try:
        body = json.loads(truth)
    except ValueError:
        return reply
    return _answered(reply, json.dumps(_spoilt(lie, body)))


def _answered(reply: Response, text: str) -> Response:
    reply.set_data(text)
    return reply


def _spoilt(lie: Lie, body: Any) -> Any:
    places = list(places_of(body))
    if not places:
        return lie.value
    holder, key = places[lie.which % len(places)]
    if lie.how == "replace":
        holder[key] = lie.value
    elif lie.how == "remove":
        del holder[key]
    elif lie.how == "all-null":
        for record in _records(body):
            record.update(dict.fromkeys(record))
    elif lie.how == "more-pages":
        for page in [one for one, _ in places if isinstance(one, dict) and "totalSize" in one]:
            page.update(done=False, nextRecordsUrl="/services/data/v66.0/query/01gNONE-2000")
    else:
        for found in [one for one, _ in places if isinstance(one, dict) and "records" in one]:
            again = copy.deepcopy(found["records"])
            found["records"] = again + found["records"] if lie.how == "double" else again[::-1]
    return body


def _records(body: Any) -> list[dict[str, Any]]:
    pages = [one for one, _ in places_of(body) if isinstance(one, dict) and "records" in one]
    return [record for page in pages for record in page["records"] if isinstance(record, dict)]


def places_of(node: Any) -> Iterator[tuple[Any, Any]]:
    """Each value in a reply, by what holds it and its key or index there."""
    items = (
        node.items()
        if isinstance(node, dict)
        else enumerate(node)
        if isinstance(node, list)
        else ()
    )
    for key, value in list(items):
        yield node, key
        yield from places_of(value)
