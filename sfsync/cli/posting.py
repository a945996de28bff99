"""`sfsync invoice post`, delete and reverse: what they ask, do and answer."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sfsync.cli.render.text import with_thousands
from sfsync.errors import ExitCode, NotFoundError, RefusedError, UsageError
from sfsync.money import minor_to_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from rich.console import Console

    from sfsync.cli.context import Context
    from sfsync.cli.filters import FilterOptions
    from sfsync.config.settings import Settings
    from sfsync.errors import SfsyncError
    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.invoices import InvoiceRow
    from sfsync.ledger.posting import PostedInvoice
    from sfsync.ledger.posting_rules import PostingRules, Refusal

_DRAFTS = "sfsync invoice list --status draft"


def rules_of(settings: Settings, *, issues: bool = True) -> PostingRules:
    """The ledger's posting rules, as the config has them; what `issues` no document needs no logo.

    Raises:
        ConfigError: the seller's logo cannot be read.
    """
    from sfsync.ledger.posting_choices import posting_rules  # noqa: PLC0415 - start-up time

    return posting_rules(settings.posting, settings.seller, issues=issues)


def today(settings: Settings) -> date:
    """Today in the company's time zone."""
    return settings.schedule.day_of(datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class Chosen:
    """The documents to act on, and of those that were named the ones that are not there."""

    rows: list[InvoiceRow]
    missing: list[dict[str, Any]]


def chosen(
    ledger: Ledger, numbers: Sequence[str], options: FilterOptions, *, every: bool
) -> Chosen:
    """The documents that were named, or with --all the drafts that pass the filters.

    Raises:
        UsageError: neither or both were given, or a status that is not draft.
        NotFoundError: none of those that were named exists.
    """
    from sfsync.cli.filters import StatusOption, as_filter  # noqa: PLC0415 - start-up time
    from sfsync.ledger.invoices import list_invoices  # noqa: PLC0415 - start-up time
    from sfsync.ledger.model import DocumentStatus  # noqa: PLC0415 - start-up time

    if bool(numbers) == every:
        raise UsageError(
            "name invoices, or choose drafts with --all and filters, not both",
            code="usage",
            fix=_DRAFTS,
        )
    if not every and options.given:
        raise UsageError("filters choose among --all drafts", code="usage", fix="add --all")
    if every and options.status not in {None, StatusOption.DRAFT}:
        raise UsageError("--all chooses among drafts", code="usage", fix="leave --status out")
    if every:
        wanted = as_filter(options, status=DocumentStatus.DRAFT)
        return Chosen(list(list_invoices(ledger, wanted)), [])
    return _named(ledger, numbers)


def leads_to_review(
    context: Context, numbers: Sequence[str], options: FilterOptions, *, every: bool
) -> bool:
    """Whether a person asked to post without a word on what, and can be shown the drafts."""
    named = numbers or every or options.given
    return not named and context.interactive and context.for_terminal


def _named(ledger: Ledger, numbers: Sequence[str]) -> Chosen:
    from sfsync.ledger.invoices import show_invoice  # noqa: PLC0415 - start-up time

    rows: dict[int, InvoiceRow] = {}
    missing: dict[str, NotFoundError] = {}
    for number in numbers:
        try:
            row = show_invoice(ledger, number).row
        except NotFoundError as unknown:
            # One wrong number does not keep the others.
            missing[number] = unknown
        else:
            rows[row.document_id] = row
    if not rows:
        first, *others = missing.values()
        message = " ".join(one.message for one in (first, *others))
        raise NotFoundError(message, code=first.code, fix=_DRAFTS if others else first.fix)
    return Chosen(list(rows.values()), [refused_json(*one) for one in missing.items()])


def totals(rows: Iterable[tuple[str, int, int]]) -> list[dict[str, Any]]:
    """Count and sum by currency, of rows of currency, exponent and minor units."""
    sums: dict[tuple[str, int], list[int]] = defaultdict(list)
    for currency, exponent, minor in rows:
        sums[currency, exponent].append(minor)
    return [
        {"currency": currency, "count": len(found), "total": minor_to_text(sum(found), exponent)}
        for (currency, exponent), found in sorted(sums.items())
    ]


def spoken_totals(found: Sequence[dict[str, Any]]) -> str:
    """Totals in words: ``46 for 1,284,350.00 USD and 2 for 18,200.00 EUR``."""
    return " and ".join(
        f"{one['count']} for {with_thousands(one['total'])} {one['currency']}" for one in found
    )


def row_totals(rows: Sequence[InvoiceRow]) -> list[dict[str, Any]]:
    """The totals of documents."""
    return totals((row.currency, row.exponent, row.total_minor) for row in rows)


def post(
    context: Context, ledger: Ledger, rows: Sequence[InvoiceRow], day: date | None
) -> dict[str, Any]:
    """Post documents one by one; what was posted, what was refused and why."""
    from sfsync.ledger.posting import post_many  # noqa: PLC0415 - start-up time

    settings = context.settings()
    for row in rows:
        if day is not None and day < row.document_date:
            context.warn(f"{row.name} is dated {row.document_date}, later than it is posted: {day}")
    references = [row.draft for row in rows]
    posted: list[PostedInvoice] = []
    refused: list[dict[str, Any]] = []
    outcomes = post_many(ledger, references, rules_of(settings), day=day, today=today(settings))
    for reference, outcome in outcomes:
        if isinstance(outcome, RefusedError):
            refused.append(refused_json(reference, outcome))
        else:
            posted.append(outcome)
    if out_of_order := [one for one in posted if one.dated_later]:
        first = out_of_order[0]
        more = f" (and {len(out_of_order) - 1} more like it)" if len(out_of_order) > 1 else ""
        context.warn(
            f"{first.number} has an earlier date than {first.dated_later}, and a later number{more}"
        )
    return {
        "posted": [posted_json(one) for one in posted],
        "refused": refused,
        "totals": totals((one.currency, one.exponent, one.total_minor) for one in posted),
    }


def delete(ledger: Ledger, rows: Sequence[InvoiceRow], reason: str) -> dict[str, Any]:
    """Delete drafts one by one; what was deleted, what was refused and why."""
    from sfsync.ledger.removal import delete_draft  # noqa: PLC0415 - start-up time

    deleted: list[InvoiceRow] = []
    refused: list[dict[str, Any]] = []
    for row in rows:
        try:
            delete_draft(ledger, row.draft, reason)
        except RefusedError as refusal:
            # One draft that cannot go does not keep the others.
            refused.append(refused_json(row.draft, refusal))
        else:
            deleted.append(row)
    return {
        "deleted": [draft_json(row) for row in deleted],
        "refused": refused,
        "totals": row_totals(deleted),
    }


def reverse(
    context: Context, ledger: Ledger, number: str, reason: str, day: date | None
) -> dict[str, Any]:
    """Reverse a posted invoice; its number and that of the credit note."""
    from sfsync.ledger.removal import reverse_invoice  # noqa: PLC0415 - start-up time

    settings = context.settings()
    done = reverse_invoice(
        ledger, number, rules_of(settings), reason=reason, day=day, today=today(settings)
    )
    return {
        "number": done.invoice_number,
        "credit_note": done.credit_note_number,
        "posting_date": done.posting_date.isoformat(),
        "reason": reason,
        **_credited(ledger, done.credit_note_number),
    }


def _credited(ledger: Ledger, number: str) -> dict[str, Any]:
    """What a credit note took back: its amount and its journal entry."""
    from sfsync.ledger.invoices import show_invoice  # noqa: PLC0415 - start-up time

    shown = show_invoice(ledger, number).as_json()
    return {
        "customer": shown["customer"]["name"],
        "currency": shown["currency"],
        "total": shown["total"],
        "journal": shown["journal"],
    }


def draw_reversal(console: Console, result: dict[str, Any]) -> None:
    """A reversal in two lines: what by what, and the journal entry."""
    from sfsync.cli.render.screen import line, mark  # noqa: PLC0415 - start-up time

    total = f"{with_thousands(result['total'])} {result['currency']}"
    line(
        console,
        f"{mark('ok')} Reversed {result['number']} by {result['credit_note']}: "
        f"{result['customer']}, {total}",
    )
    line(console, entries_text(result["journal"]), style="dim")


def preview_of(context: Context, ledger: Ledger, shown: dict[str, Any]) -> list[dict[str, Any]]:
    """What posting a draft would write; empty without a config, or when it is no draft."""
    from sfsync.ledger.posting_plan import preview_posting  # noqa: PLC0415 - start-up time

    if shown["status"] != "draft" or context.found_config() is None:
        return []
    settings = context.settings()
    preview = preview_posting(
        ledger, shown["draft"], rules_of(settings, issues=False), today=today(settings)
    )
    for refusal in preview.refusals:
        context.warn(refusal.message)
    return journal_json(preview.journal, preview.exponent)


def answer_many(
    context: Context, schema_name: str, done: str, result: dict[str, Any], *, alone: bool
) -> None:
    """Answer for several documents; a single refused one is the command's own failure.

    Raises:
        RefusedError: the only document was refused.
    """
    refused = result["refused"]
    if alone:
        require_none_refused(refused)
    status = ExitCode.PARTIAL if refused else ExitCode.DONE
    context.emit(
        schema_name,
        result,
        status=status,
        screen=lambda console: _draw_many(console, done, result),
        action=True,
    )


def require_none_refused(refused: Sequence[dict[str, Any]]) -> None:
    """End with the refusal of the only document that was named.

    Raises:
        RefusedError: it was refused.
    """
    if refused:
        first = refused[0]
        raise RefusedError(first["message"], code=first["code"], fix=first["fix"] or "")


def draft_json(row: InvoiceRow) -> dict[str, Any]:
    """A draft in the result of what was done with several."""
    return {
        "draft": row.draft,
        "customer": row.customer_name,
        "currency": row.currency,
        "total": minor_to_text(row.total_minor, row.exponent),
    }


def posted_json(one: PostedInvoice) -> dict[str, Any]:
    """A posted invoice as JSON has it."""
    return {
        "number": one.number,
        "draft": one.draft,
        "customer": one.customer,
        "posting_date": one.posting_date.isoformat(),
        "due_date": one.due_date.isoformat(),
        "currency": one.currency,
        "total": minor_to_text(one.total_minor, one.exponent),
        "journal": journal_json(one.journal, one.exponent),
    }


def refused_json(reference: str, error: SfsyncError | Refusal) -> dict[str, Any]:
    """A refused document as JSON has it."""
    return {
        "draft": reference,
        "code": error.code,
        "message": error.message,
        "fix": error.fix or None,
    }


def journal_json(lines: Iterable[tuple[str, int]], exponent: int) -> list[dict[str, Any]]:
    """Account code and amount (debit positive) as debit and credit columns."""
    from sfsync.ledger.journal import debit_and_credit  # noqa: PLC0415 - start-up time

    return [{"account": account, **debit_and_credit(amount, exponent)} for account, amount in lines]


def _draw_many(console: Console, done: str, result: dict[str, Any]) -> None:
    from sfsync.cli.render.screen import line, mark, say_more, some  # noqa: PLC0415 - start-up time

    documents = result[done.casefold()]
    for one in some(console, documents):
        line(console, f"{mark('ok')} {done} {one['draft']}{_detail(one)}")
        if one.get("journal"):
            line(console, entries_text(one["journal"]), style="dim")
    say_more(console, documents)
    draw_refused(console, result["refused"])
    if not documents and not result["refused"]:
        line(console, "No draft matches; nothing was changed.")
    if len(documents) + len(result["refused"]) > 1:
        said = spoken_totals(result["totals"]) or "none"
        line(console, f"{done} {said} · refused {len(result['refused'])}", style="bold")


def draw_refused(console: Console, refused: Iterable[dict[str, Any]]) -> None:
    """Each document that was refused: why, and the fix below."""
    from sfsync.cli.render.screen import line, mark  # noqa: PLC0415 - start-up time

    for one in refused:
        line(console, f"{mark('failed')} {one['draft']}: {one['message']}", style="red")
        if one["fix"]:
            line(console, f"    fix: {one['fix']}")


def _detail(one: dict[str, Any]) -> str:
    number = f" as {one['number']}" if one.get("number") else ""
    due = f", due {one['due_date']}" if one.get("due_date") else ""
    return f"{number}: {one['customer']}, {with_thousands(one['total'])} {one['currency']}{due}"


def entries_text(journal: Iterable[dict[str, Any]]) -> str:
    """A journal entry in one line: side, account and amount of each of its lines."""
    return "    " + "   ".join(_entry(entry) for entry in journal)


def _entry(entry: dict[str, Any]) -> str:
    side = "debit" if entry["debit"] is not None else "credit"
    return f"{side} {entry['account']} {with_thousands(entry[side])}"
