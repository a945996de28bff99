"""Winning a deal in the demo org."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from sfsync import demo
from sfsync.demo.store import OrgStore

if TYPE_CHECKING:
    from pathlib import Path


def test_a_deal_is_won_once(org_file: Path) -> None:
    """A name is an open deal's or a new one's; a closed one of that name is not made twice."""
    with OrgStore.open(org_file) as store:
        before = len(store.ids("Opportunity"))
    demo.close_deal(org_file, "Brand new", None, 0)
    with pytest.raises(ValueError, match="closed already"):
        demo.close_deal(org_file, "Brand new", "5", 1)
    with OrgStore.open(org_file) as store:
        assert len(store.ids("Opportunity")) == before + 1


def test_the_lines_of_a_won_deal_add_up_to_its_amount(org_file: Path) -> None:
    """An amount and lines are both as they were asked for, to the cent."""
    for name, amount, lines in (("One", "42000", 2), ("Other", "100.01", 3), ("Bare", "7", 0)):
        said = demo.close_deal(org_file, name, amount, lines)
        assert f"{float(amount):,.2f} USD" in said
        with OrgStore.open(org_file) as store:
            deal = next(
                one
                for one in map(partial(store.get, "Opportunity"), store.ids("Opportunity"))
                if one["Name"] == name
            )
            items = map(partial(store.get, "OpportunityLineItem"), store.ids("OpportunityLineItem"))
            own = [one for one in items if one["OpportunityId"] == deal["Id"]]
        assert (str(deal["Amount"]), len(own)) == (f"{float(amount):.2f}", lines)


def test_an_amount_is_not_dropped_for_the_lines_that_are_there(org_file: Path) -> None:
    """A real org ignores it; whoever asked for it hears so, and nothing is won."""
    with pytest.raises(ValueError, match="the lines it has"):
        demo.close_deal(org_file, "Acme – rockets", "7", 0)
    assert "21,300.00" in demo.close_deal(org_file, "Acme – rockets", None, 0)
