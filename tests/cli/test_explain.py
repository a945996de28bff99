from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.command_line import in_mapping

if TYPE_CHECKING:
    from tests.cli.command_line import Sfsync

FAILED = "0065g000000000NAAQ"
WITHOUT_LINES = "0065g000000000LAAQ"
IN_EUROS = "0065g0000000009AAA"


def test_a_failed_deal_names_the_rule_that_stops_it(books: Sfsync) -> None:
    """The first rule that says no, with its place in the config; what comes after is not asked."""
    found = books("explain", FAILED, "--json").document["result"]
    assert found["stops_at"] == "cost_center"
    stopped = next(check for check in found["checks"] if check["name"] == "cost_center")
    assert stopped["passes"] is False
    assert "mappings.yaml:" in stopped["reason"]
    assert found["code"] == "missing-field"


def test_each_value_shows_its_source_and_every_transform(books: Sfsync) -> None:
    """po_number is trimmed, then put in capitals; region comes from the account."""
    values = {
        one["target"]: one
        for one in books("explain", "D-000001", "--json").document["result"]["values"]
    }
    assert [step["transform"] for step in values["po_number"]["steps"]] == ["trim", "upper"]
    assert values["region"]["source"] == "Account.BillingCountry"
    assert values["department"]["origin"] in {"source", "default"}


def test_the_amount_that_is_asked_for_is_the_mapped_total(sfsync: Sfsync) -> None:
    """Not the deal's Amount, which the minimum is not held against."""
    assert sfsync("demo", "start", ".", "-q").status == 0
    in_mapping(
        "total: {from: Amount, required: true}",
        "total: {from: TotalOpportunityQuantity, default: '7', required: true}",
    )
    assert sfsync("sync", "--now").status == 0
    checks = sfsync("explain", WITHOUT_LINES, "--json").document["result"]["checks"]
    asked = next(check for check in checks if check["name"] == "amount")
    assert (asked["value"], asked["passes"]) == ("7", False)
    assert asked["reason"] == "7.00 USD is below the minimum of 500.00"


def test_a_template_shows_its_text_its_transforms_and_its_default(sfsync: Sfsync) -> None:
    """As a field does: where the fields of a template are empty, the default is no source."""
    assert sfsync("demo", "start", ".", "-q").status == 0
    in_mapping(
        "{from: PO_Number__c, transform: [trim, upper]}",
        '{from: "po {PO_Number__c}", default: none yet, transform: [trim, upper]}',
    )
    assert sfsync("sync", "--now").status == 3
    found = {}
    for draft in ("D-000002", "D-000003"):
        values = sfsync("explain", draft, "--json").document["result"]["values"]
        found[draft] = next(one for one in values if one["target"] == "po_number")
    filled, empty = found.values()
    assert (filled["raw"], filled["value"]) == ("po  po-7702 ", "PO  PO-7702")
    assert [step["transform"] for step in filled["steps"]] == ["trim", "upper"]
    assert filled["origin"] == "source"
    assert (empty["raw"], empty["value"], empty["origin"]) == ("", "none yet", "default")


def test_a_time_is_its_day_in_the_time_zone_of_the_config(sfsync: Sfsync) -> None:
    """In the invoice and in what explains it; another zone is an edit of the config, no drift."""
    assert sfsync("demo", "start", ".", "-q").status == 0
    east, west = "Pacific/Kiritimati", "Pacific/Pago_Pago"  # never on the same day
    in_mapping("time_zone: UTC", f"time_zone: {east}")
    moved = "CreatedDate\n    due_date: {from: CreatedDate, transform: [add_days: 30]}"
    in_mapping("{from: CloseDate, required: true}", moved)
    assert sfsync("sync", "--now").status == 3
    assert sfsync("invoice", "post", "D-000001").status == 0
    before = dates_of(sfsync)
    assert {due - day for day, due in before.values()} == {timedelta(days=30)}
    values = sfsync("explain", "D-000002", "--json").document["result"]["values"]
    explained = {one["target"]: one["value"] for one in values}
    day, due = before["D-000002"]
    assert (explained["document_date"], explained["due_date"]) == (str(day), str(due))
    in_mapping(east, west)
    assert sfsync("sync", "--now").status == 3
    after = dates_of(sfsync)
    assert after.pop("D-000001") == before.pop("D-000001")
    assert all(after[draft][0] < day for draft, (day, _) in before.items())
    assert sfsync("invoice", "list", "--drifted", "--json").document["result"] == []


def dates_of(sfsync: Sfsync) -> dict[str, tuple[date, date]]:
    """Date and due date of every invoice, by its draft's id."""
    return {
        row["draft"]: (
            date.fromisoformat(row["document_date"]),
            date.fromisoformat(row["due_date"]),
        )
        for row in sfsync("invoice", "list", "--json").document["result"]
    }


def test_the_screen_says_where_it_stops(books: Sfsync) -> None:
    """A person sees the check, the reason and the fix."""
    out = books("explain", FAILED).out
    assert "stops here" in out
    assert "fix:" in out


def test_a_deal_that_was_never_read_is_not_found(books: Sfsync) -> None:
    """Exit 9, with the way to read it."""
    done = books("explain", "006000000000000AAA")
    assert done.status == 9
    assert "--opportunity" in done.err


@pytest.mark.parametrize(
    ("old", "new"),
    [("min_amount: 500.00", "min_amount: {amount: 500, currency: USD}"),
     ("last_days: 365", "last_days: 1")],
)  # fmt: skip
def test_a_deal_with_an_invoice_is_stopped_by_nothing(books: Sfsync, old: str, new: str) -> None:
    """Neither by rates that only the org knows, nor by a window that it has grown out of."""
    config = Path("mappings.yaml")
    config.write_text(config.read_text().replace(old, new))
    books("sync", "--now", "-q")
    found = books("explain", IN_EUROS, "--json").document["result"]
    assert found["invoice"] == "D-000009"
    assert found["stops_at"] is None


def test_an_account_with_a_number_is_not_said_to_have_none(books: Sfsync) -> None:
    """Why it has no customer is what the sync found: the number itself is not remembered."""
    config = Path("mappings.yaml")
    config.write_text(
        config.read_text().replace("if_blank: name ", "if_blank: fail\n  create: false ")
    )
    Path("demo.db").unlink()
    books("sync", "--now", "-q")
    customer = books("explain", IN_EUROS, "--json").document["result"]["customer"]
    assert customer["problem"] == "no customer matches the account 'Chop-suey Chinese'"
