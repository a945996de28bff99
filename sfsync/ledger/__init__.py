"""One SQLite file: customers, invoices, journal, audit, history; the state machine."""

from sfsync.ledger.connection import Ledger, open_ledger, open_ledger_read_only

__all__ = ["Ledger", "open_ledger", "open_ledger_read_only"]
