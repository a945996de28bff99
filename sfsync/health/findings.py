"""What a check of `doctor` is handed, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from sfsync.errors import ConfigError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sfsync.config.settings import Settings
    from sfsync.errors import SfsyncError


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Surroundings:
    """Where this user's files are, and what time it is.

    Args:
        config: the mapping file, None when there is none.
        ledger: the ledger file, None when no config says which.
        config_dir: the folder of sign-ins.
        folders: every folder that should be the owner's alone, existing or not.
        now: aware.
    """

    config: Path | None
    ledger: Path | None
    config_dir: Path
    folders: tuple[Path, ...]
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    @cached_property
    def loaded(self) -> Settings | ConfigError | None:
        """The settings, or the error that stands in their way; None without a config."""
        from sfsync.config import load  # noqa: PLC0415 - start-up time

        if self.config is None:
            return None
        try:
            return load(self.config)
        except ConfigError as error:
            return error

    @property
    def settings(self) -> Settings | None:
        """The settings of a valid config."""
        found = self.loaded
        return None if isinstance(found, ConfigError) else found


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found; `exit_code` is what a run would end with because of it."""

    check: str
    verdict: Verdict
    message: str
    fix: str = ""
    exit_code: ExitCode = ExitCode.DONE


if TYPE_CHECKING:
    Check = Callable[[Surroundings], Iterator[Finding]]


def ok(check: str, message: str) -> Finding:
    """All is well."""
    return Finding(check, Verdict.OK, message)


def warning(check: str, message: str, fix: str) -> Finding:
    """A run would work, and yet somebody should do something."""
    return Finding(check, Verdict.WARNING, message, fix)


def skipped(check: str, message: str) -> Finding:
    """It could not be looked at, for a reason that another check tells."""
    return Finding(check, Verdict.SKIPPED, message)


def failed(check: str, error: SfsyncError) -> Finding:
    """A run would end with this error."""
    return Finding(check, Verdict.FAILED, error.message, error.fix, error.exit_code)


def worst(findings: tuple[Finding, ...]) -> ExitCode:
    """What a run would end with: the exit code of the first failed check."""
    codes = (found.exit_code for found in findings if found.verdict is Verdict.FAILED)
    return next(codes, ExitCode.DONE)
