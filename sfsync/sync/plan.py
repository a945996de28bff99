"""What a sync would do, without doing it: the very same run, against a copy that is thrown away.

The copy is made by SQLite's own backup from a read-only connection, so the ledger's bytes stay as
they are, and what the plan lists is what the next run does as long as Salesforce does not change.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from sfsync.ledger import open_ledger
from sfsync.ledger.scratch import scratch_copy
from sfsync.sync.engine import run_sync
from sfsync.sync.run import PLAN, SyncRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sfsync.config.settings import Settings
    from sfsync.ledger import Ledger
    from sfsync.salesforce import Org
    from sfsync.sync.run import Progress


@contextmanager
def planned(
    org: Org,
    ledger_path: Path,
    settings: Settings,
    request: SyncRequest | None = None,
    *,
    progress: Progress | None = None,
    warn: Callable[[str], None] = lambda _: None,
) -> Iterator[tuple[Ledger, int]]:
    """The ledger as it would be after the sync, and the number of the run in it.

    Everything that can be asked of a run (its records, its drafts) can be asked of this copy until
    the block ends; then it is deleted.

    Raises:
        SfsyncError: as `run_sync`, of which this is a rehearsal.
    """
    asked = replace(request or SyncRequest(), trigger=PLAN)
    demo = org.identity.is_demo
    with (
        scratch_copy(ledger_path, demo=demo) as path,
        open_ledger(path, demo=demo) as ledger,
    ):
        yield ledger, run_sync(org, ledger, settings, asked, progress=progress, warn=warn)
