"""What a ledger must be like after a quiet run: as a sync of the same org into a new ledger."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfsync.ledger.invoices import show_invoice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfsync.ledger import Ledger

# What runs write about themselves; everything else stays as it is when nothing changed.
_OF_RUNS = {"run", "run_page", "run_record", "config_text", "cursor", "failure"}
Contents = dict[str, list[Any]]
_VIEW = ("description", "document_date", "due_date", "currency", "exponent", "total_minor",
         "sales_rep", "region", "properties")  # fmt: skip
_REMEMBERED = """
    SELECT salesforce_id, name, account_salesforce_id, owner_salesforce_id, stage,
        is_won, is_closed, amount, currency, probability, expected_revenue, close_date
    FROM opportunity WHERE is_deleted = 0 ORDER BY salesforce_id
"""
_CONTACTS = """
    SELECT k.salesforce_id, k.name, k.email, k.phone, k.title, c.name
    FROM contact k LEFT JOIN customer c ON c.id = k.customer_id
"""
_NEWEST = """
    SELECT d.opportunity_id, d.draft, d.status, d.source, f.document_id IS NOT NULL,
        r.system_modstamp, p.system_modstamp, q.source = d.source AND NOT EXISTS (
            SELECT 1 FROM audit_event WHERE action = 'invoice.update' AND entity = d.draft)
    FROM document d LEFT JOIN document_drift f ON f.document_id = d.id
    LEFT JOIN document_removal r ON r.document_id = d.id
    LEFT JOIN document_removal p ON p.document_id = d.predecessor_id
    LEFT JOIN document q ON q.id = d.predecessor_id
    WHERE d.kind = 'invoice' ORDER BY d.status IN ('draft', 'posted'), d.id
"""


@dataclass(frozen=True)
class Newest:
    """The live document of a deal, else its latest.

    `before` is its predecessor's removal, `same` whether it came to say what that one says.
    """

    draft: str
    status: str
    source: str
    drifted: bool
    removed: str | None
    before: str | None
    same: bool

    @property
    def live(self) -> bool:
        """Whether it is the deal's invoice now."""
        return self.status in {"draft", "posted"}


def newest(ledger: Ledger) -> dict[str, Newest]:
    """The newest document of each deal."""
    return {
        deal: Newest(draft, status, source, bool(drifted), removed, before, bool(same))
        for deal, draft, status, source, drifted, removed, before, same in ledger.rows(_NEWEST)
    }


def contents(ledger: Ledger) -> Contents:
    """Every table but those that runs write about themselves."""
    names = [
        name
        for (name,) in ledger.rows(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '%sqlite%'"
        )
    ]
    return {
        name: ledger.rows(f"SELECT * FROM {name}")  # noqa: S608 - names of the schema
        for name in names
        if name not in _OF_RUNS
    }


def changed_rows(before: Contents, after: Contents) -> dict[str, list[Any]]:
    """The rows that came, went or changed, by table."""
    return {
        name: [
            row
            for row in (*before[name], *after[name])
            if (row in before[name]) != (row in after[name])
        ]
        for name in before
        if before[name] != after[name]
    }


def posted_documents(ledger: Ledger) -> dict[str, Any]:
    """All that posted documents say, by number; their status is what may change."""
    keys = [name for _, name, *_ in ledger.rows("PRAGMA table_xinfo(document)")]
    frozen = {}
    for row in ledger.rows("SELECT * FROM document WHERE number IS NOT NULL"):
        values = dict(zip(keys, row, strict=True))
        key = values["id"]
        lines = ledger.rows("SELECT * FROM document_line WHERE document_id = ?", (key,))
        journal = ledger.rows(
            "SELECT e.posting_date, l.account_id, l.amount_minor FROM journal_entry e"
            " JOIN journal_line l ON l.entry_id = e.id WHERE e.document_id = ?",
            (key,),
        )
        kept = {name: values[name] for name in values if name not in {"status", "reversed_by_id"}}
        frozen[values["number"]] = (kept, lines, journal)
    return frozen


def deals_with_two_invoices(ledger: Ledger) -> list[str]:
    """Deals that break the first rule of the contract."""
    return [
        deal
        for (deal,) in ledger.rows(
            "SELECT opportunity_id FROM document WHERE kind = 'invoice'"
            " AND status IN ('draft', 'posted') GROUP BY opportunity_id HAVING count(*) > 1"
        )
    ]


def header_pins(ledger: Ledger, draft: str) -> dict[str, Any]:
    """What a draft says where a person set it; lines move, and are left out."""
    shown = show_invoice(ledger, draft)
    values = shown.as_json()
    values |= {f"properties.{name}": text for name, text in shown.row.properties.items()}
    return {pin: values.get(pin) for pin in shown.pinned if not pin.startswith("line.")}


def _of_a_person(ledger: Ledger, draft: str) -> set[str]:
    """The parts of a view in which a person set something."""
    pins = show_invoice(ledger, draft).pinned
    parts = {pin.partition(".")[0] for pin in pins}
    return parts | ({"lines", "total_minor"} if "line" in parts else set())


def view(ledger: Ledger, draft: str) -> dict[str, Any]:
    """An invoice as a person sees it, without the ledger's own numbers."""
    shown = show_invoice(ledger, draft)
    row = shown.row
    return {
        **{name: getattr(row, name) for name in _VIEW},
        "po_number": shown.po_number,
        "contact": shown.contact,
        # A product keeps the name under which the ledger came to know it; its code decides.
        "lines": [
            {**line.as_json(row.exponent), "product": line.product_code or line.product}
            for line in shown.lines
        ],
    }


def differences(ledger: Ledger, twin: Ledger, stamps: Mapping[str, str]) -> list[str]:
    """Where a ledger is not what it must be, in sentences; empty after a good quiet run.

    Args:
        ledger: the ledger under test, after a quiet run.
        twin: a new ledger after one sync of the same org.
        stamps: SystemModstamp of each deal of the org that is not deleted.
    """
    links = dict(ledger.rows("SELECT salesforce_id, customer_id FROM account_link"))
    accounts = dict(twin.rows("SELECT salesforce_id, account_salesforce_id FROM opportunity"))
    wanted = {
        deal: json.loads(one.source) | {"customer": links.get(accounts[deal])}
        for deal, one in newest(twin).items()
    }
    have = newest(ledger)
    found = []
    for deal in sorted(wanted.keys() | have.keys()):
        problem = _problem(have.get(deal), wanted.get(deal), stamps.get(deal, ""))
        if problem:
            found.append(f"{deal}: {problem}")
    return found + _views(ledger, twin, have) + _parties(ledger, twin) + _memory(ledger, twin)


def _problem(have: Newest | None, wanted: dict[str, Any] | None, stamp: str) -> str:
    if have is None:
        return "" if wanted is None else "has no invoice and should have one"
    if not have.live:
        changed = wanted is not None and stamp > (have.removed or "")
        return f"its {have.status} invoice should be back, it changed {stamp}" if changed else ""
    if have.before is not None and stamp and stamp <= have.before and _needless(have, stamp):
        return f"{have.draft} came back although the deal did not change"
    if wanted is None:
        return "" if have.drifted else f"{have.draft} should have drifted: nothing is to be billed"
    same = json.loads(have.source) == wanted
    if have.status == "draft" and not same:
        return f"the draft has {have.source}, and should have {wanted}"
    if have.drifted == same:
        return f"{have.draft} {'has drifted' if same else 'should have drifted'}: {wanted}"
    return ""


def _needless(have: Newest, stamp: str) -> bool:
    """Within the second of a stamp a deal may change once more, and then says something else."""
    return have.same or stamp != have.before


def _views(ledger: Ledger, twin: Ledger, have: Mapping[str, Newest]) -> list[str]:
    """Drafts that follow Salesforce look alike in both ledgers."""
    problems = []
    for deal, other in newest(twin).items():
        mine = have.get(deal)
        if mine is None or mine.status != "draft":
            continue
        left, right = view(ledger, mine.draft), view(twin, other.draft)
        problems += [
            f"{mine.draft}: {name} is {left[name]!r}, should be {right[name]!r}"
            for name in left.keys() - _of_a_person(ledger, mine.draft)
            if left[name] != right[name]
        ]
    return problems


def _parties(ledger: Ledger, twin: Ledger) -> list[str]:
    """Customers by account, where the account has one to itself; contacts by id."""
    mine, other = _customers(ledger), _customers(twin)
    problems = [f"account {key} has no customer" for key in other.keys() - _linked(ledger)]
    problems += [
        f"customer of {key} is {mine[key]}, should be {other[key]}"
        for key in sorted(mine.keys() & other.keys())
        if mine[key] != other[key]
    ]
    contacts = {row[0]: row for row in ledger.rows(_CONTACTS)}
    shared = _shared(ledger) | _shared(twin)
    problems += [
        f"contact is {contacts.get(row[0])}, should be {row}"
        for row in twin.rows(_CONTACTS)
        if contacts.get(row[0]) != row and not {row[-1], contacts.get(row[0], row)[-1]} & shared
    ]
    return problems


def _linked(ledger: Ledger) -> set[str]:
    return {key for (key,) in ledger.rows("SELECT salesforce_id FROM account_link")}


def _shared(ledger: Ledger) -> set[str]:
    """Names of customers with several accounts: the one that changed last named them."""
    return {
        name
        for (name,) in ledger.rows(
            "SELECT c.name FROM customer c JOIN account_link l ON l.customer_id = c.id"
            " GROUP BY c.id HAVING count(*) > 1"
        )
    }


def _customers(ledger: Ledger) -> dict[str, Any]:
    """The customer of each account; all of it where the account made it, else its name."""
    rows = ledger.rows(
        "SELECT l.salesforce_id, l.how, c.name, c.industry, c.phone, c.street, c.city,"
        " c.postal_code, c.country FROM account_link l JOIN customer c ON c.id = l.customer_id"
        " WHERE (SELECT count(*) FROM account_link WHERE customer_id = c.id) = 1"
    )
    return {row[0]: row[2:] for row in rows if row[1] == "created"}


def _memory(ledger: Ledger, twin: Ledger) -> list[str]:
    """What is remembered of the deals that are there, and which of them have failed."""
    mine = {row[0]: row for row in ledger.rows(_REMEMBERED)}
    problems = [
        f"remembered {mine.get(row[0])}, should be {row}"
        for row in twin.rows(_REMEMBERED)
        if mine.get(row[0]) != row
    ]
    gone = mine.keys() - {row[0] for row in twin.rows(_REMEMBERED)}
    problems += [f"{deal} is remembered as if it were not deleted" for deal in sorted(gone)]
    left, right = _failures(ledger), _failures(twin)
    live = {deal for deal, one in newest(ledger).items() if one.live}
    problems += [
        f"failure of {deal} is {left.get(deal)}, should be {right.get(deal)}"
        for deal in sorted(left.keys() | right.keys())
        if left.get(deal) != right.get(deal) and deal not in live
    ]
    return problems


def _failures(ledger: Ledger) -> dict[str, str]:
    return dict(ledger.rows("SELECT salesforce_id, code FROM failure"))
