"""The books at size: posting many drafts at once, and verifying a large ledger.

    python -m benchmarks.books post --drafts 10000
    python -m benchmarks.books verify --invoices 100000

Every invoice has three lines over two revenue accounts. For `verify` all are posted, one in fifty
is paid, one in five hundred reversed. Figures are wall-clock seconds in one process, with those of
its processor time (not that of the second process of `db verify`), each beside its limit.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from sfsync.ledger import open_ledger, open_ledger_read_only
from sfsync.ledger.invariants import check_ledger, check_trail
from sfsync.ledger.payments import PaymentOrder, add_payment
from sfsync.ledger.posting import post_many
from sfsync.ledger.removal import reverse_invoice
from tests.ledger.ledger_books import NOW, RULES, TODAY, content, fill, line, new_ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PAID, REVERSED = 50, 500
LIMITS = {"post": 10.0, "audit verify": 5.0, "db verify": 5.0}


def timed(name: str, work: Callable[[], object]) -> float:
    """Run something; print and return its seconds."""
    began, used = time.perf_counter(), time.process_time()
    work()
    seconds, used = time.perf_counter() - began, time.process_time() - used
    limit = LIMITS.get(name)
    beside = f"   limit {limit:.0f} s" if limit else ""
    print(f"{name:<16} {seconds:7.2f} s   {used:6.2f} s of processor{beside}", flush=True)
    return seconds


def build(path: Path, drafts: int) -> list[str]:
    """A ledger with so many drafts of three lines."""
    body = content(line(10_000), line(5_000), line(2_500, "Implementation"))
    with new_ledger(path) as ledger:
        return fill(ledger, drafts, body)


def post(path: Path, drafts: list[str]) -> None:
    """Post them all; their numbers have no gap."""
    with open_ledger(path, clock=lambda: NOW) as ledger:
        for _ in post_many(ledger, drafts, RULES, today=TODAY):
            pass
        row = ledger.row("SELECT count(*), min(sequence), max(sequence) FROM document")
        if row != (len(drafts), 1, len(drafts)):
            sys.exit(f"the numbers are not contiguous: {row}")


def pay_and_reverse(path: Path, drafts: list[str]) -> None:
    """What happens to posted invoices in the course of time."""
    order = PaymentOrder(Decimal(175), date(2026, 11, 20))
    with open_ledger(path, clock=lambda: NOW) as ledger:
        for draft in drafts[::PAID]:
            add_payment(ledger, draft, order, RULES, today=TODAY)
        for draft in drafts[1::REVERSED]:
            reverse_invoice(ledger, draft, RULES, reason="benchmark", today=TODAY)


def verify(path: Path) -> bool:
    """Time both verifications, each part of the second as well."""
    with open_ledger_read_only(path) as ledger:
        chain = timed("audit verify", lambda: require_none(check_trail(ledger)))
        whole = timed("db verify", lambda: require_none(check_ledger(ledger)))
    return chain <= LIMITS["audit verify"] and whole <= LIMITS["db verify"]


def require_none(findings: Sequence[object]) -> None:
    """Stop when a sound ledger is called unsound."""
    if findings:
        sys.exit(f"findings: {findings[:5]}")


def main() -> None:
    """Parse, build, time; exit 1 beyond a limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mode", choices=("post", "verify"))
    parser.add_argument("--drafts", type=int, default=10_000)
    parser.add_argument("--invoices", type=int, default=100_000)
    parser.add_argument("--ledger", type=Path, help="keep the ledger here, or use it again")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = given.ledger or Path(folder) / "ledger.db"
        if given.mode == "post":
            drafts = build(path, given.drafts)
            within = timed("post", lambda: post(path, drafts)) <= LIMITS["post"]
        else:
            if not path.exists():
                made: list[str] = []
                timed("build", lambda: made.extend(build(path, given.invoices)))
                timed("posting", lambda: post(path, made))
                timed("pay, reverse", lambda: pay_and_reverse(path, made))
            within = verify(path)
    sys.exit(0 if within else 1)


if __name__ == "__main__":
    main()
