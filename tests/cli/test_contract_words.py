"""Small words of the contract: what may be left out, what a name stands for, what is not found."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sfsync.demo.store import OrgStore

if TYPE_CHECKING:
    from tests.cli.command_line import Sfsync


def test_a_draft_goes_without_a_reason_and_the_audit_trail_says_so(books: Sfsync) -> None:
    """Only what the contract names insists on --reason; an empty one is refused anywhere."""
    assert books("invoice", "delete", "D-000002", "--yes", "--reason", "").status == 2
    assert books("invoice", "delete", "D-000002", "--yes").status == 0
    (event,) = books("audit", "list", "--action", "invoice.delete", "--json").document["result"]
    assert event["reason"] == "no reason given"


def test_payments_and_customers_go_without_a_reason(books: Sfsync) -> None:
    """A void and a merge may be explained, and need not be."""
    (posted,) = books("invoice", "post", "D-000001", "--json").document["result"]["posted"]
    paid = ("payment", "add", posted["number"], "--amount", "100", "--date", posted["posting_date"])
    assert books(*paid).status == 0
    voided = books("payment", "void", "P-000001", "--json").document["result"]
    assert voided["void_reason"] == "no reason given"
    assert books("customer", "merge", "C-0003", "C-0002", "--yes").status == 0


def test_a_retry_of_a_run_that_never_was_is_not_found(books: Sfsync) -> None:
    """Nothing to retry in a run is no error; no such run is one."""
    missing = books("sync", "retry", "99", "--json")
    assert (missing.status, missing.document["error"]["code"]) == (9, "run-not-found")


def test_a_group_of_fields_is_named_by_its_name(books: Sfsync) -> None:
    """JSON carries the group as it is; a table says its name."""
    asked = ("invoice", "list", "--limit", "1", "--fields", "draft,customer")
    (row,) = books(*asked, "--json").document["result"]
    assert set(row) == {"draft", "customer"}
    assert set(row["customer"]) == {"id", "name", "salesforce_id"}
    assert books(*asked).out == f"{row['draft']}\t{row['customer']['name']}\n"
    assert books("invoice", "list", "--fields", "custom").status == 2


def test_a_mended_sign_in_works_again(books: Sfsync) -> None:
    """`demo fix` undoes what `demo break` did, the sign-in too."""
    assert books("demo", "break", "expired-sign-in").status == 0
    assert books("sync", "--now", "-q").status == 4
    assert books("demo", "fix", "expired-sign-in").status == 0
    assert books("sync", "--now", "-q").status == 0
    assert books("demo", "break", "outage").status == 0
    assert books("demo", "break", "expired-sign-in").status == 0
    assert books("demo", "fix", "expired-sign-in").status == 0


def test_the_demo_and_the_doctor_keep_to_snake_case_and_null(books: Sfsync) -> None:
    """Words with hyphens are values, never keys; what is not set is null."""
    found = books("demo", "status", "--json").document["result"]
    assert "line_items" in found["records"]
    assert {"what", "does"} == set(found["breaks"][0])
    checks = books("doctor", "--json").document["result"]["checks"]
    assert {row["fix"] for row in checks if row["verdict"] == "ok"} == {None}


def _expecting(org_id: str) -> None:
    config = Path("mappings.yaml")
    lines = [one for one in config.read_text().splitlines() if "expect_org" not in one]
    place = lines.index("connection:") + 1
    lines.insert(place, f"  expect_org: {org_id}")
    config.write_text("\n".join(lines) + "\n")


def test_only_the_expected_org_is_asked(books: Sfsync) -> None:
    """expect_org holds for the demo too, in 15 or 18 characters, whatever the last three are."""
    org_id = books("org", "show", "--json").document["result"]["org_id"]
    for known in (org_id, org_id[:15], org_id[:15] + "AAA"):
        _expecting(known)
        assert books("sync", "--now", "-q").status == 0
    _expecting("00D5g00000ABCDEEA4")
    for asked in (("sync", "--now"), ("sync", "plan"), ("org", "stages")):
        done = books(*asked, "--json")
        assert (done.status, done.document["error"]["code"]) == (8, "unexpected-org")


@pytest.mark.parametrize(
    "deal",
    [
        "0065g0000000001",
        "0065g0000000001AAA",
        "https://acme.my.salesforce.com/0065g0000000001",
        "https://acme.lightning.force.com/lightning/r/Opportunity/0065g0000000001AAA/view",
    ],
)
def test_a_sync_of_one_deal_takes_what_names_a_deal_elsewhere(books: Sfsync, deal: str) -> None:
    """Its id of 15 or 18 characters, or the address of its page."""
    done = books("sync", "--now", "--opportunity", deal, "--json").document["result"]
    assert done["counts"]["opportunities"]["read"] == 1
    (record,) = books("history", "show", "--json").document["result"]["records"][-1:]
    assert record["salesforce_id"] == "0065g0000000001AAA"


@pytest.mark.parametrize(
    "command",
    ["customer show", "contact list --customer", "invoice list --customer", "audit list --what",
     "opportunity list --customer"],
)  # fmt: skip
def test_the_address_of_an_account_stands_for_its_customer(books: Sfsync, command: str) -> None:
    """What the number gives, an account's id or the address of its page gives as well."""
    by_number = books(*command.split(), "C-0001", "--json").document["result"]
    assert by_number
    for named in ("0015g0000000001", "https://acme.my.salesforce.com/0015g0000000001AAA"):
        assert books(*command.split(), named, "--json").document["result"] == by_number


def test_the_trail_of_what_is_not_there_says_so(books: Sfsync) -> None:
    """A name that nothing has is refused; an action that nothing did names those there are."""
    unknown = books("audit", "list", "--what", "INV-1999-00001", "--json")
    assert (unknown.status, unknown.document["error"]["code"]) == (9, "entity-not-found")
    assert books("audit", "list", "--what", "0065g0000000999", "--json").document["result"] == []
    misspelt = books("audit", "list", "--action", "invoice.revers", terminal=True)
    assert misspelt.status == 0
    assert "the trail has: config.change," in misspelt.out


def test_a_contact_is_found_by_the_address_of_its_page(books: Sfsync) -> None:
    """As by its id."""
    by_id = books("contact", "show", "0035g0000000001", "--json").document["result"]
    url = "https://acme.lightning.force.com/lightning/r/Contact/0035g0000000001AAA/view"
    assert books("contact", "show", url, "--json").document["result"] == by_id


def test_a_plan_names_every_record_with_its_values(books: Sfsync) -> None:
    """Customers and contacts too, before and after; a pipe gets a line for each, deals first."""
    fresh = ("--ledger", "new.db")
    changes = books("sync", "plan", "--json", *fresh).document["result"]["changes"]
    created = {
        one["salesforce_id"]: one["fields"] for one in changes if one["outcome"] == "created"
    }
    assert created["0015g0000000001AAA"]["name"] == [None, "Around the Horn"]
    assert created["0035g0000000001AAA"]["name"] == [None, "Thomas Hardy"]
    assert created["0065g0000000001AAA"]["total"] == [None, "24000.00"]
    listed = [line for line in books("sync", "plan", *fresh).out.splitlines() if line[:1] in "+-"]
    assert len(listed) == len([one for one in changes if one["outcome"] in {"created", "skipped"}])
    first = r"\+ created  Around the Horn – store rollout   24,000.00 USD   20\d\d-\d\d-\d\d"
    assert re.fullmatch(first, listed[0])
    assert listed[-1].startswith("+ created  contact ")
    with OrgStore.open(Path("demo-org.db")) as store:
        store.update("Account", "0015g0000000001AAA", {"Phone": "+44 1"})
    text = books("sync", "plan", *fresh).out
    failed = [one["name"] for one in changes if one["outcome"] == "failed"]
    assert [text.count(f"{name} ") for name in failed] == [1, 1, 1]
    text = books("sync", "plan").out
    assert "~ updated  customer Around the Horn\n    phone: +44 171 555 7788 → +44 1\n" in text


def test_a_won_deal_of_the_demo_has_an_amount_as_everywhere(books: Sfsync) -> None:
    """Digits and a decimal point; a failed deal is told with the decimals of its currency."""
    refused = books("demo", "close-deal", "--amount", "1e3", "--json")
    assert (refused.status, refused.document["error"]["code"]) == (2, "invalid-amount")
    assert books("demo", "break", "missing-field").status == 0
    assert "2,490.50 EUR" in books("sync", "--now").out


def test_a_property_needs_its_name(books: Sfsync) -> None:
    """What was typed is never suggested in place of itself."""
    done = books("report", "revenue", "--by", "property:")
    assert (done.status, "Did you mean" in done.err) == (2, False)
    assert "property:NAME" in done.err
