from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.command_line import Sfsync


def test_every_summary_tells_the_head_of_the_trail(books: Sfsync) -> None:
    """The head that a sync prints is in the chain later, whatever has been added since."""
    head = books("sync", "--now", "--json").document["result"]["head"]
    assert books("sync", "--now").out.splitlines()[-1].startswith("Audit head: ")
    assert books("invoice", "post", "D-000001").status == 0
    assert books("audit", "verify", "--head", head).status == 0
    assert books("audit", "verify", "--head", f"1{head}").status == 8
    assert books("sync", "plan", "--json").document["result"]["head"] is None


def test_another_config_is_an_event(books: Sfsync) -> None:
    """The run that first uses a changed mapping file tells so, with the digests of both."""
    events = books("audit", "list", "--action", "config", "--json").document["result"]
    assert [one["before"] for one in events] == [None]
    with Path("mappings.yaml").open("a", encoding="utf-8") as file:
        file.write("\nnotify: {command: [/bin/true], on: [failed]}\n")
    assert books("sync", "--now", "-q").status in {0, 3}
    newest = books("audit", "list", "--action", "config.change", "--json").document["result"][0]
    assert newest["before"] == events[0]["after"]
    assert newest["after"] != newest["before"]
    assert newest["run"] == 2


@pytest.mark.parametrize("cut", ["1:{0}", "{1}", "1:1{0}", "1:1$", "1:1${0}…", "tip"])
def test_what_is_no_head_is_wrong_usage_and_no_alarm(books: Sfsync, cut: str) -> None:
    """A head of which a shell took the part from $ on says nothing about the ledger."""
    books("sync", "--now")
    head = books("audit", "verify", "--json").document["result"]["head"]
    given = cut.format(head.partition("$")[2], head.partition(":")[0])
    done = books("audit", "verify", "--head", given, "--json")
    assert (done.status, done.document["error"]["code"]) == (2, "usage")
    assert "single quotes" in done.document["error"]["fix"]
