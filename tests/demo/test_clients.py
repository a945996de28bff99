from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import (
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceRefusedRequest,
)

from sfsync import demo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfsync.demo.server import RunningOrg
    from tests.demo.conftest import Caller


class LoopbackAdapter(HTTPAdapter):
    """Sends what the library addresses to https over the plain HTTP of a demo org."""

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> Any:
        """Send a request with the scheme that the org speaks."""
        assert request.url is not None
        request.url = request.url.replace("https://", "http://", 1)
        return super().send(request, *args, **options)


@pytest.fixture
def client(caller: Caller) -> Iterator[Any]:
    """simple-salesforce, signed in by session id."""
    with requests.Session() as session:
        session.trust_env = False
        session.mount("https://127.0.0.1", LoopbackAdapter())
        yield Salesforce(
            session_id=caller.token,
            instance_url=caller.url,
            version="67.0",
            session=session,
            parse_float=Decimal,
        )


def test_simple_salesforce_reads_every_page(client: Any) -> None:
    """The library follows locators and reads amounts exactly."""
    for number in range(200):
        client.Account.create({"Name": f"Row {number}"})
    options = {"headers": {"Sforce-Query-Options": "batchSize=200"}}
    found = list(client.query_all_iter("SELECT Id FROM Account", **options))
    assert len({row["Id"] for row in found}) == 215
    text = "SELECT Amount FROM Opportunity WHERE Amount >= 10000000"
    assert client.query(text)["records"][0]["Amount"] == Decimal(10_000_000)


def test_simple_salesforce_describes_and_counts(client: Any) -> None:
    """describe, limits and the usage header are understood."""
    names = {field["name"] for field in client.Opportunity.describe()["fields"]}
    assert {"Amount", "Project_Code__c"} <= names
    assert client.limits()["DailyApiRequests"]["Max"] == 15000
    assert client.api_usage["api-usage"].total == 15000


def test_simple_salesforce_reads_in_bulk(client: Any) -> None:
    """The library's Bulk 2.0 query ends and gives every row."""
    (page,) = client.bulk2.Opportunity.query("SELECT Id, Name FROM Opportunity", wait=0)
    assert page.count('"006') == 49


def test_simple_salesforce_raises_its_own_errors(client: Any, caller: Caller) -> None:
    """Refusals become the library's exceptions of the right kind."""
    with pytest.raises(SalesforceMalformedRequest, match="No such column 'Foo'"):
        client.query("SELECT Foo FROM Account")
    client.session_id = "gone"
    client.headers["Authorization"] = "Bearer gone"
    with pytest.raises(SalesforceExpiredSession):
        client.query("SELECT Id FROM Account")
    assert caller.query("SELECT Id FROM Account")["totalSize"] == 15


def test_simple_salesforce_is_told_of_the_limit(client: Any, demo_org: RunningOrg) -> None:
    """The daily limit is a refused request."""
    demo.break_org(demo_org.path, "api-limit")
    with pytest.raises(SalesforceRefusedRequest, match="TotalRequests Limit exceeded"):
        client.query("SELECT Id FROM Account")
