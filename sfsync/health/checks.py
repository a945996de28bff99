"""What a run depends on, checked one thing at a time; each check is a small function.

A check answers with what it found and never raises for what it looks for: `doctor` shows them all.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sfsync.errors import ConfigError, ExitCode, SfsyncError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sfsync.config.settings import Settings


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where this user's files are.

    Args:
        config: the mapping file, None when there is none.
        ledger: the ledger file, None when no config says which.
        config_dir: the folder of sign-ins.
        folders: every folder that should be the owner's alone, existing or not.
    """

    config: Path | None
    ledger: Path | None
    config_dir: Path
    folders: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found; `exit_code` is what a run would end with because of it."""

    check: str
    verdict: Verdict
    message: str
    fix: str = ""
    exit_code: ExitCode = ExitCode.DONE


def diagnose(around: Surroundings) -> tuple[Finding, ...]:
    """Every check, in the order in which a run would meet them."""
    return tuple(found for check in CHECKS for found in check(around))


def worst(findings: tuple[Finding, ...]) -> ExitCode:
    """What a run would end with: the exit code of the first failed check."""
    codes = (found.exit_code for found in findings if found.verdict is Verdict.FAILED)
    return next(codes, ExitCode.DONE)


def _failed(check: str, error: SfsyncError) -> Finding:
    return Finding(check, Verdict.FAILED, error.message, error.fix, error.exit_code)


def _config(around: Surroundings) -> Iterator[Finding]:
    if around.config is None:
        yield Finding(
            "config",
            Verdict.FAILED,
            "there is no mappings.yaml",
            "sfsync config init",
            ExitCode.NOT_FOUND,
        )
        return
    loaded = _loaded(around)
    if isinstance(loaded, ConfigError):
        yield Finding(
            "config",
            Verdict.FAILED,
            f"{around.config} has {_problems(len(loaded.problems))}",
            "sfsync config validate",
            ExitCode.CONFIG,
        )
    elif isinstance(loaded, SfsyncError):
        yield _failed("config", loaded)
    else:
        yield Finding("config", Verdict.OK, f"{around.config} is valid")


def _problems(number: int) -> str:
    return "1 problem" if number == 1 else f"{number} problems"


def _ledger(around: Surroundings) -> Iterator[Finding]:
    from sfsync.ledger.connection import open_ledger_read_only  # noqa: PLC0415 - start-up time

    if around.ledger is None:
        yield Finding("ledger", Verdict.SKIPPED, "needs a valid config, or --ledger")
        return
    if not around.ledger.exists():
        yield Finding("ledger", Verdict.OK, f"{around.ledger} will be made by the first sync")
        return
    try:
        with open_ledger_read_only(around.ledger) as ledger:
            name = ledger.identity.org_name or "no org yet"
    except SfsyncError as error:
        yield _failed("ledger", error)
        return
    yield Finding("ledger", Verdict.OK, f"{around.ledger} opens ({name})")


def _private_folders(around: Surroundings) -> Iterator[Finding]:
    for folder in sorted({found for found in around.folders if found.is_dir()}):
        mode = folder.stat().st_mode & 0o777
        if os.name == "posix" and mode & 0o077:
            yield Finding(
                "folders",
                Verdict.WARNING,
                f"others can look into {folder} (mode {mode:04o})",
                f"chmod 700 {folder}",
            )
        else:
            yield Finding("folders", Verdict.OK, f"{folder} is yours alone")


def _sign_in(around: Surroundings) -> Iterator[Finding]:
    from sfsync.salesforce.connections import find_connection  # noqa: PLC0415 - start-up time
    from sfsync.salesforce.store_choice import open_store  # noqa: PLC0415 - start-up time

    settings = _loaded(around)
    if settings is None or isinstance(settings, SfsyncError):
        yield Finding("sign-in", Verdict.SKIPPED, "needs a valid config")
        return
    if settings.connection.is_demo:
        yield Finding("sign-in", Verdict.OK, "the embedded demo org needs none")
        return
    try:
        connection = find_connection(around.config_dir, settings.connection.name)
        store = open_store(connection.store, around.config_dir, settings.credential)
        if store is not None:
            store.probe()
    except SfsyncError as error:
        yield _failed("sign-in", error)
        return
    kept = "no token is kept" if store is None else f"kept in: {connection.store}"
    yield Finding(
        "sign-in",
        Verdict.OK,
        f"{connection.username} at {connection.org_name} ({connection.kind}), {kept}",
    )


def _loaded(around: Surroundings) -> Settings | SfsyncError | None:
    """The settings, or the error that stands in their way; None without a config."""
    from sfsync.config import load  # noqa: PLC0415 - start-up time

    if around.config is None:
        return None
    try:
        return load(around.config)
    except SfsyncError as error:
        return error


CHECKS: tuple[Callable[[Surroundings], Iterator[Finding]], ...] = (
    _config,
    _ledger,
    _private_folders,
    _sign_in,
)
"""Every check of `doctor`, in the order in which a run would meet what they look at."""
