"""`sfsync demo`: the whole product on an embedded Salesforce org, without an account."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sfsync.cli.context import Context, context_of
from sfsync.cli.demo_org import (
    ORG_FILE,
    break_org,
    demo_file,
    serve_file,
    sign_in_again,
    win_deal,
)
from sfsync.cli.filters import required_amount
from sfsync.cli.frame import tree
from sfsync.cli.frame.paths import CONFIG_NAME
from sfsync.cli.render.text import counted, safe
from sfsync.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

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
    from sfsync import demo as org  # noqa: PLC0415 - start-up time
    from sfsync.cli.demo_folder import create_demo_folder  # noqa: PLC0415 - as above

    context = context_of(ctx)
    create_demo_folder(folder, data)
    found = org.org_status(folder / ORG_FILE)
    result = {
        "folder": str(folder.absolute()),
        "config": str(folder.absolute() / CONFIG_NAME),
        "records": _records(found),
    }
    counts = ", ".join(counted(count, *_NOUNS[name]) for name, count in _records(found).items())
    context.emit(
        "demo_start",
        result,
        text=f"Created {folder}/{CONFIG_NAME} and {folder}/{ORG_FILE} (DEMO org: {counts}).\n"
        "DEMO data never mixes with a real ledger.\n",
        action=True,
    )
    if found.opportunities and not found.won:
        stages = ", ".join(f"{name} ({count})" for name, count in sorted(found.stages.items()))
        context.warn(
            "no deal is won, so that nothing would be invoiced; the stages are: "
            f"{stages}. Name those that are to be invoiced in opportunities.filters.stages"
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
    asked = None if amount is None else str(required_amount(amount, "--amount"))
    _say(context, "demo_close_deal", win_deal(_file(context), name, asked, lines))
    context.next_steps("sfsync sync --now")


@tree.command(app, "break", "sfsync demo break missing-field", "sfsync demo break outage")
def break_(
    ctx: typer.Context, what: Annotated[str, typer.Argument(help="what to break; see demo status")]
) -> None:
    """Break something in the demo org, to see what sfsync says."""
    context = context_of(ctx)
    _require_known(what)
    _say(context, "demo_break", break_org(_file(context), what))
    context.next_steps("sfsync sync --now", f"sfsync demo fix {what}")


@tree.command(app, "fix", "sfsync demo fix missing-field", "sfsync demo fix outage")
def fix(
    ctx: typer.Context, what: Annotated[str, typer.Argument(help="what to mend; see demo status")]
) -> None:
    """Mend what was broken (or planted broken) in the demo org."""
    from sfsync import demo as org  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    _require_known(what)
    path = _file(context)
    done = org.fix_org(path, what)
    if what == "expired-sign-in":
        sign_in_again(path)
    _say(context, "demo_fix", done)
    context.next_steps(_AFTER_FIX.get(what, "sfsync sync retry"))


_AFTER_FIX = {
    "expired-sign-in": "sfsync sync --now",
    "api-limit": "sfsync sync --now",
    "outage": "sfsync sync --now",
    "api-disabled": "sfsync sync --now",
}
"""What makes sense once this is mended; the others are single deals to try again."""


@tree.command(app, "reset", "sfsync demo reset", "sfsync demo reset --yes")
def reset(ctx: typer.Context) -> None:
    """Put the demo org back to how it started; the ledger stays as it is."""
    from sfsync import demo as org  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    path = _file(context)
    context.confirm("Every change in the DEMO org is lost. Go on?")
    org.reset(path)
    _say(context, "demo_reset", "The DEMO org is as it was at the start.")
    # Records that are back to an older state carry older times of change.
    context.next_steps("sfsync sync --now --full")


@tree.command(app, "status", "sfsync demo status", "sfsync demo status --json")
def status(ctx: typer.Context) -> None:
    """Count the demo org's records and calls, and list what is broken."""
    from sfsync import demo as org  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    found = org.org_status(_file(context))
    result = {
        "org": {"id": found.org_id, "name": found.name, "kind": "demo"},
        "records": _records(found),
        "requests": found.requests,
        "sessions": found.sessions,
        "broken": list(found.broken),
        "breaks": [{"what": what, "does": does} for what, does in org.BREAKS.items()],
    }
    context.emit("demo_status", result, screen=lambda console: _draw_status(console, result))


def _draw_status(console: "Console", result: dict[str, Any]) -> None:
    from sfsync.cli.render.screen import draw_pairs, line  # noqa: PLC0415 - start-up time

    counts = {**result["records"], "requests so far": result["requests"]}
    line(console, f"{result['org']['name']}  {result['org']['id']}", style="bold")
    shown = [(name.replace("_", " "), f"{count:,}") for name, count in counts.items()]
    draw_pairs(console, shown)
    for name in result["broken"]:
        line(console, f"broken now: {name}", style="red")
    line(console, "Can be broken and fixed:")
    draw_pairs(console, [(one["what"], one["does"]) for one in result["breaks"]])


@tree.command(app, "serve", "sfsync demo serve --port 8080", "sfsync demo serve --json")
def serve(
    ctx: typer.Context,
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one")] = 0,
) -> None:
    """Serve the demo org on loopback until Ctrl-C, for other clients."""
    from sfsync.demo import CLIENT_ID, CLIENT_SECRET  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    with serve_file(_file(context), port) as running:
        context.say(f"DEMO org at {running.url}  (Ctrl-C stops it)")
        context.say(f"client id      {CLIENT_ID}\nclient secret  {CLIENT_SECRET}")
        while True:
            time.sleep(3600)


_NOUNS = {
    "accounts": ("account",),
    "contacts": ("contact",),
    "opportunities": ("opportunity", "opportunities"),
    "won": ("won", "won"),
    "line_items": ("line item",),
}


def _records(found: "OrgStatus") -> dict[str, int]:
    return {
        "accounts": found.accounts,
        "contacts": found.contacts,
        "opportunities": found.opportunities,
        "won": found.won,
        "line_items": found.line_items,
    }


def _file(context: Context) -> Path:
    """The demo org beside the config in use, or in the usual folder below this one."""
    below = Path(DEFAULT_FOLDER) / ORG_FILE
    if context.flags.config is None and below.exists() and not Path(ORG_FILE).exists():
        return below
    return demo_file(context.config_path().parent)


def _require_known(what: str) -> None:
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
    context.emit(schema, {"done": sentence}, text=f"DEMO: {safe(sentence)}\n", action=True)
