"""One run from start to finish: prepare, accounts, contacts, opportunities, and its history.

Cron, watch, retry and resync are ways of starting this run, not other runs.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sfsync.errors import SfsyncError
from sfsync.ledger import history
from sfsync.ledger.model import Cursor, Outcome, RunOutcome, RunStart
from sfsync.sync.gather import gather_deals
from sfsync.sync.passes import Pass, apply_deals, sync_accounts, sync_contacts, sync_opportunities
from sfsync.sync.preflight import prepare
from sfsync.sync.run import Run, Silence, SyncRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sfsync.config.settings import Settings
    from sfsync.ledger import Ledger
    from sfsync.salesforce import Org
    from sfsync.sync.preflight import Prepared
    from sfsync.sync.reader import Source
    from sfsync.sync.run import Progress


def run_sync(
    org: Org,
    ledger: Ledger,
    settings: Settings,
    request: SyncRequest | None = None,
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    progress: Progress | None = None,
) -> int:
    """Sync once and return the run's number; the history holds everything else about it.

    The ledger is bound to the org by its first run. A failure of single records does not stop the
    run; any other failure ends it as failed, with everything written so far in place.

    Raises:
        LedgerError: the ledger belongs to another org.
        ConfigError: the config does not fit the org; nothing was read or written.
        RefusedError: the org suddenly answers nothing.
        SignInError, UnavailableError: the org could not be read to the end.
    """
    request = request or SyncRequest()
    identity = org.identity
    ledger.bind_org(identity.org_id, identity.name, identity.kind, identity.instance_url)
    previous = history.last_run(ledger)
    run_id = history.start_run(ledger, _start(org, settings, request, clock()))
    with _closing(ledger, org, run_id, clock) as tally_of:
        prepared = prepare(org, settings, clock())
        run = Run(
            run_id=run_id,
            org=org,
            ledger=ledger,
            rules=prepared.rules,
            progress=progress or Silence(),
            request=request,
        )
        tally_of.append(run)
        changed = previous is not None and (
            previous.evaluation_digest != settings.evaluation_digest
        )
        _passes(run, prepared, anew=request.full or changed, now=clock())
    return run_id


def _start(org: Org, settings: Settings, request: SyncRequest, now: datetime) -> RunStart:
    return RunStart(
        trigger=request.trigger,
        org_id=org.identity.org_id,
        org_name=org.identity.name,
        org_kind=org.identity.kind,
        config_digest=settings.digest,
        evaluation_digest=settings.evaluation_digest,
        config_text=settings.text,
        selection=request.selection,
        started_at=now,
    )


@contextmanager
def _closing(
    ledger: Ledger, org: Org, run_id: int, clock: Callable[[], datetime]
) -> Iterator[list[Run]]:
    """Whatever happens, the run's row says how it ended."""
    runs: list[Run] = []
    try:
        yield runs
    except SfsyncError as error:
        history.finish_run(
            ledger,
            run_id,
            RunOutcome.FAILED,
            error_code=error.code,
            error_message=error.message,
            api_calls=org.api_calls,
            finished_at=clock(),
        )
        raise
    except BaseException as error:
        interrupted = isinstance(error, (KeyboardInterrupt, SystemExit, GeneratorExit))
        history.finish_run(
            ledger,
            run_id,
            RunOutcome.INTERRUPTED if interrupted else RunOutcome.FAILED,
            error_code="interrupted" if interrupted else "unexpected",
            error_message="stopped by a signal" if interrupted else type(error).__name__,
            api_calls=org.api_calls,
            finished_at=clock(),
        )
        raise
    failed = any(run.tally[key] for run in runs for key in run.tally if key[1] is Outcome.FAILED)
    history.finish_run(
        ledger,
        run_id,
        RunOutcome.PARTIAL if failed else RunOutcome.OK,
        api_calls=org.api_calls,
        finished_at=clock(),
    )


def _passes(run: Run, prepared: Prepared, *, anew: bool, now: datetime) -> None:
    settings, request = run.rules.settings, run.request
    if request.opportunity_ids:
        _named_deals(run, prepared)
        return
    started = _stamp(run.org.server_time or now)
    cursors = history.cursors(run.ledger)

    def one_pass(source: Source) -> Pass:
        cursor = None if anew else cursors.get(source.sobject)
        if request.since is not None:
            since = Cursor(source.sobject, _stamp(request.since), "")
            return Pass(source, since, full=False, started=started, moves_cursor=False)
        return Pass(source, cursor, full=cursor is None or cursor.full, started=started)

    if "accounts" in request.only and settings.accounts.sync:
        sync_accounts(run, one_pass(prepared.deals.accounts))
    if "contacts" in request.only and settings.contacts.sync:
        sync_contacts(run, one_pass(prepared.contacts))
    if "opportunities" in request.only and settings.opportunities.sync:
        sync_opportunities(run, one_pass(prepared.deals.opportunities), prepared.deals)


def _named_deals(run: Run, prepared: Prepared) -> None:
    """Just the deals asked for; cursors stay where they are."""
    for page in prepared.deals.opportunities.by_ids(run.request.opportunity_ids):
        deals = gather_deals(run, page.records, prepared.deals, contiguous=False)
        apply_deals(run, deals, None)


def _stamp(moment: datetime) -> str:
    """A moment in the form in which an org writes SystemModstamp, so that the two compare."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
