"""Writing the drafts of a page: new ones, new values in existing ones, and drift."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sfsync.ledger.audit import AuditEntry, before_and_after
from sfsync.ledger.differences import differences
from sfsync.ledger.many import ids_json
from sfsync.ledger.micro import to_micro
from sfsync.ledger.model import canonical_json, source_hash
from sfsync.ledger.products import product_ids
from sfsync.money import minor_to_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.model import (
        BaselineChange,
        DraftCreate,
        DraftUpdate,
        DriftChange,
        InvoiceContent,
        LineContent,
    )

_INSERT = """
    INSERT INTO document (customer_id, description, document_date, due_date, currency, exponent,
        total_minor, sales_rep, region, po_number, contact_salesforce_id, source, source_hash,
        id, kind, org_id, opportunity_id, predecessor_id, run_id, created_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'invoice', ?, ?, ?, ?, ?)
"""
_UPDATE = """
    UPDATE document SET customer_id = ?, description = ?, document_date = ?, due_date = ?,
        currency = ?, exponent = ?, total_minor = ?, sales_rep = ?, region = ?, po_number = ?,
        contact_salesforce_id = ?, source = ?, source_hash = ?
    WHERE id = ? AND status = 'draft'
"""
_INSERT_LINE = """
    INSERT INTO document_line (id, document_id, position, product_id, description, quantity_micro,
        unit_price_micro, discount_micro, amount_minor, salesforce_id)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_EMPTIED = (
    """
    DELETE FROM line_property
    WHERE line_id IN (SELECT id FROM document_line WHERE document_id = ?)
    """,
    "DELETE FROM document_line WHERE document_id = ?",
    "DELETE FROM document_property WHERE document_id = ?",
    # What a person reviewed is no longer what will be posted.
    "DELETE FROM document_review WHERE document_id = ?",
)


def create_drafts(
    ledger: Ledger, run_id: int, creates: Sequence[DraftCreate]
) -> tuple[dict[str, int], list[AuditEntry]]:
    """Insert drafts; their document ids by opportunity id, and the events to be audited."""
    if not creates:
        return {}, []
    (last,) = ledger.row("SELECT coalesce(max(id), 0) FROM document")
    (org_id,) = ledger.row("SELECT org_id FROM ledger")
    now = ledger.now()
    ids = {one.opportunity_id: last + place for place, one in enumerate(creates, 1)}
    sources = [canonical_json(one.content.as_source()) for one in creates]
    ledger.execute_many(
        _INSERT,
        [(*_columns(one.content), source, source_hash(source), ids[one.opportunity_id],
          org_id, one.opportunity_id, one.predecessor_id, run_id, now)
         for one, source in zip(creates, sources, strict=True)],
    )  # fmt: skip
    contents = [(ids[one.opportunity_id], one.content) for one in creates]
    _write_lines(ledger, contents)
    _write_properties(ledger, contents)
    return ids, [_created(ids[one.opportunity_id], one) for one in creates]


def _columns(content: InvoiceContent) -> tuple[object, ...]:
    return (
        content.customer_id, content.description, content.document_date.isoformat(),
        content.due_date.isoformat(), content.currency, content.exponent, content.total_minor,
        content.sales_rep, content.region, content.po_number, content.contact_salesforce_id,
    )  # fmt: skip


def _created(document_id: int, create: DraftCreate) -> AuditEntry:
    content = create.content
    after = {
        "opportunity": create.opportunity_id,
        "customer": f"C-{content.customer_id:04d}",
        "total": minor_to_text(content.total_minor, content.exponent),
        "currency": content.currency,
    }
    return AuditEntry("invoice.create", f"D-{document_id:06d}", after=after)


def _write_lines(ledger: Ledger, contents: Sequence[tuple[int, InvoiceContent]]) -> None:
    (last,) = ledger.row("SELECT coalesce(max(id), 0) FROM document_line")
    products = product_ids(
        ledger, (line.product for _, one in contents for line in one.lines if line.product)
    )
    numbered = enumerate(_lines(contents), last + 1)
    rows, properties = [], []
    for line_id, (document_id, position, line) in numbered:
        product = products[line.product] if line.product else None
        rows.append((
            line_id, document_id, position, product, line.description, to_micro(line.quantity),
            to_micro(line.unit_price), to_micro(line.discount),
            line.amount_minor, line.salesforce_id,
        ))  # fmt: skip
        properties += [(line_id, name, value) for name, value in line.properties.items()]
    ledger.execute_many(_INSERT_LINE, rows)
    ledger.execute_many(
        "INSERT INTO line_property (line_id, name, value) VALUES (?, ?, ?)", properties
    )


def _lines(
    contents: Sequence[tuple[int, InvoiceContent]],
) -> Iterator[tuple[int, int, LineContent]]:
    for document_id, content in contents:
        for position, line in enumerate(content.lines, 1):
            yield document_id, position, line


def _write_properties(ledger: Ledger, contents: Iterable[tuple[int, InvoiceContent]]) -> None:
    ledger.execute_many(
        "INSERT INTO document_property (document_id, name, value) VALUES (?, ?, ?)",
        [(document_id, name, value) for document_id, content in contents
         for name, value in content.properties.items()],
    )  # fmt: skip


def update_drafts(ledger: Ledger, updates: Sequence[DraftUpdate]) -> list[AuditEntry]:
    """Write new values into drafts, with the pins that still hold; the events to be audited.

    Raises:
        ValueError: one is no draft, or has pins that were not reckoned with.
    """
    if not updates:
        return []
    _refuse_others_than_drafts(ledger, updates)
    rewrite_drafts(ledger, updates)
    return [
        AuditEntry("invoice.update", f"D-{one.document_id:06d}", *before_and_after(one.changes))
        for one in updates
    ]


def _refuse_others_than_drafts(ledger: Ledger, updates: Sequence[DraftUpdate]) -> None:
    (drafts, pinned) = ledger.row(
        "SELECT count(*), sum(EXISTS (SELECT 1 FROM document_pin WHERE document_id = d.id))"
        " FROM document d WHERE status = 'draft' AND id IN (SELECT value FROM json_each(?))",
        (ids_json(one.document_id for one in updates),),
    )
    if drafts != len(updates):
        raise ValueError("only drafts are updated")
    if pinned != sum(one.pins is not None for one in updates):
        raise ValueError("a draft has values that a person set, and they were not reckoned with")


def rewrite_drafts(ledger: Ledger, updates: Sequence[DraftUpdate]) -> None:
    """Replace what drafts say. Audits nothing."""
    contents = [(one.document_id, one.content) for one in updates]
    ledger.execute_many(
        _UPDATE,
        [(*_columns(one.content), one.source, source_hash(one.source), one.document_id)
         for one in updates],
    )  # fmt: skip
    keys = [(document_id,) for document_id, _ in contents]
    for emptied in _EMPTIED:
        ledger.execute_many(emptied, keys)
    _write_lines(ledger, contents)
    _write_properties(ledger, contents)
    _write_pins(ledger, [(one.document_id, one.pins) for one in updates if one.pins is not None])


def _write_pins(ledger: Ledger, pins: Sequence[tuple[int, frozenset[str]]]) -> None:
    ledger.execute_many(
        "DELETE FROM document_pin WHERE document_id = ?", [(key,) for key, _ in pins]
    )
    ledger.execute_many(
        "INSERT INTO document_pin (document_id, field) VALUES (?, ?)",
        [(key, name) for key, names in pins for name in sorted(names)],
    )


def write_baselines(ledger: Ledger, changes: Sequence[BaselineChange]) -> list[AuditEntry]:
    """Measure the drift of posted documents against new values; the events to be audited."""
    now, sources = ledger.now(), _baselines(ledger, [one.document_id for one in changes])
    ledger.execute_many(
        "INSERT INTO document_acceptance (document_id, source, source_hash, reason, at, actor)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (document_id) DO UPDATE SET"
        # What a person said of it before stays said.
        " source = excluded.source, source_hash = excluded.source_hash",
        [(one.document_id, one.source, source_hash(one.source), one.reason, now, ledger.actor)
         for one in changes],
    )  # fmt: skip
    return [
        AuditEntry(
            "invoice.baseline",
            f"D-{one.document_id:06d}",
            *before_and_after(
                differences(json.loads(sources[one.document_id]), json.loads(one.source))
            ),
            one.reason,
        )
        for one in changes
    ]


def _baselines(ledger: Ledger, document_ids: Sequence[int]) -> dict[int, str]:
    """The sources against which the drift of documents is measured now."""
    return dict(
        ledger.rows(
            "SELECT d.id, coalesce(a.source, d.source) FROM document d"
            " LEFT JOIN document_acceptance a ON a.document_id = d.id"
            " WHERE d.id IN (SELECT value FROM json_each(?))",
            (ids_json(document_ids),),
        )
    )


def write_drifts(ledger: Ledger, run_id: int, changes: Sequence[DriftChange]) -> list[AuditEntry]:
    """Open, replace and close drifts; the events to be audited."""
    opened = [one for one in changes if one.detail is not None]
    now = ledger.now()
    ledger.execute_many(
        "INSERT INTO document_drift (document_id, detail, run_id, at, moved)"
        " VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (document_id) DO UPDATE SET detail = excluded.detail,"
        " run_id = excluded.run_id, at = excluded.at, moved = excluded.moved",
        [(one.document_id, one.detail, run_id, now, int(one.moved)) for one in opened],
    )
    ledger.execute_many(
        "DELETE FROM document_drift WHERE document_id = ?",
        [(one.document_id,) for one in changes if one.detail is None],
    )
    return [
        AuditEntry(
            "invoice.drift" if one.detail is not None else "invoice.drift-closed",
            f"D-{one.document_id:06d}",
            *before_and_after(one.changes),
        )
        for one in changes
    ]
