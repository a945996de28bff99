"""`sfsync config`: write, check and explain the mapping file."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sfsync.cli.context import Context, context_of
from sfsync.cli.frame import tree
from sfsync.cli.frame.flags import Format
from sfsync.cli.frame.paths import CONFIG_NAME
from sfsync.cli.render.files import write_new_file
from sfsync.cli.render.tables import ALL_ROWS, Column, Kind, Table

if TYPE_CHECKING:
    from sfsync.config.settings import Settings
    from sfsync.errors import ConfigProblem
    from sfsync.salesforce.org import Org

app = tree.new_app(
    "Write, check and explain mappings.yaml, the mapping file.",
    "sfsync config init",
    "sfsync config validate --online",
    "sfsync config explain posting.auto_post",
)

SHOW_COLUMNS = (Column("key", "Setting", Kind.CODE), Column("value", "Value", wraps=True))
# Three columns that stay whole have no room on a terminal: here the key gives way too.
ORIGIN_COLUMNS = (
    Column("key", "Setting", wraps=True),
    Column("value", "Value", wraps=True),
    Column("origin", "From", wraps=True),
)
SHOW_FIELDS = ("key", "value", "origin")
_PARENTS = ("User", "Product2")


@tree.command(
    app,
    "init",
    "sfsync config init",
    "sfsync config init -o acme/mappings.yaml",
    "sfsync config init --force",
)
def init(ctx: typer.Context) -> None:
    """Write a commented mapping file to start from; never over another one."""
    from sfsync.cli.render.answer import require_ending  # noqa: PLC0415 - start-up time
    from sfsync.config import template  # noqa: PLC0415 - as above

    context = context_of(ctx)
    if context.flags.output == Path("-"):
        context.emit("config_init", {"path": None, "text": template()}, text=template())
        return
    target = context.take_output() or context.flags.config or Path(CONFIG_NAME)
    require_ending(target, "yaml")
    write_new_file(target, template().encode(), force=context.flags.force)
    result = {"path": str(target), "text": None}
    context.emit("config_init", result, text=f"Wrote {target}\n", action=True)
    context.next_steps("sfsync config validate", "sfsync connect")


@tree.command(
    app,
    "validate",
    "sfsync config validate",
    "sfsync config validate --online",
    "sfsync config validate -c acme.yaml --json",
)
def validate(
    ctx: typer.Context,
    *,
    online: Annotated[
        bool, typer.Option("--online", help="also check names and types against the org")
    ] = False,
) -> None:
    """Report everything that is wrong in the mapping file, each with its place and a fix."""
    from sfsync.config import find_problems  # noqa: PLC0415 - start-up time
    from sfsync.config.loading import config_error  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    path = context.config_path()
    found = find_problems(path)
    for warning in found.warnings:
        context.warn(_one_line(warning))
    problems = found.problems
    if found.settings is not None and online:
        problems = _online_problems(context, found.settings)
    if problems:
        raise config_error(problems, str(path))
    checked = "valid, and the org has everything it names" if online else "valid"
    result = {"file": str(path), "valid": True, "online": online}
    context.emit("config_validate", result, text=f"{path} is {checked}.\n", action=True)


def _one_line(problem: "ConfigProblem") -> str:
    place = f"{problem.file}:{problem.line}:{problem.column}"
    hint = f" ({problem.suggestion})" if problem.suggestion else ""
    return f"{place}: {problem.code} {problem.message}{hint}"


def _online_problems(context: Context, settings: "Settings") -> tuple["ConfigProblem", ...]:
    from sfsync.cli.org import stage_labels  # noqa: PLC0415 - start-up time
    from sfsync.cli.orgs import open_org_for  # noqa: PLC0415 - start-up time
    from sfsync.config import check_against  # noqa: PLC0415 - start-up time
    from sfsync.sync.preflight import condition_problems  # noqa: PLC0415 - as above

    with open_org_for(context, settings) as org:
        found = check_against(settings, org.describe, stage_labels(org))
        return found or condition_problems(org, settings)


@tree.command(
    app,
    "show",
    "sfsync config show",
    "sfsync config show --origin",
    "sfsync config show --json",
)
def show(
    ctx: typer.Context,
    *,
    origin: Annotated[
        bool, typer.Option("--origin", help="also where each value comes from")
    ] = False,
) -> None:
    """List every setting as it applies; the config holds no secret."""
    from sfsync.config import show as effective  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    rows = [found._asdict() for found in effective(context.settings())]
    columns = ORIGIN_COLUMNS if origin else SHOW_COLUMNS
    table = Table(columns, SHOW_FIELDS, rows, limit=ALL_ROWS)
    context.emit("config_show", rows, table=table)


@tree.command(
    app,
    "explain",
    "sfsync config explain posting.auto_post",
    "sfsync config explain opportunities.filters",
    "sfsync config explain",
)
def explain(
    ctx: typer.Context,
    key: Annotated[str, typer.Argument(help="such as schedule.at; nothing lists all")] = "",
) -> None:
    """Say what a setting means: allowed values, default, example."""
    from sfsync.config import explain as explained  # noqa: PLC0415 - start-up time

    found = explained(key)
    context_of(ctx).emit("config_explain", asdict(found), text=f"{found.text()}\n")


@tree.command(
    app,
    "schema",
    "sfsync config schema -o sfsync.schema.json",
    "sfsync config schema --org -o sfsync.schema.json",
)
def schema(
    ctx: typer.Context,
    *,
    org: Annotated[
        bool, typer.Option("--org", help="with the org's own field and stage names")
    ] = False,
) -> None:
    """Print the JSON Schema that lets an editor complete and check the mapping file."""
    from sfsync.config import schema as plain_schema  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    found = _schema_of_org(context) if org else plain_schema()
    text = json.dumps(found, indent=2, ensure_ascii=False)
    context.emit("config_schema", found, text=f"{text}\n", text_format=Format.JSON)


def _schema_of_org(context: Context) -> dict[str, Any]:
    from sfsync.cli.org import stage_labels  # noqa: PLC0415 - start-up time
    from sfsync.cli.orgs import open_org_for  # noqa: PLC0415 - start-up time
    from sfsync.config import schema_for_org  # noqa: PLC0415 - start-up time

    settings = context.settings()
    wanted = ("Opportunity", settings.line_items.object, "Account", "Contact", *_PARENTS)
    with open_org_for(context, settings) as org:
        describes = {name: found for name in wanted if (found := org.describe(name)) is not None}
        return schema_for_org(describes, stage_labels(org), _currencies(org))


def _currencies(org: "Org") -> list[str]:
    """The active currencies; an org with a single one has no such object."""
    if org.describe("CurrencyType") is None:
        return []
    records = org.query_all_records("SELECT IsoCode FROM CurrencyType WHERE IsActive = true")
    return [str(record["IsoCode"]) for record in records]


@tree.command(app, "rule", "sfsync config rule", "sfsync config rule -o rule.txt")
def rule(ctx: typer.Context) -> None:
    """Print a Salesforce validation rule that keeps deals from being won incomplete."""
    from sfsync.config import validation_rule  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    formula = validation_rule(context.settings())
    context.emit("config_rule", {"formula": formula}, text=formula)


@tree.command(app, "path", "sfsync config path", "sfsync config path --json")
def path(ctx: typer.Context) -> None:
    """Print which files and folders are in use."""
    context = context_of(ctx)
    paths = context.paths
    result = {
        "config": _absolute(context.found_config()),
        "ledger": _absolute(context.found_ledger()),
        "config_dir": str(paths.config_dir),
        "data_dir": str(paths.data_dir),
        "state_dir": str(paths.state_dir),
        "log": str(paths.log_file),
    }
    context.emit("config_path", result)


def _absolute(found: Path | None) -> str | None:
    return str(found.absolute()) if found else None
