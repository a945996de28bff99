"""Which API versions an org serves; asked when an answer suggests that it is not ours."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from sfsync.salesforce.faults import ApiVersionError, QueryRefused, bad_reply, reply_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from simple_salesforce.api import Salesforce

    from sfsync.salesforce.client import OrgClient
    from sfsync.salesforce.rest import RestClient, T

_SUGGEST_THE_VERSION = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})


def served_versions(salesforce: Salesforce) -> tuple[str, ...]:
    """The versions that the org serves, oldest first, such as ``66.0``."""
    reply = salesforce.session.get(f"https://{salesforce.sf_instance}/services/data/")
    if reply.status_code != HTTPStatus.OK:
        raise reply_error(reply.status_code, reply.text)
    body: Any = reply.json()
    try:
        return tuple(str(entry["version"]) for entry in body)
    except (KeyError, TypeError):
        raise bad_reply("The org's list of API versions cannot be read.") from None


def call_in_served_version(client: RestClient, ask: Callable[[OrgClient], T]) -> T:
    """As `client.call`; a resource that is not there may be a version that is not.

    Raises:
        ApiVersionError: the org does not serve the client's version.
    """
    try:
        return client.call(ask)
    except QueryRefused as refusal:
        if refusal.status in _SUGGEST_THE_VERSION:
            _refuse_unserved(client.api_version, client.call(served_versions))
        raise


def _refuse_unserved(wanted: str, served: tuple[str, ...]) -> None:
    if wanted not in served:
        raise ApiVersionError(
            f"The org does not serve API version {wanted}.",
            code="api-version",
            fix=f"Set connection.api_version to {served[-1]}." if served else "",
        )
