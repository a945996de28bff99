"""Confirming a sign-in: which org, as whom, production or not, and that its API answers."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sfsync.salesforce.faults import QueryRefused
from sfsync.salesforce.hosts import is_sandbox_host
from sfsync.salesforce.query import first_page
from sfsync.salesforce.records import OrgIdentity
from sfsync.salesforce.soql import select
from sfsync.salesforce.versions import call_in_served_version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfsync.salesforce.oauth import TokenGrant
    from sfsync.salesforce.records import Record
    from sfsync.salesforce.rest import RestClient

_ORGANIZATION = select(["Id", "Name", "IsSandbox", "OrganizationType"], "Organization")
_UNREADABLE = frozenset({"INVALID_TYPE", "INVALID_FIELD"})


def confirmed_identity(
    client: RestClient,
    grant: TokenGrant,
    userinfo: Mapping[str, object] | None,
    *,
    username: str | None,
) -> OrgIdentity:
    """The org and user behind `grant`, after one call of the data API.

    An Organization that the user may not read is no obstacle: its id is then its name, and the
    host says whether it is a sandbox.

    Raises:
        SignInError: the API is not enabled, or refuses the session.
        UnavailableError: the org does not answer.
    """
    organization = _organization(client)
    told = userinfo or {}
    return OrgIdentity(
        org_id=grant.org_id,
        name=str(organization.get("Name") or grant.org_id),
        kind=_kind(organization, grant.instance_url),
        user_id=grant.user_id,
        username=str(told.get("preferred_username") or username or grant.user_id),
        instance_url=grant.instance_url,
        api_version=client.api_version,
    )


def _organization(client: RestClient) -> Record:
    try:
        reply = call_in_served_version(
            client, lambda sf: first_page(sf, _ORGANIZATION, all_rows=False)
        )
    except QueryRefused as refusal:
        if refusal.error_code in _UNREADABLE:
            return {}
        raise
    return reply.records[0] if reply.records else {}


def _kind(organization: Record, instance_url: str) -> str:
    if organization.get("OrganizationType") == "DEMO":
        return "demo"
    sandbox = organization.get("IsSandbox")
    if sandbox is None:
        sandbox = is_sandbox_host(urlsplit(instance_url).hostname or "")
    return "sandbox" if sandbox else "production"
