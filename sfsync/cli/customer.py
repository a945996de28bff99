"""`sfsync customer`: the customers of the ledger, wherever they came from."""

from pathlib import Path
from typing import Annotated

import typer

from sfsync.cli import customer_screens as screens
from sfsync.cli.context import context_of
from sfsync.cli.filters import pairs
from sfsync.cli.frame import tree
from sfsync.cli.reasons import NO_REASON, ReasonOption
from sfsync.cli.record_ids import account_id
from sfsync.cli.render.tables import Table
from sfsync.cli.render.text import counted
from sfsync.errors import UsageError
from sfsync.ledger.model import Address, CustomerContent
from sfsync.rows import Rows

app = tree.new_app(
    "Customers: entered by hand, imported, or synced from Salesforce accounts.",
    "sfsync customer list --search acme",
    "sfsync customer duplicates",
    "sfsync customer import customers.csv",
)

AccountOption = Annotated[
    str, typer.Option("--account", metavar="ID", help="Salesforce account: its id or URL")
]


@tree.command(
    app,
    "list",
    "sfsync customer list",
    "sfsync customer list --search acme",
    "sfsync customer list --format csv -o customers.csv",
)
def list_(
    ctx: typer.Context,
    *,
    search: Annotated[str | None, typer.Option(metavar="TEXT", help="part of the name")] = None,
    merged: Annotated[
        bool, typer.Option("--merged", help="also those that were merged into another")
    ] = False,
) -> None:
    """List customers."""
    from sfsync.ledger.customers import list_customers  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    with context.reading() as ledger:
        found = list_customers(ledger, search=search, merged=merged)
        rows = Rows(map(screens.as_json, found))
        table = Table(screens.COLUMNS, screens.FIELDS, rows, empty="no customers")
        context.emit("customer_list", rows, table=table)


@tree.command(
    app,
    "show",
    "sfsync customer show C-0007",
    'sfsync customer show "Acme Inc" --json',
    "sfsync customer show 0015g00000AbCdEAAV",
)
def show(
    ctx: typer.Context,
    reference: Annotated[
        str, typer.Argument(metavar="ID", help="number, name, external id or account id")
    ],
) -> None:
    """Show one customer."""
    from sfsync.ledger.customers import show_customer  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    with context.read_ledger() as ledger:
        result = screens.as_json(show_customer(ledger, reference))
    context.emit("customer_show", result)


@tree.command(
    app,
    "add",
    'sfsync customer add "Acme Inc" --external-id A-7731',
    'sfsync customer add "Müller GmbH" --city Berlin --country DE --tax-id DE123456789',
)
def add(  # noqa: PLR0913 - one argument per option
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="the customer's name")],
    *,
    external_id: Annotated[str | None, typer.Option(help="its id in another system")] = None,
    industry: Annotated[str | None, typer.Option(help="industry")] = None,
    phone: Annotated[str | None, typer.Option(help="phone number")] = None,
    email: Annotated[str | None, typer.Option(help="e-mail address")] = None,
    tax_id: Annotated[str | None, typer.Option(help="tax number")] = None,
    terms: Annotated[str | None, typer.Option(help="payment terms, such as Net 30")] = None,
    street: Annotated[str | None, typer.Option(help="street of the address")] = None,
    city: Annotated[str | None, typer.Option(help="city of the address")] = None,
    state: Annotated[str | None, typer.Option(help="state of the address")] = None,
    postal_code: Annotated[str | None, typer.Option(help="postal code of the address")] = None,
    country: Annotated[str | None, typer.Option(help="country of the address")] = None,
) -> None:
    """Enter a customer, for accounts to match before the first sync."""
    from sfsync.ledger.customers import add_customer, namesakes  # noqa: PLC0415 - start-up time

    address = Address(street, city, state, postal_code, country)
    content = CustomerContent(
        name, external_id, industry, phone, email, tax_id, terms, address=address
    )
    context = context_of(ctx)
    with context.open_ledger(create=True) as ledger:
        result = screens.as_json(add_customer(ledger, content))
        others = [one for one in namesakes(ledger, name) if one.number != result["number"]]
    if others:
        context.warn(screens.same_name(others))
    said = f"Added {result['number']}.\n"
    context.emit("customer_add", result, text=said, action=True)


@tree.command(
    app,
    "import",
    "sfsync customer import customers.csv",
    "sfsync customer import customers.csv --json",
)
def import_(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV with a heading, UTF-8")],
) -> None:
    """Enter the customers of a CSV file: all of them, or on any problem none.

    The heading names the columns: name (needed), external_id, industry, phone, email, tax_id,
    terms, street, city, state, postal_code, country. Other columns become custom properties.
    """
    from sfsync.cli.customer_csv import read_csv  # noqa: PLC0415 - start-up time
    from sfsync.ledger.customers import import_customers  # noqa: PLC0415 - as above

    contents = read_csv(file)
    context = context_of(ctx)
    with context.open_ledger(create=True) as ledger:
        added = [screens.as_json(found) for found in import_customers(ledger, contents)]
    text = f"Imported {counted(len(added), 'customer')}.\n"
    context.emit("customer_import", added, text=text, action=True)


@tree.command(
    app,
    "edit",
    "sfsync customer edit C-0007 --set phone='+1 415 555 0100' --set terms='Net 45'",
    'sfsync customer edit C-0007 --name "Globex Corporation" --set properties.segment=large',
    "sfsync customer edit C-0007 --set industry=",
)
def edit(
    ctx: typer.Context,
    reference: Annotated[str, typer.Argument(metavar="ID", help="number, name or external id")],
    *,
    name: Annotated[str | None, typer.Option(metavar="TEXT", help="the new name")] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="nothing after = empties it; repeatable"),
    ] = None,
) -> None:
    """Change a customer; a sync keeps it until Salesforce changes its own value.

    Fields: name, external_id, industry, phone, email, tax_id, terms, address.street, address.city,
    address.state, address.postal_code, address.country, and properties.NAME for any property.
    """
    from sfsync.ledger.customer_edit import edit_customer  # noqa: PLC0415 - start-up time

    renamed = [] if name is None else [f"name={name}"]
    values = pairs([*(changes or []), *renamed], "--set", "FIELD=VALUE")
    if not values:
        raise UsageError("say what to change", code="usage", fix="--name TEXT or --set FIELD=VALUE")
    context = context_of(ctx)
    with context.open_ledger() as ledger:
        customer, done = edit_customer(ledger, reference, values)
    result = {
        **screens.as_json(customer),
        "changes": {name: list(pair) for name, pair in done.items()},
    }
    text = screens.edited_text(customer.number, done)
    context.emit("customer_edit", result, text=text, action=True)


@tree.command(
    app,
    "duplicates",
    "sfsync customer duplicates",
    'sfsync customer duplicates --dismiss C-0012 C-0044 --reason "sister companies"',
    "sfsync customer duplicates --json",
)
def duplicates(
    ctx: typer.Context,
    *,
    dismiss: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="ID ID", help="these two are not the same: never suggest them again"),
    ] = None,
    reason: Annotated[
        str | None, typer.Option(metavar="TEXT", help="why they are not; needed with --dismiss")
    ] = None,
) -> None:
    """Suggest customers that are probably the same, each with the command that merges it.

    Suggested are equal and similar names, equal tax numbers and equal e-mail domains. Nothing is
    merged by itself.
    """
    context = context_of(ctx)
    if (dismiss is None) != (reason is None):
        raise UsageError("--dismiss and --reason belong together", code="usage")
    if dismiss is not None and reason is not None:
        from sfsync.ledger.customer_merge import dismiss_duplicate  # noqa: PLC0415 - start-up time

        with context.open_ledger() as ledger:
            one, other = dismiss_duplicate(ledger, *dismiss, reason)
        result = {"customers": [one, other], "reason": reason}
        said = f"{one} and {other} are not suggested again.\n"
        context.emit("customer_duplicates", result, text=said, action=True)
        return
    from sfsync.ledger.duplicates import find_duplicates  # noqa: PLC0415 - start-up time

    with context.read_ledger() as ledger:
        rows = screens.suggestions(find_duplicates(ledger))
    context.emit(
        "customer_duplicates",
        rows,
        table=screens.suggestion_table(rows),
        screen=lambda out: screens.draw_suggestions(out, rows),
    )


@tree.command(
    app,
    "merge",
    'sfsync customer merge C-0044 C-0012 --reason "same company"',
    'sfsync customer merge "Globex LLC" C-0012 --reason duplicate --yes --json',
)
def merge(
    ctx: typer.Context,
    source: Annotated[str, typer.Argument(metavar="FROM", help="the customer that goes")],
    into: Annotated[str, typer.Argument(metavar="INTO", help="the customer that stays")],
    *,
    reason: ReasonOption = NO_REASON,
) -> None:
    """Merge a customer into another one, for good.

    Drafts, contacts, Salesforce accounts, and values that INTO lacks move. FROM stays, inactive;
    posted invoices keep their text and are listed under INTO. Later syncs find INTO.
    """
    from sfsync.ledger.customer_merge import merge_customers, plan_merge  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    with context.open_ledger() as ledger:
        plan = plan_merge(ledger, source, into)
        context.confirm(screens.merge_question(plan))
        done = merge_customers(ledger, plan.source.number, plan.into.number, reason)
    result = screens.merge_json(done, reason)
    text = f"Merged {done.source.number} into {done.into.number}.\n"
    context.emit("customer_merge", result, text=text, action=True)


@tree.command(
    app,
    "link",
    "sfsync customer link C-0007 --account 0015g00000AbCdEAAV",
    "sfsync customer link C-0007 --account https://acme.my.salesforce.com/0015g00000AbCdEAAV",
)
def link(
    ctx: typer.Context,
    reference: Annotated[str, typer.Argument(metavar="ID", help="number, name or external id")],
    *,
    account: AccountOption,
) -> None:
    """Link a Salesforce account to a customer by hand; no sync changes that.

    A customer may have several accounts. An account that has another customer moves with its
    contacts; the drafts of its deals get the new customer at the next sync.
    """
    from sfsync.ledger.account_links import link_account  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    with context.open_ledger() as ledger:
        change = link_account(ledger, reference, account_id(account))
    result, text = screens.link_json(change), screens.link_text(change)
    context.emit("customer_link", result, text=text, action=True)


@tree.command(
    app,
    "unlink",
    "sfsync customer unlink --account 0015g00000AbCdEAAV",
    "sfsync customer unlink --account 0015g00000AbCdE --json",
)
def unlink(ctx: typer.Context, *, account: AccountOption) -> None:
    """Take an account's link away; the next sync matches it anew, by the rules of the config."""
    from sfsync.ledger.account_links import unlink_account  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    with context.open_ledger() as ledger:
        change = unlink_account(ledger, account_id(account))
    result, text = screens.link_json(change), screens.link_text(change)
    context.emit("customer_unlink", result, text=text, action=True)
