"""Filters that can let nothing through: said, where an empty list would read as an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.command_line import Sfsync

AMOUNTS = ("--min", "10", "--max", "9.99")
DAYS = ("--from", "2026-10-02", "--to", "2026-10-01")


@pytest.mark.parametrize(
    ("command", "crossed"),
    [
        ("invoice list", AMOUNTS),
        ("invoice list", DAYS),
        ("invoice post --all --yes", AMOUNTS),
        ("invoice delete --all --yes", DAYS),
        ("export lines --format csv", AMOUNTS),
        ("report revenue", DAYS),
        ("report pipeline", AMOUNTS),
        ("opportunity list", DAYS),
        ("payment list", AMOUNTS),
        ("journal list", DAYS),
        ("journal export --format csv", DAYS),
    ],
)
def test_bounds_that_cross_are_wrong_usage(
    books: Sfsync, command: str, crossed: tuple[str, ...]
) -> None:
    """Nothing lies between them, so nobody can mean it; where they meet, something may lie."""
    done = books(*command.split(), *crossed, "--json")
    assert (done.status, done.document["error"]["code"]) == (2, "empty-range")
    met = (crossed[0], crossed[3], crossed[2], crossed[3])
    assert books(*command.split(), *met).status == 0


@pytest.mark.parametrize(
    "command",
    ["invoice list", "invoice post --all --yes", "export invoices --format csv", "report aging"],
)
def test_a_property_that_nothing_has_is_warned_of(books: Sfsync, command: str) -> None:
    """It is probably misspelt; a value that no invoice has is an answer."""
    unknown = books(*command.split(), "--property", "cost_centre=P-1001")
    assert unknown.status == 0
    assert "'cost_centre'; there are: cost_center, department" in unknown.err
    assert "there are" not in books(*command.split(), "--property", "cost_center=P-0").err
    warned = books("invoice", "list", "--property", "cost_centre=P-1001", "--json").document
    assert (warned["result"], len(warned["warnings"])) == ([], 1)


@pytest.mark.parametrize(
    ("command", "option"),
    [
        ("invoice post --all --yes", "--customer"),
        ("invoice delete --all --yes", "--rep"),
        ("invoice list", "--region"),
        ("export lines --format csv", "--customer"),
        ("report revenue", "--rep"),
        ("report pipeline", "--customer"),
        ("opportunity list", "--stage"),
        ("payment list", "--invoice"),
        ("payment add INV-2026-00001 --amount 5", "--idempotency-key"),
        ("payment add INV-2026-00001 --amount 5", "--currency"),
        ("journal list", "--account"),
        ("journal export --format csv", "--customer"),
        ("contact list", "--customer"),
    ],
)
def test_an_empty_text_is_not_taken_for_no_filter(books: Sfsync, command: str, option: str) -> None:
    """The variable of a script that was not set must not choose everything."""
    for empty in ("", " "):
        done = books(*command.split(), option, empty, "--json")
        assert done.status == 2
        assert done.document["error"]["message"] == f"{option} is empty"
