"""Deals as they were last read: listed, shown, and which of them have no invoice. No network."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfsync.errors import NotFoundError
from sfsync.ids import full_id, ids_in
from sfsync.ledger.many import ids_json
from sfsync.ledger.names import name_key
from sfsync.ledger.open_failures import MAX_TRIES
from sfsync.ledger.references import ALL_DOCUMENTS, find_document
from sfsync.money import EXPONENTS, InvalidAmountError, minor_to_text, parse_decimal, to_minor

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date
    from decimal import Decimal

    from sfsync.ledger.connection import Ledger


@dataclass(frozen=True, slots=True)
class OpportunityFilter:
    """Which deals are meant; what is None or false does not restrict.

    `uninvoiced` means won, not deleted, not ignored, and without a live draft or posted invoice.
    `customer` is part of the account's or customer's name, a customer number or an account id.
    The dates are close dates, `before` not included; the amounts are in each deal's own currency,
    and a deal without a usable amount passes neither.
    """

    won: bool = False
    uninvoiced: bool = False
    ignored: bool = False
    stage: str | None = None
    customer: str | None = None
    date_from: date | None = None
    date_to: date | None = None
    before: date | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    rep: str | None = None


@dataclass(frozen=True, slots=True)
class OpportunityRow:
    """One deal of a list. Amounts are the texts that Salesforce gave.

    `outcome` and `code` are those of the last run that decided it, `message` the reason given
    then. `invoice` is the number or draft id of the live invoice.
    """

    id: str
    url: str | None
    name: str
    account: str | None
    owner: str | None
    stage: str
    is_won: bool
    is_closed: bool
    is_deleted: bool
    amount: str | None
    currency: str
    probability: str | None
    expected_revenue: str | None
    close_date: str | None
    outcome: str
    code: str | None
    message: str | None
    invoice: str | None
    ignored: bool


def minor_of(amount: str | None, currency: str) -> int | None:
    """The minor units of an amount as Salesforce gave it; None where it is not usable."""
    number = _number(amount)
    if number is None or currency not in EXPONENTS:
        return None
    try:
        return to_minor(number, EXPONENTS[currency])
    except InvalidAmountError:
        return None


def amount_text(amount: str | None, currency: str | None) -> str | None:
    """An amount as Salesforce gave it, with the decimals of its currency.

    What is no amount stays as it came: it may be the reason of a failure.
    """
    if currency is None or (minor := minor_of(amount, currency)) is None:
        return amount
    return minor_to_text(minor, EXPONENTS[currency])


def _number(amount: str | None) -> Decimal | None:
    try:
        return None if amount is None else parse_decimal(amount)
    except InvalidAmountError:
        return None


@dataclass(frozen=True, slots=True)
class OpportunityTotal:
    """Deals of one currency added up; `without_amount` of `count` have no usable amount."""

    currency: str
    count: int
    total: str
    without_amount: int


@dataclass(frozen=True, slots=True)
class OpportunityDetail:
    """A deal with all that is known of it; the mappings are JSON objects as commands show them.

    `invoices` are its documents, the oldest first. `failure` is the open failure, `ignore` says
    who ignored it, when and why. `values` is the record as it was read.
    """

    row: OpportunityRow
    account_id: str | None
    owner_id: str | None
    customer: Mapping[str, str] | None
    system_modstamp: str
    run: int | None
    fix: str | None
    field: str | None
    target: str | None
    ignore: Mapping[str, str] | None
    failure: Mapping[str, Any] | None
    invoices: tuple[Mapping[str, Any], ...]
    values: Mapping[str, Any]


_LIVE = "kind = 'invoice' AND status IN ('draft', 'posted')"
# The message stands with the run that met the reason first; later ones only repeat it.
_LIST = f"""
    SELECT o.salesforce_id, b.instance_url || '/' || o.salesforce_id, o.name, o.account_name,
           o.owner_name, o.stage, o.is_won, o.is_closed, o.is_deleted, o.amount, o.currency,
           o.probability, o.expected_revenue, o.close_date, o.outcome, o.code,
           CASE WHEN o.code IS NOT NULL THEN
               (SELECT message FROM run_record WHERE salesforce_id = o.salesforce_id
                AND code = o.code ORDER BY run_id DESC LIMIT 1) END,
           (SELECT coalesce(number, draft) FROM document
            WHERE opportunity_id = o.salesforce_id AND {_LIVE}),
           i.salesforce_id IS NOT NULL
    FROM opportunity o CROSS JOIN ledger b
    LEFT JOIN opportunity_ignored i ON i.salesforce_id = o.salesforce_id
"""  # noqa: S608 - constants
_UNINVOICED = f"""o.is_won = 1 AND o.is_deleted = 0 AND i.salesforce_id IS NULL AND NOT EXISTS (
    SELECT 1 FROM document WHERE opportunity_id = o.salesforce_id AND {_LIVE})
"""  # noqa: S608 - constants
_OF_CUSTOMER = """(
    instr(lower(o.account_name), lower(?)) > 0 OR o.account_salesforce_id = ?
    OR o.account_salesforce_id IN (
        SELECT l.salesforce_id FROM account_link l JOIN customer c ON c.id = l.customer_id
        WHERE c.number = upper(?) OR instr(c.name_key, ?) > 0))
"""


def list_opportunities(ledger: Ledger, wanted: OpportunityFilter) -> Iterator[OpportunityRow]:
    """The deals that pass a filter, by close date."""
    where, parameters = _compiled(wanted)
    for values in ledger.each(f"{_LIST} WHERE {where} ORDER BY o.close_date, o.id", parameters):
        row = _row(values)
        if _amount_passes(row, wanted):
            yield row


_FLAGS = [
    OpportunityRow.__slots__.index(name)
    for name in ("is_won", "is_closed", "is_deleted", "ignored")
]


def _row(values: tuple[Any, ...]) -> OpportunityRow:
    # The query answers in the order of the fields.
    found = list(values)
    for place in _FLAGS:
        found[place] = bool(found[place])
    return OpportunityRow(*found)


def _compiled(wanted: OpportunityFilter) -> tuple[str, list[object]]:
    flags = (
        ("o.is_won = 1", wanted.won),
        (_UNINVOICED, wanted.uninvoiced),
        ("i.salesforce_id IS NOT NULL", wanted.ignored),
    )
    compared = (
        ("o.stage = ? COLLATE NOCASE", wanted.stage),
        ("instr(lower(o.owner_name), lower(?)) > 0", wanted.rep),
        ("o.close_date >= ?", wanted.date_from and wanted.date_from.isoformat()),
        ("o.close_date <= ?", wanted.date_to and wanted.date_to.isoformat()),
        ("o.close_date < ?", wanted.before and wanted.before.isoformat()),
    )
    conditions = ["true", *(condition for condition, asked in flags if asked)]
    conditions += [condition for condition, value in compared if value is not None]
    parameters: list[object] = [value for _, value in compared if value is not None]
    if wanted.customer and (text := wanted.customer.strip()):
        conditions.append(_OF_CUSTOMER)
        parameters += [text, full_id(text), text, name_key(text)]
    return " AND ".join(conditions), parameters


def _amount_passes(row: OpportunityRow, wanted: OpportunityFilter) -> bool:
    if wanted.minimum is None and wanted.maximum is None:
        return True
    amount = _number(row.amount)
    return (
        amount is not None
        and (wanted.minimum is None or amount >= wanted.minimum)
        and (wanted.maximum is None or amount <= wanted.maximum)
    )


def opportunity_totals(rows: Iterable[OpportunityRow]) -> list[OpportunityTotal]:
    """Count and sum by currency; nothing is added across currencies."""
    counts: Counter[str] = Counter()
    sums: Counter[str] = Counter()
    without: Counter[str] = Counter()
    for row in rows:
        minor = minor_of(row.amount, row.currency)
        counts[row.currency] += 1
        sums[row.currency] += minor or 0
        without[row.currency] += minor is None
    return [
        OpportunityTotal(
            currency,
            count,
            minor_to_text(sums[currency], EXPONENTS.get(currency, 2)),
            without[currency],
        )
        for currency, count in sorted(counts.items())
    ]


def find_opportunity(ledger: Ledger, reference: str) -> str:
    """The 18-character id of a remembered deal.

    Args:
        ledger: the ledger.
        reference: an id of 15 or 18 characters, a Salesforce URL, or a document's number.

    Raises:
        NotFoundError: no run has read such a deal, or there is no such document.
    """
    candidates = [full_id(found) for found in ids_in(reference)]
    row = ledger.row(
        "SELECT salesforce_id FROM opportunity"
        " WHERE salesforce_id IN (SELECT value FROM json_each(?))",
        (ids_json(candidates),),
    )
    if row is not None:
        return str(row[0])
    if not candidates:
        try:
            return find_document(ledger, reference).opportunity_id
        except NotFoundError as missing:
            near = missing.fix != ALL_DOCUMENTS
            raise NotFoundError(
                f"There is no deal and no invoice '{reference}'.",
                code=missing.code,
                fix=missing.fix if near else "sfsync opportunity list",
            ) from None
    raise NotFoundError(
        f"No run has read an opportunity '{reference}'.",
        code="opportunity-not-found",
        fix="sfsync opportunity list, or read it: sfsync sync --now --opportunity ID",
    )


def show_opportunity(ledger: Ledger, reference: str) -> OpportunityDetail:
    """One deal, found as `find_opportunity` finds it.

    Raises:
        NotFoundError: there is none.
    """
    key = (find_opportunity(ledger, reference),)
    row = _row(ledger.row(f"{_LIST} WHERE o.salesforce_id = ?", key))
    account_id, owner_id, number, name, stamp, source, *ignore = ledger.row(_DETAIL, key)
    run, fix, field, target = ledger.row(_LAST_RECORD, (row.id, row.code)) or (None,) * 4
    reason, at, actor = ignore
    return OpportunityDetail(
        row=row,
        account_id=account_id,
        owner_id=owner_id,
        customer={"id": number, "name": name} if number else None,
        system_modstamp=stamp,
        run=run,
        fix=fix,
        field=field,
        target=target,
        ignore={"reason": reason, "at": at, "by": actor} if reason else None,
        failure=_failure(ledger, row.id),
        invoices=_invoices(ledger, row.id),
        values=json.loads(source),
    )


_DETAIL = """
    SELECT o.account_salesforce_id, o.owner_salesforce_id, c.number, c.name, o.system_modstamp,
           o.source, i.reason, i.at, i.actor
    FROM opportunity o
    LEFT JOIN account_link l ON l.salesforce_id = o.account_salesforce_id
    LEFT JOIN customer c ON c.id = l.customer_id
    LEFT JOIN opportunity_ignored i ON i.salesforce_id = o.salesforce_id
    WHERE o.salesforce_id = ?
"""
_LAST_RECORD = """
    SELECT run_id, fix, source_field, target FROM run_record
    WHERE salesforce_id = ? AND code IS ? ORDER BY run_id DESC LIMIT 1
"""


def _failure(ledger: Ledger, salesforce_id: str) -> dict[str, Any] | None:
    row = ledger.row(
        "SELECT code, message, fix, tries, first_run, last_run FROM failure"
        " WHERE sobject = 'Opportunity' AND salesforce_id = ?",
        (salesforce_id,),
    )
    if row is None:
        return None
    names = ("code", "message", "fix", "tries", "first_run", "last_run")
    found = dict(zip(names, row, strict=True))
    return {**found, "dead": found["tries"] >= MAX_TRIES}


def _invoices(ledger: Ledger, salesforce_id: str) -> tuple[dict[str, Any], ...]:
    rows = ledger.rows(
        "SELECT d.number, d.draft, d.status, d.kind, d.document_date, d.currency, d.total_minor,"
        " d.exponent, r.reason FROM document d LEFT JOIN document_removal r ON r.document_id = d.id"
        " WHERE d.opportunity_id = ? ORDER BY d.id",
        (salesforce_id,),
    )
    return tuple(
        {
            "number": number,
            "draft": draft,
            "status": status,
            "kind": kind,
            "document_date": day,
            "currency": currency,
            "total": minor_to_text(total, exponent),
            "reason": reason,
        }
        for number, draft, status, kind, day, currency, total, exponent, reason in rows
    )
