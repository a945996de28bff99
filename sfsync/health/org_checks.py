"""Checks that ask the org: that it answers, its clock, version and allowance, and what is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.errors import ConfigError, ExitCode, SfsyncError
from sfsync.health.findings import Finding, Verdict, failed, ok, warning

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from sfsync.config.settings import RecordMapping, Settings
    from sfsync.salesforce import Org

_DRIFT_SECONDS = 60
_DRIFT_REFUSED = 150
"""A JWT that was signed so far from now is refused: it lives for two minutes."""


def look_at_org(
    org: Org, settings: Settings, stages: Sequence[str], now: Callable[[], datetime]
) -> tuple[Finding, ...]:
    """Every check that asks the org; what the first one cannot reach, the others do not ask.

    Args:
        org: opened as a run opens it.
        settings: of a valid config.
        stages: the labels of the org's active stages.
        now: this machine's clock; aware.
    """
    try:
        return (
            *_allowance(org, now()),
            *_clock(org, settings, now()),
            *_version(org),
            *_fields(org, settings, stages),
        )
    except SfsyncError as error:
        return (failed("salesforce", error),)


def _allowance(org: Org, now: datetime) -> Iterator[Finding]:
    from sfsync.salesforce.budget import ApiBudget, usage_from_limits  # noqa: PLC0415 - start-up time

    usage = usage_from_limits(org.limits(), now)
    if usage is None:
        yield ok("salesforce", f"{org.identity.name} answers; its allowance is hidden")
        return
    left = usage.limit - usage.used
    said = f"{org.identity.name} answers; {left:,} of {usage.limit:,} API calls left today"
    # Beyond its budget a run stops, so as to leave calls for others.
    if not ApiBudget().allows(usage, 0):
        yield warning("salesforce", said, "wait, or find out who uses them: sfsync org limits")
    else:
        yield ok("salesforce", said)


def _clock(org: Org, settings: Settings, now: datetime) -> Iterator[Finding]:
    if org.server_time is None:
        return
    off = abs((now - org.server_time).total_seconds())
    said = f"this machine's clock is {off:,.0f} s away from Salesforce's"
    fix = "set it by NTP: timedatectl set-ntp true"
    if off < _DRIFT_SECONDS:
        yield ok("clock", "this machine's clock agrees with Salesforce's")
    elif off > _DRIFT_REFUSED and settings.connection.auth.value == "jwt":
        yield Finding("clock", Verdict.FAILED, said, fix, ExitCode.SIGN_IN)
    else:
        yield warning("clock", said, fix)


def _version(org: Org) -> Iterator[Finding]:
    asked, served = org.identity.api_version, org.versions()
    if asked in served:
        yield ok("api-version", f"{asked} is served ({served[0]} to {served[-1]})")
        return
    said = f"the org does not serve API version {asked} ({served[0]} to {served[-1]})"
    yield warning("api-version", said, f'connection.api_version: "{served[-1]}"')


def _fields(org: Org, settings: Settings, stages: Sequence[str]) -> Iterator[Finding]:
    """Each object and field that the mapping names, as the user who signed in sees it."""
    from sfsync.config import check_against  # noqa: PLC0415 - start-up time

    problems = check_against(settings, org.describe, list(stages))
    for problem in problems:
        message = f"{problem.message} (needed by {problem.file}:{problem.line})"
        error = ConfigError(message, problems=(), fix=problem.suggestion)
        yield failed(_what(problem.code), error)
    if problems:
        return
    for sobject, mapping in _mapped(settings):
        named = {path for one in mapping.all() for path in one.paths}
        seen = org.describe(sobject)
        if seen is None:
            yield ok("objects", f"{sobject} is not there, and the mapping does without")
        else:
            yield ok(
                "fields", f"{sobject}: all that the mapping needs can be read ({len(named)} fields)"
            )


def _what(code: str) -> str:
    return {"C202": "stages", "C204": "objects"}.get(code, "fields")


def _mapped(settings: Settings) -> Iterator[tuple[str, RecordMapping]]:
    if settings.opportunities.sync:
        yield "Opportunity", settings.opportunities.mapping
        if settings.line_items.sync:
            yield settings.line_items.object, settings.line_items.mapping
    if settings.accounts.sync:
        yield "Account", settings.accounts.mapping
    if settings.contacts.sync:
        yield "Contact", settings.contacts.mapping
