"""One run from start to finish: prepare, accounts, contacts, opportunities, and its history.

Cron, watch, retry and resync are ways of starting this run, not other runs.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sfsync.ledger import history, pages
from sfsync.ledger.auto_posting import Rails, auto_post
from sfsync.ledger.model import RunStart
from sfsync.ledger.posting_choices import posting_rules
from sfsync.sync.ending import kept_however_it_ends
from sfsync.sync.pass_planner import PassPlanner
from sfsync.sync.passes import apply_deals, sync_accounts, sync_contacts, sync_opportunities
from sfsync.sync.preflight import prepare
from sfsync.sync.run import PLAN, Run, Silence, SyncRequest, rare_collections
from sfsync.sync.touched import dependencies, first_watches, note_touched_deals

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sfsync.config.settings import Settings
    from sfsync.ledger import Ledger
    from sfsync.salesforce import Org
    from sfsync.sync.preflight import Prepared
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
    edited = _rules_changed(ledger, settings)
    # Some deals by name are just these: the others wait for a whole run.
    changed = edited and not request.opportunity_ids
    start = _start(org, settings, request, clock(), changed=changed)
    run_id = history.start_run(ledger, start)
    _log.log(_level(request), "run %d (%s)", run_id, request.trigger, extra={"run": run_id})
    with (
        kept_however_it_ends(run_id, org, ledger, clock, level=_level(request)) as tally,
        rare_collections(),
    ):
        newest = _newest(ledger)
        prepared = prepare(org, settings, clock(), probe=changed or newest is None)
        for warning in prepared.warnings:
            warn(warning)
        run = Run(
            run_id=run_id,
            org=org,
            ledger=ledger,
            rules=replace(
                prepared.rules,
                changed=edited,
                named=bool(request.opportunity_ids),
                resync=request.resync,
                newest=newest,
            ),
            progress=progress or Silence(),
            request=request,
            tally=tally,
        )
        _passes(run, prepared, clock())
        _post_by_itself(run, clock())
    return run_id


def _level(request: SyncRequest) -> int:
    """A rehearsal is no event."""
    return logging.DEBUG if request.trigger == PLAN else logging.INFO


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


def _newest(ledger: Ledger) -> str | None:
    """The latest stamp of a deal that earlier runs have read; None before the first one."""
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
    today = settings.schedule.day_of(now)
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
        note_touched_deals(run, passes, but=read)
    # Also those that a person's work in the ledger (linked, merged, ignored) may decide anew.
    read_deals(run, prepared, pages.opportunities_to_recheck(run.ledger))


def read_deals(run: Run, prepared: Prepared, ids: Sequence[str]) -> None:
    """Just these deals, by id; cursors stay where they are."""
    for page in prepared.deals.opportunities.by_ids(ids):
        apply_deals(run, page.records, prepared.deals, None)
