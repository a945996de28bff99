"""What a sync answers: its JSON result and the summary that a person reads."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sfsync.cli.render.text import counted, with_thousands
from sfsync.ledger.model import Outcome
from sfsync.money import exponent_of, minor_to_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from sfsync.ledger import Ledger
    from sfsync.ledger.history import RunDetail, RunRecord

_IN_ORDER_OF_WORK = ("customers", "contacts", "opportunities")
_SHOWN_FAILURES = 20
SUMMARISED = (Outcome.FAILED, Outcome.DRIFTED)
"""The outcomes whose records a summary names one by one; the others it only counts."""


def sync_result(
    detail: RunDetail, *, head: str | None = None, planned: bool = False
) -> dict[str, Any]:
    """The `result` of `sync --json`; with `planned` the run has no number.

    `head` is the newest event of the audit trail after the run: kept elsewhere, it proves later
    that nothing was cut off.
    """
    from sfsync.cli.history_screens import summary_json  # noqa: PLC0415 - start-up time

    return {
        **summary_json(detail.summary),
        **({"run": None} if planned else {}),
        "failures": [_failure(one) for one in failures_of(detail)],
        "auto_post": _by_itself(detail),
        "head": head,
    }


def _by_itself(detail: RunDetail) -> dict[str, Any]:
    """How many drafts a run posted by itself, and how many wait for a person, by reason."""
    waiting = Counter(one.code for one in detail.auto_post if one.code is not None)
    posted = sum(one.posted for one in detail.auto_post)
    return {"posted": posted, "waiting": dict(waiting.most_common())}


def failures_of(detail: RunDetail) -> list[RunRecord]:
    """The records of a run that failed, in its order."""
    return [one for one in detail.records if one.outcome is Outcome.FAILED]


def _failure(record: RunRecord) -> dict[str, Any]:
    return {
        "object": record.sobject,
        "salesforce_id": record.salesforce_id,
        "opportunity": record.salesforce_id if record.sobject == "Opportunity" else None,
        "name": record.name,
        "code": record.code,
        "field": record.source_field,
        "target": record.target,
        "message": record.message,
        "fix": record.fix,
    }


def plan_changes(detail: RunDetail, ledger: Ledger) -> list[dict[str, Any]]:
    """Every record that the planned run would not leave as it is, with its field changes."""
    changes = []
    for record in detail.records:
        if record.outcome is Outcome.UNCHANGED:
            continue
        fields = {name: list(pair) for name, pair in record.changes.items()}
        if record.outcome is Outcome.CREATED:
            fields = {name: [None, value] for name, value in _created(record, ledger)}
        changes.append(
            {
                "object": record.sobject,
                "salesforce_id": record.salesforce_id,
                "name": record.name,
                "outcome": record.outcome.value,
                "code": record.code,
                "fields": fields,
            }
        )
    return changes


def _created(record: RunRecord, ledger: Ledger) -> Iterable[tuple[str, Any]]:
    """The values of a new draft, or those that a new customer or contact has."""
    from sfsync.ledger.customers import synced_values  # noqa: PLC0415 - start-up time
    from sfsync.ledger.invoices import show_invoice  # noqa: PLC0415 - as above

    if record.invoice is not None:
        values = show_invoice(ledger, record.invoice).as_json()
        return [(name, values[name]) for name in _CREATED_FIELDS]
    values = synced_values(ledger, record.sobject, record.salesforce_id)
    return [(name, value) for name, value in values.items() if value is not None]


_CREATED_FIELDS = (
    "customer",
    "description",
    "document_date",
    "due_date",
    "currency",
    "total",
    "sales_rep",
    "region",
    "properties",
    "lines",
)


def draw_summary(
    console: Console, ledger: Ledger, detail: RunDetail, *, planned: bool = False
) -> None:
    """The summary on a terminal or as plain lines: counts, drafts, skips, failures."""
    from sfsync.cli.history_screens import COUNT_COLUMNS, org_in_words  # noqa: PLC0415 - start-up time
    from sfsync.cli.render import screen  # noqa: PLC0415 - as above

    run = detail.summary
    heading = "plan, nothing is written" if planned else f"run #{run.run}  {run.outcome}"
    calls = counted(run.api_calls, "API call")
    org = org_in_words(run.org_name, run.org_kind)
    screen.line(console, f"{org}   {heading}   {calls}")
    rows = [{"object": name, **asdict(run.counts[name])} for name in _IN_ORDER_OF_WORK]
    screen.draw_rows(console, COUNT_COLUMNS, rows)
    for line in _notes(ledger, detail, planned=planned):
        screen.line(console, line)
    failures = failures_of(detail)
    _draw_failures(console, failures, planned=planned)
    if failures and not planned and screen.is_plain(console):
        # On a terminal the next steps say so; a mail from cron has nothing else.
        screen.line(console, f"Each with its fix: sfsync history show {run.run} --failed")
    if not planned:
        from sfsync.ledger.audit import head  # noqa: PLC0415 - start-up time

        screen.line(console, f"Audit head: {head(ledger)}", style="dim")


def _drafts_of(ledger: Ledger, run: int) -> Counter[str]:
    """The totals of the drafts that a run created: minor units by currency."""
    from sfsync.ledger.invoice_filter import InvoiceFilter  # noqa: PLC0415 - start-up time
    from sfsync.ledger.invoices import list_invoices  # noqa: PLC0415 - start-up time

    totals: Counter[str] = Counter()
    for row in list_invoices(ledger, InvoiceFilter(run=run)):
        totals[row.currency] += row.total_minor
    return totals


def _notes(ledger: Ledger, detail: RunDetail, *, planned: bool) -> Iterable[str]:
    from sfsync.ledger.history import edited_drafts, skip_codes  # noqa: PLC0415 - start-up time

    if drafts := _drafts_of(ledger, detail.summary.run):
        verb = "would be created" if planned else "created"
        # A sum may be larger than any one amount of money.
        sums = " · ".join(
            f"{with_thousands(minor_to_text(minor, exponent_of(code)))} {code}"
            for code, minor in sorted(drafts.items())
        )
        yield f"Drafts {verb}: {sums}"
    if skips := skip_codes(ledger, detail.summary.run):
        yield "Skipped: " + " · ".join(f"{count:,} {code}" for code, count in skips.items())
    if detail.auto_post:
        found = _by_itself(detail)
        waiting = " · ".join(f"{count:,} {code}" for code, count in found["waiting"].items())
        yield f"Posted by itself: {found['posted']:,}" + (
            f"; waiting: {waiting}" if waiting else ""
        )
    for draft, said in edited_drafts(ledger, detail.summary.run)[:_SHOWN_FAILURES]:
        yield f"~ {draft} was edited: {said}"
    drifted = [one for one in detail.records if one.outcome is Outcome.DRIFTED]
    for one in drifted[:_SHOWN_FAILURES]:
        yield f"! {one.invoice} drifted: {one.name}: {one.message}"


def _draw_failures(console: Console, failures: list[RunRecord], *, planned: bool) -> None:
    from sfsync.cli.render import screen  # noqa: PLC0415 - start-up time

    # The history knows nothing of a plan: what is piped from one has to have all of it.
    shown = len(failures) if planned and screen.is_plain(console) else _SHOWN_FAILURES
    for one in failures[:shown]:
        amount = f"   {with_thousands(one.amount)}" if one.amount else ""
        money = f"{amount} {one.currency}" if amount and one.currency else amount
        screen.line(console, f"✗ {one.name}{money}   {one.salesforce_id}")
        screen.line(console, f"  {one.code}: {one.message or ''}")
    if more := len(failures[shown:]):
        where = "--json gets all" if planned else "sfsync history show --failed"
        screen.line(console, f"… and {more:,} more: {where}")
