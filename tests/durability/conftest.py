"""The warm process, and the folders that everything here starts from; made once."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from sfsync.demo.store import OrgStore
from tests.durability.workshop import Workshop, open_zygote

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

SECOND_MIGRATION = """\
CREATE TABLE second_thought (id INTEGER PRIMARY KEY, note TEXT NOT NULL) STRICT;
INSERT INTO second_thought (note) SELECT draft FROM document;
CREATE INDEX second_thought_by_note ON second_thought (note);
"""


@pytest.fixture(scope="session")
def zygote() -> Iterator[subprocess.Popen[str]]:
    """The process whose forks are the commands."""
    with open_zygote() as running:
        yield running


@pytest.fixture(scope="session")
def fresh(zygote: subprocess.Popen[str], tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """A demo org that was never signed in to, and no ledger; copy it."""
    workshop = Workshop(zygote, tmp_path_factory.mktemp("fresh"))
    workshop.done("demo", "start", ".")
    return workshop


@pytest.fixture(scope="session")
def books(fresh: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """Two posted invoices, a payment, 20 drafts, a backup, a deal won since; copy it."""
    workshop = fresh.copy(tmp_path_factory.mktemp("books") / "shop")
    workshop.done("sync", "--now", status=3)
    workshop.done("db", "backup", "before.db")
    workshop.done("invoice", "post", "D-000001")
    workshop.done("invoice", "post", "D-000006")
    workshop.done("payment", "add", "D-000001", "--amount", "100", "--date", "2026-11-20")
    workshop.done("demo", "close-deal")
    (workshop.folder / "002-second.sql").write_text(SECOND_MIGRATION)
    return workshop


@pytest.fixture(scope="session")
def eventful(books: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """`books`, after a day in which all that can happen to a deal happened to one; copy it."""
    workshop = books.copy(tmp_path_factory.mktemp("eventful") / "shop")
    workshop.done("invoice", "edit", "D-000007", "--set", "region=North")
    workshop.done("invoice", "delete", "D-000010", "--reason", "test", "--yes")
    workshop.done("demo", "fix", "missing-field")
    deals = {number: _deal(workshop, number) for number in (1, 2, 3, 4, 5, *range(7, 12))}
    with OrgStore.open(workshop.work / "demo-org.db") as org:
        for number in (1, 3, 7, 10):
            org.update("Opportunity", deals[number], {"Name": f"Renamed {number}"})
        org.delete("Opportunity", deals[8])
        org.update("Opportunity", deals[9], {"StageName": "Prospecting"})
        org.update("Opportunity", deals[4], {"AccountId": None})
        org.update("Opportunity", deals[11], {"Project_Code__c": None})
        accounts = [org.get("Opportunity", deals[number])["AccountId"] for number in (2, 5)]
        org.update("Account", accounts[0], {"Name": "Quite Another", "Industry": "Shipping"})
        org.merge("Account", accounts[0], accounts[1])
        org.update("User", org.get("Opportunity", deals[2])["OwnerId"], {"LastName": "Married"})
        org.update("Contact", org.ids("Contact")[0], {"Email": "new@example.com"})
        org.insert("Contact", {"LastName": "New", "AccountId": accounts[0]})
        org.delete("OpportunityLineItem", org.ids("OpportunityLineItem")[0])
    return workshop


def _deal(workshop: Workshop, number: int) -> str:
    shown = json.loads(workshop.done("invoice", "show", f"D-{number:06}", "--json").out)
    return str(shown["result"]["opportunity"])


@pytest.fixture
def shop(books: Workshop, tmp_path: Path) -> Iterator[Workshop]:
    """A copy of `books` for one test."""
    yield books.copy(tmp_path / "shop")
    shutil.rmtree(tmp_path / "shop", ignore_errors=True)
