from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.command_line import Sfsync

CONFIG = Path("mappings.yaml")


def choose(sfsync: Sfsync, auto_post: str) -> None:
    """A fresh demo whose config posts by itself in this way."""
    assert sfsync("demo", "start", ".", "-q").status == 0
    text = CONFIG.read_text(encoding="utf-8")
    assert "  auto_post: off\n" in text
    CONFIG.write_text(text.replace("auto_post: off", f"auto_post: {auto_post}"), encoding="utf-8")


def test_off_is_the_default_and_a_plan_posts_nothing(sfsync: Sfsync) -> None:
    """Without a word in the config nothing is posted; a plan never posts."""
    choose(sfsync, "on")
    plan = sfsync("sync", "plan", "--json").document["result"]
    assert plan["auto_post"] == {"posted": 0, "waiting": {}}
    choose_off = CONFIG.read_text(encoding="utf-8").replace("auto_post: on", "auto_post: off")
    CONFIG.write_text(choose_off, encoding="utf-8")
    done = sfsync("sync", "--now", "--json").document["result"]
    assert done["auto_post"] == {"posted": 0, "waiting": {}}
    assert sfsync("history", "show", "--json").document["result"]["auto_post"] == []


def test_a_sync_posts_by_itself_and_says_why_others_wait(sfsync: Sfsync) -> None:
    """The summary counts, the run's history has every draft with its number or its reason."""
    choose(sfsync, "{max_amount: {USD: 20000}}")
    done = sfsync("sync", "--now", "--json")
    assert done.status == 3
    counts = done.document["result"]["auto_post"]
    found = sfsync("history", "show", "--json").document["result"]["auto_post"]
    drafts = done.document["result"]["counts"]["opportunities"]["created"]
    assert len(found) == drafts == counts["posted"] + sum(counts["waiting"].values())
    assert set(counts["waiting"]) == {"too-large", "currency-not-named"}
    posted = {one["draft"]: one["number"] for one in found if one["posted"]}
    listed = sfsync("invoice", "list", "--status", "posted", "--json").document["result"]
    assert {one["draft"]: one["number"] for one in listed} == posted
    assert all(float(one["total"]) <= 20000 for one in listed)
    text = sfsync("history", "show").out + sfsync("history", "show", terminal=True).out
    assert "Posted by itself: " in text
    assert "too-large: " in text
    again = sfsync("sync", "--now", "--json").document["result"]["auto_post"]
    assert again == {"posted": 0, "waiting": {}}
    assert sfsync("db", "verify").status == 0


def test_undoing_a_run_deletes_its_drafts_and_names_what_is_posted(books: Sfsync) -> None:
    """One step, one reason; posted invoices stay, are named with the way, and make it exit 3."""
    drafts = books("invoice", "list", "--status", "draft", "--json").document["result"]
    books("invoice", "post", "D-000001", "-q")
    books("invoice", "edit", "D-000002", "--set", "region=X", "-q")
    refused = books("history", "undo", "1", "--reason", "wrong mapping")
    assert refused.status == 2
    assert "Undo run 1: delete " in refused.err
    assert "1 of them edited, reviewed or held by a person" in refused.err
    assert "1 posted invoice stays" in refused.err
    done = books("history", "undo", "1", "--reason", "wrong mapping", "--yes", "--json")
    assert done.status == 3
    result = done.document["result"]
    assert len(result["deleted"]) == len(drafts) - 1
    assert [one["fix"].startswith("sfsync invoice reverse INV-") for one in result["posted"]] == [
        True
    ]
    assert books("invoice", "list", "--status", "draft", "--json").document["result"] == []
    events = books("audit", "list", "--json").document["result"]
    assert [one["action"] for one in events].count("run.undo") == 1
    assert events[0]["reason"] == "wrong mapping"
    again = books("history", "undo", "1", "--reason", "x", "--json")
    assert (again.status, again.document["result"]["deleted"]) == (3, [])
    assert len(again.document["result"]["gone_before"]) == len(drafts) - 1
    assert books("history", "undo", "99", "--reason", "x").status == 9
    assert books("db", "verify").status == books("audit", "verify").status == 0


def test_history_is_exported_in_every_format(books: Sfsync, tmp_path: Path) -> None:
    """A row for each record, or in JSON a run with its records; nothing is left out."""
    runs = books("history", "export", "--json").document["result"]
    records = sum(len(run["records"]) for run in runs)
    assert [run["run"] for run in runs] == [1]
    assert records == sum(sum(c["read"] for c in run["counts"].values()) for run in runs)
    for ending in ("csv", "tsv", "jsonl", "md", "json"):
        path = tmp_path / f"history.{ending}"
        assert books("history", "export", "-o", str(path), "-q").status == 0
        text = path.read_text(encoding="utf-8-sig")
        assert "missing-field" in text
        if ending == "jsonl":
            assert len(text.splitlines()) == records
    assert len(books("history", "export", "1").out.splitlines()) == records
    assert books("history", "export", "9").status == 9
