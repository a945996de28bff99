"""The journal as text for other accounting programs: beancount, hledger, CSV.

Nothing of a customer's name or a description can end its line, its string or its comment: what
would is escaped where the format has an escape, and else replaced by a sign that looks alike.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sfsync.exports import plain_text
from sfsync.exports.inert import shown
from sfsync.money import minor_to_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sfsync.ledger.journal import EntryLine, JournalEntry

_ROOTS = {
    "asset": "Assets",
    "liability": "Liabilities",
    "equity": "Equity",
    "revenue": "Income",
    "expense": "Expenses",
}
_KINDS = {
    "invoice": "Invoice",
    "credit_note": "Credit note",
    "payment": "Payment of",
    "void": "Void of a payment of",
}
# hledger has no escapes: a semicolon begins a comment, a bar ends the payee, a bracket the code.
_LOOKALIKES = str.maketrans({";": "\uff1b", "|": "\uff5c", "(": "\uff08", ")": "\uff09"})


def account_names(entries: Sequence[JournalEntry]) -> dict[str, str]:
    """Account code to a name that beancount and hledger both take: ``Assets:1200``.

    Codes that would become the same name are told apart by a number at the end.
    """
    names: dict[str, str] = {}
    for code, kind in sorted({(line.account, line.account_type) for line in _lines(entries)}):
        word = re.sub(r"[^A-Za-z0-9-]", "-", code)
        stem = f"{_ROOTS[kind]}:{word[:1].upper()}{word[1:]}"
        taken = set(names.values())
        tries = (f"{stem}-{number}" for number in range(2, len(taken) + 3))
        names[code] = stem if stem not in taken else next(t for t in tries if t not in taken)
    return names


def _lines(entries: Sequence[JournalEntry]) -> list[EntryLine]:
    return [line for entry in entries for line in entry.lines]


def _called(entries: Sequence[JournalEntry]) -> dict[str, str]:
    return {line.account: line.account_name for line in _lines(entries)}


def beancount(entries: Sequence[JournalEntry], notes: Sequence[str]) -> str:
    """A beancount file; `notes` are comments at its head."""
    names, called = account_names(entries), _called(entries)
    out = [f"; {shown(note)}" for note in notes]
    out += ["", *(f'option "operating_currency" "{code}"' for code in _currencies(entries)), ""]
    first = min((entry.posting_date for entry in entries), default=None)
    for code, name in names.items():
        out += [f"{first} open {name}", f"  name: {_quoted(called[code])}"]
    for entry in entries:
        out += ["", *_beancount_entry(entry, names)]
    return "\n".join(out) + "\n"


def _beancount_entry(entry: JournalEntry, names: dict[str, str]) -> list[str]:
    payee, narration = _quoted(entry.customer_name), _quoted(_narration(entry))
    facts = {
        "entry": entry.name,
        "document": entry.document,
        "payment": entry.payment,
        "opportunity": entry.opportunity_id,
        "customer": entry.customer_id,
    }
    return [
        f"{entry.posting_date} * {payee} {narration}",
        *(f"  {key}: {_quoted(value)}" for key, value in facts.items() if value),
        *_postings(entry, names, "  "),
    ]


def _quoted(text: str) -> str:
    """A beancount string."""
    inside = shown(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{inside}"'


def _narration(entry: JournalEntry) -> str:
    return f"{_KINDS[entry.kind]} {entry.document}: {entry.description}"


def _postings(entry: JournalEntry, names: dict[str, str], indent: str) -> list[str]:
    return [
        f"{indent}{names[line.account]}  {minor_to_text(line.amount_minor, entry.exponent)}"
        f" {entry.currency}"
        for line in entry.lines
    ]


def _currencies(entries: Sequence[JournalEntry]) -> dict[str, int]:
    """Each currency with its decimals, by code."""
    return dict(sorted({(entry.currency, entry.exponent) for entry in entries}))


def hledger(entries: Sequence[JournalEntry], notes: Sequence[str]) -> str:
    """An hledger journal; `notes` are comments at its head."""
    names, called = account_names(entries), _called(entries)
    out = [f"; {shown(note)}" for note in notes]
    out.append("")
    for currency, exponent in _currencies(entries).items():
        # A decimal point also where there are no decimals: hledger asks for it.
        out.append(f"commodity 1000.{'0' * exponent} {currency}")
    for code, name in names.items():
        out.append(f"account {name}  ; {_inert(called[code])}")
    for entry in entries:
        out += ["", *_hledger_entry(entry, names)]
    return "\n".join(out) + "\n"


def _hledger_entry(entry: JournalEntry, names: dict[str, str]) -> list[str]:
    payee, narration = _inert(entry.customer_name), _inert(_narration(entry))
    facts = f"entry:{entry.name}, opportunity:{entry.opportunity_id}, customer:{entry.customer_id}"
    paid = f", payment:{entry.payment}" if entry.payment else ""
    return [
        f"{entry.posting_date} * ({_inert(entry.document)}) {payee} | {narration}",
        f"    ; {facts}{paid}",
        *_postings(entry, names, "    "),
    ]


def _inert(text: str) -> str:
    return shown(text).translate(_LOOKALIKES).strip()


_CSV_FIELDS = (
    *("entry", "date", "kind", "document", "payment", "opportunity", "customer", "customer_name"),
    *("description", "account", "account_name", "debit", "credit", "currency"),
)


def csv_text(entries: Sequence[JournalEntry], notes: Sequence[str]) -> str:
    """One row for each side of each entry; CSV has no comments, so `notes` are left out."""
    del notes
    rows = (_csv_row(entry, line) for entry in entries for line in entry.lines)
    return "".join(plain_text.csv_text((_CSV_FIELDS, rows)))


def _csv_row(entry: JournalEntry, line: EntryLine) -> list[str | None]:
    amount = minor_to_text(abs(line.amount_minor), entry.exponent)
    sides = (amount, None) if line.amount_minor > 0 else (None, amount)
    return [
        *(entry.name, entry.posting_date.isoformat(), entry.kind, entry.document, entry.payment),
        *(entry.opportunity_id, entry.customer_id, entry.customer_name, entry.description),
        *(line.account, line.account_name, *sides, entry.currency),
    ]


WRITERS: dict[str, Callable[[Sequence[JournalEntry], Sequence[str]], str]] = {
    "beancount": beancount,
    "hledger": hledger,
    "csv": csv_text,
}
"""What writes each format of `journal export`."""
