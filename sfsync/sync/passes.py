"""One pass over one object at work: how each page of it is decided and written."""

from __future__ import annotations

from contextlib import closing, contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from itertools import chain
from math import ceil
from typing import TYPE_CHECKING

from sfsync.errors import RefusedError
from sfsync.ledger import pages
from sfsync.ledger.model import PageOfChanges
from sfsync.sync.contacts import decide_contact
from sfsync.sync.gather import ask_for_deals, decide_and_apply_accounts, gather_deals
from sfsync.sync.invoices import account_id_of
from sfsync.sync.line_stream import LineStream
from sfsync.sync.lines import required_products
from sfsync.sync.mapping import as_text
from sfsync.sync.opportunities import decide_opportunity
from sfsync.sync.parents import deals_of_changed, parent_fields
from sfsync.sync.pipeline import one_ahead, writing_behind
from sfsync.sync.reader import Transport, goes_by_bulk, ids_of
from sfsync.sync.touched import note

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from sfsync.ledger.model import Cursor, OpportunityState
    from sfsync.salesforce.records import Page, Record
    from sfsync.sync.gather import Asked, OpportunitySources
    from sfsync.sync.opportunities import Deal
    from sfsync.sync.pass_planner import Pass
    from sfsync.sync.pipeline import WriteBehind
    from sfsync.sync.run import Run

    ApplyPage = Callable[[Sequence[Record], Cursor | None], None]

_WORTH_A_PROCESS = 3
"""From so many pages on, the process that writes them saves more time than it takes to begin."""

_MANY = 10
"""So many remembered deals make an empty answer suspicious."""


def sync_accounts(run: Run, one_pass: Pass, sources: OpportunitySources) -> None:
    """Read the accounts of a pass and write their customers."""
    fields = parent_fields(sources.opportunities.columns, "Account")

    def apply(records: Sequence[Record], cursor: Cursor | None) -> None:
        if not one_pass.full:
            note(run, deals_of_changed(run.ledger, "Account", fields, records))
        decide_and_apply_accounts(run, records, cursor)

    _go_through(run, one_pass, apply)
    _close(run, one_pass)


def sync_contacts(run: Run, one_pass: Pass) -> None:
    """Read the contacts of a pass and write them."""

    def apply(records: Sequence[Record], cursor: Cursor | None) -> None:
        account_ids = sorted({as_text(record.get("AccountId")) for record in records} - {""})
        with run.ledger.transaction():
            known, customers = pages.contact_state(run.ledger, ids_of(records), account_ids)
            decided = [
                decide_contact(record, known.get(record["Id"]), customers, run.rules)
                for record in records
            ]
            outcomes = tuple(outcome for outcome, _ in decided)
            changes = tuple(change for _, change in decided if change is not None)
            pages.apply(
                run.ledger,
                run.run_id,
                PageOfChanges(records=outcomes, cursor=cursor, contacts=changes),
            )
        run.count(outcomes)

    _go_through(run, one_pass, apply)
    _close(run, one_pass)


def sync_opportunities(
    run: Run, one_pass: Pass, sources: OpportunitySources, watches: Sequence[Cursor] = ()
) -> set[str]:
    """Read the opportunities of a pass and write their drafts.

    `watches` are the cursors of what deals depend on; a full pass writes them with its last one.

    Returns:
        The ids that an incremental pass read; a full one keeps none, it read them all.
    """
    if one_pass.full:
        found = _deals_of_full_pass(run, one_pass, sources)
        if not found and not one_pass.resumed_after:
            _refuse_sudden_emptiness(run)
        _close(run, one_pass, *watches)
        return set()
    read: set[str] = set()

    def apply(records: Sequence[Record], cursor: Cursor | None) -> None:
        read.update(ids_of(records))
        apply_deals(run, records, sources, cursor)

    _go_through(run, one_pass, apply)
    return read


def _deals_of_full_pass(run: Run, one_pass: Pass, sources: OpportunitySources) -> int:
    """Read every deal; while one page is decided, the next is read and the last one is written.

    Returns:
        How many there were.
    """
    found = 0
    read_pages = _announced(run, one_pass)
    first = next(read_pages, None)
    if first is None:
        return found
    page, total = first[0], first[0].total
    with (
        _with_lines(run, one_pass, sources, total) as with_lines,
        _writing(run, pages_to_come=ceil(total / len(page.records))) as behind,
    ):
        # The same run: what it has counted so far is shared.
        ahead = replace(run, behind=behind)

        def ask(read: tuple[Page, Cursor | None]) -> tuple[Asked, Cursor | None]:
            page, cursor = read
            return ask_for_deals(ahead, page.records, with_lines, ahead=True), cursor

        with closing(one_ahead(chain((first,), read_pages), ask)) as pages_of_deals:
            for asked, cursor in pages_of_deals:
                deals = len(asked.records)
                _apply(ahead, gather_deals(ahead, asked, sources), sources, cursor)
                found += deals
                run.progress.advance(deals)
                del asked
    return found


def _writing(run: Run, pages_to_come: int) -> AbstractContextManager[WriteBehind | None]:
    """The process that writes the pages of a pass; None where they are too few to be worth it."""
    if pages_to_come < _WORTH_A_PROCESS:
        return nullcontext()
    return writing_behind(run.ledger, run.run_id, run.count)


@contextmanager
def _with_lines(
    run: Run, one_pass: Pass, sources: OpportunitySources, total: int
) -> Iterator[OpportunitySources]:
    """The sources of a pass over so many deals: with a stream of lines if it goes by Bulk."""
    if sources.lines is None or not goes_by_bulk(one_pass.transport, total):
        yield sources
        return
    field = run.rules.settings.line_items.opportunity_field
    insist = one_pass.transport is Transport.BULK
    with closing(LineStream(field, sources.line_filter, insist=insist)) as stream:
        yield replace(sources, line_stream=stream)


def apply_deals(
    run: Run, records: Sequence[Record], sources: OpportunitySources, cursor: Cursor | None
) -> None:
    """Decide a page of deals and write it, with its cursor, in one transaction."""
    asked = ask_for_deals(run, records, sources, ahead=False)
    _apply(run, gather_deals(run, asked, sources), sources, cursor)


def _apply(
    run: Run, deals: Sequence[Deal], sources: OpportunitySources, cursor: Cursor | None
) -> None:
    if run.behind is None:
        with run.ledger.transaction():
            changes = _decided(run, deals, cursor)
            pages.apply(run.ledger, run.run_id, changes)
        run.count(changes.records)
        return
    ids = ids_of([deal.record for deal in deals])
    run.behind.submit(
        ids,
        partial(_decided, run, deals, cursor),
        partial(_read_again, replace(run, behind=None), ids, sources, cursor),
    )


def _read_again(
    run: Run, ids: Sequence[str], sources: OpportunitySources, cursor: Cursor | None
) -> Callable[[], PageOfChanges]:
    """Read a page of deals anew, because somebody wrote to the ledger after it was decided.

    Returns:
        What decides it.
    """
    deals = []
    for page in sources.opportunities.by_ids(ids):
        asked = ask_for_deals(run, page.records, sources, ahead=False)
        deals += gather_deals(run, asked, sources)
    return partial(_decided, run, deals, cursor)


def _decided(run: Run, deals: Sequence[Deal], cursor: Cursor | None) -> PageOfChanges:
    state = _opportunity_state(run, deals)
    decisions = [decide_opportunity(deal, state, run.rules) for deal in deals]
    return PageOfChanges(
        records=tuple(one.outcome for one in decisions),
        cursor=cursor,
        creates=tuple(one.create for one in decisions if one.create is not None),
        updates=tuple(one.update for one in decisions if one.update is not None),
        drifts=tuple(one.drift for one in decisions if one.drift is not None),
        baselines=tuple(one.baseline for one in decisions if one.baseline is not None),
        opportunities=tuple(one.remembered for one in decisions if one.remembered is not None),
    )


def _go_through(run: Run, one_pass: Pass, apply: ApplyPage) -> None:
    for page, cursor in _announced(run, one_pass):
        apply(page.records, cursor)
        run.progress.advance(len(page.records))


def _announced(run: Run, one_pass: Pass) -> Iterator[tuple[Page, Cursor | None]]:
    """The pages of a pass; whoever watches is told of it when the first one arrives.

    Raises:
        UnavailableError: the pages to come would use more of the org's API calls than sfsync may.
    """
    read = 0
    for page, cursor in one_pass.pages():
        if not read:
            run.progress.phase(one_pass.source.sobject, page.total)
        read += len(page.records)
        if not goes_by_bulk(one_pass.transport, page.total):
            _check_budget(run, one_pass.source.sobject, page.total - read, len(page.records))
        yield page, cursor


def _check_budget(run: Run, sobject: str, rows: int, page_size: int) -> None:
    """Stop before the calls for so many rows; an org that tells no allowance refuses by itself."""
    if rows <= 0 or run.org.usage is None:
        return
    # A page of deals needs at least one more call, for its lines.
    calls_a_page = 2 if sobject == "Opportunity" and run.rules.read_lines else 1
    run.org.check_budget(ceil(rows / page_size) * calls_a_page)


def _close(run: Run, one_pass: Pass, *watches: Cursor) -> None:
    if closing := one_pass.closing():
        # Together: a run that was killed in between would leave nobody to look at lines and owners.
        with run.ledger.transaction():
            for cursor in (closing, *watches):
                pages.apply(run.ledger, run.run_id, PageOfChanges(records=(), cursor=cursor))


def _opportunity_state(run: Run, deals: Sequence[Deal]) -> OpportunityState:
    records = [deal.record for deal in deals]
    accounts = {account_id_of(record, run.rules) for record in records}
    return pages.opportunity_state(
        run.ledger,
        run.org.identity.org_id,
        ids_of(records),
        sorted(one for one in accounts if isinstance(one, str)),
        required_products((item for deal in deals for item in deal.items), run.rules),
    )


def _refuse_sudden_emptiness(run: Run) -> None:
    remembered = pages.remembered_count(run.ledger)
    if remembered < _MANY or run.request.allow_empty:
        return
    raise RefusedError(
        f"Salesforce answered no opportunity at all, and {remembered} were read before; "
        "this is not taken for 'everything was deleted'",
        code="source-empty",
        fix="check the user's permissions (sfsync org show), or accept it with --allow-empty",
    )
