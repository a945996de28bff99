"""The options of `sfsync report …`, and what the filters mean in each report."""

from typing import Annotated

import typer

# What the filters are about. None refuses what only an invoice has in a report about deals: a deal
# without one would have to be left out, or taken in, unseen.
OF_POSTINGS = {
    "from_": "first posting date",
    "to": "last posting date",
    "sort": "a column of the answer, e.g. -revenue; - turns it round",
}
OF_OPEN = {"sort": "a column of the answer, e.g. -total; - turns it round"}
OF_DEALS: dict[str, str | None] = {
    **dict.fromkeys(("status", "region", "property_", "run"), None),
    "from_": "first close date",
    "to": "last close date",
    "min_": "smallest amount",
    "max_": "largest amount",
    "rep": "owner of the deal",
    "sort": "a column of the answer, e.g. -booked; - turns it round",
}

ByOption = Annotated[
    list[str] | None,
    typer.Option(
        "--by",
        metavar="WHAT",
        help="customer, product, sales-rep, region, month, quarter, year, property:NAME; "
        "several with commas",
    ),
]
RowsOption = Annotated[bool, typer.Option("--rows", help="the records behind each total")]
PostedOption = Annotated[
    bool, typer.Option("--posted", help="what is in the general ledger (the default)")
]
AllOption = Annotated[bool, typer.Option("--all", help="drafts too, in rows marked draft")]
AgingByOption = Annotated[
    list[str] | None,
    typer.Option(
        "--by",
        metavar="WHAT",
        help="customer (the default), sales-rep, region, property:NAME; several with commas",
    ),
]
DealByOption = Annotated[
    list[str] | None,
    typer.Option(
        "--by",
        metavar="WHAT",
        help="stage (the default), sales-rep, customer, month, quarter, year; several with commas",
    ),
]
UninvoicedByOption = Annotated[
    list[str] | None,
    typer.Option(
        "--by",
        metavar="WHAT",
        help="sum up by reason, stage, sales-rep, customer, month, quarter, year",
    ),
]
AsOfOption = Annotated[str | None, typer.Option("--as-of", metavar="DATE", help="else today")]
BucketsOption = Annotated[
    str | None, typer.Option("--buckets", metavar="DAYS", help="where spans end; 30,60,90")
]
