"""Deals that changed although their own record did not: by a line, an owner, an account, a product.

A line edit need not stamp its opportunity, a renamed owner or account never does. Each of these
objects has a cursor of its own; the deals that depend on what changed are read again by id. The
objects are asked together, so that watching them costs one call.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from sfsync.ledger import pages
from sfsync.ledger.model import Cursor, PageOfChanges
from sfsync.salesforce import QueryRefused
from sfsync.sync.parents import PARENTS, deals_of_changed, parent_fields
from sfsync.sync.reader import Source, ids_of, key_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from collections.abc import Set as AbstractSet

    from sfsync.salesforce.records import Page, Record
    from sfsync.sync.gather import OpportunitySources
    from sfsync.sync.pass_planner import Pass
    from sfsync.sync.run import Run

WATCHED = ">Opportunity"
"""What ends the name of a cursor that watches an object for the deals that depend on it."""


@dataclass(frozen=True, slots=True)
class Dependency:
    """One object that deals depend on: how it is read, and which deals its rows lead to."""

    source: Source
    deals_of: Callable[[Sequence[Record]], Iterable[str]]


def dependencies(run: Run, sources: OpportunitySources) -> list[Dependency]:
    """The objects to watch beside opportunities: those that a mapped path or a line reads.

    Accounts are not among them where they have a pass of their own: that pass watches them.
    """
    watched = [
        Dependency(
            Source(run.org, sobject, ("Id", "SystemModstamp", *names)),
            partial(deals_of_changed, run.ledger, relationship, names),
        )
        for relationship, (sobject, _) in PARENTS.items()
        if (names := parent_fields(sources.opportunities.columns, relationship))
        and not (relationship == "Account" and run.passes_accounts)
    ]
    if sources.lines is not None:
        field = run.rules.settings.line_items.opportunity_field
        lines = sources.lines.only("Id", "SystemModstamp", field)
        watched.append(Dependency(lines, lambda rows: [key_of(row, field) for row in rows]))
        if any(column.startswith("Product2.") for column in sources.lines.columns):
            products = Source(run.org, "Product2", ("Id", "SystemModstamp"))
            watched.append(
                Dependency(products, lambda rows: pages.deals_of_products(run.ledger, ids_of(rows)))
            )
    return watched


def note_touched_deals(
    run: Run, watched: Sequence[tuple[Dependency, Pass]], *, but: AbstractSet[str]
) -> None:
    """Poll the dependencies and note the deals that must be read again; moves their cursors.

    Those of `but` have just been read.
    """
    answers = _asked_together(run, [one_pass for _, one_pass in watched])
    for (dependency, one_pass), answer in zip(watched, answers, strict=True):
        for page, cursor in one_pass.pages(answer):
            note(run, set(dependency.deals_of(page.records)) - but)
            if cursor is not None:
                _move(run, dependency, cursor)


def note(run: Run, deals: Iterable[str]) -> None:
    """Have deals read again, by the next run if this one ends before it comes to them.

    To be called before the cursor moves that found them: afterwards nobody would find them again.
    """
    if found := sorted(set(deals)):
        with run.ledger.transaction():
            pages.recheck_known(run.ledger, found)


def first_watches(watched: Iterable[Dependency], started: str) -> tuple[Cursor, ...]:
    """After a full pass everything is known: the next run looks for what changed since it began."""
    return tuple(Cursor(watch_name(one.source.sobject), started, "") for one in watched)


def watch_name(sobject: str) -> str:
    """The cursor's name of an object that is watched for the deals that depend on it."""
    return sobject + WATCHED


def _asked_together(run: Run, passes: Sequence[Pass]) -> Sequence[Iterator[Page] | None]:
    try:
        return run.org.query_many([one.first_query() for one in passes], all_rows=True)
    except QueryRefused:
        # An org without the composite resource is asked one by one.
        return [None] * len(passes)


def _move(run: Run, dependency: Dependency, cursor: Cursor) -> None:
    # Accounts have a pass and a cursor of their own; what is watched for deals has another one.
    name = watch_name(dependency.source.sobject)
    named = Cursor(name, cursor.system_modstamp, cursor.salesforce_id)
    with run.ledger.transaction():
        pages.apply(run.ledger, run.run_id, PageOfChanges(records=(), cursor=named))
