"""How a sync shows that it goes on: bars on a terminal, a line per phase elsewhere."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from sfsync.cli.context import Context
    from sfsync.sync.run import Progress

_NAMES = {"Account": "accounts", "Contact": "contacts", "Opportunity": "opportunities"}


@contextmanager
def sync_progress(context: Context) -> Iterator[Progress]:
    """The progress of one sync, as this terminal (or pipe) wants it."""
    from sfsync.sync.run import Silence  # noqa: PLC0415 - start-up time

    if context.flags.quiet or context.json:
        yield Silence()
    elif context.err.is_terminal:
        with _bars(context) as bars:
            yield _BarProgress(bars)
    else:
        lines = _LineProgress(context)
        yield lines
        lines.finish()


@contextmanager
def _bars(context: Context) -> Iterator[Bars]:
    from rich.progress import (  # noqa: PLC0415 - start-up time
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
    )

    columns = (
        TextColumn("Read {task.description:<14}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=context.err) as bars:
        yield bars


class _BarProgress:
    """One bar per object."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._task: TaskID | None = None

    def phase(self, name: str, total: int | None) -> None:
        """Start the object's bar."""
        self._task = self._bars.add_task(_NAMES.get(name, name), total=total)

    def advance(self, records: int) -> None:
        """Move the bar."""
        if self._task is not None:
            self._bars.advance(self._task, records)


class _LineProgress:
    """One line on stderr when an object has been read."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._name: str | None = None
        self._read = 0

    def phase(self, name: str, total: int | None) -> None:
        """Report the object before, and begin to count anew."""
        del total
        self.finish()
        self._name, self._read = _NAMES.get(name, name), 0

    def advance(self, records: int) -> None:
        """Count."""
        self._read += records

    def finish(self) -> None:
        """Report the object that was being read."""
        if self._name is not None:
            self._context.note(
                f"{datetime.now().astimezone():%H:%M:%S} {self._name} {self._read} read"
            )
            self._name = None
