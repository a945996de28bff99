"""Document numbers: one series per template and year, taken when posting, without gaps."""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from sfsync.ledger.connection import Ledger

_SEQUENCE = re.compile(r"\{seq(?::0?(\d+))?\}")


@dataclass(frozen=True, slots=True)
class NextNumber:
    """The number that the next document of a series gets; `series_id` None for a new series."""

    series_key: str
    series_id: int | None
    sequence: int
    number: str


def series_key(template: str, day: date) -> str:
    """The series of a document dated `day`: the template with all but its counter filled in."""
    return template.replace("{year}", f"{day.year:04}").replace("{month}", f"{day.month:02}")


def next_number(
    ledger: Ledger,
    template: str,
    day: date,
    first: int,
    promised: Mapping[str, int] = MappingProxyType({}),
) -> NextNumber:
    """What the series would give next; nothing is taken.

    Args:
        ledger: the ledger.
        template: ``INV-{year}-{seq:05}``.
        day: the document's date.
        first: where a series that is new begins.
        promised: how many numbers of a series, by its key, are as good as given.
    """
    key = series_key(template, day)
    row = ledger.row("SELECT id, next FROM number_series WHERE key = ?", (key,))
    series_id, sequence = row or (None, first)
    sequence += promised.get(key, 0)
    return NextNumber(key, series_id, sequence, _fill(key, sequence))


def _fill(key: str, sequence: int) -> str:
    return _SEQUENCE.sub(lambda found: f"{sequence:0{found[1] or 1}d}", key)


def dated_later(ledger: Ledger, template: str, day: date) -> str | None:
    """The number that the series gave last, where its document is dated after `day`.

    A number given now would not follow the dates: that is allowed, and worth a word.
    """
    row = ledger.row(
        "SELECT d.number FROM number_series s"
        " JOIN document d ON d.series_id = s.id AND d.sequence = s.next - 1"
        " WHERE s.key = ? AND d.document_date > ?",
        (series_key(template, day), day.isoformat()),
    )
    return None if row is None else str(row[0])


def series_of(ledger: Ledger, number: NextNumber) -> int:
    """The id of the number's series, begun if it is new.

    The counter is moved by the schema itself when a document becomes posted, so that no number is
    taken without a document; BEGIN IMMEDIATE keeps other processes away until then.
    """
    if number.series_id is not None:
        return number.series_id
    return ledger.insert(
        "INSERT INTO number_series (key, first, next) VALUES (?, ?, ?)",
        (number.series_key, number.sequence, number.sequence),
    )
