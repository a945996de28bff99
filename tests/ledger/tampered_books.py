"""A ledger with something of everything, and copies of it in which somebody has been at work."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from sfsync.ledger import open_ledger_read_only
from sfsync.ledger.chart import close_period
from sfsync.ledger.invariants import check_ledger
from sfsync.ledger.payments import PaymentOrder, add_payment, void_payment
from sfsync.ledger.posting import post_invoice
from sfsync.ledger.removal import delete_draft, reverse_invoice
from tests.ledger.ledger_books import RULES, TODAY, content, fill, line, new_ledger

if TYPE_CHECKING:
    from pathlib import Path


def fill_with_everything(path: Path) -> None:
    """Invoice 1 is paid twice, once voided; 2 is reversed by 7; 3 deleted; 4 posted; 5 a draft.

    The books are closed through September; 6 is posted after that.
    """
    body = content(line(10_000, properties={"a": "b"}), line(5_000, "Implementation"))
    with new_ledger(path) as ledger:
        fill(ledger, 6, body)
        for number in (1, 2, 4):
            post_invoice(ledger, f"D-{number:06d}", RULES, today=TODAY)
        for key in ("a", "b"):
            order = PaymentOrder(Decimal(5), date(2026, 11, 20), None, "wire", f"WT {key}", key)
            add_payment(ledger, "D-000001", order, RULES, today=TODAY)
        void_payment(ledger, "P-2", RULES, reason="bounced", today=TODAY)
        reverse_invoice(ledger, "D-000002", RULES, reason="wrong", today=TODAY)
        delete_draft(ledger, "D-000003", "duplicate")
        close_period(ledger, date(2026, 9, 30))
        post_invoice(ledger, "D-000006", RULES, today=TODAY)
        assert check_ledger(ledger) == []


def tampered(books: Path, script: str) -> Path:
    """A copy in which a script ran without triggers, checks or keys; the triggers are back."""
    copy = books.with_name("tampered.db")
    shutil.copyfile(books, copy)
    copy.chmod(0o600)
    with closing(sqlite3.connect(copy, isolation_level=None)) as plain:
        plain.execute("PRAGMA synchronous = OFF")
        plain.execute("PRAGMA ignore_check_constraints = ON")
        triggers = plain.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall()
        for name, _ in triggers:
            plain.execute(f"DROP TRIGGER {name}")
        before = plain.total_changes, plain.execute("PRAGMA schema_version").fetchone()
        plain.executescript(script)
        after = plain.total_changes, plain.execute("PRAGMA schema_version").fetchone()
        assert after != before, "the script changed nothing"
        for _, sql in triggers:
            plain.execute(sql)
    return copy


def codes_found(copy: Path) -> set[str]:
    """The codes of what the checks find."""
    with open_ledger_read_only(copy) as ledger:
        return {finding.code for finding in check_ledger(ledger)}
