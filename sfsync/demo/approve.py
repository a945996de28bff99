"""The person at the browser, for tours and tests: opens the page, approves or denies, follows."""

from __future__ import annotations

import urllib.error
import urllib.request
from html.parser import HTMLParser
from http.client import HTTPException
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode, urljoin, urlsplit

from sfsync.demo.wire import ApprovalError

if TYPE_CHECKING:
    from email.message import Message
    from http.client import HTTPResponse
    from typing import IO

_TIMEOUT: Final = 30
_LOOPBACK: Final = {"127.0.0.1", "localhost", "::1"}


def approve_in_browser(
    authorize_url: str, *, deny: bool = False, complete: bool = False, username: str | None = None
) -> str:
    """Do what a person does at the authorize URL of a demo org, without a browser.

    Args:
        authorize_url: the URL that the application would open in a browser.
        deny: press "Deny" instead of "Approve".
        complete: open the callback URL too, as the browser would.
        username: the user who signs in, instead of the one filled in.

    Returns:
        The callback URL, with `code` or `error` in its query.

    Raises:
        ApprovalError: the page is an error page or does not come, or the org refused the form.
        ValueError: the URL is not on loopback: no real org is ever approved this way.
    """
    if urlsplit(authorize_url).hostname not in _LOOPBACK:
        raise ValueError("only a demo org on this computer is approved without a person")
    callback = _open(authorize_url)
    if isinstance(callback, _Form):
        callback = _submit(callback, authorize_url, deny=deny, username=username)
    if complete:
        _visit(callback)
    return callback


class _Form(HTMLParser):
    """The approval form of a page: its action and its fields; and the page's error, if any."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self.error = ""
        self._in_error = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the form, its inputs, and the beginning of an error."""
        attributes = dict(attrs)
        if tag == "form":
            self.action = attributes.get("action") or ""
        elif tag == "input":
            self.fields[attributes.get("name") or ""] = attributes.get("value") or ""
        self._in_error = attributes.get("class") == "error"

    def handle_endtag(self, tag: str) -> None:
        """Note the end of an error."""
        if tag == "p":
            self._in_error = False

    def handle_data(self, data: str) -> None:
        """Keep the words of an error."""
        if self._in_error:
            self.error += data


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: Message,
        newurl: str,
    ) -> None:
        """Follow nothing: where the org sends the browser is the answer."""
        del req, fp, code, msg, headers, newurl


# No proxy: everything here is on loopback.
_OPENER: Final = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))


def _open(url: str, form: bytes | None = None) -> str | _Form:
    """Fetch a page of the org: the callback that it redirects to, or its form."""
    try:
        with _OPENER.open(url, form, _TIMEOUT) as reply:
            return _Form(_text(reply))
    except urllib.error.HTTPError as error:
        with error:
            location = error.headers.get("Location")
            if location:
                return urljoin(url, location)
            page = _Form(error.read().decode("utf-8", "replace"))
            raise ApprovalError(page.error or f"the org answered {error.code}") from error
    except (OSError, HTTPException) as error:
        raise ApprovalError(f"the connection failed: {error}") from error


def _submit(form: _Form, page_url: str, *, deny: bool, username: str | None) -> str:
    if not form.action:
        raise ApprovalError(form.error or "the page has no approval form")
    fields = {**form.fields, "decision": "deny" if deny else "approve"}
    if username is not None:
        fields["username"] = username
    answer = _open(urljoin(page_url, form.action), urlencode(fields).encode())
    if isinstance(answer, _Form):
        raise ApprovalError(answer.error or "the org showed the form again")
    return answer


def _visit(url: str) -> None:
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, None, _TIMEOUT):
        pass


def _text(reply: HTTPResponse) -> str:
    return reply.read().decode("utf-8", "replace")
