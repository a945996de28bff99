"""Every error a person can meet: what is wrong, how to fix it, and the exit code.

An expected failure is raised as a subclass of `SfsyncError`; one boundary in `cli` turns it into
output. A library's own exceptions are translated in the room where the library lives. Failures of
single records are values (see `sfsync.sync.failures`), never exceptions.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """What a process ends with. Codes may be added; any non-zero code is a failure."""

    DONE = 0
    UNEXPECTED = 1
    USAGE = 2
    PARTIAL = 3
    SIGN_IN = 4
    CONFIG = 5
    UNAVAILABLE = 6
    LOCKED = 7
    LEDGER = 8
    NOT_FOUND = 9
    YES = 10
    REFUSED = 11
    INTERRUPTED = 130
    PIPE_CLOSED = 141
    TERMINATED = 143


EXIT_CODE_MEANINGS: dict[ExitCode, str] = {
    ExitCode.DONE: "done, nothing was due, or a scheduled run found another one at work",
    ExitCode.UNEXPECTED: "failed unexpectedly",
    ExitCode.USAGE: "wrong usage, or an answer was needed and there is no terminal",
    ExitCode.PARTIAL: "finished, some records failed",
    ExitCode.SIGN_IN: "sign-in: not connected, denied, expired, port taken, no API access",
    ExitCode.CONFIG: "mappings.yaml is invalid, or names a field that is missing or hidden",
    ExitCode.UNAVAILABLE: "Salesforce is unavailable for now; trying again later may work",
    ExitCode.LOCKED: "another run holds the ledger",
    ExitCode.LEDGER: "the ledger is damaged, tampered with, newer, or of another org",
    ExitCode.NOT_FOUND: "not found",
    ExitCode.YES: "yes, there is something (only with --exit-code or --check)",
    ExitCode.REFUSED: "refused: already posted, closed period, drifted, on hold, source empty",
    ExitCode.INTERRUPTED: "interrupted (Ctrl-C)",
    ExitCode.PIPE_CLOSED: "the reader of the output went away",
    ExitCode.TERMINATED: "terminated",
}


class SfsyncError(Exception):
    """A failure with a sentence for people, a code for programs, and a way out.

    Args:
        message: what is wrong, with ids and places, in one or two sentences.
        code: stable kebab-case name, e.g. ``sign-in-expired``.
        fix: what to do next, usually a command; empty when there is nothing to do.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.UNEXPECTED

    def __init__(self, message: str, *, code: str, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.fix = fix


class UsageError(SfsyncError):
    """The command line asks for something that cannot be done as written."""

    exit_code = ExitCode.USAGE


class SignInError(SfsyncError):
    """There is no usable sign-in: not connected, denied, expired, no API access."""

    exit_code = ExitCode.SIGN_IN


class UnavailableError(SfsyncError):
    """Salesforce cannot be reached, or refuses for now."""

    exit_code = ExitCode.UNAVAILABLE


class LockedError(SfsyncError):
    """Another run holds the ledger."""

    exit_code = ExitCode.LOCKED


class LedgerError(SfsyncError):
    """The ledger file is damaged, tampered with, newer than this program, or another org's."""

    exit_code = ExitCode.LEDGER


class NotFoundError(SfsyncError):
    """No such invoice, run, customer, file."""

    exit_code = ExitCode.NOT_FOUND


class RefusedError(SfsyncError):
    """A rule forbids it: already posted, closed period, drifted, on hold, out of balance."""

    exit_code = ExitCode.REFUSED


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """One thing wrong in a config file; line and column count from 1, 0 when there is no place."""

    code: str
    file: str
    line: int
    column: int
    message: str
    suggestion: str = ""
    source_line: str = ""
    width: int = 1


class ConfigError(SfsyncError):
    """The config is invalid; carries every problem found, in the order of the file."""

    exit_code = ExitCode.CONFIG

    def __init__(
        self,
        message: str,
        *,
        problems: tuple[ConfigProblem, ...],
        code: str = "config-invalid",
        fix: str = "",
    ) -> None:
        super().__init__(message, code=code, fix=fix)
        self.problems = problems
