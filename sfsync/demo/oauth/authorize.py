"""`/services/oauth2/authorize`: the part of the web-server flow that a person sees.

Source: Salesforce help, "OAuth 2.0 Web Server Flow" and "OAuth Authorization Flow Errors". A wrong
client id or callback URL is shown as a page and never redirected, so that a forged link cannot
send a browser anywhere.
"""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from sfsync.demo.identity import USERNAME
from sfsync.demo.oauth import pages, people
from sfsync.demo.oauth.pages import SCOPES
from sfsync.demo.org_settings import setting
from sfsync.demo.wire import OAuthError, html_reply, milliseconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Response

    from sfsync.demo.exchange import Exchange
    from sfsync.demo.oauth.people import Person
    from sfsync.demo.store import OrgStore

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}\Z")
_CARRIED = (
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
    "prompt",
)
_PROMPTS = {"login", "consent", "select_account"}


def authorize(exchange: Exchange) -> Response:
    """Show the approval form (GET) or act on it (POST)."""
    sent = exchange.request.values
    parameters = {name: sent[name] for name in _CARRIED if name in sent}
    try:
        _check_application(exchange.store, parameters)
    except OAuthError as error:
        return html_reply(pages.error_page(error.error, error.description), error.status)
    parameters.setdefault("scope", "api refresh_token")
    try:
        _check_request(parameters)
    except OAuthError as error:
        return _call_back(parameters, error.body())
    if exchange.request.method == "GET":
        return html_reply(pages.approval_page(parameters, sent.get("login_hint", USERNAME)))
    return _decide(exchange, parameters)


def _check_application(store: OrgStore, parameters: Mapping[str, str]) -> None:
    if parameters.get("client_id") != setting(store, "oauth.client_id"):
        raise OAuthError("invalid_client_id", "client identifier invalid")
    if parameters.get("redirect_uri") not in setting(store, "oauth.redirect_uris"):
        raise OAuthError("redirect_uri_mismatch", "redirect_uri must match configuration")


def _check_request(parameters: Mapping[str, str]) -> None:
    if parameters.get("response_type") != "code":
        raise OAuthError("unsupported_response_type", "response type not supported")
    if not set(parameters["scope"].split()) <= SCOPES.keys():
        raise OAuthError("invalid_scope", "the requested scope is not allowed")
    if not set(parameters.get("prompt", "").split()) <= _PROMPTS:
        raise OAuthError("invalid_request", "prompt not supported")
    if "code_challenge" not in parameters:
        raise OAuthError("invalid_request", "missing required code challenge")
    # RFC 7636 reads a missing method as `plain`; Salesforce knows SHA-256 only.
    if parameters.get("code_challenge_method", "S256") != "S256":
        raise OAuthError("invalid_request", "code challenge method not supported")
    if not _CHALLENGE.match(parameters["code_challenge"]):
        raise OAuthError("invalid_request", "invalid code challenge")


def _decide(exchange: Exchange, parameters: Mapping[str, str]) -> Response:
    form = exchange.request.form
    if form.get("decision") != "approve":
        return _call_back(
            parameters,
            {"error": "access_denied", "error_description": "end-user denied authorization"},
        )
    username = form.get("username", "").strip()
    person = people.by_username(exchange.store, username)
    if person is None or not person.active:
        problem = "Please check your username. If you still can't log in, contact your admin."
        return html_reply(pages.approval_page(parameters, username, problem))
    return _call_back(parameters, {"code": _issue_code(exchange, parameters, person)})


def _issue_code(exchange: Exchange, parameters: Mapping[str, str], person: Person) -> str:
    # Real codes end in "=="; a client that forgets to decode or encode them must fail here too.
    code = f"aPrx{secrets.token_urlsafe(48)}=="
    exchange.state.write(
        "INSERT INTO wire_code (code, client_id, redirect_uri, scope, user_id, challenge,"
        " issued_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            code,
            parameters["client_id"],
            parameters["redirect_uri"],
            parameters["scope"],
            person.id,
            parameters["code_challenge"],
            milliseconds(exchange.now),
        ),
    )
    return code


def _call_back(parameters: Mapping[str, str], answer: Mapping[str, str]) -> Response:
    from werkzeug.utils import redirect  # noqa: PLC0415 - start-up time

    echoed = {"state": parameters["state"]} if "state" in parameters else {}
    query = urlencode({**answer, **echoed}, quote_via=quote)
    return redirect(f"{parameters['redirect_uri']}?{query}", 302)
