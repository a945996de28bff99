"""Rows by the million: handed on one by one, and put aside in a file where they have to wait."""

from __future__ import annotations

import heapq
import json
import os
from contextlib import suppress
from itertools import islice
from typing import IO, TYPE_CHECKING, Any

from sfsync.errors import SfsyncError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

MOST_HELD = 20_000
"""So many rows stay in memory; what comes after them waits in a file."""


class Rows:
    """The rows of a list, handed out once; `count` says how many have been.

    A cursor's rows have to be taken while its ledger is open.
    """

    def __init__(self, rows: Iterable[Any]) -> None:
        self.count = 0
        self._rows = self.counting(rows)

    def __iter__(self) -> Iterator[Any]:
        return self._rows

    def counting(self, rows: Iterable[Any]) -> Iterator[Any]:
        """Another view of the same rows; whichever is taken counts."""
        for row in rows:
            self.count += 1
            yield row


class NoRoomError(SfsyncError):
    """What has to wait finds no room in the folder for temporary files."""


class KeptRows:
    """JSON values put aside, to be read as often as wanted: in memory while they are few."""

    def __init__(self, rows: Iterable[Any] = ()) -> None:
        self._held: list[Any] = []
        self._file: IO[str] | None = None
        self._written = 0
        for row in rows:
            self.add(row)

    def __del__(self) -> None:
        # What could not be written is not wanted any more.
        with suppress(OSError):
            if self._file is not None:
                self._file.close()

    def add(self, row: Any) -> None:  # noqa: ANN401 - any JSON value
        """Put one more behind the others.

        Raises:
            NoRoomError: the folder for temporary files takes no more.
        """
        self._held.append(row)
        if len(self._held) == MOST_HELD:
            self._write_held()

    def __len__(self) -> int:
        return self._written + len(self._held)

    def __iter__(self) -> Iterator[Any]:
        if self._file is not None:
            self._file.seek(0)
            yield from map(json.loads, self._file)
        yield from self._held

    def _write_held(self) -> None:
        import tempfile  # noqa: PLC0415 - start-up time

        try:
            if self._file is None:
                # It has no name, and is gone with the process.
                self._file = tempfile.TemporaryFile("w+", encoding="ascii")  # noqa: SIM115 - as long as we live
            self._file.seek(0, os.SEEK_END)
            self._file.writelines(f"{json.dumps(row)}\n" for row in self._held)
            self._file.flush()
        except OSError as trouble:
            raise NoRoomError(
                f"{tempfile.tempdir or 'No folder'} has no room for the rows that wait:"
                f" {trouble.strerror}",
                code="no-room",
                fix="name a folder with room in TMPDIR",
            ) from trouble
        self._written += len(self._held)
        self._held.clear()


class SortedRows:
    """JSON objects in an order, however many; read as often as wanted.

    Args:
        rows: taken at once; `total` counts them.
        key: what they are sorted by; of equals the first stays first.
        limit: how many are handed out.
    """

    def __init__(
        self, rows: Iterable[Any], key: Callable[[Any], Any], limit: int | None = None
    ) -> None:
        self._key = key
        self._parts: list[KeptRows] = []
        found = iter(rows)
        while part := sorted(islice(found, MOST_HELD), key=key):
            self._parts.append(KeptRows(part))
        self.total = sum(map(len, self._parts))
        self._limit = self.total if limit is None else min(self.total, limit)

    def __len__(self) -> int:
        return self._limit

    def __iter__(self) -> Iterator[Any]:
        return islice(heapq.merge(*self._parts, key=self._key), self._limit)

    def __contains__(self, row: object) -> bool:
        return any(row == one for one in self)


class Descending:
    """A part of a key that sorts the other way round."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:  # noqa: ANN401 - whatever has an order
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Descending) and self.value == other.value

    def __hash__(self) -> int:
        return hash(self.value)

    def __lt__(self, other: Descending) -> bool:
        return bool(other.value < self.value)
