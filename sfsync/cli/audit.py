"""`sfsync audit`: who did what, when, why, before and after."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sfsync.cli.context import context_of
from sfsync.cli.frame import tree
from sfsync.cli.render.tables import Column, Kind, Table
from sfsync.cli.render.text import counted
from sfsync.errors import NotFoundError, UsageError
from sfsync.ledger import audit
from sfsync.rows import Rows

if TYPE_CHECKING:
    from sfsync.ledger import Ledger

app = tree.new_app(
    "Who did what, when and why; and proof that nobody changed the record of it.",
    "sfsync audit list --what INV-2026-00131",
    "sfsync audit verify",
)

FIELDS = ("seq", "at", "run", "actor", "action", "entity", "reason", "before", "after", "hash")
COLUMNS = (
    Column("seq", "No", Kind.INTEGER),
    Column("when", "When (UTC)", Kind.CODE),
    Column("actor", "Who"),
    Column("action", "Action", Kind.CODE),
    Column("entity", "What", Kind.CODE),
    Column("reason", "Reason"),
)
PIPE_COLUMNS = (COLUMNS[0], Column("at", "at"), *COLUMNS[2:])


@tree.command(
    app,
    "list",
    "sfsync audit list --limit 20",
    "sfsync audit list --what INV-2026-00131",
    "sfsync audit list --action invoice.reverse --json",
)
def list_(
    ctx: typer.Context,
    what: Annotated[
        str | None, typer.Option(metavar="ID", help="only events of this invoice, deal, customer …")
    ] = None,
    action: Annotated[
        str | None, typer.Option(help="only this action, or its part before the dot: invoice")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="at most so many events")] = None,
) -> None:
    """List what was done, the newest first."""
    context = context_of(ctx)
    with context.reading() as ledger:
        entities = None if what is None else _entities(ledger, what)
        found = audit.list_events(ledger, entities=entities, action=action, limit=limit or -1)
        rows = Rows(map(asdict, found))
        table = Table(
            COLUMNS,
            FIELDS,
            rows,
            limit=limit,
            empty=_nothing(ledger, what, action),
            drawn=_drawn,
            piped=PIPE_COLUMNS,
        )
        context.emit("audit_list", rows, table=table)


def _nothing(ledger: "Ledger", what: str | None, action: str | None) -> str:
    """What an empty list says: with a misspelt action one sees which there are."""
    about = "" if what is None else f" of {what}"
    if action is None:
        return f"no events{about}"
    return (
        f"no events{about} with action {action}; the trail has: {', '.join(audit.actions(ledger))}"
    )


def _drawn(row: dict[str, Any]) -> dict[str, Any]:
    # A terminal has no room for seconds.
    return {**row, "when": row["at"][:16].replace("T", " ")}


def _entities(ledger: "Ledger", what: str) -> tuple[str, ...]:
    """What the trail calls the thing that a person names: a document goes by its draft's id.

    Of a deal, given by id or URL, the events of all its documents are meant too.

    Raises:
        NotFoundError: nothing has that name, and it is no record's id either.
    """
    from sfsync.ids import full_id, ids_in  # noqa: PLC0415 - start-up time
    from sfsync.ledger.customers import show_customer  # noqa: PLC0415 - as above
    from sfsync.ledger.payment_list import payments_of  # noqa: PLC0415 - as above
    from sfsync.ledger.references import drafts_of_deal, find_document  # noqa: PLC0415 - as above

    try:
        document = find_document(ledger, what)
    except NotFoundError:
        pass
    else:
        if what.strip().casefold() in {document.draft.casefold(), document.name.casefold()}:
            return (document.draft, *payments_of(ledger, [document.draft]))
        drafts = drafts_of_deal(ledger, document.opportunity_id)
        return (document.opportunity_id, *drafts, *payments_of(ledger, drafts))
    if next(iter(audit.list_events(ledger, entities=(what,), limit=1)), None) is not None:
        return (what,)
    try:
        return (show_customer(ledger, what).number,)
    except NotFoundError:
        record = full_id(what.strip())
        if record not in ids_in(record):
            raise NotFoundError(
                f"nothing in this ledger is called '{what}'",
                code="entity-not-found",
                fix="sfsync audit list",
            ) from None
        return (record,)


@tree.command(app, "show", "sfsync audit show 42", "sfsync audit show 42 --json")
def show(
    ctx: typer.Context, number: Annotated[int, typer.Argument(help="the number of the event")]
) -> None:
    """Show one event with the values before and after."""
    context = context_of(ctx)
    with context.read_ledger() as ledger:
        found = audit.find_event(ledger, number)
    if found is None:
        raise NotFoundError(
            f"there is no event {number}", code="event-not-found", fix="sfsync audit list"
        )
    context.emit("audit_show", asdict(found))


@tree.command(
    app,
    "verify",
    "sfsync audit verify",
    "sfsync audit verify --head '812:1$9f2c…'",
    "sfsync audit verify --json | jq -r .result.head",
)
def verify(
    ctx: typer.Context,
    head: Annotated[
        str | None,
        typer.Option(metavar="SEQ:HASH", help="an earlier head that must still be there"),
    ] = None,
) -> None:
    """Recompute the chain of hashes, and compare what it tells of with the ledger.

    Keep the head that it prints elsewhere: given as --head, in single quotes, it proves later that
    no tail was cut and that the file was not replaced by an older one.
    """
    from sfsync.cli.verifying import require_trail  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    if head is not None and not audit.is_head(head):
        raise UsageError(
            f"--head is not a head: '{head}'",
            code="usage",
            fix="give all of it in single quotes, for a shell takes $… away: --head '812:1$9f2c…'",
        )
    with context.read_ledger() as ledger:
        require_trail(context, ledger, head)
        newest = audit.head(ledger)
    events = int(newest.partition(":")[0])
    text = f"{counted(events, 'event')}, unbroken. Head: {newest}\n"
    context.emit("audit_verify", {"events": events, "head": newest}, text=text)
