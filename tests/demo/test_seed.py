from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest

from sfsync import demo
from sfsync.demo.org_settings import setting
from sfsync.demo.seed import PLANTED, cast, deals
from sfsync.demo.store import OrgStore

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.command_line import Sfsync


def _rows(path: Path, sobject: str) -> list[dict[str, Any]]:
    with OrgStore.open(path) as store:
        return [store.get(sobject, each) for each in store.ids(sobject)]


def test_every_planted_case_is_a_row_of_the_seed() -> None:
    """The table names nothing that is not there, and nothing twice."""
    keys = {
        "Opportunity": {deal.key for deal in deals.DEALS},
        "Account": {account.key for account in cast.ACCOUNTS},
        "User": {user.key for user in cast.USERS},
    }
    assert all(case.key in keys[case.sobject] for case in PLANTED)
    assert len({(case.sobject, case.key) for case in PLANTED}) == len(PLANTED)


def test_planted_deals_end_as_they_were_planted(books: Sfsync) -> None:
    """Under the demo's own mapping each is created, skipped or fails as the table says."""
    names = {deal.key: deal.name for deal in deals.DEALS}
    records = books("history", "show", "1", "--json").document["result"]["records"]
    ended = {
        row["name"]: ", ".join(filter(None, (row["outcome"], row["code"])))
        for row in records
        if row["object"] == "Opportunity"
    }
    planted = {
        names[case.key]: case.reason.partition(":")[0]
        for case in PLANTED
        if case.sobject == "Opportunity"
    }
    assert {name: ended.get(name, "never read") for name in planted} == planted


def test_most_won_deals_can_become_invoices(org_file: Path) -> None:
    """Of the won deals of this year's window only the planted ones lack something."""
    made = max(row["CreatedDate"] for row in _rows(org_file, "Account"))
    today = date.fromisoformat(made[:10]) + timedelta(days=1)
    won = [row for row in _rows(org_file, "Opportunity") if row["IsWon"]]
    recent = [row for row in won if (today - date.fromisoformat(row["CloseDate"])).days < 365]
    sound = [
        row
        for row in recent
        if row["Project_Code__c"] and row["AccountId"] and (row["Amount"] or 0) >= 500
    ]
    assert (len(won), len(recent), len(sound)) == (31, 28, 22)


def test_lines_add_up_to_the_amount(org_file: Path) -> None:
    """The amount of a deal with lines is the sum of their totals."""
    lines = _rows(org_file, "OpportunityLineItem")
    for deal in _rows(org_file, "Opportunity"):
        own = [line["TotalPrice"] for line in lines if line["OpportunityId"] == deal["Id"]]
        assert deal["HasOpportunityLineItem"] is bool(own)
        if own:
            assert deal["Amount"] == sum(own)


def test_every_stage_and_both_currencies_occur(org_file: Path) -> None:
    """Each stage has a deal, and deals are in dollars and euros."""
    found = _rows(org_file, "Opportunity")
    stages = {row["ApiName"] for row in _rows(org_file, "OpportunityStage")}
    assert {row["StageName"] for row in found} == stages
    assert {row["CurrencyIsoCode"] for row in found} == {"USD", "EUR"}


def test_the_org_says_demo(org_file: Path) -> None:
    """Whoever asks the org is told that it is a demo."""
    (organization,) = _rows(org_file, "Organization")
    assert organization["Id"] == demo.org_status(org_file).org_id
    assert organization["Name"].startswith("DEMO")
    assert organization["OrganizationType"] == "DEMO"
    assert organization["IsSandbox"] is False


def test_the_same_day_gives_the_same_org(tmp_path: Path) -> None:
    """Two orgs of one day hold the same rows, with the same ids and dates."""
    paths = [tmp_path / "a.db", tmp_path / "b.db"]
    for path in paths:
        demo.create_org(path, today=date(2026, 3, 1))
    first, second = (_rows(path, "Opportunity") for path in paths)
    assert first == second
    assert first[0]["CloseDate"] == "2026-02-06"


def test_nothing_of_the_seed_changed_today(tmp_path: Path) -> None:
    """A sync that looks back some minutes does not find it all anew after midnight."""
    path = tmp_path / "org.db"
    demo.create_org(path, today=date(2026, 3, 1))
    for sobject in ("Account", "Contact", "Opportunity", "OpportunityLineItem", "User"):
        assert max(row["SystemModstamp"] for row in _rows(path, sobject)) < "2026-02-28T12"


def test_an_org_is_never_written_over(org_file: Path) -> None:
    """Creating an org where a file is fails and leaves the file."""
    with pytest.raises(FileExistsError):
        demo.create_org(org_file)
    assert demo.org_status(org_file).opportunities == 49


def test_of_several_that_make_one_org_one_does(tmp_path: Path, sfsync: Sfsync) -> None:
    """It is whole, and the others are told that it is there."""
    begin = threading.Barrier(4)

    def make(path: Path) -> bool:
        begin.wait()
        try:
            demo.create_org(path)
        except FileExistsError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        for number in range(5):
            path = tmp_path / f"org-{number}.db"
            assert sorted(pool.map(make, [path] * 4)) == [False] * 3 + [True]
            assert demo.org_status(path).opportunities == 49
    with patch.object(demo, "create_org", side_effect=FileExistsError):
        late = sfsync("demo", "start", "late", "--json")
    assert late.document["error"]["code"] == "demo-exists"


def test_every_sign_in_at_once_is_awaited_at_its_own_address(org_file: Path) -> None:
    """No address is forgotten because another one is registered at the same time."""
    wanted = [f"http://localhost:{port}/OauthRedirect" for port in range(40_000, 40_040)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(partial(demo.register_redirect, org_file), wanted))
    with OrgStore.open(org_file) as store:
        assert set(wanted) <= set(setting(store, "oauth.redirect_uris"))


def test_closing_deals(org_file: Path) -> None:
    """An open deal is won today, by name or the next one; a new one can be made with lines."""
    before = demo.org_status(org_file).won
    assert demo.close_deal(org_file, "Globex – domes").startswith("Won “Globex – domes”")
    assert "Bottom-Dollar" in demo.close_deal(org_file)
    made = demo.close_deal(org_file, "Brand new", "1234.50")
    assert "1,234.50 USD" in made
    with_lines = demo.close_deal(org_file, lines=2)
    assert demo.org_status(org_file).won == before + 4
    deal = next(row for row in _rows(org_file, "Opportunity") if row["Id"] in with_lines)
    assert deal["HasOpportunityLineItem"] is True
    assert deal["Project_Code__c"]


@pytest.mark.parametrize(
    ("what", "field"),
    [
        ("missing-field", "Project_Code__c"),
        ("bad-amount", "Amount"),
        ("unknown-customer", "AccountId"),
    ],
)
def test_breaking_and_mending_a_deal(org_file: Path, what: str, field: str) -> None:
    """Breaking empties or misdirects a field of one more won deal; mending fills all of them."""

    def values() -> dict[str, Any]:
        return {row["Id"]: row[field] for row in _rows(org_file, "Opportunity") if row["IsWon"]}

    before = values()
    demo.break_org(org_file, what)
    broken = values()
    changed = [key for key in before if before[key] != broken[key]]
    accounts = {row["Id"]: row["Name"] for row in _rows(org_file, "Account")}
    expected = "Acme" if what == "unknown-customer" else None
    assert [accounts.get(broken[key]) for key in changed] == [expected]
    assert demo.org_status(org_file).broken == (what,)
    demo.fix_org(org_file, what)
    mended = values()
    assert None not in mended.values()
    assert mended[changed[0]] == before[changed[0]]
    assert "Acme" not in {row["Name"] for row in _rows(org_file, "Account")}
    assert demo.org_status(org_file).broken == ()


def test_unknown_words_are_refused(org_file: Path) -> None:
    """Nothing can be broken or mended that has no name here."""
    for act in (demo.break_org, demo.fix_org):
        with pytest.raises(ValueError, match="missing-field"):
            act(org_file, "everything")


def test_reset_restores_the_seed_and_keeps_sign_ins(org_file: Path) -> None:
    """A reset takes back rows and breaks, and keeps settings of the app."""
    demo.close_deal(org_file)
    demo.break_org(org_file, "outage")
    demo.register_redirect(org_file, "http://localhost:9999/OauthRedirect")
    demo.reset(org_file)
    status = demo.org_status(org_file)
    assert (status.won, status.broken) == (31, ())
    with OrgStore.open(org_file) as store:
        uris = store.get_setting("oauth.redirect_uris")
    assert "http://localhost:9999/OauthRedirect" in uris


def test_importing_the_door_is_cheap() -> None:
    """Importing the room loads neither the server nor the parser nor cryptography."""
    code = (
        "import sys, sfsync.demo\n"
        "heavy = {'werkzeug', 'lark', 'jwt', 'cryptography', 'sqlite3', 'requests'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
