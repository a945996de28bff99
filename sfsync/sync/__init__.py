"""Joins org and ledger: gather, decide, apply."""
