"""Clocks that are wrong, days that are odd, and time zones at both ends of the world."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.durability.workshop import Workshop

ZONES = ("Pacific/Kiritimati", "UTC", "Pacific/Pago_Pago")
NOW = datetime.now(UTC)
MOMENTS = {
    "a-day-back": NOW - timedelta(days=1),
    "a-year-ahead": NOW + timedelta(days=365),
    "32-bits": datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC),
    "leap-day": datetime(2028, 2, 29, 12, tzinfo=UTC),
    "last-second": datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC),
    "first-second": datetime(2027, 1, 1, 0, 0, 1, tzinfo=UTC),
}


def _document(shop: Workshop, *argv: str, status: int = 0) -> Any:
    return json.loads(shop.done(*argv, "--json", status=status).out)["result"]


def _books_at(fresh: Workshop, folder: Path, zone: str, moment: datetime | None) -> dict[str, Any]:
    """What a first sync and two postings leave under this clock: days, reports, audit order."""
    shop = fresh.copy(folder / zone.replace("/", "-"))
    config = shop.work / "mappings.yaml"
    text = config.read_text(encoding="utf-8")
    assert "last_days: 365" in text
    config.write_text(text.replace("last_days: 365", "from: 2020-01-01"), encoding="utf-8")
    shop.env = {"TZ": zone}
    shop.now = moment.isoformat() if moment else ""
    shop.done("sync", "--now", status=3)
    invoices = _document(shop, "invoice", "list")
    with closing(sqlite3.connect(shop.work / "demo-org.db")) as org:
        closed = dict(org.execute('SELECT "Id", "CloseDate" FROM "Opportunity"'))
    days = {one["opportunity"]: one["document_date"] for one in invoices}
    assert days == {one: closed[one] for one in days}
    assert len(days) >= 22
    oldest = sorted(invoices, key=lambda one: (one["document_date"], one["draft"]))[:2]
    shop.done("invoice", "post", *(one["draft"] for one in oldest), "--yes")
    events = _document(shop, "audit", "list")
    numbers = [one["seq"] for one in events]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    # A second run under the real clock: nothing is taken for new because the time went back.
    shop.now = ""
    documents = shop.portrait()["document"]
    assert shop.run("sync", "--now").status in {0, 3}
    assert shop.portrait()["document"] == documents
    shop.done("db", "verify")
    shop.done("audit", "verify")
    return {
        "days": days,
        "due": {one["opportunity"]: one["due_date"] for one in invoices},
        "month": _document(shop, "report", "revenue", "--by", "month"),
        "invoices": shop.portrait()["document"],
    }


def _same_everywhere(
    fresh: Workshop, folder: Path, zones: tuple[str, ...], moment: datetime | None
) -> None:
    found = [_books_at(fresh, folder, zone, moment) for zone in zones]
    assert all(one == found[0] for one in found)
    assert found[0]["month"]["rows"]


def test_no_day_moves_in_any_zone(fresh: Workshop, tmp_path: Path) -> None:
    """In zones 25 hours apart the same documents, days and reports come out."""
    _same_everywhere(fresh, tmp_path, ZONES, None)


@pytest.mark.long
@pytest.mark.parametrize("moment", MOMENTS)
def test_no_day_moves_under_any_clock(moment: str, fresh: Workshop, tmp_path: Path) -> None:
    """The same under clocks that are wrong and on days that are odd."""
    _same_everywhere(fresh, tmp_path, (ZONES[0], ZONES[-1]), MOMENTS[moment])


@pytest.mark.long
def test_ten_more_runs_change_nothing(shop: Workshop) -> None:
    """On data that stands still ten full runs write no row but their own."""
    shop.done("sync", "--now")
    before = shop.portrait()
    for _ in range(10):
        counts = _document(shop, "sync", "--now", "--full", status=3)["counts"]
        for of_object in counts.values():
            assert (of_object["created"], of_object["updated"], of_object["drifted"]) == (0, 0, 0)
    after = shop.portrait()
    changed = {name for name in before if before[name] != after[name]}
    assert changed <= {"failure", "cursor"}
