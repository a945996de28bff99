from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from sfsync.errors import UnavailableError
from sfsync.ledger.invoices import list_invoices, show_invoice
from sfsync.salesforce.records import Page
from sfsync.sync import gather
from sfsync.sync.filters import asked_of_parent
from sfsync.sync.reader import Source, key_of
from tests.sync.conftest import demo_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfsync.salesforce import Org
    from tests.sync.conftest import RulesOf, Workplace


@pytest.mark.parametrize(
    ("filters", "asked"),
    [
        ("{}", "D.IsWon = true"),
        ("{stages: [Closed Won, Kjøpers' valg]}",
         "D.StageName IN ('Closed Won','Kjøpers\\' valg')"),
        ("{close_date: {from: 2026-01-01, to: 2026-06-30}}",
         "D.IsWon = true AND D.CloseDate >= 2026-01-01 AND D.CloseDate <= 2026-06-30"),
        ("{close_date: {last_days: 30}}", "D.IsWon = true"),
    ],
)  # fmt: skip
def test_the_first_questions_are_asked_of_the_deal_of_a_line(
    rules_of: RulesOf, filters: str, asked: str
) -> None:
    """Stage and close date in SOQL, values quoted, through the lookup of the line object."""
    settings = rules_of(f"opportunities:\n  filters: {filters}\n").settings
    assert asked_of_parent("D", settings.opportunities.filters) == asked


def test_a_range_of_deals_has_the_lines_that_single_ids_have(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However the lines of a page are asked for, the drafts are the same."""
    monkeypatch.setattr(gather, "_FEW", 0)
    workplace.sync()
    by_range = lines_of(workplace)
    workplace.ledger_path.unlink()
    monkeypatch.setattr(gather, "_FEW", 10_000)
    workplace.sync(demo_settings())
    assert lines_of(workplace) == by_range
    assert any(len(lines) > 1 for lines in by_range.values())


def lines_of(place: Workplace) -> dict[str, list[str]]:
    """The lines of every draft, by opportunity."""
    with place.ledger() as ledger:
        drafts = [show_invoice(ledger, one.draft) for one in list_invoices(ledger)]
        return {one.row.opportunity_id: [repr(line) for line in one.lines] for one in drafts}


@pytest.mark.parametrize("missing", [None, 7, ""])
def test_a_line_without_its_deal_is_no_answer(missing: object) -> None:
    """What lacks its place is taken for a spoilt reply, not for a line of nobody."""
    with pytest.raises(UnavailableError) as refused:
        key_of({"Id": "00k", "OpportunityId": missing}, "OpportunityId")
    assert refused.value.code == "bad-reply"


@pytest.mark.parametrize("told", [" ", "7", "0035g0000000001", "0035g0000000001AAAA"])
def test_a_record_without_an_id_of_its_own_is_no_answer(told: str) -> None:
    """Nothing is kept under a key that is none; the answer is taken for a spoilt one."""

    class OneRecord:
        def query(self, soql: str, **options: object) -> Iterator[Page]:
            del soql, options
            yield Page([{"Id": told}], 1)

    source = Source(cast("Org", OneRecord()), "Contact", ("Id",))
    for read in (source.all_by_id(), source.by_ids(["0035g0000000001AAA"])):
        with pytest.raises(UnavailableError) as caught:
            list(read)
        assert caught.value.code == "bad-reply"
