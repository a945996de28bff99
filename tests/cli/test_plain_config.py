"""The shortest config that a person may write: what it leaves out has a sensible default."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.command_line import Sfsync

SHORT = """\
version: 1
connection: {name: demo, type: demo}
ledger: {path: demo.db, currency: USD}
posting:
  accounts: {receivable: "1200", revenue: "4000"}
"""


def test_a_config_without_a_chart_can_post(sfsync: Sfsync) -> None:
    """The accounts that posting names are the chart where none is written."""
    assert sfsync("demo", "start", ".", "-q").status == 0
    Path("mappings.yaml").write_text(SHORT, encoding="utf-8")
    assert sfsync("sync", "--now", "-q").status in {0, 3}
    done = sfsync("invoice", "post", "D-000001", "--json")
    assert done.status == 0
    shown = sfsync("invoice", "show", "D-000001", "--json").document["result"]
    assert {line["account"] for line in shown["journal"]} == {"1200", "4000"}


def test_a_deleted_draft_comes_back_on_request(sfsync: Sfsync) -> None:
    """delete, then resync: a new draft that names the old one."""
    sfsync("demo", "start", ".", "-q")
    sfsync("sync", "--now", "-q")
    assert sfsync("invoice", "delete", "D-000001", "--reason", "wrong", "-y").status == 0
    done = sfsync("invoice", "resync", "D-000001", "--json")
    assert done.status == 0
    assert done.document["result"]["counts"]["opportunities"]["created"] == 1


def test_an_unknown_deal_is_not_found(sfsync: Sfsync) -> None:
    """Asking for a deal that the org does not have is exit 9, not an empty success."""
    sfsync("demo", "start", ".", "-q")
    done = sfsync("sync", "--now", "--opportunity", "006000000000001", "--json")
    assert done.status == 9
    assert done.document["error"]["code"] == "opportunity-not-found"
