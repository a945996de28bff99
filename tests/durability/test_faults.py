"""A network that fails at any message of a sync."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

import pytest

from sfsync import demo
from sfsync.demo.faults import Fault
from sfsync.demo.state import opened
from tests.durability.workshop import differences

if TYPE_CHECKING:
    from pathlib import Path

    from tests.durability.workshop import Workshop

FAULTS = {
    "reset": ("reset", ""),
    "cut": ("truncate", ""),
    "page-of-a-proxy": ("html", "502"),
    "spent-session": ("status", "401"),
    "refused": ("status", "403"),
    "too-many": ("status", "429"),
    "unavailable": ("status", "503"),
}


def _strike(shop: Workshop, transport: str, nth: int, action: str, value: str) -> bool:
    """Sync with a fault at the nth message, then without; whether there was such a message."""
    org = shop.work / "demo-org.db"
    demo.plan_faults(org, [Fault("/services/", nth, action, value or "503")])
    ended = shop.run("sync", "--now", "--json", "--transport", transport)
    with opened(org) as state:
        struck = state.row("SELECT 1 FROM wire_fault") is None
        state.write("DELETE FROM wire_fault")
    answer = json.loads(ended.out)
    if ended.status == 3:
        assert answer["result"]["outcome"] == "partial"
    else:
        assert ended.status in {4, 6}, (nth, ended)
        assert answer["error"]["code"], ended
        assert answer["error"]["message"], ended
    shop.portrait()
    shop.run("connect")
    again = shop.run("sync", "--now")
    assert again.status in {0, 3}, (nth, again)
    return struck


@pytest.mark.long
@pytest.mark.parametrize("transport", ["rest", "bulk"])
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_at_any_message_is_ridden_out_or_named(
    name: str, transport: str, fresh: Workshop, tmp_path: Path
) -> None:
    """Exit 3 as ever, or 4 or 6 with a code and a sentence; the next run converges."""
    undisturbed = fresh.copy(tmp_path / "undisturbed")
    undisturbed.done("sync", "--now", status=3)
    expected = undisturbed.portrait()
    at_most = int(os.environ.get("SFSYNC_LONG_POINTS", "100"))
    for nth in range(1, at_most + 1):
        shop = fresh.copy(tmp_path / "struck")
        struck = _strike(shop, transport, nth, *FAULTS[name])
        assert differences(shop.portrait(), expected) == [], nth
        if not struck:
            break
    sys.stdout.write(f"{name} by {transport}: at {nth} messages\n")
    assert nth > min(at_most, 10) - 1
