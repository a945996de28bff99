"""Writers that edit, post and take payments until they are killed: ``writers.py LEDGER COUNT``.

Each line on stdout is something that a person would have been told: it must not be lost.
"""

from __future__ import annotations

import os
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

from sfsync.ledger import open_ledger
from sfsync.ledger.editing import edit_draft
from sfsync.ledger.payments import PaymentOrder, add_payment
from sfsync.ledger.posting import post_invoice
from tests.ledger.ledger_books import RULES, TODAY

_DRAFTS = "SELECT draft FROM document WHERE status = 'draft' AND id % ? = ? ORDER BY id"


def tell(*words: str) -> None:
    """Acknowledge; one write of a short line is never mixed with those of others."""
    os.write(1, (" ".join(words) + "\n").encode())


def write(path: Path, writer: int, writers: int) -> None:
    """Edit, post and be paid for every draft that is this writer's."""
    order = PaymentOrder(Decimal("1.00"), date(2026, 11, 20))
    with open_ledger(path) as ledger:
        for (draft,) in ledger.rows(_DRAFTS, (writers, writer)):
            text = f"edited by {os.getpid()}"
            edit_draft(ledger, draft, {"description": text})
            tell("edited", draft, text)
            number = post_invoice(ledger, draft, RULES, today=TODAY).number
            tell("posted", draft, number)
            paid = add_payment(ledger, draft, order, RULES, today=TODAY)
            tell("paid", draft, paid.name)


def main() -> None:
    """Fork the writers and wait for them."""
    path, writers = Path(sys.argv[1]), int(sys.argv[2])
    tell("began")
    for writer in range(writers):
        if os.fork() == 0:
            try:
                write(path, writer, writers)
            finally:
                os._exit(0)
    for _ in range(writers):
        os.wait()


if __name__ == "__main__":
    main()
