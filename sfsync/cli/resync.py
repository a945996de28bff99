"""`sfsync invoice resync`: one deal again, although nothing changed in Salesforce."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sfsync.cli.context import Context


def resync_deal(context: Context, reference: str) -> None:
    """Run a sync of the deal behind a document; a removed invoice gets a new, linked draft."""
    from sfsync.cli.orgs import open_org_for  # noqa: PLC0415 - start-up time
    from sfsync.cli.sync import answer_run, name_missing  # noqa: PLC0415 - as above
    from sfsync.ledger.lock import run_lock  # noqa: PLC0415 - as above
    from sfsync.ledger.opportunities import find_opportunity  # noqa: PLC0415 - as above
    from sfsync.sync import SyncRequest, run_sync  # noqa: PLC0415 - as above

    settings = context.settings()
    with context.open_ledger() as ledger:
        asked = SyncRequest(
            trigger="resync", opportunity_ids=(find_opportunity(ledger, reference),), resync=True
        )
        with open_org_for(context, settings) as org, run_lock(context.ledger_path()):
            run_id = run_sync(org, ledger, settings, asked, warn=context.warn)
        name_missing(context, ledger, run_id, asked)
        answer_run(context, ledger, run_id, schema="invoice_resync")
