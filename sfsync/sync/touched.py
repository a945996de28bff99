"""Deals that changed although their own record did not: by a line, an owner, an account, a product.

A line edit need not stamp its opportunity, a renamed owner or account never does. Each of these
objects has a cursor of its own; the deals that depend on what changed are read again by id.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfsync.ledger import pages
from sfsync.ledger.model import Cursor, PageOfChanges
from sfsync.sync.mapping import as_text
from sfsync.sync.reader import Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sfsync.salesforce.records import Record
    from sfsync.sync.gather import OpportunitySources
    from sfsync.sync.passes import Pass
    from sfsync.sync.run import Run

_PARENTS = {"Account": ("Account", "account"), "Owner": ("User", "owner")}
"""Relationship of an opportunity: its object, and what the ledger calls the parent."""


@dataclass(frozen=True, slots=True)
class Dependency:
    """One object that deals depend on: how it is read, and what it means for them."""

    source: Source
    relationship: str | None


def dependencies(run: Run, sources: OpportunitySources) -> list[Dependency]:
    """The objects to watch beside opportunities: those that a mapped path or a line reads."""
    watched = [
        Dependency(Source(run.org, sobject, ("Id", "SystemModstamp", *names)), relationship)
        for relationship, (sobject, _) in _PARENTS.items()
        if (names := _parent_fields(sources.opportunities.columns, relationship))
    ]
    if sources.lines is not None:
        field = run.rules.settings.line_items.opportunity_field
        watched.append(
            Dependency(sources.lines.only("Id", "SystemModstamp", field), relationship=None)
        )
        if any(column.startswith("Product2.") for column in sources.lines.columns):
            product = Source(run.org, "Product2", ("Id", "SystemModstamp"))
            watched.append(Dependency(product, relationship="Product2"))
    return watched


def touched_deals(run: Run, one_pass: Pass, dependency: Dependency) -> set[str]:
    """Poll one dependency and name the deals that must be read again; moves its cursor."""
    touched: set[str] = set()
    for page, cursor in one_pass.pages():
        touched.update(_deals_of(run, page.records, dependency))
        if cursor is not None:
            _move(run, cursor)
    return touched


def begin_watching(run: Run, watched: Iterable[Dependency], started: str) -> None:
    """After a full pass everything is known: the next run looks for what changed since it began."""
    for dependency in watched:
        _move(run, Cursor(dependency.source.sobject, started, ""))


def _move(run: Run, cursor: Cursor) -> None:
    # Accounts have a pass and a cursor of their own; what is watched for deals has another one.
    named = Cursor(watch_name(cursor.sobject), cursor.system_modstamp, cursor.salesforce_id)
    with run.ledger.transaction():
        pages.apply(run.ledger, run.run_id, PageOfChanges(records=(), cursor=named))


def watch_name(sobject: str) -> str:
    """The cursor's name of an object that is watched for the deals that depend on it."""
    return f"{sobject}>Opportunity"


def _parent_fields(columns: Iterable[str], relationship: str) -> tuple[str, ...]:
    """The fields read of a parent itself; those of its own parents are not watched."""
    prefix = f"{relationship}."
    names = (column.removeprefix(prefix) for column in columns if column.startswith(prefix))
    return tuple(name for name in names if "." not in name)


def _deals_of(run: Run, records: list[Record], dependency: Dependency) -> Iterator[str]:
    if dependency.relationship is None:
        field = run.rules.settings.line_items.opportunity_field
        yield from (as_text(record[field]) for record in records)
    elif dependency.relationship == "Product2":
        yield from pages.deals_of_products(run.ledger, (record["Id"] for record in records))
    else:
        yield from _deals_of_parents(run, records, dependency.relationship)


def _deals_of_parents(run: Run, records: list[Record], relationship: str) -> Iterator[str]:
    """Deals whose parent differs from what was read with them: a login alone changes nothing."""
    _, column = _PARENTS[relationship]
    by_id = {record["Id"]: record for record in records}
    for deal, parent_id, source in pages.deals_of_parents(run.ledger, column, by_id):
        known = json.loads(source).get(relationship) or {}
        if _differs(known, by_id[parent_id]):
            yield deal


def _differs(known: Mapping[str, Any], record: Record) -> bool:
    return any(
        as_text(known.get(name)) != as_text(value)
        for name, value in record.items()
        if name not in {"Id", "SystemModstamp"}
    )
