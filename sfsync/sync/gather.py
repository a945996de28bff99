"""Read what a page of opportunities needs before it can be decided: lines, condition, accounts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from sfsync.ledger import pages
from sfsync.ledger.model import PageOfChanges
from sfsync.salesforce import WhenAsked, soql
from sfsync.sync.accounts import decide_accounts, external_id_of, merged_into, name_of
from sfsync.sync.failures import Failure, failure
from sfsync.sync.invoices import account_id_of
from sfsync.sync.mapping import as_text
from sfsync.sync.opportunities import Deal, candidate
from sfsync.sync.reader import ids_of, key_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sfsync.ledger.model import AccountState, Cursor
    from sfsync.salesforce import Coming, Org
    from sfsync.salesforce.records import Record
    from sfsync.sync.line_stream import LineStream
    from sfsync.sync.reader import Source
    from sfsync.sync.rules import Rules
    from sfsync.sync.run import Run

_FEW = 400
"""Up to so many deals of a page are asked for by id; a denser page is one range of ids."""


@dataclass(frozen=True, slots=True)
class OpportunitySources:
    """Where opportunities, their lines and their accounts are read from.

    `lines` is None where the org or the config has no line items; `line_filter` is SOQL that
    leaves out lines of deals that the filters leave out, empty where it cannot be asked.
    `line_stream` has the lines of all deals in a pass that a Bulk job reads.
    """

    opportunities: Source
    lines: Source | None
    accounts: Source
    line_filter: str = ""
    line_stream: LineStream | None = None

    def of(self, org: Org) -> OpportunitySources:
        """The same, read through another client of the org."""
        return replace(
            self,
            opportunities=replace(self.opportunities, org=org),
            lines=None if self.lines is None else replace(self.lines, org=org),
            accounts=replace(self.accounts, org=org),
        )


class Asked(NamedTuple):
    """A page of deals whose lines and condition are being read.

    `wanted` are the records that the first questions let through. `answer` will be their lines by
    opportunity id, and the ids that meet the extra condition, None where there is none.
    """

    records: Sequence[Record]
    wanted: Sequence[Record]
    answer: Coming[tuple[dict[str, list[Record]], set[str] | None]]


def ask_for_deals(
    run: Run, records: Sequence[Record], sources: OpportunitySources, *, ahead: bool
) -> Asked:
    """Ask the org what a page of deals needs; `gather_deals` waits for it.

    Args:
        run: the run at work.
        records: the page, in the order in which the org answered it.
        sources: where to read from.
        ahead: read in the background; the page is then a range of ids without gaps, as a full pass
            has them.
    """
    invoiced = pages.live_deals(run.ledger, ids_of(records))
    wanted = [
        record
        for record in records
        if candidate(record, run.rules, invoiced=record["Id"] in invoiced)
    ]
    span = _Span(records, wanted, contiguous=ahead)
    rules = run.rules

    def read(org: Org) -> tuple[dict[str, list[Record]], set[str] | None]:
        there = sources.of(org)
        return _items(rules, span, there), _meeting_condition(rules, span, there.opportunities)

    answer = run.org.read_ahead(read) if ahead else WhenAsked(partial(read, run.org))
    return Asked(records, wanted, answer)


def gather_deals(run: Run, asked: Asked, sources: OpportunitySources) -> list[Deal]:
    """The deals of a page, with all that deciding them takes."""
    items, meeting = asked.answer.result()
    _resolve_accounts(run, asked.wanted, sources.accounts)
    return [
        Deal(
            record=record,
            items=items.get(record["Id"], ()),
            meets_condition=meeting is None or record["Id"] in meeting,
            customer_problem=_customer_problem(run, record),
        )
        for record in asked.records
    ]


def _customer_problem(run: Run, record: Record) -> Failure | None:
    return run.unmatched.get(as_text(_account_id(run, record))) if run.unmatched else None


def decide_and_apply_accounts(
    run: Run, records: Sequence[Record], cursor: Cursor | None = None
) -> None:
    """Decide a page of accounts and write it, with its cursor, in one transaction."""
    with run.ledger.transaction():
        decisions = decide_accounts(records, _account_state(run, records), run.rules)
        synced = run.rules.settings.accounts.sync
        outcomes = tuple(one.outcome for one in decisions) if synced else ()
        pages.apply(
            run.ledger,
            run.run_id,
            PageOfChanges(
                records=outcomes,
                cursor=cursor,
                customers=tuple(one.change for one in decisions if one.change is not None),
            ),
        )
    run.count(outcomes)
    for decision in decisions:
        if decision.outcome.code is not None:
            run.unmatched[decision.outcome.salesforce_id] = decision.problem


class _Span:
    """Which rows belong to a page of deals: by their ids, or as one range of ids."""

    def __init__(
        self, records: Sequence[Record], wanted: Sequence[Record], *, contiguous: bool
    ) -> None:
        self.all_ids = ids_of(records)
        self.ids = ids_of(wanted)
        self._range = (records[0]["Id"], records[-1]["Id"]) if records else None
        self._dense = contiguous and len(wanted) > _FEW

    def conditions(self, field: str, thinned: str = "") -> Iterable[str]:
        """SOQL conditions that together cover the wanted deals (and perhaps their neighbours).

        Args:
            field: the id field that they ask about.
            thinned: what leaves out some of the neighbours.
        """
        if self._dense and self._range is not None:
            first, last = map(soql.quote, self._range)
            return (
                " AND ".join(filter(None, (f"{field} >= {first}", f"{field} <= {last}", thinned))),
            )
        return (f"{field} IN {chunk}" for chunk in soql.in_chunks(self.ids))


def _items(rules: Rules, span: _Span, sources: OpportunitySources) -> dict[str, list[Record]]:
    items: dict[str, list[Record]] = {}
    if sources.lines is None:
        return items
    field = rules.settings.line_items.opportunity_field
    wanted = set(span.ids)
    stream = sources.line_stream
    if stream is not None:
        streamed = stream.take(sources.lines, span.all_ids, wanted)
        if streamed is not None:
            return streamed
    for condition in span.conditions(field, sources.line_filter):
        for page in sources.lines.where(condition, order_by=(field, "Id")):
            for item in page.records:
                deal = key_of(item, field)
                if deal in wanted and not item.get("IsDeleted"):
                    items.setdefault(deal, []).append(item)
    return items


def _meeting_condition(rules: Rules, span: _Span, opportunities: Source) -> set[str] | None:
    where = rules.settings.opportunities.filters.where
    if where is None:
        return None
    return {
        record["Id"]
        for condition in span.conditions("Id")
        for page in opportunities.only("Id").where(f"{condition} AND ({where})")
        for record in page.records
    }


def _resolve_accounts(run: Run, wanted: Sequence[Record], accounts: Source) -> None:
    """Find or create customers for accounts that no earlier pass has linked."""
    ids = {account_id for record in wanted if (account_id := _account_id(run, record))}
    linked = pages.customers_of_accounts(run.ledger, ids)
    unknown = sorted(ids - linked.keys() - run.unmatched.keys())
    if not unknown:
        return
    run.settle()
    run.unmatched.update({one: _hidden_account(one) for one in unknown})
    for page in accounts.by_ids(unknown):
        for record in page.records:
            run.unmatched.pop(record["Id"], None)
        decide_and_apply_accounts(run, page.records)


def _hidden_account(account_id: str) -> Failure:
    return failure(
        "account-hidden",
        f"Salesforce does not show the deal's account {account_id} to this user",
        source_field="AccountId",
        target="customer",
    )


def _account_id(run: Run, record: Record) -> str | None:
    account_id = account_id_of(record, run.rules)
    return None if isinstance(account_id, Failure) else account_id


def _account_state(run: Run, records: Sequence[Record]) -> AccountState:
    names = {name_of(record, run.rules) for record in records}
    external_ids = {
        external_id for record in records if (external_id := external_id_of(record, run.rules))
    }
    ids = {*ids_of(records), *map(merged_into, records)} - {""}
    return pages.account_state(run.ledger, run.org.identity.org_id, ids, names, external_ids)
