"""`sfsync contact`: the contacts of the customers."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sfsync.cli.context import context_of
from sfsync.cli.filters import needs_text
from sfsync.cli.frame import tree
from sfsync.cli.render.tables import Column, Table
from sfsync.rows import Rows

if TYPE_CHECKING:
    from sfsync.ledger.customers import Contact

app = tree.new_app(
    "Contacts of the customers, as synced from Salesforce.",
    "sfsync contact list --customer C-0007",
    "sfsync contact show dana@acme.com",
)

COLUMNS = (
    Column("name", "Name"),
    Column("title", "Title", wide=True),
    Column("email", "E-mail"),
    Column("phone", "Phone", wide=True),
    Column("customer.name", "Customer"),
)
FIELDS = (
    *("salesforce_id", "name", "email", "phone", "title"),
    *("customer.id", "customer.name", "properties.*"),
)


@tree.command(
    app,
    "list",
    "sfsync contact list",
    "sfsync contact list --customer C-0007",
    "sfsync contact list --fields name,email --format csv",
)
def list_(
    ctx: typer.Context,
    customer: Annotated[str | None, needs_text("only contacts of this customer", "ID")] = None,
) -> None:
    """List contacts by name."""
    from sfsync.ledger.customers import list_contacts, show_customer  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    with context.reading() as ledger:
        of = show_customer(ledger, customer).customer_id if customer else None
        rows = Rows(_as_json(found) for found in list_contacts(ledger, of))
        context.emit("contact_list", rows, table=Table(COLUMNS, FIELDS, rows, empty="no contacts"))


@tree.command(
    app, "show", "sfsync contact show dana@acme.com", "sfsync contact show 0035g00000AbCdE --json"
)
def show(
    ctx: typer.Context,
    reference: Annotated[
        str, typer.Argument(metavar="ID", help="Salesforce id, e-mail address or name")
    ],
) -> None:
    """Show one contact."""
    from sfsync.ledger.customers import show_contact  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    with context.read_ledger() as ledger:
        result = _as_json(show_contact(ledger, reference))
    context.emit("contact_show", result)


def _as_json(contact: "Contact") -> dict[str, Any]:
    found = asdict(contact)
    name = found.pop("customer_name")
    return {**found, "customer": {"id": contact.customer, "name": name}}
