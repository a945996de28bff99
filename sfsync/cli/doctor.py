"""`sfsync doctor`: everything that a run depends on, checked."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sfsync.cli.context import Context, context_of
from sfsync.cli.frame import tree
from sfsync.cli.render.text import counted
from sfsync.errors import (
    ConfigError,
    ExitCode,
    LedgerError,
    NotFoundError,
    SfsyncError,
    SignInError,
    UnavailableError,
)

if TYPE_CHECKING:
    from rich.console import Console

    from sfsync.health.findings import Finding, Surroundings

app = tree.new_app()

_ERRORS: dict[ExitCode, type[SfsyncError]] = {
    ExitCode.SIGN_IN: SignInError,
    ExitCode.UNAVAILABLE: UnavailableError,
    ExitCode.LEDGER: LedgerError,
    ExitCode.NOT_FOUND: NotFoundError,
}


@tree.command(
    app,
    "doctor",
    "sfsync doctor",
    "sfsync doctor --online",
    "sfsync doctor --as-cron --online",
    "sfsync doctor --bundle support.zip",
)
def doctor(
    ctx: typer.Context,
    *,
    online: Annotated[
        bool, typer.Option("--online", help="also ask Salesforce: sign-in, clock, limits, fields")
    ] = False,
    as_cron: Annotated[
        bool, typer.Option("--as-cron", help="look from where a scheduler starts it")
    ] = False,
    bundle: Annotated[
        Path | None, typer.Option(metavar="FILE", help="also write a zip for support")
    ] = None,
) -> None:
    """Check config, ledger, folders and sign-in; changes nothing and asks no network.

    Ends with the exit code that a run would end with. With --online the org itself is asked too.
    --as-cron starts doctor once more, with cron's few variables and without a terminal, and says
    what differs. A bundle has no secret and no customer's data in it; look before you send it.
    """
    from sfsync.health.findings import Verdict, worst  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    found = _examined(context, online=online)
    result: dict[str, Any] = {"healthy": True}
    if as_cron and context.found_config() is not None:
        here, found = found, _seen_by_cron(context, online=online)
        result["differs"] = _differences(here, found)
    result["checks"] = [_row(one) for one in found]
    if bundle is not None:
        result["bundle"] = _bundled(context, result, bundle)
    status = worst(found)
    context.emit("doctor", result, screen=lambda out: _draw(out, result, online))
    if status is not ExitCode.DONE:
        context.details |= {name: value for name, value in result.items() if name != "healthy"}
        raise _unhealthy(status, sum(one.verdict is Verdict.FAILED for one in found))


def _examined(context: Context, *, online: bool) -> "tuple[Finding, ...]":
    from sfsync.health.checks import diagnose  # noqa: PLC0415 - start-up time
    from sfsync.health.findings import worst  # noqa: PLC0415 - as above

    found = (*diagnose(surroundings(context)), _caller(context))
    if online and worst(found) is ExitCode.DONE:
        return (*found, *_asked_online(context))
    return found


def _caller(context: Context) -> "Finding":
    """Whether anything calls `sfsync sync`; a schedule alone starts nothing."""
    from sfsync.cli.schedule import call_of  # noqa: PLC0415 - start-up time
    from sfsync.cli.schedule_changes import installed_target  # noqa: PLC0415 - as above
    from sfsync.config.settings import Frequency  # noqa: PLC0415 - as above
    from sfsync.health.findings import ok, skipped, warning  # noqa: PLC0415 - as above

    try:
        frequency = context.settings().schedule.frequency
        target = installed_target(call_of(context))
    except ConfigError:
        return skipped("schedule", "needs a valid config")
    except SfsyncError as error:
        return warning("schedule", error.message, error.fix)
    if target is not None:
        return ok("schedule", f"{frequency}; {target} calls every 5 minutes")
    if frequency is Frequency.MANUAL:
        return ok("schedule", "manual: only by sfsync sync --now")
    said = f"{frequency}, and neither cron nor systemd calls it"
    return warning("schedule", said, "sfsync schedule install")


def _seen_by_cron(context: Context, *, online: bool) -> "tuple[Finding, ...]":
    from sfsync.cli.schedule import call_of  # noqa: PLC0415 - start-up time
    from sfsync.health.as_cron import seen_by_cron  # noqa: PLC0415 - as above

    return seen_by_cron(call_of(context), online=online)


def _differences(here: "tuple[Finding, ...]", there: "tuple[Finding, ...]") -> list[dict[str, str]]:
    from sfsync.health.as_cron import what_differs  # noqa: PLC0415 - start-up time

    return [
        {"check": check, "here": mine, "as_cron": theirs}
        for check, mine, theirs in what_differs(here, there)
    ]


def _bundled(context: Context, result: dict[str, Any], path: Path) -> str:
    from sfsync.cli.render.files import write_new_file  # noqa: PLC0415 - start-up time
    from sfsync.health.bundle import bundle  # noqa: PLC0415 - as above

    content = bundle(surroundings(context), result, context.paths.log_file)
    write_new_file(path, content, force=context.flags.force)
    context.note(f"Wrote {path}; look at it before you send it")
    return str(path.absolute())


def _asked_online(context: Context) -> "tuple[Finding, ...]":
    """Sign in as a run does, and look at what the org shows to this user."""
    from sfsync.cli.org import stage_labels  # noqa: PLC0415 - start-up time
    from sfsync.cli.orgs import open_org_for  # noqa: PLC0415 - as above
    from sfsync.health.findings import failed  # noqa: PLC0415 - as above
    from sfsync.health.org_checks import look_at_org  # noqa: PLC0415 - as above

    settings = context.settings()
    try:
        with open_org_for(context, settings) as org:
            return look_at_org(org, settings, stage_labels(org), lambda: datetime.now(UTC))
    except SfsyncError as error:
        return (failed("salesforce", error),)


def surroundings(context: Context) -> "Surroundings":
    """Where the files of this command line are, as far as that can be known."""
    from sfsync.health.findings import Surroundings  # noqa: PLC0415 - start-up time

    paths = context.paths
    folders = (paths.config_dir, paths.data_dir, paths.state_dir)
    return Surroundings(context.found_config(), context.found_ledger(), paths.config_dir, folders)


def _unhealthy(status: ExitCode, failed: int) -> SfsyncError:
    message = f"{counted(failed, 'check')} failed; a run would not work"
    fix = "mend what the failed checks name; each has its own fix"
    if status is ExitCode.CONFIG:
        return ConfigError(message, problems=(), code="unhealthy", fix=fix)
    return _ERRORS.get(status, SfsyncError)(message, code="unhealthy", fix=fix)


def _row(found: "Finding") -> dict[str, Any]:
    row = asdict(found)
    return {
        **row,
        "fix": found.fix or None,
        "verdict": found.verdict.value,
        "exit_code": int(found.exit_code),
    }


def _draw(console: "Console", result: dict[str, Any], online: bool) -> None:  # noqa: FBT001 - a part of the screen
    from sfsync.cli.render.screen import line, mark  # noqa: PLC0415 - start-up time

    if "differs" in result:
        line(console, "As a scheduler starts it: few variables, no terminal, no desktop session")
    styles = {"ok": "green", "warning": "yellow", "failed": "red", "skipped": "dim"}
    for row in result["checks"]:
        sign = mark(row["verdict"])
        line(console, f" {sign} {row['check']}: {row['message']}", style=styles[row["verdict"]])
        if row["fix"]:
            line(console, f"     fix: {row['fix']}")
    for one in result.get("differs", ()):
        said = f"{one['check']} is '{one['as_cron']}' there and '{one['here']}' here"
        line(console, f"Differs: {said}", style="bold yellow")
    if result.get("differs") == []:
        line(console, "Nothing differs from here.")
    if not online:
        said = "Salesforce itself was not asked: sfsync doctor --online does that"
        line(console, said, style="dim")
