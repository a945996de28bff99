"""`sfsync customer`: the customers of the ledger, wherever they came from."""

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sfsync.cli.context import context_of
from sfsync.cli.frame import tree
from sfsync.cli.render.tables import Column, Kind, Table
from sfsync.errors import NotFoundError, UsageError
from sfsync.ledger.model import Address, CustomerContent

if TYPE_CHECKING:
    from sfsync.ledger.customers import Customer

app = tree.new_app("Customers: entered by hand, imported, or synced from Salesforce accounts.")

COLUMNS = (
    Column("number", "Customer", Kind.CODE),
    Column("name", "Name"),
    Column("external_id", "External id"),
    Column("address.city", "City", wide=True),
    Column("address.country", "Country", Kind.CODE, wide=True),
    Column("origin", "From", Kind.CODE),
    Column("invoices", "Invoices", Kind.NUMBER),
)
ADDRESS = ("street", "city", "state", "postal_code", "country")
CONTENT = ("name", "external_id", "industry", "phone", "email", "tax_id", "terms")
FIELDS = (
    *("number", *CONTENT, *(f"address.{part}" for part in ADDRESS)),
    *("properties.*", "origin", "active", "merged_into", "accounts", "invoices"),
)


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
    with context.open_ledger() as ledger:
        rows = [as_json(found) for found in list_customers(ledger, search=search, merged=merged)]
    context.emit("customer_list", rows, table=Table(COLUMNS, FIELDS, rows, empty="no customers"))


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
    with context.open_ledger() as ledger:
        result = as_json(show_customer(ledger, reference))
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
    from sfsync.ledger.customers import add_customer  # noqa: PLC0415 - start-up time

    address = Address(street, city, state, postal_code, country)
    content = CustomerContent(
        name, external_id, industry, phone, email, tax_id, terms, address=address
    )
    context = context_of(ctx)
    with context.open_ledger(create=True) as ledger:
        result = as_json(add_customer(ledger, content))
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
    from sfsync.ledger.customers import import_customers  # noqa: PLC0415 - start-up time

    contents = read_csv(file)
    context = context_of(ctx)
    with context.open_ledger(create=True) as ledger:
        added = [as_json(found) for found in import_customers(ledger, contents)]
    context.emit("customer_import", added, text=f"Imported {len(added)} customers.\n", action=True)


def read_csv(file: Path) -> list[CustomerContent]:
    """The customers of a CSV file.

    Raises:
        NotFoundError: there is no such file.
        UsageError: it is not UTF-8, has no name column, or a row that cannot be read.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            rows = list(reader)
    except FileNotFoundError:
        raise NotFoundError(f"there is no file {file}", code="file-not-found") from None
    except (UnicodeDecodeError, csv.Error, OSError) as error:
        raise UsageError(f"{file} is not a readable CSV file: {error}", code="csv") from None
    headings = [heading.strip() for heading in reader.fieldnames or ()]
    if "name" not in headings or len(set(headings)) != len(headings):
        raise UsageError(
            f"{file} needs a heading with the column 'name', each column once", code="csv"
        )
    return [_content(file, line, row) for line, row in enumerate(rows, start=2)]


def _content(file: Path, record: int, row: dict[str | Any, Any]) -> CustomerContent:
    if None in row or None in row.values():
        raise UsageError(f"{file}, record {record}: not as many values as headings", code="csv")
    values = {name.strip(): value.strip() or None for name, value in row.items()}
    if not values["name"]:
        raise UsageError(f"{file}, record {record}: the name is empty", code="csv")
    known: dict[str, Any] = {name: values.pop(name) for name in CONTENT if name in values}
    address = Address(**{part: values.pop(part) for part in ADDRESS if part in values})
    rest = {name: value for name, value in values.items() if value}
    return CustomerContent(**known, address=address, properties=rest)


def as_json(customer: "Customer") -> dict[str, Any]:
    """A customer as JSON has it."""
    content = customer.content
    return {
        "number": customer.number,
        **{name: getattr(content, name) for name in CONTENT},
        "address": {part: getattr(content.address, part) for part in ADDRESS},
        "properties": dict(content.properties),
        "origin": customer.origin,
        "active": customer.active,
        "merged_into": customer.merged_into,
        "accounts": list(customer.accounts),
        "invoices": customer.invoices,
    }
