"""One run from start to finish: prepare, accounts, contacts, opportunities, and its history.

Cron, watch, retry and resync are ways of starting this run, not other runs.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sfsync.errors import SfsyncError
from sfsync.ledger import history, pages
from sfsync.ledger.auto_posting import Rails, auto_post
from sfsync.ledger.model import Cursor, Outcome, RunOutcome, RunStart
from sfsync.ledger.posting_choices import posting_rules
from sfsync.sync.passes import Pass, apply_deals, sync_accounts, sync_contacts, sync_opportunities
from sfsync.sync.preflight import prepare
from sfsync.sync.reader import stamp_text
from sfsync.sync.run import PLAN, Run, Silence, SyncRequest, rare_collections
from sfsync.sync.touched import WATCHED, dependencies, first_watches, touched_deals, watch_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sfsync.config.settings import Settings
    from sfsync.ledger import Ledger
    from sfsync.salesforce import Org
    from sfsync.sync.preflight import Prepared
    from sfsync.sync.reader import Source
    from sfsync.sync.run import Progress


_log = logging.getLogger("sfsync.sync")

RULES_CHANGED = "mapping or filters changed: everything is decided again"
"""What the history says of a run that reads everything because the config changed."""


def run_sync(
    org: Org,
    ledger: Ledger,
    settings: Settings,
    request: SyncRequest | None = None,
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    progress: Progress | None = None,
    warn: Callable[[str], None] = lambda _: None,
) -> int:
    """Sync once and return the run's number; the history holds everything else about it.

    The ledger is bound to the org by its first run. A failure of single records does not stop the
    run; any other failure ends it as failed, with everything written so far in place. `warn` is
    told what a person should know although the run goes on.

    Raises:
        LedgerError: the ledger belongs to another org.
        ConfigError: the config does not fit the org; nothing was read or written.
        RefusedError: the org suddenly answers nothing.
        SignInError, UnavailableError: the org could not be read to the end.
    """
    request = request or SyncRequest()
    identity = org.identity
    ledger.bind_org(identity.org_id, identity.name, identity.kind, identity.instance_url)
    changed = not request.opportunity_ids and _rules_changed(ledger, settings)
    start = _start(org, settings, request, clock(), changed=changed)
    run_id = history.start_run(ledger, start)
    _log.log(_level(request), "run %d (%s)", run_id, request.trigger, extra={"run": run_id})
    with (
        _closing(ledger, org, run_id, clock) as tally_of,
        _logged(run_id, _level(request), tally_of, org),
        rare_collections(),
    ):
        prepared = prepare(org, settings, clock(), probe=changed or _first(ledger))
        for warning in prepared.warnings:
            warn(warning)
        run = Run(
            run_id=run_id,
            org=org,
            ledger=ledger,
            rules=replace(
                prepared.rules, changed=changed, resync=request.resync, newest=_newest(ledger)
            ),
            progress=progress or Silence(),
            request=request,
        )
        tally_of.append(run)
        _passes(run, prepared, clock())
        _post_by_itself(run, clock())
    return run_id


def _level(request: SyncRequest) -> int:
    """A rehearsal is no event."""
    return logging.DEBUG if request.trigger == PLAN else logging.INFO


@contextmanager
def _logged(run_id: int, level: int, runs: list[Run], org: Org) -> Iterator[None]:
    """However the run ends, its last line says so; ids and counts, no names."""
    how = "was interrupted"
    try:
        yield
        tally = [item for run in runs for item in sorted(run.tally.items())]
        counts = ", ".join(f"{count} {sobject} {what.value}" for (sobject, what), count in tally)
        how = f"ended: {counts or 'nothing to do'}"
    except Exception as error:
        how = f"failed: {error.code if isinstance(error, SfsyncError) else type(error).__name__}"
        raise
    finally:
        end = {"run": run_id, "ended": True}
        _log.log(level, "run %d %s; %d API calls", run_id, how, org.api_calls, extra=end)


def _start(
    org: Org, settings: Settings, request: SyncRequest, now: datetime, *, changed: bool
) -> RunStart:
    note = RULES_CHANGED if changed else ""
    return RunStart(
        trigger=request.trigger,
        org_id=org.identity.org_id,
        org_name=org.identity.name,
        org_kind=org.identity.kind,
        config_digest=settings.digest,
        evaluation_digest=settings.evaluation_digest,
        config_text=settings.text,
        selection="; ".join(part for part in (request.selection, note) if part),
        started_at=now,
        whole=request.whole,
    )


def _first(ledger: Ledger) -> bool:
    return "Opportunity" not in history.cursors(ledger)


def _newest(ledger: Ledger) -> str | None:
    cursor = history.cursors(ledger).get("Opportunity")
    return None if cursor is None else cursor.system_modstamp


def _rules_changed(ledger: Ledger, settings: Settings) -> bool:
    synced = {
        "Account": settings.accounts.sync,
        "Contact": settings.contacts.sync,
        "Opportunity": settings.opportunities.sync,
    }
    return any(
        cursor.rules != settings.evaluation_digest
        for cursor in history.cursors(ledger).values()
        if synced.get(cursor.sobject, False)
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
        # Ctrl-C, SIGTERM and the like are no Exception; whatever else comes here is a defect.
        interrupted = not isinstance(error, Exception)
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


def _passes(run: Run, prepared: Prepared, now: datetime) -> None:
    settings, request = run.rules.settings, run.request
    if request.opportunity_ids:
        read_deals(run, prepared, request.opportunity_ids)
        return
    planner = PassPlanner.of(run, now)
    if run.passes_accounts:
        for one_pass in planner.passes(prepared.deals.accounts):
            sync_accounts(run, one_pass, prepared.deals)
    if "contacts" in request.only and settings.contacts.sync:
        for one_pass in planner.passes(prepared.contacts):
            sync_contacts(run, one_pass)
    if "opportunities" in request.only and settings.opportunities.sync:
        _opportunities(run, prepared, planner)


def _post_by_itself(run: Run, now: datetime) -> None:
    """Post what the config lets be posted without a person; a plan posts nothing."""
    settings = run.rules.settings
    chosen = settings.posting.auto_post
    if chosen is None or run.request.trigger == PLAN:
        return
    rails = Rails(
        mapping=settings.evaluation_digest,
        after_reviewed=chosen.after_reviewed,
        most=chosen.max_amount,
        most_by_currency=chosen.max_amounts,
        known_customers_only=chosen.known_customers_only,
        no_warnings=chosen.no_warnings,
        most_per_run=chosen.max_per_run,
    )
    rules = posting_rules(settings.posting, settings.seller)
    today = now.astimezone(settings.schedule.time_zone).date()
    auto_post(run.ledger, run.run_id, rules, rails, today=today)


def _opportunities(run: Run, prepared: Prepared, planner: PassPlanner) -> None:
    """The deals that changed, then those that changed only by what they depend on."""
    watched = dependencies(run, prepared.deals)
    read: set[str] = set()
    for deals_pass in planner.passes(prepared.deals.opportunities):
        watches = first_watches(watched, deals_pass.closing_stamp)
        read |= sync_opportunities(run, deals_pass, prepared.deals, watches)
    if not deals_pass.full:
        planner = planner.again()
        passes = [(one, planner.watch(one.source)) for one in watched]
        run.touched.update(touched_deals(run, passes))
    # What a person did in the ledger (linked, merged, ignored) may decide a deal anew as well.
    run.touched.update(pages.opportunities_to_recheck(run.ledger))
    read_deals(run, prepared, sorted(run.touched - read))


def read_deals(run: Run, prepared: Prepared, ids: Sequence[str]) -> None:
    """Just these deals, by id; cursors stay where they are."""
    for page in prepared.deals.opportunities.by_ids(ids):
        apply_deals(run, page.records, prepared.deals, None)


@dataclass(frozen=True, slots=True)
class PassPlanner:
    """Decides for each object whether it is read whole, and from when what changed is read."""

    run: Run
    cursors: Mapping[str, Cursor]
    started: str
    wide: bool

    @classmethod
    def of(cls, run: Run, now: datetime) -> PassPlanner:
        """Plan the passes of a run from the ledger's cursors.

        The first run of a day looks back further, for rows that committed later than any
        transaction should take.
        """
        started = stamp_text(run.org.server_time or now)
        earlier = list(history.list_runs(run.ledger, 2))[1:]
        wide = bool(earlier) and earlier[0].started_at[:10] != started[:10]
        return cls(run, history.cursors(run.ledger), started, wide)

    def passes(self, source: Source) -> Iterator[Pass]:
        """The passes over an object: one, and after a resumed full one what changed meanwhile."""
        first = self.one_pass(source)
        yield first
        closing = first.closing()
        if closing is not None and first.resumed_after:
            yield Pass(source, closing, full=False, started=self.started)

    def again(self) -> PassPlanner:
        """The same plan with the cursors as they are by now."""
        return replace(self, cursors=history.cursors(self.run.ledger))

    def one_pass(self, source: Source) -> Pass:
        """The pass over an object: whole at first, on request, and when the rules changed."""
        request = self.run.request
        if request.since is not None:
            since = Cursor(source.sobject, stamp_text(request.since), "")
            return Pass(source, since, full=False, started=self.started, moves_cursor=False)
        return self._from(source, self.cursors.get(source.sobject))

    def watch(self, source: Source) -> Pass:
        """The pass over an object that deals depend on; only what changed, never the whole."""
        if self.run.request.since is not None:
            return self.one_pass(source)
        cursor = self.cursors.get(watch_name(source.sobject))
        if cursor is None:
            start = Cursor(source.sobject, self.started, "")
            return Pass(source, start, full=False, started=self.started)
        return Pass(source, cursor, full=False, started=self.started, wide=self.wide)

    def _from(self, source: Source, cursor: Cursor | None) -> Pass:
        digest = self.run.rules.settings.evaluation_digest
        if self.run.request.full or (cursor is not None and cursor.rules != digest):
            cursor = None
        full = cursor is None or cursor.full
        return Pass(
            source,
            cursor,
            full=full,
            started=self.started,
            wide=self.wide,
            deleted=full and self._complete,
            transport=self.run.request.transport,
        )

    @property
    def _complete(self) -> bool:
        """Whether an earlier run has read every deal: only then can one have been deleted since."""
        return any(name.endswith(WATCHED) for name in self.cursors)
