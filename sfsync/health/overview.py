"""The state of everything in one look; never fails because something is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfsync.errors import ConfigError, SfsyncError

if TYPE_CHECKING:
    from sfsync.config.settings import Settings
    from sfsync.health.checks import Surroundings
    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.history import RunSummary
    from sfsync.salesforce.connections import Connection


@dataclass(frozen=True, slots=True)
class LedgerState:
    """What the ledger holds; `invoices` counts documents by status.

    `failures` are open and tried again, `dead_failures` are given up on.
    """

    org_name: str | None
    org_kind: str | None
    invoices: dict[str, int]
    drifted: int
    on_hold: int
    failures: int
    dead_failures: int
    last_run: RunSummary | None
    last_good_run: RunSummary | None


@dataclass(frozen=True, slots=True)
class Overview:
    """The answer of `status`; each part is None when it is not there.

    `config_problems` counts what is wrong in the config, `trouble` has what else is wrong, in
    sentences. `needs` says what waits for a person, with the command that deals with it.
    """

    settings: Settings | None
    config_problems: int
    connection: Connection | None
    ledger: LedgerState | None
    trouble: tuple[str, ...]
    needs: tuple[tuple[str, str], ...]


def look(around: Surroundings) -> Overview:
    """Look at config, sign-in and ledger; asks no network and changes nothing."""
    trouble: list[str] = []
    settings, problems = _settings(around, trouble)
    connection = None if settings is None else _connection(around, settings, trouble)
    ledger = _ledger(around, trouble)
    needs = tuple(_needs(around, settings, problems, connection, ledger))
    return Overview(settings, problems, connection, ledger, tuple(trouble), needs)


def _settings(around: Surroundings, trouble: list[str]) -> tuple[Settings | None, int]:
    from sfsync.config import load  # noqa: PLC0415 - start-up time

    if around.config is None:
        return None, 0
    try:
        return load(around.config), 0
    except ConfigError as error:
        trouble.append(error.message)
        return None, max(len(error.problems), 1)


def _connection(around: Surroundings, settings: Settings, trouble: list[str]) -> Connection | None:
    from sfsync.salesforce.connections import read_connections  # noqa: PLC0415 - start-up time

    try:
        return read_connections(around.config_dir).get(settings.connection.name)
    except SfsyncError as error:
        trouble.append(error.message)
        return None


def _ledger(around: Surroundings, trouble: list[str]) -> LedgerState | None:
    from sfsync.ledger.connection import open_ledger_read_only  # noqa: PLC0415 - start-up time

    if around.ledger is None or not around.ledger.exists():
        return None
    try:
        with open_ledger_read_only(around.ledger) as ledger:
            return _ledger_state(ledger)
    except SfsyncError as error:
        trouble.append(error.message)
        return None


def _ledger_state(ledger: Ledger) -> LedgerState:
    from sfsync.ledger.history import last_run, open_failures  # noqa: PLC0415 - start-up time
    from sfsync.ledger.invoice_filter import InvoiceFilter  # noqa: PLC0415 - start-up time
    from sfsync.ledger.invoices import count_invoices  # noqa: PLC0415 - start-up time
    from sfsync.ledger.model import DocumentStatus, RunOutcome  # noqa: PLC0415 - start-up time

    identity = ledger.identity
    return LedgerState(
        org_name=identity.org_name,
        org_kind=identity.org_kind,
        invoices={
            status.value: count_invoices(ledger, InvoiceFilter(status=status))
            for status in DocumentStatus
        },
        drifted=count_invoices(ledger, InvoiceFilter(drifted=True)),
        on_hold=count_invoices(ledger, InvoiceFilter(on_hold=True)),
        failures=len(open_failures(ledger)),
        dead_failures=len(open_failures(ledger, dead=True)),
        last_run=last_run(ledger),
        last_good_run=last_run(ledger, frozenset({RunOutcome.OK, RunOutcome.PARTIAL})),
    )


def _needs(
    around: Surroundings,
    settings: Settings | None,
    problems: int,
    connection: Connection | None,
    ledger: LedgerState | None,
) -> list[tuple[str, str]]:
    found = []
    if around.config is None:
        found.append(("there is no config", "sfsync config init"))
    if problems:
        found.append(
            (
                f"{problems} problem{'s' if problems > 1 else ''} in the config",
                "sfsync config validate",
            )
        )
    is_demo = settings is not None and settings.connection.is_demo
    if settings is not None and connection is None and not is_demo:
        found.append(("not connected", "sfsync connect"))
    if ledger is None:
        return found
    if ledger.last_run is not None and ledger.last_run.outcome.value in {"failed", "interrupted"}:
        found.append((f"the last run {ledger.last_run.outcome.value}", "sfsync history show"))
    counted = (
        (ledger.failures, "failed record", "", "sfsync history failures"),
        (ledger.dead_failures, "failure", " given up on", "sfsync history failures --dead"),
        (ledger.drifted, "drifted invoice", "", "sfsync invoice list --drifted"),
        (ledger.invoices["draft"], "draft", " to review", "sfsync invoice list --status draft"),
    )
    told = (
        (f"{count:,} {what}{'s' if count > 1 else ''}{more}", command)
        for count, what, more, command in counted
        if count
    )
    return [*found, *told]
