"""`sfsync status`: connection, config, ledger, last run, and what needs you."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sfsync.cli.connect import STORES, connection_result
from sfsync.cli.context import Context, context_of
from sfsync.cli.doctor import surroundings
from sfsync.cli.frame import tree
from sfsync.errors import ExitCode

if TYPE_CHECKING:
    from rich.console import Console

    from sfsync.config.settings import ScheduleSettings
    from sfsync.health.findings import Surroundings
    from sfsync.health.overview import LedgerState, Overview

app = tree.new_app()


@tree.command(
    app,
    "status",
    "sfsync status",
    "sfsync status --check || echo needs you",
    "sfsync status --json",
)
def status(
    ctx: typer.Context,
    *,
    check: Annotated[
        bool, typer.Option("--check", help="exit 10 when syncing has stopped, or cannot begin")
    ] = False,
) -> None:
    """Show connection, config, ledger, the last run, and what needs you.

    Asks no network, and does not fail because something is missing. --check is for monitoring: it
    exits 10 when there was no good sync within schedule.overdue_after, when the last run failed,
    when records have been failing for that long, and when config or sign-in keep a run from
    beginning.
    """
    from sfsync.health.overview import look  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    around = surroundings(context)
    found = look(around, datetime.now(UTC))
    result = _result(context, around, found)
    needed = check and bool(found.alarms)
    context.emit(
        "status",
        result,
        status=ExitCode.YES if needed else ExitCode.DONE,
        screen=lambda console: _draw(console, result),
    )


def _result(context: Context, around: "Surroundings", found: "Overview") -> dict[str, Any]:
    from sfsync.cli.telling import held_back  # noqa: PLC0415 - start-up time
    from sfsync.exports.json_text import utc  # noqa: PLC0415 - as above

    config, ledger = around.config, around.ledger
    settings = found.settings
    return {
        "connection": found.connection and connection_result(found.connection),
        "demo": settings is not None and settings.connection.is_demo,
        "config": {
            "file": str(config.absolute()) if config else None,
            "valid": settings is not None,
            "problems": found.config_problems,
        },
        "ledger": {
            "file": str(ledger.absolute()) if ledger else None,
            **_ledger_result(found.ledger),
        },
        "schedule": settings and _schedule_result(settings.schedule),
        "sign_in_rests_until": utc(held_back(context)) if ledger else None,
        "alarms": [
            {"code": one.code, "message": one.message, "command": one.command}
            for one in found.alarms
        ],
        "trouble": list(found.trouble),
        "needs": [{"what": what, "command": command} for what, command in found.needs],
    }


def _schedule_result(schedule: "ScheduleSettings") -> dict[str, Any]:
    from sfsync.health.alarms import short  # noqa: PLC0415 - start-up time
    from sfsync.schedule import overdue_after  # noqa: PLC0415 - as above

    return {
        "frequency": schedule.frequency.value,
        "time_zone": str(schedule.time_zone),
        "overdue_after": short(overdue_after(schedule)) or None,
    }


def _ledger_result(state: "LedgerState | None") -> dict[str, Any]:
    from sfsync.cli.history_screens import summary_json  # noqa: PLC0415 - start-up time

    if state is None:
        empty = ("org", "invoices", "drifted", "on_hold", "failures", "dead_failures", "last_run",
                 "last_good_run")  # fmt: skip
        return {"exists": False, **dict.fromkeys(empty)}
    return {
        "exists": True,
        "org": state.org_name and {"name": state.org_name, "kind": state.org_kind},
        "invoices": state.invoices,
        "drifted": state.drifted,
        "on_hold": state.on_hold,
        "failures": state.failures,
        "dead_failures": state.runs.given_up,
        "last_run": state.runs.last and summary_json(state.runs.last),
        "last_good_run": state.runs.last_good and summary_json(state.runs.last_good),
    }


def _draw(console: "Console", result: dict[str, Any]) -> None:
    from sfsync.cli.render.screen import draw_pairs, line  # noqa: PLC0415 - start-up time

    draw_pairs(
        console,
        [
            ("Connection", _connection_line(result)),
            ("Config", _config_line(result["config"])),
            ("Ledger", _ledger_line(result["ledger"])),
            ("Failures", _failures_line(result["ledger"])),
            ("Schedule", _schedule_line(result["schedule"])),
            ("Sign-in rests until", result["sign_in_rests_until"]),
            ("Last run", _run_line(result["ledger"]["last_run"])),
            _good_run(result["ledger"]["last_good_run"]),
        ],
    )
    for sentence in result["trouble"]:
        line(console, sentence, style="red")
    stopped = [one for one in result["alarms"] if one["code"] not in {"blocked", "trouble"}]
    if stopped:
        line(console, "")
        line(console, "Stopped", style="bold red")
        draw_pairs(console, [(one["message"], one["command"]) for one in stopped])
    if result["needs"]:
        line(console, "")
        line(console, "Needs you", style="bold")
        draw_pairs(console, [(need["what"], need["command"]) for need in result["needs"]])


def _connection_line(result: dict[str, Any]) -> str:
    if result["demo"]:
        return "DEMO: the embedded org, no account needed"
    found = result["connection"]
    if found is None:
        return "not connected"
    stored = STORES.get(found["store"], found["store"])
    who, org = found["user"]["username"], found["org"]
    kept = stored.removeprefix("nothing: ")
    kept = f"sign-in stored in {stored}" if kept == stored else kept
    return f"{who} at {org['name']} ({org['kind']}), {kept}"


def _config_line(config: dict[str, Any]) -> str:
    if config["file"] is None:
        return "none"
    return f"{config['file']}: {'valid' if config['valid'] else 'invalid'}"


def _ledger_line(ledger: dict[str, Any]) -> str | None:
    if ledger["file"] is None:
        return None
    if not ledger["exists"]:
        return f"{ledger['file']}: not there, or not readable"
    counts = ledger["invoices"]
    listed = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    org = f", {ledger['org']['name']} ({ledger['org']['kind']})" if ledger["org"] else ""
    return f"{ledger['file']}{org}: {listed or 'no invoices'}"


def _failures_line(ledger: dict[str, Any]) -> str | None:
    if not ledger["exists"]:
        return None
    dead = f", {ledger['dead_failures']} given up on" if ledger["dead_failures"] else ""
    return f"{ledger['failures']} open{dead}" if ledger["failures"] or dead else None


def _schedule_line(schedule: dict[str, Any] | None) -> str | None:
    if schedule is None:
        return None
    overdue = f", overdue after {schedule['overdue_after']}" if schedule["overdue_after"] else ""
    return f"{schedule['frequency']} ({schedule['time_zone']}){overdue}"


def _good_run(run: dict[str, Any] | None) -> tuple[str, str | None]:
    is_partial = run is not None and run["outcome"] == "partial"
    return ("Last run that ended" if is_partial else "Last good run", _run_line(run))


def _run_line(run: dict[str, Any] | None) -> str | None:
    if run is None:
        return None
    return f"#{run['run']} {run['started_at']} {run['outcome']} ({run['trigger']})"
