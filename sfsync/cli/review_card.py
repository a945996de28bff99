"""One draft as a person reviews it: every value with where it came from, and what posting does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfsync.cli.invoice_screens import draw_lines, value_in_salesforce
from sfsync.cli.render.tables import Column, Kind
from sfsync.cli.render.text import with_thousands

if TYPE_CHECKING:
    from rich.console import Console

    from sfsync.config.settings import RecordMapping, Settings
    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.invoices import InvoiceDetail
    from sfsync.ledger.model import InvoiceContent
    from sfsync.ledger.posting_rules import PostingRules

_UNMAPPED = {
    "customer": "AccountId",
    "description": "Name",
    "document_date": "CloseDate",
    "currency": "CurrencyIsoCode",
    "total": "Amount",
}
_VALUES = ("description", "document_date", "due_date", "sales_rep", "region", "po_number")
_LABELS = {"document_date": "Date", "due_date": "Due", "po_number": "PO number"}
_PREVIEW = (
    Column("account", "Posting preview", Kind.CODE),
    Column("debit", "Debit", Kind.MONEY),
    Column("credit", "Credit", Kind.MONEY),
)


@dataclass(frozen=True, slots=True)
class Card:
    """A draft, what it says (`content`), and everything that is shown beside it (`json`)."""

    detail: InvoiceDetail
    content: InvoiceContent
    json: dict[str, Any]


def card_of(ledger: Ledger, draft: str, settings: Settings, rules: PostingRules) -> Card:
    """Gather the card of one draft; JSON has the same."""
    from sfsync.cli.posting import journal_json, today  # noqa: PLC0415 - start-up time
    from sfsync.ledger.cautions import cautions  # noqa: PLC0415 - as above
    from sfsync.ledger.contents import stored_content  # noqa: PLC0415 - as above
    from sfsync.ledger.invoices import show_invoice  # noqa: PLC0415 - as above
    from sfsync.ledger.posting_plan import preview_posting  # noqa: PLC0415 - as above
    from sfsync.ledger.reviewing import last_look  # noqa: PLC0415 - as above

    detail = show_invoice(ledger, draft)
    document_id = detail.row.document_id
    preview = preview_posting(ledger, draft, rules, today=today(settings))
    look = last_look(ledger, document_id)
    shown = detail.as_json()
    return Card(
        detail,
        stored_content(ledger, document_id),
        {
            **detail.row.as_json(),
            "lines": shown["lines"],
            "values": _values(shown, settings),
            "posting": {
                "number": preview.number,
                "posting_date": preview.posting_date.isoformat(),
                "journal": journal_json(preview.journal, preview.exponent),
            },
            "refusals": [
                {"code": one.code, "message": one.message, "fix": one.fix}
                for one in preview.refusals
            ],
            "cautions": [
                {"code": one.code, "message": one.message}
                for one in cautions(ledger, document_id, rules)
            ],
            "seen_at": look.at,
            "seen_by": look.actor,
            "changed_since": {name: list(pair) for name, pair in look.changes.items()},
            "reviewed_at": detail.reviewed_at,
            "reviewed_by": detail.reviewed_by,
        },
    )


def _values(shown: dict[str, Any], settings: Settings) -> list[dict[str, Any]]:
    """Each value, the Salesforce field it came from, and what that has where a person set it."""
    sources = _sources(settings.opportunities.mapping, settings.posting.terms)
    source = shown["source"]["values"]
    customer = shown["customer"]
    found = {"customer": f"{customer['name']}  {customer['id']}"}
    found |= {name: shown[name] for name in _VALUES}
    found |= {f"properties.{name}": text for name, text in shown["properties"].items()}
    return [
        {
            "name": name,
            "value": value,
            "source": sources.get(name),
            "edited": name in shown["pinned"],
            "salesforce": value_in_salesforce(name, source) if name in shown["pinned"] else None,
        }
        for name, value in found.items()
    ]


def _sources(mapping: RecordMapping, terms: str) -> dict[str, str]:
    """The Salesforce field, or the text with fields, behind each value."""
    found = dict(_UNMAPPED)
    found |= {one.target: one.source or one.template or "" for one in mapping.all()}
    found |= {f"properties.{name}": found[one.target] for name, one in mapping.properties.items()}
    found.setdefault("due_date", found.get("terms") or terms)
    return found


def draw_card(console: Console, card: Card, place: str, sources: str) -> None:
    """Draw a card in its frame; `place` is ``3 of 54``, `sources` where the lines come from."""
    from sfsync.cli.render.screen import draw_framed  # noqa: PLC0415 - start-up time

    row = card.json
    title = f"draft {place} · {row['draft']} · {row['description']}"
    draw_framed(console, title, lambda inside: _draw_inside(inside, row, sources))


def _draw_inside(console: Console, row: dict[str, Any], sources: str) -> None:
    from sfsync.cli.render import screen  # noqa: PLC0415 - start-up time

    screen.draw_pairs(console, [(_label(one["name"]), _said(one)) for one in row["values"]])
    screen.line(console, "")
    draw_lines(console, row["lines"], row["total"])
    total = with_thousands(row["total"])
    screen.line(console, f"Total {total} {row['currency']}", style="bold")
    screen.line(console, sources, style="dim")
    screen.line(console, "")
    screen.draw_rows(console, _PREVIEW, row["posting"]["journal"])
    screen.line(console, "")
    _draw_checks(console, row)
    if row["changed_since"]:
        screen.line(console, f"Changed since {row['seen_at']}:", style="yellow")
        screen.draw_changes(console, row["changed_since"], indent="  ")


def _draw_checks(console: Console, row: dict[str, Any]) -> None:
    from sfsync.cli.render import screen  # noqa: PLC0415 - start-up time

    posting = row["posting"]
    # That nobody has reviewed it is why it is on the screen.
    refusals = [one for one in row["refusals"] if one["code"] != "not-reviewed"]
    if not refusals:
        fine = f"lines add up, {posting['posting_date']} is open: would be {posting['number']}"
        screen.line(console, f"{screen.mark('ok')} {fine}", style="green")
    for one in refusals:
        screen.line(console, f"{screen.mark('failed')} {one['message']}", style="red")
        screen.line(console, f"    fix: {one['fix']}")
    for one in row["cautions"]:
        screen.line(console, f"{screen.mark('warning')} {one['message']}", style="yellow")
    if row["reviewed_by"]:
        by = f"reviewed {row['reviewed_at']} by {row['reviewed_by']}"
        screen.line(console, f"{screen.mark('ok')} {by}")


def _label(name: str) -> str:
    words = name.removeprefix("properties.")
    return words if words != name else _LABELS.get(name, name.replace("_", " ").capitalize())


def _said(one: dict[str, Any]) -> str | None:
    """The value and where it is from; ``8 (edited, was 10)`` where a person set it."""
    from sfsync.cli.render.text import safe  # noqa: PLC0415 - start-up time

    shown = one["value"] or "(empty)"
    if one["edited"]:
        return safe(f"{shown}  (edited, Salesforce has {one['salesforce'] or 'nothing'})")
    if one["value"] is None:
        return None
    return safe(f"{shown}  ← {one['source']}" if one["source"] else str(shown))


def line_sources(settings: Settings) -> str:
    """In a line: which fields the lines come from."""
    parts = [
        f"{name} ← {one.source or one.template}"
        for name, one in settings.line_items.mapping.targets.items()
        if name in {"product", "quantity", "unit_price", "discount", "amount"}
    ]
    return ", ".join(parts)
