"""`sfsync doctor`: everything that a run depends on, checked."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sfsync.cli.context import Context, context_of
from sfsync.cli.frame import tree
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

    from sfsync.health.checks import Finding, Surroundings

app = tree.new_app()

_ERRORS: dict[ExitCode, type[SfsyncError]] = {
    ExitCode.SIGN_IN: SignInError,
    ExitCode.UNAVAILABLE: UnavailableError,
    ExitCode.LEDGER: LedgerError,
    ExitCode.NOT_FOUND: NotFoundError,
}


@tree.command(
    app, "doctor", "sfsync doctor", "sfsync doctor --online", "sfsync doctor -c acme.yaml --json"
)
def doctor(
    ctx: typer.Context,
    *,
    online: Annotated[
        bool, typer.Option("--online", help="also ask Salesforce: sign-in, API access, allowance")
    ] = False,
) -> None:
    """Check config, ledger, folders and sign-in; changes nothing and asks no network.

    Ends with the exit code that a run would end with. With --online the org itself is asked too.
    """
    from sfsync.health.checks import diagnose, worst  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    findings = diagnose(surroundings(context))
    if online and worst(findings) is ExitCode.DONE:
        findings = (*findings, _asked_online(context))
    rows = [_row(found) for found in findings]
    context.emit(
        "doctor", {"healthy": True, "checks": rows}, screen=lambda out: _draw(out, rows, online)
    )
    status = worst(findings)
    if status is not ExitCode.DONE:
        context.details["checks"] = rows
        raise _unhealthy(status, sum(row["verdict"] == "failed" for row in rows))


def _asked_online(context: Context) -> "Finding":
    """Sign in and ask for the API allowance, as the beginning of a run does."""
    from sfsync.cli.orgs import open_org_for  # noqa: PLC0415 - start-up time
    from sfsync.health.checks import Finding, Verdict  # noqa: PLC0415 - start-up time

    try:
        with open_org_for(context, context.settings()) as org:
            name, allowance = org.identity.name, org.limits()["DailyApiRequests"]
    except SfsyncError as error:
        return Finding("salesforce", Verdict.FAILED, error.message, error.fix, error.exit_code)
    left = f"{allowance['Remaining']:,} of {allowance['Max']:,} API calls left today"
    return Finding("salesforce", Verdict.OK, f"{name} answers; {left}")


def surroundings(context: Context) -> "Surroundings":
    """Where the files of this command line are, as far as that can be known."""
    from sfsync.health.checks import Surroundings  # noqa: PLC0415 - start-up time

    paths = context.paths
    folders = (paths.config_dir, paths.data_dir, paths.state_dir)
    return Surroundings(context.found_config(), context.found_ledger(), paths.config_dir, folders)


def _unhealthy(status: ExitCode, failed: int) -> SfsyncError:
    message = f"{failed} check{'s' if failed > 1 else ''} failed; a run would not work"
    fix = "mend what the failed checks name; each has its own fix"
    if status is ExitCode.CONFIG:
        return ConfigError(message, problems=(), code="unhealthy", fix=fix)
    return _ERRORS.get(status, SfsyncError)(message, code="unhealthy", fix=fix)


def _row(found: "Finding") -> dict[str, Any]:
    row = asdict(found)
    return {**row, "verdict": found.verdict.value, "exit_code": int(found.exit_code)}


def _draw(console: "Console", rows: list[dict[str, Any]], online: bool) -> None:  # noqa: FBT001 - a part of the screen
    from sfsync.cli.render.screen import line, mark  # noqa: PLC0415 - start-up time

    styles = {"ok": "green", "warning": "yellow", "failed": "red", "skipped": "dim"}
    for row in rows:
        sign = mark(console, row["verdict"])
        line(console, f" {sign} {row['check']}: {row['message']}", style=styles[row["verdict"]])
        if row["fix"]:
            line(console, f"     fix: {row['fix']}")
    if not online:
        said = "Salesforce itself was not asked: sfsync doctor --online does that"
        line(console, said, style="dim")
