from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

if TYPE_CHECKING:
    from tests.cli.command_line import Sfsync


@pytest.fixture
def invoice(books: Sfsync) -> dict[str, Any]:
    """A posted invoice of the demo."""
    done = books("invoice", "post", "D-000001", "--json")
    posted = done.document["result"]["posted"][0]
    assert isinstance(posted, dict)
    return posted


def _pay(books: Sfsync, invoice: dict[str, Any], amount: str, *more: str) -> Any:
    return books(
        "payment", "add", invoice["number"], "--amount", amount, "--date",
        invoice["posting_date"], "--json", *more,
    )  # fmt: skip


def test_a_payment_changes_balance_and_status(books: Sfsync, invoice: dict[str, Any]) -> None:
    """What is paid shows in the answer, in the invoice, in its list and in the payment list."""
    done = _pay(books, invoice, "1000", "--method", "wire", "--reference", "WT 1")
    assert done.status == 0
    result = done.document["result"]
    assert (result["payment"], result["amount"], result["status"]) == (
        "P-000001", "1000.00", "recorded",
    )  # fmt: skip
    assert [line["account"] for line in result["journal"]] == ["1000", "1200"]
    shown = books("invoice", "show", invoice["number"], "--json").document["result"]
    assert shown["balance"] == result["balance"] != shown["total"]
    assert shown["status"] == "posted"
    assert shown["payments"][0]["payment"] == "P-000001"
    rest = _pay(books, invoice, result["balance"])
    assert rest.document["result"]["balance"] == "0.00"
    listed = books("invoice", "list", "--status", "paid", "--json").document["result"]
    assert [(one["number"], one["payment_status"]) for one in listed] == [
        (invoice["number"], "paid")
    ]
    assert books("invoice", "list", "--status", "open", "--json").document["result"] == []
    assert "paid" in books("invoice", "list", "--status", "posted", terminal=True).out
    payments = books("payment", "list", "--invoice", invoice["number"]).out.splitlines()
    assert [line.split("\t")[0] for line in payments] == ["P-000001", "P-000002"]
    trail = books("audit", "list", "--what", invoice["number"], "--action", "payment", "--json")
    assert [one["action"] for one in trail.document["result"]] == ["payment.add"] * 2
    assert books("db", "verify").status == 0


def test_payments_answer_with_their_exit_codes(books: Sfsync, invoice: dict[str, Any]) -> None:
    """Too much is 11, another order under a used key 2, the same one the same answer."""
    assert _pay(books, invoice, "99999999").status == 11
    assert _pay(books, invoice, "abc").status == _pay(books, invoice, "1e3").status == 2
    assert books("payment", "add", "X-1", "--amount", "1", "--date", "2026-01-01").status == 9
    first = _pay(books, invoice, "5", "--idempotency-key", "k")
    assert _pay(books, invoice, "5.00", "--idempotency-key", "k").out == first.out
    other = _pay(books, invoice, "6", "--idempotency-key", "k")
    assert (other.status, other.document["error"]["code"]) == (2, "idempotency-key-reused")
    reverse = books("invoice", "reverse", invoice["number"], "--reason", "x", "--yes", "--json")
    assert (reverse.status, reverse.document["error"]["code"]) == (11, "has-payments")


def test_a_payment_without_a_day_arrived_today(books: Sfsync, invoice: dict[str, Any]) -> None:
    """Today is the company's; said again tomorrow under its key it is the same payment still."""
    words = ("payment", "add", invoice["number"], "--amount", "5", "--json")
    config = Path("mappings.yaml")
    text = config.read_text(encoding="utf-8")
    config.write_text(
        re.sub(r"time_zone: .*", "time_zone: Pacific/Kiritimati", text), encoding="utf-8"
    )
    done = books(*words)
    today = datetime.now(ZoneInfo("Pacific/Kiritimati")).date().isoformat()
    assert done.document["result"]["date"] == today
    config.write_text(text, encoding="utf-8")
    earlier = _pay(books, invoice, "7", "--idempotency-key", "k").document["result"]
    again = books(*words[:4], "7", "--idempotency-key", "k", "--json")
    assert again.document["result"] == earlier


def test_a_payment_is_voided(books: Sfsync, invoice: dict[str, Any]) -> None:
    """A void names the payment and its reason; the invoice is owed again, and can be reversed."""
    _pay(books, invoice, "5")
    done = books("payment", "void", "P-000001", "--reason", "bounced", terminal=True)
    assert done.status == 0
    assert "Voided P-000001: 5.00 USD is owed again on INV-" in done.out
    row = books("payment", "list", "--status", "voided", "--json").document["result"][0]
    assert (row["status"], row["void_reason"]) == ("voided", "bounced")
    assert books("payment", "void", "P-000001", "--reason", "again").status == 11
    assert books("invoice", "reverse", invoice["number"], "--reason", "x", "--yes").status == 0
    assert books("db", "verify").status == 0


@pytest.mark.parametrize(
    "argv",
    [
        ("invoice", "post", "D-000002"),
        ("invoice", "reverse", "INV-2026-00001", "--reason", "x", "-y"),
        ("payment", "add", "INV-2026-00001", "--amount", "5"),
        ("payment", "void", "P-000001"),
    ],
    ids=lambda argv: " ".join(argv[:2]),
)
def test_a_slip_in_the_year_is_not_booked(books: Sfsync, argv: tuple[str, ...]) -> None:
    """What is dated in another millennium would stay so for good."""
    assert books("invoice", "post", "D-000001").status == 0
    done = books(*argv, "--date", "1026-11-01", "--json")
    assert (done.status, done.document["error"]["code"]) == (2, "invalid-date")
    assert "1026-11-01 is before all books" in done.document["error"]["message"]
