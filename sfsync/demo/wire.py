"""What goes over the wire: the error bodies of an org and the replies that carry them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from werkzeug.wrappers import Response

JSON_TYPE = "application/json;charset=UTF-8"


class ApiError(Exception):
    """A refusal of the REST or Bulk API: an HTTP status and Salesforce's error code.

    Args:
        status: HTTP status, 400 or above.
        code: Salesforce's `errorCode`, for example `INVALID_FIELD`.
        message: the sentence for the caller, worded as an org words it.
        fields: names of the fields at fault, for refused writes.
    """

    def __init__(self, status: int, code: str, message: str, fields: Sequence[str] = ()) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.fields = tuple(fields)

    def body(self) -> list[dict[str, Any]]:
        """The array that REST answers: `[{"message", "errorCode"[, "fields"]}]`."""
        entry: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        if self.fields:
            entry["fields"] = list(self.fields)
        return [entry]


class OAuthError(Exception):
    """A refusal of an OAuth endpoint; its body is an object, unlike the array of the REST API."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description
        self.status = status

    def body(self) -> dict[str, str]:
        """`{"error", "error_description"}`."""
        return {"error": self.error, "error_description": self.description}


class ApprovalError(Exception):
    """A page of the sign-in could not be approved; the message is what the page said."""


@dataclass(frozen=True)
class ConnectionFault:
    """What happens to the connection instead of a well-formed reply.

    `kind` is `reset` (no reply, the connection is cut) or `truncate` (half of the body, then cut).
    """

    kind: str


def json_reply(body: object, status: int = 200) -> Response:
    """Render a JSON reply; a string is taken as JSON already rendered."""
    from werkzeug.wrappers import Response  # noqa: PLC0415 - start-up time

    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    # A refusal repeats what it refuses, which may be half of a surrogate pair.
    return Response(text.encode(errors="replace"), status, content_type=JSON_TYPE)


def html_reply(body: str, status: int = 200) -> Response:
    """Render an HTML page."""
    from werkzeug.wrappers import Response  # noqa: PLC0415 - start-up time

    return Response(body, status, content_type="text/html;charset=UTF-8")


def empty_reply(status: int = 204) -> Response:
    """Render a reply without a body."""
    from werkzeug.wrappers import Response  # noqa: PLC0415 - start-up time

    return Response(status=status)


def wire_time(moment: datetime) -> str:
    """`2026-11-22T08:31:07.000+0000`: how REST writes a moment, in UTC with whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970, the unit of `issued_at`."""
    return int(moment.timestamp() * 1000)
