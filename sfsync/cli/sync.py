"""`sfsync sync`: read Salesforce, write drafts; or say what that would do."""

from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from sfsync.cli.context import Context, context_of
from sfsync.cli.frame import tree
from sfsync.cli.frame.durations import seconds_of
from sfsync.errors import ExitCode, LockedError, NotFoundError, UsageError

if TYPE_CHECKING:
    from sfsync.cli.telling import Tick
    from sfsync.ledger import Ledger
    from sfsync.sync import SyncRequest

app = tree.new_app("Read Salesforce and write customers, contacts and draft invoices.", bare=True)

Full = Annotated[bool, typer.Option("--full", help="read everything again, not only changes")]
Only = Annotated[
    str | None, typer.Option(metavar="A,B", help="only these: opportunities, accounts, contacts")
]
Opportunity = Annotated[
    list[str] | None, typer.Option(metavar="ID", help="just this deal, id or URL; repeatable")
]
Since = Annotated[
    str | None, typer.Option(metavar="DATE", help="what changed since then, e.g. 2026-11-01")
]
Transported = Annotated[
    str, typer.Option("--transport", metavar="auto|rest|bulk", help="how everything is read")
]
AllowEmpty = Annotated[
    bool, typer.Option("--allow-empty", help="accept that Salesforce answers no deal at all")
]


@tree.command(
    app,
    "sync",
    "sfsync sync --now",
    "sfsync sync --now --opportunity 0065g00000AbCdEAAV",
    "sfsync sync --now --full --json",
    "sfsync sync plan",
    group=True,
)
def sync(
    ctx: typer.Context,
    *,
    now: Annotated[bool, typer.Option("--now", help="run now, whatever the schedule says")] = False,
    full: Full = False,
    only: Only = None,
    opportunity: Opportunity = None,
    since: Since = None,
    lock_wait: Annotated[
        str, typer.Option(metavar="60s", help="wait so long for another run to end")
    ] = "0s",
    allow_empty: AllowEmpty = False,
    transport: Transported = "auto",
) -> None:
    """Sync once. Without --now only when the schedule says that a run is due."""
    if ctx.invoked_subcommand is not None:
        return
    context = context_of(ctx)
    context.settings()
    from sfsync.cli.telling import telling  # noqa: PLC0415 - start-up time

    with telling(context) as tick:
        ask = partial(
            _request,
            "manual" if now else "schedule",
            full=full,
            only=only,
            opportunity=opportunity,
            since=since,
            allow_empty=allow_empty,
            transport=transport,
        )
        wait = seconds_of("--lock-wait", lock_wait)
        if only or opportunity or since or transport != "auto":
            # A mistake is one whether or not a run is due; a plain tick has no time to load this.
            ask()
        if not now and not _may_run(context):
            return
        _sync_once(context, ask(), tick, wait, scheduled=not now)


def _may_run(context: Context) -> bool:
    """Whether the schedule asks for a run, and no refused sign-in holds it back; else say why."""
    from sfsync.cli.ticks import is_due_now, not_due  # noqa: PLC0415 - start-up time

    if not is_due_now(context):
        context.emit("sync", None, text=not_due(context), action=True)
        return False
    from sfsync.cli.telling import held_back  # noqa: PLC0415 - start-up time

    until = held_back(context)
    if until is not None:
        when = until.astimezone().strftime("%H:%M")
        text = f"The sign-in was refused; it rests until {when}. To try now: sfsync sync --now\n"
        context.emit("sync", None, text=text, action=True)
    return until is None


def _sync_once(
    context: Context, asked: "SyncRequest", tick: "Tick", lock_wait: float, *, scheduled: bool
) -> None:
    from sfsync.cli.orgs import open_org_for  # noqa: PLC0415 - start-up time
    from sfsync.cli.progress import sync_progress  # noqa: PLC0415 - as above
    from sfsync.cli.ticks import is_due_now, not_due  # noqa: PLC0415 - as above
    from sfsync.sync import run_sync  # noqa: PLC0415 - as above

    settings = context.settings()
    with ExitStack() as stack:
        if not _locked(stack, context, lock_wait, yields=scheduled):
            context.emit("sync", None, text="Another run is at work.\n", action=True)
            return
        if scheduled and not is_due_now(context):
            # It was, until the run that held the lock had ended.
            context.emit("sync", None, text=not_due(context), action=True)
            return
        org = stack.enter_context(open_org_for(context, settings))
        ledger = stack.enter_context(context.open_ledger(create=True, demo=org.identity.is_demo))
        with sync_progress(context) as progress:
            run_id = run_sync(org, ledger, settings, asked, progress=progress, warn=context.warn)
        tick.run = run_id
        name_missing(context, ledger, run_id, asked)
        answer_run(context, ledger, run_id)


@tree.command(
    app,
    "plan",
    "sfsync sync plan",
    "sfsync sync plan --exit-code",
    "sfsync sync plan --json | jq '.result.changes[] | select(.outcome == \"created\")'",
)
def plan(
    ctx: typer.Context,
    *,
    full: Full = False,
    only: Only = None,
    opportunity: Opportunity = None,
    since: Since = None,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="exit 10 when there is something to do")
    ] = False,
    allow_empty: AllowEmpty = False,
    transport: Transported = "auto",
) -> None:
    """Say what a sync would do: each create, update, skip and failure. Writes nothing."""
    context = context_of(ctx)
    settings = context.settings()
    from sfsync.cli.orgs import open_org_for  # noqa: PLC0415 - start-up time
    from sfsync.cli.plan_result import answer_plan  # noqa: PLC0415 - as above
    from sfsync.cli.progress import sync_progress  # noqa: PLC0415 - as above
    from sfsync.sync import planned  # noqa: PLC0415 - as above

    asked = _request(
        "plan",
        full=full,
        only=only,
        opportunity=opportunity,
        since=since,
        allow_empty=allow_empty,
        transport=transport,
    )
    with ExitStack() as stack:
        org = stack.enter_context(open_org_for(context, settings))
        # The bars end before the answer begins: both write to the same terminal.
        with sync_progress(context) as progress:
            rehearsal = stack.enter_context(
                planned(
                    org,
                    context.ledger_path(),
                    settings,
                    asked,
                    progress=progress,
                    warn=context.warn,
                )
            )
        answer_plan(context, *rehearsal, exit_code=exit_code)


@tree.command(app, "retry", "sfsync sync retry", "sfsync sync retry 214 --json")
def retry(
    ctx: typer.Context,
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="[RUN|latest]",
            help="only what failed in this run; all open failures otherwise",
        ),
    ] = None,
) -> None:
    """Try again just the deals that failed and have not succeeded since."""
    context = context_of(ctx)
    settings = context.settings()
    from sfsync.cli.orgs import open_org_for  # noqa: PLC0415 - start-up time
    from sfsync.cli.progress import sync_progress  # noqa: PLC0415 - as above
    from sfsync.cli.telling import telling  # noqa: PLC0415 - as above
    from sfsync.ledger.lock import run_lock  # noqa: PLC0415 - as above
    from sfsync.sync import SyncRequest, run_sync  # noqa: PLC0415 - as above

    with telling(context) as tick, context.open_ledger() as ledger:
        failed = _failed_deals(ledger, run)
        if not failed:
            what = "has failed" if run is None else "that failed in that run still fails"
            text = f"Nothing {what}; there is nothing to retry.\n"
            context.emit("sync_retry", None, text=text, action=True)
            return
        asked = SyncRequest(trigger="retry", opportunity_ids=failed)
        with (
            open_org_for(context, settings) as org,
            run_lock(context.ledger_path()),
            sync_progress(context) as progress,
        ):
            run_id = run_sync(org, ledger, settings, asked, progress=progress, warn=context.warn)
        tick.run = run_id
        answer_run(context, ledger, run_id, schema="sync_retry")


def _failed_deals(ledger: "Ledger", run: str | None) -> tuple[str, ...]:
    """The deals that fail still: of a run all, of all runs those that are not given up on."""
    from sfsync.cli.history import run_number  # noqa: PLC0415 - start-up time
    from sfsync.ledger.history import show_run  # noqa: PLC0415 - as above
    from sfsync.ledger.model import Outcome  # noqa: PLC0415 - as above
    from sfsync.ledger.open_failures import open_failures  # noqa: PLC0415 - as above

    still = [
        one.salesforce_id
        for one in open_failures(ledger, dead=False if run is None else None)
        if one.sobject == "Opportunity"
    ]
    if run is None:
        return tuple(still)
    records = show_run(ledger, run_number(run), (Outcome.FAILED,)).records
    then = {one.salesforce_id for one in records}
    return tuple(one for one in still if one in then)


@tree.command(
    app,
    "watch",
    "sfsync sync watch",
    "sfsync sync watch --every 30s --for 8h",
    "sfsync sync watch --for 10m --json",
)
def watch(
    ctx: typer.Context,
    *,
    every: Annotated[
        str | None, typer.Option(metavar="60s", help="look so often; else schedule.poll_every")
    ] = None,
    during: Annotated[
        str | None, typer.Option("--for", metavar="8h", help="stop after so long, with exit 0")
    ] = None,
) -> None:
    """Look for changes in Salesforce every minute, and sync when there are some.

    Begins with a sync. A look is one API call; a run is in the history only when something had
    changed. Goes on through outages, less often, until Ctrl-C.
    """
    from sfsync.cli.watch import run_watch  # noqa: PLC0415 - start-up time

    run_watch(
        context_of(ctx),
        None if every is None else seconds_of("--every", every),
        None if during is None else seconds_of("--for", during),
    )


def _locked(stack: ExitStack, context: Context, wait: float, *, yields: bool) -> bool:
    """Take the ledger's lock; a scheduled run leaves quietly when another one is at work."""
    from sfsync.cli.frame.paths import ensure_folder  # noqa: PLC0415 - start-up time
    from sfsync.ledger.lock import run_lock  # noqa: PLC0415 - as above

    path = context.ledger_path()
    ensure_folder(path.parent)
    try:
        stack.enter_context(run_lock(path, wait))
    except LockedError:
        if not yields:
            raise
        return False
    return True


def name_missing(context: Context, ledger: "Ledger", run_id: int, asked: "SyncRequest") -> None:
    """Name the deals that a person asked for by id and that the org does not have, or hides.

    Raises:
        NotFoundError: none of them is there.
    """
    if not asked.opportunity_ids:
        return
    from sfsync.ledger import history  # noqa: PLC0415 - start-up time

    read = {one.salesforce_id for one in history.run_records(ledger, run_id)}
    missing = [one for one in asked.opportunity_ids if one not in read]
    if not missing:
        return
    message = f"Salesforce has no opportunity {', '.join(missing)}, or hides it from this user"
    if len(missing) == len(asked.opportunity_ids):
        raise NotFoundError(message, code="opportunity-not-found", fix="check the id")
    context.warn(message)


def answer_run(context: Context, ledger: "Ledger", run_id: int, schema: str = "sync") -> None:
    """Answer with what a run did."""
    from sfsync.cli.run_result import SUMMARISED, draw_summary, sync_result  # noqa: PLC0415 - start-up time
    from sfsync.ledger import audit, history  # noqa: PLC0415 - as above
    from sfsync.ledger.model import RunOutcome  # noqa: PLC0415 - as above

    detail = history.show_run(ledger, run_id, SUMMARISED)
    partial = detail.summary.outcome is RunOutcome.PARTIAL
    context.emit(
        schema,
        sync_result(detail, head=audit.head(ledger)),
        status=ExitCode.PARTIAL if partial else ExitCode.DONE,
        screen=lambda console: draw_summary(console, ledger, detail),
        action=True,
    )
    if partial:
        context.next_steps("sfsync history show --failed", "sfsync sync retry")
    else:
        context.next_steps("sfsync invoice review", "sfsync invoice post --all")


def _request(
    trigger: str,
    *,
    full: bool,
    only: str | None,
    opportunity: list[str] | None,
    since: str | None,
    allow_empty: bool,
    transport: str,
) -> "SyncRequest":
    """What a run is asked for, from the options as they were typed.

    Raises:
        UsageError: one of them cannot be read, or two contradict each other.
    """
    from sfsync.ids import id_from_url, normalise_id  # noqa: PLC0415 - start-up time
    from sfsync.sync import OBJECTS, SyncRequest, Transport  # noqa: PLC0415 - as above

    objects = frozenset(OBJECTS) if only is None else frozenset(only.replace(" ", "").split(","))
    if unknown := sorted(objects - frozenset(OBJECTS)):
        raise UsageError(
            f"--only does not know '{unknown[0]}'",
            code="usage",
            fix=f"name some of: {', '.join(OBJECTS)}",
        )
    try:
        typed = (one.strip() for one in opportunity or ())
        ids = tuple(dict.fromkeys(id_from_url(one) or normalise_id(one) for one in typed))
    except ValueError as problem:
        raise UsageError(
            f"--opportunity: {problem}",
            code="usage",
            fix="give the deal's id (006…) or the address of its page in Salesforce",
        ) from None
    if ids and "opportunities" not in objects:
        raise UsageError("--opportunity names a deal, and --only leaves deals out", code="usage")
    if full and since is not None:
        raise UsageError("--full reads everything, --since a part: choose one", code="usage")
    known = {one.value: one for one in Transport}
    if transport not in known:
        raise UsageError(
            f"--transport does not know '{transport}'", code="usage", fix="auto, rest or bulk"
        )
    return SyncRequest(
        trigger,
        full,
        objects,
        ids,
        _moment(since),
        allow_empty,
        transport=known[transport],
    )


def _moment(text: str | None) -> datetime | None:
    from sfsync.cli.filters import FIRST_YEAR  # noqa: PLC0415 - start-up time

    if text is None:
        return None
    try:
        # Also without a zone it is one moment: that of this machine's clock.
        moment = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(
            f"--since: '{text}' is not a date", code="usage", fix="write it as 2026-11-01"
        ) from None
    if moment > datetime.now(UTC):
        raise UsageError(f"--since: {text} is still to come", code="usage")
    # Of the first centuries not every year can be written in a query.
    if moment.year < FIRST_YEAR:
        raise UsageError(
            f"--since: {text} is before all records", code="usage", fix="--full reads them all"
        )
    return moment
