"""One SQLite file: customers, invoices, journal, audit, history; the state machine."""
