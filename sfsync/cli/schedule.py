"""`sfsync schedule`: when it runs by itself, and having cron or systemd call it."""

import os
import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sfsync.cli.context import Context, context_of
from sfsync.cli.frame import tree
from sfsync.cli.render.tables import Column, Kind, Table
from sfsync.errors import RefusedError

if TYPE_CHECKING:
    from sfsync.schedule.call import Call

app = tree.new_app(
    "When it runs by itself; cron or a systemd timer to call it.",
    "sfsync schedule show",
    "sfsync schedule install",
    "sfsync schedule print cron",
)


class Target(StrEnum):
    """What calls `sfsync sync` every few minutes."""

    CRON = "cron"
    SYSTEMD = "systemd"


TargetArgument = Annotated[Target, typer.Argument(help="cron, or a systemd user timer")]

COLUMNS = (
    Column("local", "When", Kind.CODE),
    Column("time_zone", "Zone", Kind.CODE),
    Column("at", "UTC", Kind.CODE),
)
FIELDS = ("at", "local", "time_zone", "utc_offset")


@tree.command(app, "show", "sfsync schedule show", "sfsync schedule show --json")
def show(ctx: typer.Context) -> None:
    """Show the schedule, the last good run, the next one, and who calls."""
    from sfsync.cli.schedule_screens import draw_schedule, schedule_result  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    result = schedule_result(context, call_of(context), datetime.now(UTC))
    context.emit("schedule_show", result, screen=lambda console: draw_schedule(console, result))


@tree.command(
    app, "next", "sfsync schedule next", "sfsync schedule next -n 10", "sfsync schedule next --json"
)
def next_(
    ctx: typer.Context,
    number: Annotated[int, typer.Option("-n", min=1, max=1000, help="how many")] = 5,
) -> None:
    """List the times at which the next runs are due.

    Each run begins with the first tick of the scheduler at or after its time.
    """
    from sfsync.cli.schedule_screens import slot_result  # noqa: PLC0415 - start-up time
    from sfsync.schedule import next_slots  # noqa: PLC0415 - as above

    context = context_of(ctx)
    schedule = context.settings().schedule
    slots = next_slots(schedule, datetime.now(UTC), number)
    rows = [slot_result(schedule, slot) for slot in slots]
    empty = "nothing runs by itself: schedule.frequency is manual"
    table = Table(COLUMNS, FIELDS, rows, limit=number, empty=empty)
    context.emit("schedule_next", rows, table=table)


@tree.command(
    app,
    "print",
    "sfsync schedule print cron",
    "sfsync schedule print systemd",
    "sfsync schedule print cron -c acme.yaml --json",
)
def print_(ctx: typer.Context, target: TargetArgument) -> None:
    """Print what `install` would put in place; changes nothing."""
    from sfsync.schedule.crontab import cron_block  # noqa: PLC0415 - start-up time
    from sfsync.schedule.systemd import unit_files  # noqa: PLC0415 - as above

    context = context_of(ctx)
    context.settings()
    call = call_of(context)
    if target is Target.CRON:
        text = cron_block(call).decode("utf-8", "backslashreplace")
        texts = {"crontab": text}
    else:
        texts = unit_files(call)
        text = "\n".join(f"# {name}\n{unit}" for name, unit in texts.items())
    result = {"target": target.value, "files": texts}
    context.emit("schedule_print", result, text=text)


@tree.command(
    app,
    "install",
    "sfsync schedule install",
    "sfsync schedule install systemd",
    "sfsync schedule install --yes",
)
def install(ctx: typer.Context, target: TargetArgument = Target.CRON) -> None:
    """Have cron, or a systemd user timer, call `sfsync sync` every five minutes.

    First tries out whether a run would work from there, Salesforce included, and refuses where it
    would not (--force installs anyway). Then shows the change and asks. Whether a run is due is
    decided by the schedule of the config at each call, so a new schedule needs no new install.
    """
    from sfsync.cli.schedule_changes import install_into  # noqa: PLC0415 - start-up time
    from sfsync.config.settings import Frequency  # noqa: PLC0415 - as above

    context = context_of(ctx)
    schedule = context.settings().schedule
    call = call_of(context)
    change = install_into(target.value, call)
    if not context.flags.force:
        context.note("Trying out a call without terminal and session, as the scheduler makes it")
        _try_out(call)
    change.carry_out(context, "Have it called every 5 minutes?")
    if schedule.frequency is Frequency.MANUAL:
        context.warn("schedule.frequency is manual: no call will ever be due")
    if schedule.frequency is Frequency.REALTIME:
        context.note("Every call will run; for changes within a minute: sfsync sync watch")
    context.next_steps("sfsync schedule show", "sfsync status")


@tree.command(app, "remove", "sfsync schedule remove", "sfsync schedule remove systemd --yes")
def remove(
    ctx: typer.Context,
    target: Annotated[
        Target | None, typer.Argument(help="cron or systemd; what is there, if not given")
    ] = None,
) -> None:
    """Take the calls away again; the crontab is left byte for byte as it was before."""
    from sfsync.cli.schedule_changes import remove_from  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    change = remove_from(target.value if target else None, call_of(context))
    change.carry_out(context, "Take it away?")


def _try_out(call: "Call") -> None:
    """Have `doctor` look at everything from where the scheduler would start a run."""
    from sfsync.health.as_cron import seen_by_cron  # noqa: PLC0415 - start-up time
    from sfsync.health.findings import Verdict  # noqa: PLC0415 - as above

    found = seen_by_cron(call, online=True)
    failed = [one for one in found if one.verdict is Verdict.FAILED]
    if failed:
        reasons = "".join(f"\n{one.check}: {one.message}" for one in failed)
        raise RefusedError(
            "a run would not work from a scheduler, which has no terminal and no desktop session"
            + reasons,
            code="not-schedulable",
            fix="; ".join(one.fix for one in failed if one.fix) or "sfsync doctor --as-cron",
        )


def call_of(context: Context) -> "Call":
    """What a scheduler has to call for the files of this command line.

    The config need not be valid, nor even exist any more: its path tells one call from another.
    """
    from sfsync.cli.frame.paths import ledger_override  # noqa: PLC0415 - start-up time
    from sfsync.schedule.call import call_for  # noqa: PLC0415 - as above

    named = context.flags.config or context.config_path()
    ledger = ledger_override(context.flags.ledger)
    return call_for(sys.executable, Path(named), ledger, os.environ)
