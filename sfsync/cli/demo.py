"""`sfsync demo`: the whole product on an embedded Salesforce org, without an account."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sfsync.cli.context import Context, context_of
from sfsync.cli.demo_org import ORG_FILE, demo_file, serve_file
from sfsync.cli.frame import tree
from sfsync.errors import NotFoundError, RefusedError, UsageError

if TYPE_CHECKING:
    from sfsync.demo.org import OrgStatus

app = tree.new_app("Try everything on an embedded Salesforce org: DEMO data only.", bare=True)

DEFAULT_FOLDER = "sfsync-demo"

Data = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="fill the org from sObject tree files"),
]
Folder = Annotated[Path, typer.Argument(help="folder to create", show_default=True)]


@tree.command(
    app,
    "demo",
    "sfsync demo",
    "sfsync demo start books",
    "sfsync demo close-deal --amount 12000",
    "sfsync demo break missing-field",
    group=True,
)
def demo(ctx: typer.Context) -> None:
    """Show the main job from end to end: connect, plan, sync, look, post."""
    if ctx.invoked_subcommand is not None:
        return
    from sfsync.cli.demo_tour import run_tour  # noqa: PLC0415 - start-up time

    run_tour(context_of(ctx))


@tree.command(app, "start", "sfsync demo start", "sfsync demo start books --data ./my-export")
def start(ctx: typer.Context, folder: Folder = Path(DEFAULT_FOLDER), *, data: Data = None) -> None:
    """Create a folder with a demo org, a mapping file and room for a ledger."""
    context = context_of(ctx)
    create_demo_folder(folder, data)
    from sfsync import demo as org  # noqa: PLC0415 - start-up time

    found = org.org_status(folder / ORG_FILE)
    result = {
        "folder": str(folder.absolute()),
        "config": str(folder.absolute() / "mappings.yaml"),
        "records": _records(found),
    }
    counts = ", ".join(f"{count} {name}" for name, count in _records(found).items())
    context.emit(
        "demo_start",
        result,
        text=f"Created {folder}/mappings.yaml and {folder}/{ORG_FILE} (DEMO org: {counts}).\n"
        "DEMO data never mixes with a real ledger.\n",
    )
    context.next_steps(f"cd {folder}", "sfsync sync plan", "sfsync sync --now")


@tree.command(
    app,
    "close-deal",
    "sfsync demo close-deal",
    "sfsync demo close-deal 'Globex – Q4 expansion' --amount 42000 --lines 2",
)
def close_deal(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(help="an open deal, or a new one")] = None,
    *,
    amount: Annotated[str | None, typer.Option(metavar="N", help="its amount")] = None,
    lines: Annotated[int, typer.Option(min=0, max=50, help="product lines to give it")] = 0,
) -> None:
    """Win a deal in the demo org today."""
    context = context_of(ctx)
    from sfsync import demo as org  # noqa: PLC0415 - start-up time

    _say(context, "demo_close_deal", org.close_deal(_file(context), name, amount, lines))
    context.next_steps("sfsync sync --now")


@tree.command(app, "break", "sfsync demo break missing-field", "sfsync demo break outage")
def break_(
    ctx: typer.Context, what: Annotated[str, typer.Argument(help="what to break; see demo status")]
) -> None:
    """Break something in the demo org, to see what sfsync says."""
    context = context_of(ctx)
    from sfsync import demo as org  # noqa: PLC0415 - start-up time

    _known(what)
    _say(context, "demo_break", org.break_org(_file(context), what))
    context.next_steps("sfsync sync --now", f"sfsync demo fix {what}")


@tree.command(app, "fix", "sfsync demo fix missing-field", "sfsync demo fix outage")
def fix(
    ctx: typer.Context, what: Annotated[str, typer.Argument(help="what to mend; see demo status")]
) -> None:
    """Mend what was broken (or planted broken) in the demo org."""
    context = context_of(ctx)
    from sfsync import demo as org  # noqa: PLC0415 - start-up time

    _known(what)
    _say(context, "demo_fix", org.fix_org(_file(context), what))
    context.next_steps("sfsync sync retry")


@tree.command(app, "reset", "sfsync demo reset", "sfsync demo reset --yes")
def reset(ctx: typer.Context) -> None:
    """Put the demo org back to how it started; the ledger stays as it is."""
    context = context_of(ctx)
    from sfsync import demo as org  # noqa: PLC0415 - start-up time

    path = _file(context)
    context.confirm("Every change in the DEMO org is lost. Go on?")
    org.reset(path)
    _say(context, "demo_reset", "The DEMO org is as it was at the start.")


@tree.command(app, "status", "sfsync demo status", "sfsync demo status --json")
def status(ctx: typer.Context) -> None:
    """Count the demo org's records and calls, and list what is broken."""
    context = context_of(ctx)
    from sfsync import demo as org  # noqa: PLC0415 - start-up time

    found = org.org_status(_file(context))
    result = {
        "org": {"id": org.ORG_ID, "name": found.name, "kind": "demo"},
        "records": _records(found),
        "requests": found.requests,
        "sessions": found.sessions,
        "broken": list(found.broken),
        "breaks": org.BREAKS,
    }
    lines = [f"{found.name} ({org.ORG_ID}), {found.requests} requests so far"]
    lines += [f"  {count:>6} {name}" for name, count in _records(found).items()]
    lines += [f"broken now: {name}" for name in found.broken]
    lines.append("can be broken and fixed:")
    lines += [f"  {name:<18} {sentence}" for name, sentence in org.BREAKS.items()]
    context.emit("demo_status", result, text="\n".join(lines) + "\n")


@tree.command(app, "serve", "sfsync demo serve --port 8080", "sfsync demo serve --json")
def serve(
    ctx: typer.Context,
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one")] = 0,
) -> None:
    """Serve the demo org on loopback until Ctrl-C, for other clients."""
    context = context_of(ctx)
    from sfsync.demo import CLIENT_ID  # noqa: PLC0415 - start-up time

    with serve_file(_file(context), port) as running:
        context.say(f"DEMO org at {running.url}  client id {CLIENT_ID}  (Ctrl-C stops it)")
        while True:
            time.sleep(3600)


def _records(found: "OrgStatus") -> dict[str, int]:
    return {
        "accounts": found.accounts,
        "contacts": found.contacts,
        "opportunities": found.opportunities,
        "won": found.won,
        "line items": found.line_items,
    }


def create_demo_folder(folder: Path, data: Path | None = None) -> None:
    """Write the org, its mapping file and nothing else into a new or empty folder.

    Raises:
        RefusedError: the folder holds a demo, or a mapping file, already.
        UsageError: the tree files cannot be read.
    """
    from sfsync import demo as org  # noqa: PLC0415 - start-up time
    from sfsync.config import demo_template  # noqa: PLC0415 - as above

    config = folder / "mappings.yaml"
    for taken in (folder / ORG_FILE, config):
        if taken.exists():
            raise RefusedError(
                f"{taken} exists already",
                code="demo-exists",
                fix=f"go on with: cd {folder}; or name another folder: sfsync demo start DIR",
            )
    if data is not None and not data.is_dir():
        raise NotFoundError(f"there is no folder {data}", code="data-not-found")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if data is None:
        org.create_org(folder / ORG_FILE)
    else:
        _from_trees(folder / ORG_FILE, data)
    config.write_text(demo_template(own_data=data is not None), encoding="utf-8")


def _from_trees(path: Path, data: Path) -> None:
    from sfsync import demo as org  # noqa: PLC0415 - start-up time

    try:
        org.create_org_from_trees(path, data)
    except org.TreeFileError as problem:
        raise UsageError(
            str(problem), code="tree-file", fix="see docs/demo-org.md for what is read"
        ) from None


def _file(context: Context) -> Path:
    """The demo org beside the config in use, or in the usual folder below this one."""
    below = Path(DEFAULT_FOLDER) / ORG_FILE
    if context.flags.config is None and below.exists() and not Path(ORG_FILE).exists():
        return below
    return demo_file(context.config_path().parent)


def _known(what: str) -> None:
    from difflib import get_close_matches  # noqa: PLC0415 - start-up time

    from sfsync.demo import BREAKS  # noqa: PLC0415 - start-up time

    if what in BREAKS:
        return
    close = get_close_matches(what, BREAKS, n=1)
    hint = f" Did you mean '{close[0]}'?" if close else ""
    raise UsageError(
        f"the demo org has no '{what}' to break or fix.{hint}",
        code="usage",
        fix=f"one of: {', '.join(BREAKS)}",
    )


def _say(context: Context, schema: str, sentence: str) -> None:
    context.emit(schema, {"done": sentence}, text=f"DEMO: {sentence}\n")
