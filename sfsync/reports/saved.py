"""`report run`: the questions that a mapping file keeps as SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfsync.errors import ConfigError, ConfigProblem, NotFoundError, RefusedError, UsageError
from sfsync.ledger.asking import QueryError, ask
from sfsync.reports.answer import Report

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sfsync.config.settings import SavedReport

DEFAULT_SECONDS = 30.0


def find_saved(reports: Mapping[str, SavedReport], name: str, file: str) -> SavedReport:
    """The saved report of that name.

    Raises:
        NotFoundError: the mapping file has none.
    """
    if name in reports:
        return reports[name]
    known = ", ".join(sorted(reports)) or "none"
    raise NotFoundError(
        f"{file} has no report '{name}'; there are: {known}",
        code="report-not-found",
        fix='add it under reports, e.g.  late: {sql: "select …"}',
    )


def run_saved(
    path: Path,
    name: str,
    report: SavedReport,
    parameters: Mapping[str, str],
    seconds: float = DEFAULT_SECONDS,
) -> tuple[Report, tuple[str, ...]]:
    """Ask the ledger at `path`; the answer, and its columns in their order.

    Raises:
        ConfigError: the query is wrong, or would do more than read.
        UsageError: a parameter is missing or unknown.
        RefusedError: it takes too long or answers too much.
    """
    try:
        found = ask(path, report.sql, parameters, seconds=seconds)
    except QueryError as error:
        raise _told(error, name, report) from error
    rows = [
        {column: _plain(value) for column, value in zip(found.columns, row, strict=True)}
        for row in found.rows
    ]
    return Report(name, (), rows, [], len(rows)), found.columns


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever SQLite holds
    return value.hex() if isinstance(value, bytes) else value


def _told(error: QueryError, name: str, report: SavedReport) -> Exception:
    """The error with the place of the query; a wrong query is a problem of the mapping file."""
    place = report.place
    message = f"{place}: report '{name}': {error.message}"
    if error.code.startswith("parameter"):
        parameter = error.message.rpartition(":")[2]
        fix = f"add --param {parameter}=VALUE" if error.code == "parameter-missing" else ""
        return UsageError(message, code=error.code, fix=fix)
    if error.code in {"query-too-slow", "query-too-large"}:
        fix = "narrow the query, or give it longer: --timeout SECONDS"
        return RefusedError(message, code=error.code, fix=fix)
    problem = ConfigProblem(
        "C123", place.file, place.line, place.column, f"report '{name}': {error.message}"
    )
    return ConfigError(
        f"the query of report '{name}' cannot be run",
        problems=(problem,),
        code=error.code,
        fix=f"correct it at {place}",
    )
