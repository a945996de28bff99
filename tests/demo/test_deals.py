"""Winning a deal in the demo org."""

from __future__ import annotations

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
