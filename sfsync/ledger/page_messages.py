"""What a run and the process that writes its pages tell each other through their pipes."""

from __future__ import annotations

import copyreg
import io
import pickle
import struct
from dataclasses import fields
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from sfsync.ledger.model import (
    DraftCreate,
    InvoiceContent,
    LineContent,
    PageOfChanges,
    ProductKey,
    RecordOutcome,
    RememberedOpportunity,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import IO

    from sfsync.errors import SfsyncError


class WritersTask(NamedTuple):
    """What the process is started for."""

    path: str
    actor: str
    run_id: int


class PageToWrite(NamedTuple):
    """A packed page, the time, and the events it was decided after.

    `own` is the audit chain's head after the run's own last page, `seen` the head when the page was
    decided.
    """

    parts: dict[str, bytes]
    now: str
    own: int
    seen: int


class Trouble(NamedTuple):
    """An error of the process, for the run to raise; a defect has no kind, its message a trace."""

    kind: type[SfsyncError] | None
    message: str
    code: str = ""
    fix: str = ""


class Reply(NamedTuple):
    """The chain's head, and whether the page was written or came too late; or what went wrong."""

    head: int
    written: bool
    trouble: Trouble | None = None


_LENGTH = struct.Struct("!Q")

_PARTS = tuple(one.name for one in fields(PageOfChanges))


def _by_fields(cls: type[DraftCreate | InvoiceContent]) -> Callable[[Any], tuple[Any, ...]]:
    """How to pickle a frozen dataclass in fewer steps of Python than by pickle's own way."""
    values = attrgetter(*(one.name for one in fields(cls)))
    return lambda one: (cls, values(one))


def _as_made(cls: type[tuple[Any, ...]]) -> Callable[[Any], tuple[Any, ...]]:
    """How to pickle a NamedTuple at half the cost of pickle's own way."""
    return lambda one: (tuple.__new__, (cls, tuple(one)))


_REDUCED: dict[type, Any] = {
    **copyreg.dispatch_table,
    MappingProxyType: lambda mapping: (dict, (dict(mapping),)),
    **{one: _by_fields(one) for one in (InvoiceContent, DraftCreate)},
    **{
        one: _as_made(one)
        for one in (LineContent, ProductKey, RecordOutcome, RememberedOpportunity)
    },
}
"""What pickle does with these by itself is slow, or nothing."""


def packed(page: PageOfChanges) -> dict[str, bytes]:
    """A page's fields, each pickled by itself: together they take a third longer."""
    return {name: _pickled(getattr(page, name)) for name in _PARTS}


def unpacked(parts: Mapping[str, bytes]) -> PageOfChanges:
    """The page that was packed."""
    return PageOfChanges(**{name: pickle.loads(part) for name, part in parts.items()})  # noqa: S301 - as below


def _pickled(part: object) -> bytes:
    body = io.BytesIO()
    pickler = pickle.Pickler(body, pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = _REDUCED
    pickler.dump(part)
    return body.getvalue()


def send_message(stream: IO[bytes], message: object) -> None:
    """Send one message through a pipe."""
    body = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    # The length first: who receives it then takes it off the pipe at once, and unpacks it later.
    stream.write(_LENGTH.pack(len(body)))
    stream.write(body)
    stream.flush()


def next_message(stream: IO[bytes]) -> Any:  # noqa: ANN401 - whatever was sent
    """The next message of a pipe.

    Raises:
        EOFError: there is none, or its end is missing.
    """
    head = stream.read(_LENGTH.size)
    length = _LENGTH.unpack(head)[0] if len(head) == _LENGTH.size else 0
    body = stream.read(length)
    if not length or len(body) < length:
        raise EOFError
    return pickle.loads(body)  # noqa: S301 - from our own process
