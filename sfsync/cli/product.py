"""`sfsync product`: the products that invoice lines name."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sfsync.cli.context import context_of
from sfsync.cli.frame import tree
from sfsync.cli.render.tables import Column, Kind, Table
from sfsync.rows import Rows

if TYPE_CHECKING:
    from sfsync.ledger.products import Product

app = tree.new_app(
    "Products that invoice lines name.",
    "sfsync product list",
    "sfsync product show PLAT-1",
)

COLUMNS = (
    Column("code", "Code", Kind.CODE),
    Column("name", "Product"),
    Column("family", "Family"),
    Column("invoices", "Invoices", Kind.INTEGER),
)
FIELDS = ("code", "name", "family", "salesforce_id", "invoices")


@tree.command(app, "list", "sfsync product list", "sfsync product list --json")
def list_(ctx: typer.Context) -> None:
    """List products by code and name."""
    from sfsync.ledger.products import list_products  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    with context.reading() as ledger:
        rows = Rows(_as_json(found) for found in list_products(ledger))
        context.emit("product_list", rows, table=Table(COLUMNS, FIELDS, rows, empty="no products"))


@tree.command(app, "show", "sfsync product show PLAT-1", 'sfsync product show "Platform"')
def show(
    ctx: typer.Context,
    reference: Annotated[str, typer.Argument(metavar="PRODUCT", help="its code or name")],
) -> None:
    """Show one product."""
    from sfsync.ledger.products import show_product  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    with context.read_ledger() as ledger:
        result = _as_json(show_product(ledger, reference))
    context.emit("product_show", result)


def _as_json(product: "Product") -> dict[str, Any]:
    found = asdict(product)
    del found["product_id"]
    return found
