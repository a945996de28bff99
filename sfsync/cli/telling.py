"""What a run says to those who are not there: it is heard, kept, and told once for each change."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sfsync.errors import ExitCode, SfsyncError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfsync.cli.context import Context
    from sfsync.health.standing import Event, Heard
    from sfsync.ledger.run_health import RunHealth

_NO_NEWS = {ExitCode.USAGE, ExitCode.LOCKED, ExitCode.NOT_FOUND}
"""Failures that answer whoever typed the command, and say nothing about the sync."""


@dataclass
class Tick:
    """One call of a sync; `run` is the run that has come to its end."""

    run: int | None = None


@contextmanager
def telling(context: Context) -> Iterator[Tick]:
    """However the block ends, whoever `notify` names hears of a change."""
    tick = Tick()
    try:
        yield tick
    except SfsyncError as error:
        if error.exit_code not in _NO_NEWS:
            _hear(context, tick, error)
        raise
    except BaseException as error:
        _hear(context, tick, error)
        raise
    _hear(context, tick, None)


def held_back(context: Context) -> datetime | None:
    """Until when a schedule lets a refused sign-in rest; None when it may be tried now."""
    from sfsync.health.standing import read_standing, standing_file  # noqa: PLC0415 - start-up time
    from sfsync.schedule import next_try  # noqa: PLC0415 - as above

    file = standing_file(context.paths.state_dir, context.ledger_path())
    standing = read_standing(file)
    if standing.refused_at is None:
        return None
    until = next_try(standing.refusals, standing.refused_at)
    # A clock that was set back must not hold anything back for years.
    return until if standing.refused_at <= datetime.now(UTC) < until else None


def sign_in_is_new(context: Context) -> None:
    """Somebody has connected: what was refused before says nothing any more."""
    from sfsync.health.standing import (  # noqa: PLC0415 - start-up time
        alone,
        read_standing,
        standing_file,
        write_standing,
    )

    ledger = context.found_ledger()
    if ledger is None:
        return
    file = standing_file(context.paths.state_dir, ledger)
    if not file.exists():
        return
    with alone(file):
        write_standing(file, read_standing(file).connected(datetime.now(UTC)))


def connected_since(context: Context, moment: datetime) -> bool:
    """Whether somebody has signed in anew after `moment`."""
    from sfsync.health.standing import read_standing, standing_file  # noqa: PLC0415 - start-up time

    file = standing_file(context.paths.state_dir, context.ledger_path())
    connected_at = read_standing(file).connected_at
    return connected_at is not None and connected_at >= moment


def run_health_of(context: Context, run_id: int | None = None) -> RunHealth | None:
    """What the history says, as `run_health`; None without a ledger that can be read."""
    from sfsync.ledger.run_health import run_health  # noqa: PLC0415 - start-up time

    path = context.found_ledger()
    if path is None or not path.exists():
        return None
    try:
        with context.read_ledger() as ledger:
            return run_health(ledger, run_id)
    except SfsyncError:
        # That the ledger cannot be read is what is being told of.
        return None


def _hear(context: Context, tick: Tick, error: BaseException | None) -> None:
    settings, now = context.settings(), datetime.now(UTC)
    if error is None and tick.run is None and settings.notify is None:
        # A tick that has nothing to do, and nobody to tell: it must cost next to nothing.
        return
    from sfsync.cli.frame.log import start_logging  # noqa: PLC0415 - start-up time
    from sfsync.health.notify import hear  # noqa: PLC0415 - as above
    from sfsync.health.standing import standing_file  # noqa: PLC0415 - as above

    start_logging(context)
    # Its own run: since the lock is free again, another one may be at work.
    health = run_health_of(context, tick.run)
    heard = _heard(context, tick, error, health, now)
    warnings = hear(
        standing_file(context.paths.state_dir, context.ledger_path()),
        heard,
        settings.notify,
        lambda event: _notice(context, event, error, health, now),
        now,
    )
    for warning in warnings:
        context.warn(warning)


def _heard(
    context: Context,
    tick: Tick,
    error: BaseException | None,
    health: RunHealth | None,
    now: datetime,
) -> Heard:
    from sfsync.health.standing import Event, Heard  # noqa: PLC0415 - start-up time
    from sfsync.schedule import is_overdue  # noqa: PLC0415 - as above

    condition, code = None, ExitCode.DONE
    if isinstance(error, Exception):
        condition = Event.FAILED
        code = error.exit_code if isinstance(error, SfsyncError) else ExitCode.UNEXPECTED
    elif error is not None:
        condition = Event.INTERRUPTED
    elif tick.run is not None and health is not None and health.last is not None:
        condition = Event(health.last.outcome.value)
    since = health and health.good_since
    overdue = is_overdue(
        context.settings().schedule, datetime.fromisoformat(since) if since else None, now
    )
    return Heard(condition, code, health.newest_failure if health else 0, overdue)


def _notice(
    context: Context,
    event: Event,
    error: BaseException | None,
    health: RunHealth | None,
    now: datetime,
) -> dict[str, Any]:
    """What `notify.command` gets on its stdin: ids and counts, no customer's name."""
    from sfsync.cli.history_screens import summary_json  # noqa: PLC0415 - start-up time
    from sfsync.exports.json_text import utc  # noqa: PLC0415 - as above

    settings = context.settings()
    last, good = (health.last, health.last_good) if health else (None, None)
    return {
        "schema": "sfsync.notify.v1",
        "event": event.value,
        "at": utc(now),
        "connection": settings.connection.name,
        "config": str(context.config_path().absolute()),
        "ledger": str(context.ledger_path().absolute()),
        "error": _error_json(error),
        "open_failures": health.failures if health else None,
        "run": last and summary_json(last),
        "last_good_run": good and summary_json(good),
    }


def _error_json(error: BaseException | None) -> dict[str, Any] | None:
    from sfsync.salesforce.redact import redact  # noqa: PLC0415 - start-up time

    if isinstance(error, SfsyncError):
        return {
            "code": error.code,
            "message": redact(error.message),
            "fix": error.fix or None,
            "exit_code": int(error.exit_code),
        }
    if isinstance(error, Exception):
        message = f"failed unexpectedly: {type(error).__name__}"
        return {"code": "unexpected", "message": message, "fix": "sfsync doctor", "exit_code": 1}
    return None
