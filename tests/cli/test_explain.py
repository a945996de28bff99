from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.command_line import Sfsync

FAILED = "0065g000000000NAAQ"


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
