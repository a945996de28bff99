"""`sfsync export`: invoices, lines, customers and the journal, into a file of any format."""

from pathlib import Path
from typing import Annotated

import typer

from sfsync.cli.context import context_of
from sfsync.cli.exporting import export
from sfsync.cli.filters import FilterOptions, takes_filters
from sfsync.cli.frame import tree

app = tree.new_app(
    "Invoices, lines, customers and the journal as xlsx, pdf, html, csv, tsv, json, jsonl or md.",
    "sfsync export invoices -o invoices.xlsx",
    "sfsync export lines --status posted -o lines.csv",
    "sfsync export journal --customer acme -o acme-journal.csv",
)

FontOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="TrueType font for letters that the PDF's own lacks"),
]
OpenOption = Annotated[bool, typer.Option("--open", help="open the file when it is written")]


@tree.command(
    app,
    "invoices",
    "sfsync export invoices -o invoices.xlsx",
    "sfsync export invoices --status posted --from 2026-01-01 --to 2026-03-31 -o q1.pdf",
    "sfsync export invoices --customer acme --min 5000 -o acme.html --open",
    "sfsync export invoices --format csv -o -",
)
@takes_filters
def invoices(
    ctx: typer.Context,
    *,
    filters: FilterOptions,
    font: FontOption = None,
    open_: OpenOption = False,
) -> None:
    """Export invoices and credit notes, a row each; -o FILE tells the format by its ending."""
    export(context_of(ctx), "invoices", filters, font=font, opens=open_)


@tree.command(
    app,
    "lines",
    "sfsync export lines -o lines.xlsx",
    "sfsync export lines --status posted --property cost_center=PRJ-204 -o lines.csv",
    "sfsync export lines --run 214 -o lines.jsonl",
)
@takes_filters
def lines(
    ctx: typer.Context,
    *,
    filters: FilterOptions,
    font: FontOption = None,
    open_: OpenOption = False,
) -> None:
    """Export the lines of invoices and credit notes, a row each."""
    export(context_of(ctx), "lines", filters, font=font, opens=open_)


@tree.command(
    app,
    "customers",
    "sfsync export customers -o customers.xlsx",
    "sfsync export customers --status posted --from 2026-01-01 -o billed-this-year.csv",
)
@takes_filters
def customers(
    ctx: typer.Context,
    *,
    filters: FilterOptions,
    font: FontOption = None,
    open_: OpenOption = False,
) -> None:
    """Export customers; with a filter those that have an invoice which passes it."""
    export(context_of(ctx), "customers", filters, font=font, opens=open_)


@tree.command(
    app,
    "journal",
    "sfsync export journal -o journal.xlsx",
    "sfsync export journal --customer acme -o acme-journal.csv",
)
@takes_filters
def journal(
    ctx: typer.Context,
    *,
    filters: FilterOptions,
    font: FontOption = None,
    open_: OpenOption = False,
) -> None:
    """Export the lines of the journal entries of invoices, credit notes and payments.

    The filters choose invoices and credit notes by their own dates; each comes with all of its
    entries, an invoice with payments of any day. The entries of a period: sfsync journal export.
    """
    export(context_of(ctx), "journal", filters, font=font, opens=open_)
