"""Other people's programs read the ledger and the journal as sfsync writes them."""

from __future__ import annotations

import csv
import io
import json
import re
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.interop.conftest import found_program, program_of

if TYPE_CHECKING:
    from tests.interop.conftest import Books

ROOT = Path(__file__).parents[2]
VIEWS = (
    "invoices", "invoice_lines", "revenue", "customers_balance", "journal", "payments", "deals",
    "currency_unit",
)  # fmt: skip


def _sums(rows: list[dict[str, Any]], *keys: str, amount: str) -> dict[tuple[str, ...], int]:
    sums: dict[tuple[str, ...], int] = {}
    for row in rows:
        key = tuple(str(row[name]) for name in keys)
        sums[key] = sums.get(key, 0) + int(row[amount])
    return sums


def _balances(books: Books) -> dict[tuple[str, str], Decimal]:
    """What the trial balance says: account and currency to the balance."""
    rows = books.answer("journal", "trial-balance")
    return {(row["account"], row["currency"]): Decimal(row["balance"]) for row in rows}


@pytest.mark.long
@pytest.mark.parametrize("view", VIEWS)
def test_sqlite_utils_reads_every_view(books: Books, view: str) -> None:
    """Its rows come as CSV, and there is at least one."""
    text = program_of(found_program("sqlite-utils"), "rows", books.ledger, view, "--csv")
    assert len(list(csv.DictReader(io.StringIO(text)))) >= 1


def test_sqlite_utils_adds_up_to_the_trial_balance(books: Books) -> None:
    """The journal's minor units by account and currency are the balances of the program."""
    text = program_of(found_program("sqlite-utils"), books.ledger, "SELECT * FROM journal")
    exponents = {row["currency"]: row["exponent"] for row in json.loads(text)}
    sums = _sums(json.loads(text), "account", "currency", amount="amount_minor")
    assert _balances(books) == {
        key: Decimal(minor).scaleb(-exponents[key[1]]) for key, minor in sums.items()
    }


def test_sqlite_utils_cannot_change_what_is_posted(books: Books) -> None:
    """Its own connection is refused by the file itself."""
    program = found_program("sqlite-utils")
    for statement in ("DELETE FROM document", "UPDATE journal_line SET amount_minor = 1"):
        with pytest.raises(AssertionError, match="Error"):
            program_of(program, books.ledger, statement)


@pytest.mark.long
def test_datasette_serves_every_view_and_question(books: Books, tmp_path: Path) -> None:
    """With the metadata of the examples; its rows are as many as sfsync's own."""
    program = found_program("datasette")
    metadata = tmp_path / "datasette.yaml"
    example = (ROOT / "examples" / "datasette.yaml").read_text(encoding="utf-8")
    metadata.write_text(example.replace("\n  acme:", "\n  demo:"), encoding="utf-8")

    def get(path: str) -> Any:
        return json.loads(program_of(program, books.ledger, "--metadata", metadata, "--get", path))

    assert set(VIEWS) <= {view["name"] for view in get("/demo.json")["views"]}
    shown = get("/demo/invoices.json?_shape=array&_size=max")
    assert len(shown) == len(books.answer("invoice", "list"))
    months = get("/demo/revenue_by_month.json?_shape=array")
    posted = get("/demo/revenue.json?_shape=array&_size=max")
    assert _sums(months, "currency", amount="minor") == _sums(
        posted, "currency", amount="revenue_minor"
    )
    for name in re.findall(r"^      (\w+):\n        title:", example, re.MULTILINE):
        asked = f"/demo/{name}.json?_shape=array&day=2030-01-01&customer=C-0001&month=2026-01"
        assert isinstance(get(asked), list), name


@pytest.mark.long
def test_libreoffice_opens_the_workbook(books: Books, tmp_path: Path) -> None:
    """Saved by it as CSV, every invoice is there with its total as a number, and no formula is."""
    program = found_program("soffice")
    wanted = books.answer("invoice", "list", "--status", "posted")
    books.sfsync("export", "invoices", "--status", "posted", "-o", str(tmp_path / "posted.xlsx"))
    program_of(
        program, f"-env:UserInstallation=file://{tmp_path}/office", "--headless",
        "--convert-to", "csv:Text - txt - csv (StarCalc):44,34,76,1", "--outdir", tmp_path,
        tmp_path / "posted.xlsx",
    )  # fmt: skip
    with (tmp_path / "posted.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["Number"]: row for row in csv.DictReader(file)}
    for invoice in wanted:
        row = rows.pop(invoice["number"])
        assert Decimal(row["Total"].replace(",", "")) == Decimal(invoice["total"])
        name = invoice["customer"]["name"]
        assert row["Customer"] == name or not name.isprintable()
    assert all(not number.startswith("INV-") for number in rows)
