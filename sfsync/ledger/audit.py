"""The audit trail: append-only events, each hashed together with the hash before it."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfsync.errors import UsageError
from sfsync.ledger.canonical import json_writer
from sfsync.ledger.many import ids_json
from sfsync.ledger.model import canonical_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sfsync.ledger.connection import Ledger

_event_json = json_writer(sort_keys=False, ascii_only=True)
_COLUMNS = "seq, at, run_id, actor, action, entity, before, after, reason, prev_hash, hash"
_SHOWN = "seq, at, run_id, actor, action, entity, before, after, reason, hash"
_HEAD = re.compile(r"0:|[1-9][0-9]*:[0-9]+\$[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change: what was done to what, with the values before and after as JSON types.

    `action` is ``invoice.post``, `entity` what people call it: ``D-000131``, ``C-0007``.
    """

    action: str
    entity: str
    before: object = None
    after: object = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """A stored event."""

    seq: int
    at: str
    run: int | None
    actor: str
    action: str
    entity: str
    before: Any
    after: Any
    reason: str | None
    hash: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in the ledger that must not be; `code` names the check, kebab-case."""

    code: str
    entity: str
    message: str


def before_and_after(
    changes: Mapping[str, tuple[object, object]],
) -> tuple[dict[str, object], dict[str, object]]:
    """Split ``{field: (before, after)}`` into the two halves that an audit event has."""
    before = {name: pair[0] for name, pair in changes.items()}
    return before, {name: pair[1] for name, pair in changes.items()}


def require_reason(reason: str) -> None:
    """Refuse an empty reason.

    Raises:
        UsageError: it is empty.
    """
    if not reason.strip():
        raise UsageError("A reason is needed.", code="reason-missing", fix='--reason "…"')


def append_events(ledger: Ledger, entries: Iterable[AuditEntry], run_id: int | None = None) -> None:
    """Add events to the chain, inside the transaction of the changes they tell of."""
    seq, previous = _last(ledger)
    at = ledger.now()
    rows = []
    for entry in entries:
        seq += 1
        before = None if entry.before is None else canonical_json(entry.before)
        after = None if entry.after is None else canonical_json(entry.after)
        event = (
            seq, at, run_id, ledger.actor, entry.action, entry.entity, before, after, entry.reason
        )  # fmt: skip
        digest = _hash(previous, event)
        rows.append((*event, previous, digest))
        previous = digest
    ledger.execute_many(
        f"INSERT INTO audit_event ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - a constant
        rows,
    )


def append_event(
    ledger: Ledger,
    action: str,
    entity: str,
    *,
    before: object = None,
    after: object = None,
    reason: str | None = None,
    run_id: int | None = None,
) -> None:
    """Add one event to the chain, inside the transaction of the change it tells of."""
    append_events(ledger, [AuditEntry(action, entity, before, after, reason)], run_id)


def _hash(previous: str, event: tuple[object, ...]) -> str:
    # The prefix is the version of this recipe, so that a later one can be told apart.
    text = previous + _event_json(event)
    return "1$" + hashlib.sha256(text.encode()).hexdigest()


def last_seq(ledger: Ledger) -> int:
    """The number of the last event, 0 before the first: it grows with every change of state."""
    (seq,) = ledger.row("SELECT coalesce(max(seq), 0) FROM audit_event")
    return int(seq)


def head(ledger: Ledger) -> str:
    """The last event as ``SEQ:HASH``: kept elsewhere, it shows whether the tail was cut."""
    seq, digest = _last(ledger)
    return f"{seq}:{digest}"


def is_head(text: str) -> bool:
    """Whether `text` has the form of an answer of `head`, whatever the version of its hash."""
    return _HEAD.fullmatch(text) is not None


def _last(ledger: Ledger) -> tuple[int, str]:
    """Number and hash of the last event."""
    last = ledger.row("SELECT seq, hash FROM audit_event ORDER BY seq DESC LIMIT 1")
    return last or (0, "")


def verify_chain(ledger: Ledger, known_head: str | None = None) -> list[Finding]:
    """Recompute every hash in order; optionally look for a head that was kept elsewhere.

    Args:
        ledger: the ledger.
        known_head: an earlier answer of `head`, which the chain must still contain.
    """
    findings = []
    expected_seq, previous = 0, ""
    wanted_seq, _, wanted_hash = (known_head or "0:").partition(":")
    found_head = wanted_seq == "0"
    for row in ledger.each(f"SELECT {_COLUMNS} FROM audit_event ORDER BY seq"):  # noqa: S608 - a constant
        expected_seq += 1
        event, linked, digest = row[:9], row[9], row[10]
        seq = event[0]
        if seq != expected_seq:
            findings.append(Finding("audit-gap", f"#{seq}", f"event {expected_seq} is missing"))
            expected_seq = seq
        if linked != previous or _hash(linked, event) != digest:
            findings.append(
                Finding("audit-hash", f"#{seq}", "the event is not the one that was written")
            )
        found_head = found_head or (str(seq) == wanted_seq and digest == wanted_hash)
        previous = digest
    if not found_head:
        findings.append(
            Finding("audit-head", f"#{wanted_seq}", "the chain does not contain the given head")
        )
    return findings


def list_events(
    ledger: Ledger,
    *,
    entities: Sequence[str] | None = None,
    action: str | None = None,
    limit: int = -1,
) -> Iterator[AuditEvent]:
    """Events, newest first, of `entities` where given.

    `action` is a whole action or its part before the dot.
    """
    named = None if entities is None else ids_json(entities)
    yield from (
        _event(row)
        for row in ledger.each(
            f"SELECT {_SHOWN} FROM audit_event"  # noqa: S608 - a constant
            " WHERE (:named IS NULL OR entity IN (SELECT value FROM json_each(:named)))"
            " AND (:action IS NULL OR action = :action OR action LIKE :action || '.%')"
            " ORDER BY seq DESC LIMIT :most",
            {"named": named, "action": action, "most": limit},
        )
    )


def actions(ledger: Ledger) -> list[str]:
    """The actions that this trail has events of."""
    return [
        row[0] for row in ledger.rows("SELECT DISTINCT action FROM audit_event ORDER BY action")
    ]


def find_event(ledger: Ledger, seq: int) -> AuditEvent | None:
    """The event of that number."""
    row = ledger.row(f"SELECT {_SHOWN} FROM audit_event WHERE seq = ?", [seq])  # noqa: S608 - a constant
    return None if row is None else _event(row)


def _event(row: tuple[Any, ...]) -> AuditEvent:
    return AuditEvent(*row[:6], *(value and json.loads(value) for value in row[6:8]), *row[8:])
