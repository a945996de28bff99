"""Several reads in one request, which counts as one API call.

Source: REST API Developer Guide, "Send Multiple Requests Using Composite": every sObject resource
and up to five queries; the reply is 200 whatever the parts answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from sfsync.salesforce.faults import bad_reply, reply_error

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from simple_salesforce.api import Salesforce

MOST_QUERIES = 5
"""Queries in one request."""

MOST_PARTS = 25
"""Reads of any kind in one request."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one part answered."""

    status: int
    body: Any

    def checked(self) -> Any:  # noqa: ANN401 - parsed JSON is of any type
        """The body.

        Raises:
            SfsyncError: the part failed, as `reply_error` words it.
        """
        if self.status >= HTTPStatus.BAD_REQUEST:
            raise reply_error(self.status, self.body)
        return self.body


def ask_together(salesforce: Salesforce, resources: Sequence[str]) -> list[Answer]:
    """The answers to GET requests, in the order of `resources`.

    Args:
        salesforce: the client.
        resources: paths below ``/services/data/vXX.0/``, queries encoded.
    """
    base = f"/services/data/v{salesforce.sf_version}/"
    parts = [
        {"method": "GET", "url": base + resource, "referenceId": f"part{number}"}
        for number, resource in enumerate(resources)
    ]
    body = {"allOrNone": False, "compositeRequest": parts}
    reply: Any = salesforce.restful("composite", method="POST", json=body)
    answers = dict(_answers(reply))
    try:
        return [answers[part["referenceId"]] for part in parts]
    except KeyError:
        raise bad_reply("Salesforce left a part of a request unanswered.") from None


def _answers(reply: Any) -> Iterator[tuple[str, Answer]]:  # noqa: ANN401 - parsed JSON is of any type
    try:
        for part in reply["compositeResponse"]:
            yield str(part["referenceId"]), Answer(int(part["httpStatusCode"]), part["body"])
    except (KeyError, TypeError, ValueError):
        raise bad_reply("Salesforce's answer to several reads cannot be read.") from None
