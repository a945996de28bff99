"""`sfsync org`: a look at the connected Salesforce org."""

from dataclasses import asdict
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sfsync.cli.context import context_of
from sfsync.cli.frame import tree
from sfsync.cli.render.tables import ALL_ROWS, Column, Kind, Table
from sfsync.errors import NotFoundError

if TYPE_CHECKING:
    from sfsync.salesforce.org import Org

app = tree.new_app(
    "Look at the connected Salesforce org, as the user who signed in sees it.",
    "sfsync org stages",
    "sfsync org fields Opportunity --search project",
    "sfsync org limits",
)

FIELD_COLUMNS = (
    Column("name", "Field", Kind.CODE),
    Column("label", "Label"),
    Column("type", "Type", Kind.CODE),
    Column("length", "Length", Kind.INTEGER, wide=True),
    Column("reference_to", "Refers to", wide=True),
)
FIELD_FIELDS = (
    *("name", "label", "type", "nillable", "filterable", "scale", "length"),
    *("relationship_name", "reference_to", "picklist_values"),
)
STAGE_COLUMNS = (
    Column("label", "Stage", Kind.CODE),
    Column("won", "Won", Kind.CODE),
    Column("closed", "Closed", Kind.CODE),
    Column("probability", "Probability", Kind.NUMBER),
)
STAGE_FIELDS = ("label", "won", "closed", "probability")
LIMIT_COLUMNS = (
    Column("name", "Limit", Kind.CODE),
    Column("used", "Used", Kind.INTEGER),
    Column("max", "Max", Kind.INTEGER),
)
LIMIT_FIELDS = ("name", "used", "max", "remaining")
_STAGES = (
    "SELECT MasterLabel, IsWon, IsClosed, DefaultProbability FROM OpportunityStage"
    " WHERE IsActive = true ORDER BY SortOrder"
)


@tree.command(app, "show", "sfsync org show", "sfsync org show --json")
def show(ctx: typer.Context) -> None:
    """Show which org is connected, and as whom."""
    from sfsync.cli.orgs import open_org_for  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    with open_org_for(context, context.settings()) as org:
        context.emit("org_show", asdict(org.identity))


@tree.command(
    app,
    "fields",
    "sfsync org fields Opportunity",
    "sfsync org fields Opportunity --search project",
    "sfsync org fields OpportunityLineItem --custom --json",
)
def fields(
    ctx: typer.Context,
    sobject: Annotated[str, typer.Argument(metavar="OBJECT", help="such as Opportunity")],
    *,
    custom: Annotated[bool, typer.Option("--custom", help="only custom fields")] = False,
    search: Annotated[str, typer.Option(metavar="TEXT", help="in name or label")] = "",
) -> None:
    """List the fields of an object; hidden ones are not there at all."""
    from sfsync.cli.orgs import open_org_for  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    with open_org_for(context, context.settings()) as org:
        found = org.describe(sobject) if sobject.isidentifier() else None
    if found is None:
        raise _no_object(sobject)
    rows = [
        asdict(field)
        for field in found.fields.values()
        if _wanted(field.name, field.label, custom=custom, search=search)
    ]
    table = Table(FIELD_COLUMNS, FIELD_FIELDS, rows, limit=ALL_ROWS, empty="no such field")
    context.emit("org_fields", rows, table=table)


@tree.command(app, "stages", "sfsync org stages", "sfsync org stages --json")
def stages(ctx: typer.Context) -> None:
    """List the stages of opportunities, as filters.stages must spell them."""
    from sfsync.cli.orgs import open_org_for  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    with open_org_for(context, context.settings()) as org:
        rows = read_stages(org)
    context.emit("org_stages", rows, table=Table(STAGE_COLUMNS, STAGE_FIELDS, rows))


@tree.command(app, "limits", "sfsync org limits", "sfsync org limits --format csv")
def limits(ctx: typer.Context) -> None:
    """List the org's limits and how much of each is used."""
    from sfsync.cli.orgs import open_org_for  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    with open_org_for(context, context.settings()) as org:
        found = org.limits()
    rows = [
        {
            "name": name,
            "used": limit["Max"] - limit["Remaining"],
            "max": limit["Max"],
            "remaining": limit["Remaining"],
        }
        for name, limit in sorted(found.items())
    ]
    table = Table(LIMIT_COLUMNS, LIMIT_FIELDS, rows, limit=ALL_ROWS)
    context.emit("org_limits", rows, table=table)


def read_stages(org: "Org") -> list[dict[str, Any]]:
    """The active stages in the order of the org."""
    return [
        {
            "label": record["MasterLabel"],
            "won": record["IsWon"],
            "closed": record["IsClosed"],
            "probability": record["DefaultProbability"],
        }
        for record in org.query_all_records(_STAGES)
    ]


def stage_labels(org: "Org") -> list[str]:
    """The names of the active stages."""
    return [stage["label"] for stage in read_stages(org)]


def _wanted(name: str, label: str, *, custom: bool, search: str) -> bool:
    if custom and not name.endswith("__c"):
        return False
    return search.casefold() in f"{name} {label}".casefold()


def _no_object(sobject: str) -> NotFoundError:
    usual = ("Opportunity", "OpportunityLineItem", "Account", "Contact", "Product2", "User")
    close = get_close_matches(sobject, usual, n=1)
    hint = f" Did you mean {close[0]}?" if close else ""
    return NotFoundError(
        f"the org has no object '{sobject}', or hides it.{hint}", code="object-not-found"
    )
