"""`sfsync payment`: cash received for posted invoices."""

from enum import StrEnum
from typing import Annotated

import typer

from sfsync.cli import paying
from sfsync.cli.context import context_of
from sfsync.cli.filters import bounds, day_of_books, needs_text, required_amount
from sfsync.cli.frame import tree
from sfsync.cli.reasons import NO_REASON, ReasonOption
from sfsync.rows import Rows

app = tree.new_app(
    "Payments received for posted invoices: record, list, void.",
    "sfsync payment add INV-2026-00001 --amount 24000",
    "sfsync payment list --customer acme",
    'sfsync payment void P-000003 --reason "bounced"',
)


class StatusOption(StrEnum):
    """What --status takes."""

    RECORDED = "recorded"
    VOIDED = "voided"


@tree.command(
    app,
    "add",
    "sfsync payment add INV-2026-00001 --amount 24000",
    'sfsync payment add INV-2026-00001 --amount 500 --date 2026-11-20 --reference "WT 88"',
    "sfsync payment add INV-2026-00001 --amount 9.50 --date 2026-11-20 --idempotency-key bank-7",
)
def add(
    ctx: typer.Context,
    number: Annotated[
        str, typer.Argument(metavar="NUMBER", help="a posted invoice: number, opportunity id, URL")
    ],
    *,
    amount_: Annotated[
        str, typer.Option("--amount", metavar="AMOUNT", help="in the invoice's currency")
    ],
    date: Annotated[
        str | None, typer.Option(metavar="DATE", help="the day on which it arrived; else today")
    ] = None,
    currency: Annotated[
        str | None, needs_text("refuse any other currency than this", "CODE")
    ] = None,
    method: Annotated[str | None, typer.Option(metavar="TEXT", help="wire, card, cheque …")] = None,
    reference: Annotated[
        str | None, typer.Option(metavar="TEXT", help="what the bank statement says")
    ] = None,
    idempotency_key: Annotated[
        str | None, needs_text("the same payment under it counts once", "KEY")
    ] = None,
) -> None:
    """Record a payment for a posted invoice: debit cash, credit the receivable.

    No more than the invoice is owed. A wrong payment is voided, never changed.
    """
    context = context_of(ctx)
    given = paying.Given(
        required_amount(amount_, "--amount"),
        day_of_books(date),
        currency and currency.upper(),
        method or None,
        reference or None,
        idempotency_key,
    )
    with context.open_ledger() as ledger:
        result = paying.add(context, ledger, number, given)
    context.emit(
        "payment_add", result, screen=lambda out: paying.draw_added(out, result), action=True
    )


@tree.command(
    app,
    "list",
    "sfsync payment list",
    "sfsync payment list --invoice INV-2026-00001",
    "sfsync payment list --customer acme --from 2026-01-01 --json",
)
def list_(  # noqa: PLR0913 - one argument per option
    ctx: typer.Context,
    *,
    invoice: Annotated[str | None, needs_text("only those of this invoice", "NUMBER")] = None,
    customer: Annotated[str | None, needs_text("part of the name, or C-0007")] = None,
    from_: Annotated[str | None, typer.Option("--from", metavar="DATE", help="first day")] = None,
    to: Annotated[str | None, typer.Option(metavar="DATE", help="last day")] = None,
    min_: Annotated[
        str | None, typer.Option("--min", metavar="AMOUNT", help="smallest amount")
    ] = None,
    max_: Annotated[
        str | None, typer.Option("--max", metavar="AMOUNT", help="largest amount")
    ] = None,
    method: Annotated[str | None, needs_text("only of this method")] = None,
    status: Annotated[
        StatusOption | None, typer.Option(help="only standing or voided ones")
    ] = None,
    sort: Annotated[
        str | None, typer.Option(metavar="FIELD", help="date, -amount, customer, invoice, payment")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="at most so many")] = None,
) -> None:
    """List payments, voided ones too."""
    from sfsync.ledger import payment_list  # noqa: PLC0415 - start-up time
    from sfsync.ledger.references import find_document  # noqa: PLC0415 - as above

    context = context_of(ctx)
    within = bounds(from_, to, min_, max_)
    with context.reading() as ledger:
        wanted = payment_list.PaymentFilter(
            document_id=find_document(ledger, invoice).document_id if invoice else None,
            customer=customer,
            **within,
            method=method,
            voided=None if status is None else status is StatusOption.VOIDED,
            sort=sort or "date",
            limit=limit,
        )
        rows = Rows(one.as_json() for one in payment_list.list_payments(ledger, wanted))
        context.emit("payment_list", rows, table=paying.list_table(rows, limit=limit))


@tree.command(
    app,
    "void",
    'sfsync payment void P-000003 --reason "bounced"',
    'sfsync payment void P-000003 --reason "wrong invoice" --date 2026-11-20 --json',
)
def void(
    ctx: typer.Context,
    payment: Annotated[str, typer.Argument(metavar="ID", help="P-000003, as payment list has it")],
    *,
    reason: ReasonOption = NO_REASON,
    date: Annotated[
        str | None, typer.Option(metavar="DATE", help="of the reversing entry; else today")
    ] = None,
) -> None:
    """Take a payment back by an entry of its own; the invoice is owed again."""
    context = context_of(ctx)
    with context.open_ledger() as ledger:
        result = paying.void(context, ledger, payment, reason, day_of_books(date))
    context.emit(
        "payment_void", result, screen=lambda out: paying.draw_voided(out, result), action=True
    )
