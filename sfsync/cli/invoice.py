"""`sfsync invoice`: drafts and posted invoices."""

from pathlib import Path
from typing import Annotated

import typer

from sfsync.cli import posting
from sfsync.cli.context import context_of
from sfsync.cli.filters import FilterOptions, as_filter, day_of_books, pairs, takes_filters
from sfsync.cli.frame import tree
from sfsync.cli.invoice_screens import draw_invoice, list_table
from sfsync.cli.reasons import NO_REASON, ReasonOption
from sfsync.cli.render.tables import ROWS_SHOWN
from sfsync.ledger.model import DocumentStatus
from sfsync.rows import Rows

app = tree.new_app(
    "Drafts and posted invoices: list, review, post, delete, reverse.",
    "sfsync invoice list --status draft",
    "sfsync invoice review",
    "sfsync invoice post --all --max 5000",
    "sfsync invoice pdf INV-2026-00088",
)

NumberArgument = Annotated[
    str,
    typer.Argument(metavar="NUMBER", help="D-000131, a posted number, opportunity id or URL"),
]


@tree.command(
    app,
    "list",
    "sfsync invoice list",
    "sfsync invoice list --status draft --min 5000 --sort -total",
    "sfsync invoice list --customer acme --from 2026-01-01 --json",
    "sfsync invoice list --property cost_center=PRJ-204 -o drafts.csv",
)
@takes_filters
def list_(
    ctx: typer.Context,
    *,
    filters: FilterOptions,
    drifted: Annotated[
        bool, typer.Option("--drifted", help="only those that changed in Salesforce since")
    ] = False,
) -> None:
    """List invoices; deleted drafts only with --status deleted."""
    from sfsync.ledger.invoices import count_invoices, list_invoices  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    terminal = context.for_terminal
    limit = filters.limit or (ROWS_SHOWN if terminal else None)
    wanted = as_filter(filters, drifted=drifted or None, limit=limit, as_of=context.today())
    with context.reading() as ledger:
        rows = Rows(row.as_json() for row in list_invoices(ledger, wanted))
        total = count_invoices(ledger, wanted) if terminal else None
        context.emit("invoice_list", rows, table=list_table(rows, limit=limit, total=total))


@tree.command(
    app,
    "show",
    "sfsync invoice show D-000131",
    "sfsync invoice show INV-2026-00088 --json",
    "sfsync invoice show https://acme.my.salesforce.com/0065g00000AbCdEAAV",
)
def show(ctx: typer.Context, number: NumberArgument) -> None:
    """Show one invoice with its lines, its journal entry, or what posting would write."""
    from sfsync.ledger.invoices import show_invoice  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    with context.read_ledger() as ledger:
        result = show_invoice(ledger, number, context.today()).as_json()
        preview = posting.preview_of(context, ledger, result) if context.for_terminal else []
    context.emit("invoice_show", result, screen=lambda out: draw_invoice(out, result, preview))


NumbersArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="NUMBER…", help="D-000131, opportunity id or URL; several at once"),
]
AllOption = Annotated[bool, typer.Option("--all", help="every draft that passes the filters")]
DateOption = Annotated[
    str | None, typer.Option("--date", metavar="DATE", help="posting date; else the document's")
]


@tree.command(
    app,
    "post",
    "sfsync invoice post D-000131",
    "sfsync invoice post --all --max 5000",
    "sfsync invoice post --all --run 214 --dry-run",
    "sfsync invoice post --all --run 214 --yes --json",
)
@takes_filters
def post(
    ctx: typer.Context,
    numbers: NumbersArgument = None,
    *,
    filters: FilterOptions,
    every: AllOption = False,
    date: DateOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="only say what would be posted and refused")
    ] = False,
) -> None:
    """Post drafts: each gets its number and journal entry, and never changes again.

    One draft is posted at once. Several are totalled first, with what would be refused and why,
    and need a yes. What cannot be posted is reported and does not stop the rest. On a terminal,
    without any draft named, they are reviewed one by one.
    """
    from sfsync.cli import foretelling  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    asked = foretelling.Asked(tuple(numbers or ()), filters, every, day_of_books(date))
    if dry_run:
        foretelling.foretell_drafts(context, asked)
        return
    if posting.leads_to_review(context, numbers or [], filters, every=every):
        from sfsync.cli.review import Asked, review_drafts  # noqa: PLC0415 - start-up time

        review_drafts(context, Asked((), filters))
        return
    foretelling.post_drafts(context, asked)


@tree.command(
    app,
    "review",
    "sfsync invoice review",
    'sfsync invoice review --customer "Acme" --min 5000',
    "sfsync invoice review --mark D-000131 D-000132",
    "sfsync invoice review --run 214 --json",
)
@takes_filters
def review(
    ctx: typer.Context,
    numbers: NumbersArgument = None,
    *,
    filters: FilterOptions,
    every: AllOption = False,
    mark: Annotated[
        bool, typer.Option("--mark", help="note a review of the drafts named, without asking")
    ] = False,
) -> None:
    """Go through drafts one by one: each value with its source, the lines, what posting writes.

    A key posts, marks as reviewed, skips, holds, edits or deletes. What nobody has looked at comes
    first, so that a review that was left is taken up where it stopped. An edit, or a sync that
    changes a draft, makes its review void. Without a terminal: --mark, or --json for the cards.
    """
    from sfsync.cli.review import Asked, review_drafts  # noqa: PLC0415 - start-up time

    review_drafts(context_of(ctx), Asked(tuple(numbers or ()), filters, every=every, mark=mark))


@tree.command(
    app,
    "edit",
    "sfsync invoice edit D-000131 --set date=2026-11-30 --set line.2.quantity=8",
    'sfsync invoice edit D-000131 --set "description=Platform 2027" --set customer=C-0003',
    "sfsync invoice edit D-000131 --unpin description",
    "sfsync invoice edit D-000131",
)
def edit(
    ctx: typer.Context,
    number: NumberArgument,
    *,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="nothing after = empties it; repeatable"),
    ] = None,
    unpin: Annotated[
        list[str] | None,
        typer.Option(metavar="FIELD|all", help="let it follow Salesforce again; repeatable"),
    ] = None,
) -> None:
    """Change a draft; what you set stays, whatever Salesforce says later, until it is unpinned.

    Fields: customer, description, date, due, sales_rep, region, po_number, contact,
    properties.NAME, and of line N: line.N.product, .description, .quantity, .unit_price, .discount,
    .amount, .properties.NAME. Amount and total follow. Without --set an editor opens ($VISUAL,
    $EDITOR). A review that the draft had is void.
    """
    from sfsync.cli.editing import draw_edit, edit_json  # noqa: PLC0415 - start-up time
    from sfsync.cli.editing import edit as edit_draft  # noqa: PLC0415 - as above

    context = context_of(ctx)
    values = pairs(changes, "--set", "FIELD=VALUE")
    with context.open_ledger() as ledger:
        result = edit_json(edit_draft(context, ledger, number, values, unpin or []))
    context.emit(
        "invoice_edit", result, screen=lambda console: draw_edit(console, result), action=True
    )


@tree.command(
    app,
    "delete",
    'sfsync invoice delete D-000131 --reason "duplicate deal"',
    'sfsync invoice delete --all --run 214 --reason "wrong mapping" --yes',
)
@takes_filters
def delete(
    ctx: typer.Context,
    numbers: NumbersArgument = None,
    *,
    filters: FilterOptions,
    reason: ReasonOption = NO_REASON,
    every: AllOption = False,
) -> None:
    """Delete drafts; they come back only when the deal changes in Salesforce, or on resync."""
    context = context_of(ctx)
    with context.open_ledger() as ledger:
        found = posting.chosen(ledger, numbers or [], filters, every=every)
        # What is posted is refused below, without a question.
        if drafts := [row for row in found.rows if row.status is DocumentStatus.DRAFT]:
            context.confirm(f"Delete {posting.spoken_totals(posting.row_totals(drafts))}?")
        result = posting.delete(ledger, found.rows, reason)
        result["refused"] += found.missing
    alone = len(numbers or []) == 1
    posting.answer_many(context, "invoice_delete", "Deleted", result, alone=alone)


@tree.command(
    app,
    "reverse",
    'sfsync invoice reverse INV-2026-00088 --reason "wrong customer"',
    'sfsync invoice reverse INV-2026-00088 --reason "credit" --date 2026-11-30 --yes',
)
def reverse(
    ctx: typer.Context,
    number: NumberArgument,
    *,
    reason: ReasonOption,
    date: Annotated[
        str | None,
        typer.Option("--date", metavar="DATE", help="the credit note's date; else today"),
    ] = None,
) -> None:
    """Reverse a posted invoice by a linked credit note; nothing posted is ever erased.

    What was credited before is left out: the credit note is over the rest.
    """
    from sfsync.ledger.invoices import show_invoice  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    with context.open_ledger() as ledger:
        row = show_invoice(ledger, number).row
        left = f"{row.balance} {row.currency}" if row.balance_minor else ""
        context.confirm(f"Reverse {', '.join(filter(None, (row.name, row.customer_name, left)))}?")
        result = posting.reverse(context, ledger, row.name, reason, day_of_books(date))
    context.emit(
        "invoice_reverse",
        result,
        screen=lambda console: posting.draw_reversal(console, result),
        action=True,
    )
    context.next_steps(f"sfsync invoice resync {result['number']}")


@tree.command(
    app,
    "credit",
    'sfsync invoice credit INV-2026-00088 --reason "two seats less" --line 2=2',
    'sfsync invoice credit INV-2026-00088 --reason "late delivery" --amount 150.00 --yes',
    'sfsync invoice credit INV-2026-00088 --reason "not wanted" --line 1 --line 3=50.00USD --yes',
)
def credit(
    ctx: typer.Context,
    number: NumberArgument,
    *,
    reason: ReasonOption,
    lines: Annotated[
        list[str] | None,
        typer.Option(
            "--line",
            metavar="N[=PART]",
            help="a line: all of it, N=3 for a quantity, N=50.00USD for an amount; repeatable",
        ),
    ] = None,
    amount: Annotated[
        str | None, typer.Option(metavar="AMOUNT", help="an amount over all lines")
    ] = None,
    date: Annotated[
        str | None, typer.Option(metavar="DATE", help="the credit note's date; else today")
    ] = None,
) -> None:
    """Credit a part of a posted invoice by a linked credit note, never more than is left.

    The invoice stays posted until all of it is credited; then it is reversed.
    """
    from sfsync.cli import crediting  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    request = crediting.request_of(lines or [], amount)
    on = day_of_books(date)
    with context.open_ledger() as ledger:
        result = crediting.credit(context, ledger, number, request, reason, on)
    context.emit(
        "invoice_credit",
        result,
        screen=lambda console: crediting.draw_credit(console, result),
        action=True,
    )


@tree.command(
    app,
    "hold",
    'sfsync invoice hold D-000131 --note "waiting for the PO"',
    'sfsync invoice hold D-000131 --note "ask Dana" --json',
)
def hold(
    ctx: typer.Context,
    number: NumberArgument,
    *,
    note: Annotated[str, typer.Option(metavar="TEXT", help="what it waits for")],
) -> None:
    """Keep a draft from being posted until it is released."""
    from sfsync.ledger.marks import hold_invoice  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    with context.open_ledger() as ledger:
        held = hold_invoice(ledger, number, note)
    result = {"draft": held.draft, "on_hold": True, "note": note}
    context.emit("invoice_hold", result, text=f"{held.draft} is on hold.\n", action=True)


@tree.command(
    app,
    "release",
    "sfsync invoice release D-000131",
    "sfsync invoice release 0065g00000AbCdEAAV --json",
)
def release(ctx: typer.Context, number: NumberArgument) -> None:
    """Let a draft on hold be posted again."""
    from sfsync.ledger.marks import release_invoice  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    with context.open_ledger() as ledger:
        freed = release_invoice(ledger, number)
    result = {"draft": freed.draft, "on_hold": False, "note": None}
    context.emit("invoice_release", result, text=f"{freed.draft} is released.\n", action=True)


@tree.command(
    app,
    "resync",
    "sfsync invoice resync INV-2026-00131",
    "sfsync invoice resync 0065g00000AbCdEAAV --json",
)
def resync(ctx: typer.Context, number: NumberArgument) -> None:
    """Read the deal of a document again; a deleted or reversed invoice gets a new, linked draft."""
    from sfsync.cli.resync import resync_deal  # noqa: PLC0415 - start-up time

    resync_deal(context_of(ctx), number)


@tree.command(
    app,
    "accept",
    "sfsync invoice accept INV-2026-00131 --reason 'discount was agreed after posting'",
    "sfsync invoice accept 0065g00000AbCdEAAV --reason 'right as posted' --json",
)
def accept(ctx: typer.Context, number: NumberArgument, *, reason: ReasonOption) -> None:
    """Call a drifted posted invoice right as it is; only further changes drift again."""
    from sfsync.ledger.marks import accept_drift  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    with context.open_ledger() as ledger:
        accepted = accept_drift(ledger, number, reason)
    result = {"number": accepted.name, "accepted": True, "reason": reason}
    context.emit("invoice_accept", result, text=f"{accepted.name} is accepted.\n", action=True)


@tree.command(
    app,
    "pdf",
    "sfsync invoice pdf INV-2026-00088",
    "sfsync invoice pdf D-000131 -o draft.pdf --open",
    "sfsync invoice pdf CN-2026-00003 -o ~/outbox --force",
)
def pdf(
    ctx: typer.Context,
    number: NumberArgument,
    *,
    font: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="TrueType font for letters that the PDF's own lacks"),
    ] = None,
    open_: Annotated[bool, typer.Option("--open", help="open the file when it is written")] = False,
) -> None:
    """Write the PDF that a customer receives, into NUMBER.pdf or -o FILE.

    What is posted is set from its frozen texts alone: the same document, byte for byte, next year.
    Drafts carry a watermark.
    """
    from sfsync.cli.invoice_pdf import write_pdf  # noqa: PLC0415 - start-up time

    write_pdf(context_of(ctx), number, font=font, opens=open_)
