"""Joins org and ledger: gather, decide, apply.

`run_sync` is the one run; `planned` rehearses it on a copy of the ledger.
"""

from sfsync.sync.engine import run_sync
from sfsync.sync.failures import FAILURE_KINDS
from sfsync.sync.filters import SKIP_REASONS
from sfsync.sync.plan import planned
from sfsync.sync.reader import Transport
from sfsync.sync.run import OBJECTS, Progress, Silence, SyncRequest

__all__ = [
    "FAILURE_KINDS",
    "OBJECTS",
    "SKIP_REASONS",
    "Progress",
    "Silence",
    "SyncRequest",
    "Transport",
    "planned",
    "run_sync",
]
