"""The general ledger as people read it: entries with their lines, and the trial balance."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Any

from sfsync.errors import NotFoundError
from sfsync.ledger.model import canonical_json
from sfsync.ledger.names import name_key
from sfsync.money import minor_to_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfsync.ledger.connection import Ledger

_NAME = re.compile(r"(?:[jJ]-?)?0*(\d{1,18})")


@dataclass(frozen=True, slots=True)
class EntryLine:
    """One side of an entry; amounts in minor units, debit positive, credit negative."""

    account: str
    account_name: str
    account_type: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """A balanced entry. `kind` is invoice, credit_note, payment or void.

    `document` is the number of the document that it belongs to, `customer_name` as that document
    has it.
    """

    name: str
    kind: str
    posting_date: date
    document: str
    payment: str | None
    opportunity_id: str
    customer_id: str
    customer_name: str
    description: str
    currency: str
    exponent: int
    lines: tuple[EntryLine, ...]

    @property
    def amount_minor(self) -> int:
        """The sum of its debits."""
        return sum(line.amount_minor for line in self.lines if line.amount_minor > 0)

    def as_json(self) -> dict[str, Any]:
        """The keys of `journal list --json`."""
        return {
            "entry": self.name,
            "kind": self.kind,
            "date": self.posting_date.isoformat(),
            "document": self.document,
            "payment": self.payment,
            "opportunity": self.opportunity_id,
            "customer": {"id": self.customer_id, "name": self.customer_name},
            "description": self.description,
            "currency": self.currency,
            "amount": minor_to_text(self.amount_minor, self.exponent),
            "lines": [
                {
                    "account": line.account,
                    "name": line.account_name,
                    **debit_and_credit(line.amount_minor, self.exponent),
                }
                for line in self.lines
            ],
        }


def debit_and_credit(amount_minor: int, exponent: int) -> dict[str, str | None]:
    """An amount in the column of its side; the other one is null."""
    text = minor_to_text(abs(amount_minor), exponent)
    return {
        "debit": text if amount_minor > 0 else None,
        "credit": text if amount_minor < 0 else None,
    }


@dataclass(frozen=True, slots=True)
class JournalFilter:
    """Which entries; None does not restrict. An entry passes whole: it stays balanced."""

    date_from: date | None = None
    date_to: date | None = None
    account: str | None = None
    customer: str | None = None
    document_id: int | None = None
    entry_id: int | None = None
    limit: int | None = None


_ENTRIES = """
    SELECT e.id, printf('J-%06d', e.id), iif(e.kind = 'post', d.kind, e.kind), e.posting_date,
           coalesce(d.number, d.draft), coalesce(p.name, q.name), d.opportunity_id, c.number,
           coalesce(json_extract(d.buyer, '$.name'), c.name), e.description, e.currency, e.exponent,
           a.code, a.name, a.type, l.amount_minor
    FROM (
        SELECT e.* FROM journal_entry e JOIN document d ON d.id = e.document_id
        JOIN customer o ON o.id = d.customer_id
        JOIN customer c ON c.id = coalesce(o.merged_into, o.id)
        WHERE e.sealed = 1
        AND (:from IS NULL OR e.posting_date >= :from) AND (:to IS NULL OR e.posting_date <= :to)
        AND (:document IS NULL OR e.document_id = :document)
        AND (:entry IS NULL OR e.id = :entry)
        AND (:customer IS NULL OR c.number = upper(:customer) OR instr(c.name_key, :key) > 0)
        AND (:account IS NULL OR EXISTS (
            SELECT 1 FROM journal_line l JOIN ledger_account a ON a.id = l.account_id
            WHERE l.entry_id = e.id AND a.code = :account))
        ORDER BY e.posting_date, e.id LIMIT :limit) e
    JOIN document d ON d.id = e.document_id JOIN customer c ON c.id = d.customer_id
    JOIN journal_line l ON l.entry_id = e.id JOIN ledger_account a ON a.id = l.account_id
    LEFT JOIN payment p ON p.entry_id = e.id
    LEFT JOIN payment_void v ON v.entry_id = e.id LEFT JOIN payment q ON q.id = v.payment_id
    ORDER BY e.posting_date, e.id, l.id
"""
_OF_ENTRY = 12


def list_entries(ledger: Ledger, wanted: JournalFilter | None = None) -> Iterator[JournalEntry]:
    """The entries that pass a filter, by posting date."""
    chosen = wanted or JournalFilter()
    text = (chosen.customer or "").strip()
    rows = ledger.each(
        _ENTRIES,
        {
            "from": chosen.date_from and chosen.date_from.isoformat(),
            "to": chosen.date_to and chosen.date_to.isoformat(),
            "document": chosen.document_id,
            "entry": chosen.entry_id,
            "customer": text or None,
            "key": name_key(text),
            "account": chosen.account,
            "limit": -1 if chosen.limit is None else chosen.limit,
        },
    )
    for head, lines in groupby(rows, key=lambda row: row[:_OF_ENTRY]):
        (_, name, kind, day, document, payment, deal, customer, customer_name, description,
         currency, exponent) = head  # fmt: skip
        yield JournalEntry(
            name, kind, date.fromisoformat(day), document, payment, deal, customer, customer_name,
            description, currency, exponent,
            tuple(EntryLine(*row[_OF_ENTRY:]) for row in lines),
        )  # fmt: skip


def show_entry(ledger: Ledger, reference: str) -> JournalEntry:
    """The entry called ``J-000012``, also ``j-12`` or ``12``.

    Raises:
        NotFoundError: there is none.
    """
    name = _NAME.fullmatch(reference.strip())
    wanted = JournalFilter(entry_id=int(name[1])) if name else None
    found = next(list_entries(ledger, wanted), None) if wanted else None
    if found is None:
        raise NotFoundError(
            f"There is no journal entry '{reference}'.",
            code="entry-not-found",
            fix="sfsync journal list",
        )
    return found


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """What an account was debited and credited in one currency, in minor units."""

    account: str
    account_name: str
    account_type: str
    currency: str
    exponent: int
    debit_minor: int
    credit_minor: int

    def as_json(self) -> dict[str, Any]:
        """The keys of a row of `journal trial-balance --json`; the balance is debit less credit."""
        balance = self.debit_minor - self.credit_minor
        return {
            "account": self.account,
            "name": self.account_name,
            "type": self.account_type,
            "currency": self.currency,
            "debit": minor_to_text(self.debit_minor, self.exponent),
            "credit": minor_to_text(self.credit_minor, self.exponent),
            "balance": minor_to_text(balance, self.exponent),
        }


def trial_balance(ledger: Ledger, as_of: date | None = None) -> list[AccountBalance]:
    """Every account with entries through `as_of`, a row for each currency; debits equal credits."""
    return [
        AccountBalance(*row)
        for row in ledger.rows(
            "SELECT a.code, a.name, a.type, e.currency, e.exponent,"
            " sum(max(l.amount_minor, 0)), -sum(min(l.amount_minor, 0))"
            " FROM journal_entry e JOIN journal_line l ON l.entry_id = e.id"
            " JOIN ledger_account a ON a.id = l.account_id"
            " WHERE e.sealed = 1 AND (:day IS NULL OR e.posting_date <= :day)"
            " GROUP BY a.id, e.currency, e.exponent ORDER BY e.currency, a.code",
            {"day": as_of and as_of.isoformat()},
        )
    ]


def trial_balance_digest(ledger: Ledger, as_of: date | None = None) -> str:
    """SHA-256 of a trial balance: kept with a close, it shows that the period stayed as it was."""
    rows = [balance.as_json() for balance in trial_balance(ledger, as_of)]
    return hashlib.sha256(canonical_json(rows).encode()).hexdigest()
