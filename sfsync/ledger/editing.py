"""Changing a draft by hand: what a person sets is pinned, and audited before and after."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfsync.errors import UsageError
from sfsync.ledger.apply_drafts import rewrite_drafts
from sfsync.ledger.audit import append_event, before_and_after
from sfsync.ledger.contents import pins_of, stored_content
from sfsync.ledger.differences import differences
from sfsync.ledger.edited_values import edited_content, full_name
from sfsync.ledger.marks import changed_meanwhile, ways_out_of
from sfsync.ledger.model import DocumentStatus, DraftUpdate, canonical_json
from sfsync.ledger.rechecks import recheck_opportunities
from sfsync.ledger.references import find_document

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.differences import Changes
    from sfsync.ledger.model import InvoiceContent
    from sfsync.ledger.references import DocumentReference

ALL = "all"
"""What stands for every pinned value when pins are taken off."""


@dataclass(frozen=True, slots=True)
class Edited:
    """A draft after an edit: before and after of each value, and what is pinned now."""

    document: DocumentReference
    changes: Changes
    pinned: tuple[str, ...]
    unpinned: tuple[str, ...]


def edit_draft(
    ledger: Ledger,
    reference: str,
    values: Mapping[str, str],
    *,
    unpin: Collection[str] = (),
    seen: InvoiceContent | None = None,
) -> Edited:
    """Set values of a draft, and let others follow Salesforce again. A review is void then.

    Amounts follow: a line's from its quantity, unit price and discount, the total from the lines;
    the due date keeps its distance from a document date that moves.

    Args:
        ledger: the ledger.
        reference: as `find_document` takes it.
        values: texts by the names of `edited_content`; an empty one empties what may be empty.
        unpin: names of values that the next sync shall set again, or `ALL`.
        seen: what the person saw; the draft must still say it.

    Raises:
        NotFoundError: no such document, customer, contact or product.
        RefusedError: it is not a draft, or says something else by now.
        UsageError: an unknown name, a value that cannot be read, or a name that is not pinned.
    """
    with ledger.transaction():
        document = find_document(ledger, reference)
        if document.status is not DocumentStatus.DRAFT:
            raise ways_out_of(document, "edited")
        before = stored_content(ledger, document.document_id)
        if seen is not None and seen != before:
            raise changed_meanwhile(document)
        pins = pins_of(ledger, [document.document_id]).get(document.document_id, frozenset())
        freed = _freed(pins, unpin)
        after, set_names = edited_content(ledger, before, values)
        changes = differences(before.as_source(), after.as_source())
        kept = (pins - freed) | set_names
        if changes or kept != pins:
            _write(ledger, document, after, changes, (pins, kept, freed - set_names))
    return Edited(document, changes, tuple(sorted(kept)), tuple(sorted(freed - set_names)))


def _freed(pins: frozenset[str], unpin: Collection[str]) -> frozenset[str]:
    if ALL in unpin:
        return pins
    names = frozenset(map(full_name, unpin))
    if unknown := sorted(names - pins):
        raise UsageError(
            f"'{unknown[0]}' is not pinned.",
            code="not-pinned",
            fix=f"pinned: {', '.join(sorted(pins))}" if pins else "no value of it is pinned",
        )
    return names


def _write(
    ledger: Ledger,
    document: DocumentReference,
    after: InvoiceContent,
    changes: Changes,
    pins: tuple[frozenset[str], frozenset[str], frozenset[str]],
) -> None:
    old, kept, freed = pins
    source = _source(ledger, document, after, freed)
    update = DraftUpdate(document.document_id, after, source, changes, kept)
    rewrite_drafts(ledger, [update])
    if freed:
        recheck_opportunities(ledger, [document.opportunity_id])
    halves = before_and_after(changes)
    append_event(
        ledger,
        "invoice.edit",
        document.draft,
        before={**halves[0], "pinned": sorted(old)},
        after={**halves[1], "pinned": sorted(kept)},
    )


def _source(
    ledger: Ledger, document: DocumentReference, after: InvoiceContent, freed: frozenset[str]
) -> str:
    """The JSON against which the next sync compares.

    A value that shall follow Salesforce again stands in it as the draft has it now, so that the
    next sync finds a difference and reports it.
    """
    (text,) = ledger.row("SELECT source FROM document WHERE id = ?", (document.document_id,))
    if not freed:
        return str(text)
    source, now = json.loads(text), after.as_source()
    for name in freed:
        _put(source, now, name)
    return canonical_json(source)


def _put(source: dict[str, Any], now: dict[str, Any], name: str) -> None:
    group, _, rest = name.partition(".")
    if group == "properties":
        source["properties"] = _moved(source["properties"], now["properties"], rest)
    elif group == "line":
        place = int(rest.partition(".")[0]) - 1
        source["lines"][place] = now["lines"][place]
        source["total"] = now["total"]
    else:
        source[name] = now[name]


def _moved(into: dict[str, Any], values: dict[str, Any], name: str) -> dict[str, Any]:
    others = {key: value for key, value in into.items() if key != name}
    return others | ({name: values[name]} if name in values else {})
