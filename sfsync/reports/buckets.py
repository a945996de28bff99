"""Spans of days past due: what `report aging` sorts by."""

from __future__ import annotations

from dataclasses import dataclass

from sfsync.errors import UsageError

DEFAULT_EDGES = (30, 60, 90)
_MOST_DAYS = 3650


@dataclass(frozen=True, slots=True)
class Buckets:
    """Spans of days past due that end at `edges`; before the first one, what is not due."""

    edges: tuple[int, ...] = DEFAULT_EDGES

    @property
    def keys(self) -> tuple[str, ...]:
        """Their names in a row: ``not_due``, ``days_1_30``, …, ``days_over_90``."""
        firsts = [1, *(edge + 1 for edge in self.edges)]
        spans = [f"days_{a}_{b}" for a, b in zip(firsts, self.edges, strict=False)]
        return ("not_due", *spans, f"days_over_{self.edges[-1]}")

    def of(self, days: int) -> str:
        """The bucket of something that was due so many days ago; due today is not due."""
        if days < 1:
            return "not_due"
        place = sum(days > edge for edge in self.edges)
        return self.keys[place + 1]


def parse_buckets(text: str | None) -> Buckets:
    """Read ``30,60,90``.

    Raises:
        UsageError: not whole numbers of days that grow.
    """
    if text is None:
        return Buckets()
    words = [word.strip() for word in text.split(",")]
    edges = tuple(int(word) for word in words if word.isascii() and word.isdecimal())
    growing = all(a < b for a, b in zip((0, *edges), edges, strict=False))
    if len(edges) != len(words) or not growing or edges[-1] > _MOST_DAYS:
        raise UsageError(
            f"--buckets takes numbers of days that grow, not '{text}'",
            code="invalid-buckets",
            fix="write e.g. --buckets 30,60,90",
        )
    return Buckets(edges)
