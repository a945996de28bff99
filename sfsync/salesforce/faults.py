"""What went wrong over the wire, as errors of this room: pure, from status and body.

The table follows the REST API's status codes and error responses, and replies seen in the wild.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, ClassVar

from sfsync.errors import ExitCode, SfsyncError, SignInError, UnavailableError
from sfsync.salesforce.redact import redact
from sfsync.salesforce.storable import storable_text

RETRIED_STATUSES = frozenset({420, 429, 500, 502, 503, 504})
"""420 is an edge that knows no route; the others pass by themselves more often than not."""

_URI_TOO_LONG = frozenset({414, 431})
_TRY_LATER = "Try again in a few minutes; `sfsync doctor --online` says what answers."
_API_OFF = frozenset({"API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED"})
_NOT_PERMITTED = frozenset({"INSUFFICIENT_ACCESS", "INSUFFICIENT_ACCESS_OR_READONLY"})
_PASSING_CODES = frozenset({"SERVER_UNAVAILABLE", "UNABLE_TO_LOCK_ROW"})
_EXCERPT = 300


class PassingError(UnavailableError):
    """A fault that may pass within seconds: the retry policy repeats the read.

    `retry_after` is what the reply asked to wait, in seconds.
    """

    def __init__(
        self, message: str, *, code: str, fix: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(message, code=code, fix=fix)
        self.retry_after = retry_after


class SessionExpired(SignInError):  # noqa: N818 - an event of the protocol, named for it
    """The access token is spent: refresh it once and ask again. Stays inside this room."""


class LocatorLost(UnavailableError):  # noqa: N818 - an event of the protocol, named for it
    """The org no longer knows the cursor of a query; `Org.query` raises it between two pages.

    The caller starts the query again, from the last row it has kept. It is not an error of the
    query, and asking for the same page again cannot help: a cursor lives two days, and dies with
    the session that made it when refresh tokens rotate.
    """


class QueryTooSlow(UnavailableError):  # noqa: N818 - as `LocatorLost`
    """The org gave the query up after its two minutes (``QUERY_TIMEOUT``).

    The same query again is as slow; one over half the range of ids or dates may do.
    """


class QueryRefused(SfsyncError):  # noqa: N818 - an event of the protocol, named for it
    """The org understood and said no: unknown or hidden field or object, malformed query.

    Attributes:
        error_code: the org's own, e.g. ``INVALID_FIELD``, or empty.
        status: the HTTP status.
        detail: the org's sentence without the query it quotes.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.CONFIG

    def __init__(self, message: str, *, error_code: str, status: int, detail: str) -> None:
        super().__init__(
            message,
            code="query-refused",
            fix="Check names with `sfsync config validate --online` and `sfsync org fields`.",
        )
        self.error_code = error_code
        self.status = status
        self.detail = detail


class AccessRefused(QueryRefused):
    """The org, or what stands before it, forbids the request (403) for a reason we do not know."""

    exit_code: ClassVar[ExitCode] = ExitCode.SIGN_IN

    def __init__(self, message: str, *, error_code: str, status: int, detail: str) -> None:
        super().__init__(message, error_code=error_code, status=status, detail=detail)
        self.code = "access-refused"
        self.fix = "Check what the user and the app may do in the org; a proxy may have answered."


class ApiVersionError(SfsyncError):
    """The org does not serve the configured API version."""

    exit_code: ClassVar[ExitCode] = ExitCode.CONFIG


def bad_reply(message: str) -> PassingError:
    """A reply came, and it is not what was asked for."""
    return PassingError(
        message,
        code="bad-reply",
        fix="Try again; a proxy between here and Salesforce may have answered.",
    )


def reply_error(status: int, content: Any, *, retry_after: float | None = None) -> SfsyncError:  # noqa: ANN401 - a reply or arguments of a foreign library
    """The error that a reply with `status` and parsed or textual `content` stands for."""
    code, message = _code_and_message(content)
    if status == HTTPStatus.UNAUTHORIZED:
        return _unauthorized(message)
    named = _named_error(code, message)
    if named is not None:
        return named
    if (
        status in RETRIED_STATUSES
        or status >= HTTPStatus.INTERNAL_SERVER_ERROR
        or code in _PASSING_CODES
    ):
        return PassingError(
            f"Salesforce answered {status}: {message or 'no reason given'}",
            code="salesforce-unavailable",
            fix=_TRY_LATER,
            retry_after=retry_after,
        )
    if status in _URI_TOO_LONG:
        message = message or "the query is too long"
    refused = AccessRefused if status == HTTPStatus.FORBIDDEN else QueryRefused
    return refused(
        f"Salesforce refused the request ({code or status}): {message or 'no reason given'}",
        error_code=code,
        status=status,
        detail=message,
    )


def _unauthorized(message: str) -> SfsyncError:
    if "not valid for use with the REST API" in message or "not attached" in message:
        return SignInError(
            f"The org does not let this sign-in use the REST API: {message}",
            code="session-not-for-api",
            fix="Ask an administrator to check the app's policies: session level, IP ranges.",
        )
    return SessionExpired(
        f"The session is no longer valid: {message or 'Session expired or invalid'}",
        code="session-rejected",
        fix="Run `sfsync connect`.",
    )


def locator_lost(message: str) -> LocatorLost:
    """A query cannot go on from where it was; the next run takes it up again."""
    return LocatorLost(
        message,
        code="query-interrupted",
        fix="Run the sync again; it goes on where it stopped.",
    )


def _named_error(code: str, message: str) -> SfsyncError | None:
    """What the org's own error code means, whatever the status; None for ordinary refusals."""
    if code == "REQUEST_LIMIT_EXCEEDED":
        return _limit_exceeded(message)
    if code == "INVALID_QUERY_LOCATOR":
        return locator_lost("The org no longer knows where the query had got to.")
    if code == "QUERY_TIMEOUT":
        return QueryTooSlow(
            "A query ran for longer than Salesforce allows.",
            code="query-timeout",
            fix="Narrow the filters (close_date, stages), or try again when the org is quiet.",
        )
    if code in _API_OFF:
        return SignInError(
            f"The API is not enabled for this org or user: {message}",
            code="api-not-enabled",
            fix="Use an edition with API access, and a user with the permission API Enabled.",
        )
    if code in _NOT_PERMITTED:
        return SignInError(
            f"The user may not read this: {message}",
            code="access-denied",
            fix="Give the user Read on the mapped objects and fields (a permission set).",
        )
    return None


def _limit_exceeded(message: str) -> SfsyncError:
    if "concurrent" in message.casefold():
        return PassingError(
            "Too many requests run in the org at this moment.",
            code="api-busy",
            fix=_TRY_LATER,
        )
    return UnavailableError(
        "The org's API requests for the last 24 hours are used up.",
        code="api-limit",
        fix="Wait: each request is counted for 24 hours. Setup → Company Information shows them.",
    )


def _code_and_message(content: Any) -> tuple[str, str]:  # noqa: ANN401 - a reply or arguments of a foreign library
    """The first error of a reply, in whatever form it comes: array, object, or a page of HTML."""
    first = content[0] if isinstance(content, list) and content else content
    if not isinstance(first, dict):
        return "", _page_title(storable_text(str(content))) if content else ""
    code = first.get("errorCode") or first.get("error") or ""
    message = first.get("message") or first.get("error_description") or ""
    return storable_text(str(code)), _without_query(redact(storable_text(str(message))))


def _without_query(message: str) -> str:
    """A SOQL error quotes the query above a caret; only the sentence after it is kept."""
    _, marker, sentence = message.rpartition("ERROR at Row:")
    kept = sentence.partition("\n")[2] if marker else message
    return " ".join(kept.split())[:_EXCERPT]


def _page_title(text: str) -> str:
    """What an HTML page of an edge or a proxy calls itself; other text is cut short."""
    lowered = text.casefold()
    start, end = lowered.find("<title>"), lowered.find("</title>")
    if 0 <= start < end:
        text = text[start + len("<title>") : end]
    elif "<" in text:
        return "an HTML page instead of data"
    return " ".join(redact(text).split())[:_EXCERPT]
