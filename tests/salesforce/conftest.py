from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sfsync.salesforce.network import Network
from sfsync.salesforce.org import open_org
from sfsync.salesforce.retry import RetryPolicy
from sfsync.salesforce.stores import ACCESS_TOKEN, REFRESH_TOKEN
from tests.salesforce.memory_store import MemoryStore
from tests.salesforce.scripted_org import ACCESS, REFRESH, ScriptedOrg, a_connection

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sfsync.salesforce.connections import Connection
    from sfsync.salesforce.org import Org


@pytest.fixture
def scripted() -> Iterator[ScriptedOrg]:
    """An org that says what the test tells it to."""
    org = ScriptedOrg()
    yield org
    org.close()


@pytest.fixture
def waits() -> list[float]:
    """The seconds that the retry policy of `org` has slept."""
    return []


@pytest.fixture
def store() -> MemoryStore:
    """An empty store."""
    return MemoryStore()


@pytest.fixture
def connection(scripted: ScriptedOrg) -> Connection:
    """A connection to the scripted org."""
    return a_connection(scripted.url)


@pytest.fixture
def org(
    connection: Connection, store: MemoryStore, waits: list[float], tmp_path: Path
) -> Iterator[Org]:
    """The scripted org, signed in, with a retry policy that does not really wait."""
    store.write("acme", ACCESS_TOKEN, f"{connection.instance_url} {ACCESS}")
    store.write("acme", REFRESH_TOKEN, REFRESH)
    policy = RetryPolicy(sleep=waits.append)
    with open_org(connection, tmp_path, store=store, network=Network(), policy=policy) as opened:
        yield opened
