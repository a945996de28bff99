"""The state of everything in one look; never fails because something is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfsync.errors import ConfigError, SfsyncError
from sfsync.health.alarms import Alarm, alarms_of

if TYPE_CHECKING:
    from datetime import datetime

    from sfsync.config.settings import Settings
    from sfsync.health.findings import Surroundings
    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.run_health import RunHealth
    from sfsync.salesforce.connections import Connection


@dataclass(frozen=True, slots=True)
class LedgerState:
    """What the ledger holds; `invoices` counts documents by status."""

    org_name: str | None
    org_kind: str | None
    invoices: dict[str, int]
    drifted: int
    on_hold: int
    runs: RunHealth

    @property
    def failures(self) -> int:
        """Records that failed and are tried again."""
        return self.runs.failures - self.runs.given_up


@dataclass(frozen=True, slots=True)
class Overview:
    """The answer of `status`; each part is None when it is not there.

    `config_problems` counts what is wrong in the config, `trouble` has what else is wrong, in
    sentences. `needs` says what waits for a person, with the command that deals with it. `alarms`
    says likewise what stands in the way of the next sync, or shows that syncing has stopped.
    """

    settings: Settings | None
    config_problems: int
    connection: Connection | None
    ledger: LedgerState | None
    trouble: tuple[str, ...]
    needs: tuple[tuple[str, str], ...]
    alarms: tuple[Alarm, ...]


def look(around: Surroundings, now: datetime) -> Overview:
    """Look at config, sign-in and ledger at `now`; asks no network and changes nothing."""
    trouble: list[str] = []
    settings, problems = _settings(around, trouble)
    connection = None if settings is None else _connection(around, settings, trouble)
    ledger = _ledger(around, trouble)
    blocked = _blocked(around, settings, problems, connection)
    runs = None if ledger is None else ledger.runs
    alarms = (
        *(Alarm("blocked", what, command) for what, command in blocked),
        *(Alarm("trouble", sentence, "sfsync doctor") for sentence in trouble),
        *(alarms_of(settings.schedule, runs, now) if settings else ()),
    )
    needs = (*blocked, *_needs(ledger))
    return Overview(settings, problems, connection, ledger, tuple(trouble), needs, alarms)


def _settings(around: Surroundings, trouble: list[str]) -> tuple[Settings | None, int]:
    loaded = around.loaded
    if not isinstance(loaded, ConfigError):
        return loaded, 0
    trouble.append(loaded.message)
    return None, max(len(loaded.problems), 1)


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
    from sfsync.ledger.invoice_filter import InvoiceFilter  # noqa: PLC0415 - start-up time
    from sfsync.ledger.invoices import count_invoices  # noqa: PLC0415 - start-up time
    from sfsync.ledger.model import DocumentStatus  # noqa: PLC0415 - start-up time
    from sfsync.ledger.run_health import run_health  # noqa: PLC0415 - start-up time

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
        runs=run_health(ledger),
    )


def _blocked(
    around: Surroundings, settings: Settings | None, problems: int, connection: Connection | None
) -> list[tuple[str, str]]:
    """What keeps any run from beginning."""
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
    if settings is not None and connection is None and not settings.connection.is_demo:
        found.append(("not connected", "sfsync connect"))
    return found


def _needs(ledger: LedgerState | None) -> list[tuple[str, str]]:
    if ledger is None:
        return []
    found = []
    last = ledger.runs.last
    if last is not None and last.outcome.value in {"failed", "interrupted"}:
        found.append((f"the last run {last.outcome.value}", "sfsync history show"))
    counted = (
        (ledger.failures, "failed record", "", "sfsync history failures"),
        (ledger.runs.given_up, "failure", " given up on", "sfsync history failures --dead"),
        (ledger.drifted, "drifted invoice", "", "sfsync invoice list --drifted"),
        (ledger.invoices["draft"], "draft", " to review", "sfsync invoice review"),
    )
    told = (
        (f"{count:,} {what}{'s' if count > 1 else ''}{more}", command)
        for count, what, more, command in counted
        if count
    )
    return [*found, *told]
