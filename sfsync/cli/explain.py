"""`sfsync explain`: why a deal is an invoice, or why it is not."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from sfsync.cli.context import context_of
from sfsync.cli.frame import tree

if TYPE_CHECKING:
    from rich.console import Console

    from sfsync.config.settings import Settings
    from sfsync.ledger import Ledger
    from sfsync.ledger.opportunities import OpportunityDetail
    from sfsync.sync.explain import Explanation

app = tree.new_app()


@tree.command(
    app,
    "explain",
    "sfsync explain 0065g00000AbCdEAAV",
    "sfsync explain https://acme.my.salesforce.com/lightning/r/Opportunity/0065g00000AbCdEAAV/view",
    "sfsync explain INV-2026-00131",
)
def explain(
    ctx: typer.Context,
    reference: Annotated[str, typer.Argument(help="a deal's id or URL, or an invoice's number")],
) -> None:
    """Say what became of a deal: each filter, its customer, each value with where it came from.

    Works on what the last sync read, with the mapping as it is now; nothing is asked of Salesforce.
    """
    context = context_of(ctx)
    settings = context.settings()
    with context.read_ledger() as ledger:
        deal, found = explained(ledger, reference, settings)
    context.emit(
        "explain",
        _result(deal, found),
        screen=lambda console: draw_explanation(console, deal, found),
    )


def explained(
    ledger: "Ledger", reference: str, settings: "Settings"
) -> "tuple[OpportunityDetail, Explanation]":
    """A deal, and what became of it and why, from what the last sync read."""
    from sfsync.cli.posting import today  # noqa: PLC0415 - start-up time
    from sfsync.ledger import pages  # noqa: PLC0415 - as above
    from sfsync.ledger.opportunities import show_opportunity  # noqa: PLC0415 - as above
    from sfsync.sync.explain import LastOutcome, explain_deal  # noqa: PLC0415 - as above
    from sfsync.sync.rules import Rules  # noqa: PLC0415 - as above

    rules = Rules.compile(settings, today=today(settings), rates={}, read_lines=True)
    deal = show_opportunity(ledger, reference)
    name = deal.row.account or ""
    org_id = ledger.identity.org_id or ""
    accounts = [deal.account_id] if deal.account_id else []
    state = pages.account_state(ledger, org_id, accounts, [name] if name else [], [])
    ignored = deal.ignore["reason"] if deal.ignore else None
    last = LastOutcome(deal.row.code, deal.row.message, invoiced=deal.row.invoice is not None)
    return deal, explain_deal(dict(deal.values), ignored, last, state, rules)


def _result(deal: "OpportunityDetail", found: "Explanation") -> dict[str, Any]:
    return {
        "opportunity": deal.row.id,
        "name": deal.row.name,
        "url": deal.row.url,
        "outcome": deal.row.outcome,
        "code": deal.row.code,
        "message": deal.row.message,
        "fix": deal.fix,
        "invoice": deal.row.invoice,
        "stops_at": found.stops_at or None,
        "checks": [
            {
                "name": check.name,
                "value": check.value,
                "rule": check.rule,
                "passes": check.passes,
                "reason": check.reason or None,
            }
            for check in found.checks
        ],
        "customer": {
            "account": found.customer.account_id,
            "account_name": found.customer.account_name,
            "how": found.customer.how,
            "candidates": [
                {"id": number, "name": name} for number, name in found.customer.candidates
            ],
            "problem": found.customer.problem or None,
        },
        "values": [
            {
                "target": value.target,
                "source": value.source,
                "raw": value.raw,
                "steps": [{"transform": name, "result": text} for name, text in value.steps],
                "value": value.value,
                "origin": value.origin,
                "problem": value.problem or None,
            }
            for value in found.values
        ],
    }


def draw_explanation(console: "Console", deal: "OpportunityDetail", found: "Explanation") -> None:
    """Each filter, and each value with where it came from."""
    from sfsync.cli.render import screen  # noqa: PLC0415 - start-up time

    became = deal.row.invoice or deal.row.outcome
    screen.line(
        console, f"{deal.row.name}  {deal.row.id}  {became}", style="bold", url=deal.row.url
    )
    signs = {True: "✓", False: "✗ stops here", None: "not asked"}
    for check in found.checks:
        screen.line(
            console, f"  {check.name:<14} {check.value}  ({check.rule})  {signs[check.passes]}"
        )
        if check.reason:
            screen.line(console, f"    {check.reason}")
    screen.line(console, "Values")
    for value in found.values:
        steps = "".join(f" → {name}: {text}" for name, text in value.steps)
        shown = "(empty)" if value.value is None else value.value
        screen.line(
            console, f"  {value.target:<14} {shown}  ← {value.source} [{value.origin}]{steps}"
        )
    if deal.row.message:
        screen.line(console, f"Last outcome: {deal.row.outcome}, {deal.row.message}")
    if deal.fix:
        screen.line(console, f"  fix: {deal.fix}")
