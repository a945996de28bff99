"""The org as a WSGI application: routing, sign-in check, faults, errors, log.

Handlers know none of this: they get an `Exchange`, return a reply or raise `ApiError`.
"""

from __future__ import annotations

import gzip
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from sfsync.demo import faults, request_log
from sfsync.demo.catalogue.refusal import OrgRefusal, not_found
from sfsync.demo.exchange import API, OPEN, Exchange
from sfsync.demo.identity import API_VERSIONS
from sfsync.demo.oauth import grants, people
from sfsync.demo.oauth.routes import ROUTES as OAUTH_ROUTES
from sfsync.demo.org_settings import setting
from sfsync.demo.request_log import LoggedRequest
from sfsync.demo.rest.routes import ROUTES as REST_ROUTES
from sfsync.demo.state import WireState
from sfsync.demo.store import OrgStore
from sfsync.demo.wire import ApiError, ConnectionFault, OAuthError, empty_reply, json_reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path
    from wsgiref.types import StartResponse, WSGIEnvironment

    from sfsync.demo.exchange import Route

CUT = "sfsync.demo.cut"
"""Key of the WSGI environment with a list: a planned fault of the connection appends its kind."""

_LOG = logging.getLogger(__name__)
_GZIP_FROM = 2048
_MAX_URI = 16384
_REFUSAL_STATUS = {"NOT_FOUND": 404, "ENTITY_IS_DELETED": 404}
_ROUTES = (*OAUTH_ROUTES, *REST_ROUTES)
_MAP = Map(
    [
        Rule(route.path, methods=[route.method], endpoint=number)
        for number, route in enumerate(_ROUTES)
    ],
    strict_slashes=False,
    merge_slashes=False,
)


class Gateway:
    """Answers the requests of one server; the org itself is the file.

    Args:
        path: the org's file.
        clock: tells the moment of a request, in UTC; the system clock when not given.
    """

    def __init__(self, path: Path, clock: Callable[[], datetime] | None = None) -> None:
        self._clock = clock or (lambda: datetime.now(UTC))
        self._store = OrgStore.open(path, clock=self._clock)
        self._state = WireState(self._store.file)
        self._state.prepare()

    @property
    def org_id(self) -> str:
        """The id of the org, 18 characters."""
        return self._store.file.org_id

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (WSGI)."""
        request = Request(environ)
        exchange = Exchange(request, self._store, self._state, self._clock(), _dispatch)
        reply, cut = self._answer(exchange)
        _write_log(exchange, 0 if cut else reply.status_code)
        if cut is not None:
            environ.get(CUT, []).append(cut.kind)
        return reply(environ, start_response)

    def close(self) -> None:
        """Let go of the org's file."""
        self._store.close()

    def _answer(self, exchange: Exchange) -> tuple[Response, ConnectionFault | None]:
        """Answer; a request whose connection is cut was carried out, only its reply is lost."""
        struck: Response | ConnectionFault | None = None
        try:
            struck = faults.strike(exchange.state, exchange.request.path)
            if isinstance(struck, Response):
                return struck, None
            reply = faults.outage(exchange.store) or _dispatch(exchange)
        except ApiError as error:
            reply = json_reply(error.body(), error.status)
        _finish(exchange, reply)
        return reply, struck if isinstance(struck, ConnectionFault) else None


def _dispatch(exchange: Exchange) -> Response:
    """Route a request and turn every refusal into its reply."""
    try:
        return _call(exchange)
    except (ApiError, OAuthError) as error:
        return json_reply(error.body(), error.status)
    except OrgRefusal as error:
        status = _REFUSAL_STATUS.get(error.error_code, 400)
        refused = ApiError(status, error.error_code, error.message, error.fields)
        return json_reply(refused.body(), refused.status)
    except Exception as error:  # noqa: BLE001 - the last resort of a server
        # A bug of the demo org: say so to the log, and to the caller as an org does.
        _LOG.exception("the demo org failed on %s", exchange.request.path)
        name = type(error).__name__
        broken = ApiError(500, "UNKNOWN_EXCEPTION", f"An unexpected error occurred: {name}")
        return json_reply(broken.body(), broken.status)


def _call(exchange: Exchange) -> Response:
    request = exchange.request
    # A sub-request of a composite carries its session already, and its URL came in a body.
    if exchange.session is None and len(request.full_path) > _MAX_URI:
        return empty_reply(414)
    route, arguments = _match(request)
    version = arguments.pop("version", "")
    if version and version not in API_VERSIONS:
        raise not_found()
    exchange = replace(exchange, version=version)
    if route.access != OPEN and exchange.session is None:
        exchange = replace(exchange, session=_sign_in(exchange))
        if route.access == API:
            _check_api(exchange)
    return route.handler(exchange, **arguments)


def _match(request: Request) -> tuple[Route, dict[str, Any]]:
    adapter = _MAP.bind(request.host or "localhost")
    try:
        number, arguments = adapter.match(request.path, request.method)
    except MethodNotAllowed as error:
        allowed = ",".join(sorted(error.valid_methods or ()))
        message = f"HTTP Method '{request.method}' not allowed. Allowed are {allowed}"
        raise ApiError(405, "METHOD_NOT_ALLOWED", message) from error
    except HTTPException as error:
        raise not_found() from error
    return _ROUTES[number], dict(arguments)


def _sign_in(exchange: Exchange) -> grants.Session:
    scheme, _, token = exchange.request.headers.get("Authorization", "").partition(" ")
    life = timedelta(seconds=setting(exchange.store, "oauth.session_seconds"))
    if scheme.lower() in {"bearer", "oauth"}:
        session = grants.find_session(exchange.state, token.strip(), exchange.now, life)
        if session is not None:
            return session
    raise ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid")


def _check_api(exchange: Exchange) -> None:
    person = people.by_id(exchange.store, exchange.signed_in.user_id)
    used = request_log.calls_in_a_day(exchange.state, exchange.now)
    limit = setting(exchange.store, "api.daily_limit")
    username = person.username if person else ""
    faults.check_api_access(exchange.store, username, calls_left=used < limit)
    request_log.count_call(exchange.state, exchange.now)


def _finish(exchange: Exchange, reply: Response) -> None:
    if exchange.request.path.startswith("/services/data/v"):
        used = request_log.calls_in_a_day(exchange.state, exchange.now)
        limit = setting(exchange.store, "api.daily_limit")
        reply.headers["Sforce-Limit-Info"] = f"api-usage={used}/{limit}"
    reply.headers["Date"] = exchange.now.astimezone(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    if (
        exchange.request.accept_encodings.quality("gzip") > 0
        and len(reply.get_data()) >= _GZIP_FROM
    ):
        reply.set_data(gzip.compress(reply.get_data(), compresslevel=1))
        reply.headers["Content-Encoding"] = "gzip"
        reply.headers["Vary"] = "Accept-Encoding"


def _write_log(exchange: Exchange, status: int) -> None:
    request = exchange.request
    detail = request.args.get("q")
    if request.path == "/services/oauth2/token":
        detail = request.form.get("grant_type")
    at = exchange.now.astimezone(UTC).isoformat(timespec="milliseconds")
    entry = LoggedRequest(at, request.method, request.path, status, detail)
    request_log.write_log(exchange.state, entry)
