"""Records that have failed and have not succeeded since, and which of them are given up on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfsync.ledger.connection import Ledger

MAX_TRIES = 10
"""So many runs try a record that fails alike and does not change; then it is given up on."""


@dataclass(frozen=True, slots=True)
class OpenFailure:
    """A record that failed and has not succeeded since.

    `tries` counts the runs that failed alike since the record last changed in Salesforce.
    """

    sobject: str
    salesforce_id: str
    name: str
    code: str
    message: str | None
    fix: str | None
    source_field: str | None
    target: str | None
    first_run: int
    last_run: int
    tries: int

    @property
    def dead(self) -> bool:
        """Whether it is given up on: not tried again until it changes or somebody names it."""
        return self.tries >= MAX_TRIES


def open_failures(ledger: Ledger, *, dead: bool | None = False) -> list[OpenFailure]:
    """All that `each_open_failure` tells."""
    return list(each_open_failure(ledger, dead=dead))


def each_open_failure(ledger: Ledger, *, dead: bool | None = False) -> Iterator[OpenFailure]:
    """The failures that are open.

    Args:
        ledger: the ledger.
        dead: false leaves out those that are given up on, true asks for just these, None for all.
    """
    return (
        OpenFailure(*row)
        for row in ledger.each(
            "SELECT sobject, salesforce_id, name, code, message, fix, source_field, target,"
            " first_run, last_run, tries FROM failure"
            " WHERE :dead IS NULL OR (tries >= :most) = :dead ORDER BY sobject, salesforce_id",
            {"dead": dead, "most": MAX_TRIES},
        )
    )
