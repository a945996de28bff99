"""What must always hold in a ledger: small checks that return findings; tests run the same list."""

from __future__ import annotations

import hashlib
import os
import pickle
import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

from sfsync.errors import LedgerError
from sfsync.ledger.audit import Finding, verify_chain
from sfsync.ledger.connection import open_ledger_read_only
from sfsync.ledger.digests import document_digests, payment_digests, void_digests
from sfsync.ledger.frozen import changed_images
from sfsync.ledger.invariant_queries import RULES, TRACES
from sfsync.ledger.model import source_hash
from sfsync.ledger.own_python import start_python
from sfsync.ledger.soundness import schema_is_as_shipped
from sfsync.ledger.sqlite_file import SCHEMA_CHANGED, connection_that_checks
from sfsync.money import EXPONENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import IO

    from sfsync.ledger.connection import Ledger

    Check = Callable[[Ledger], Iterator[Finding]]


def _rules(ledger: Ledger) -> Iterator[Finding]:
    return _broken(ledger, RULES)


def _traces(ledger: Ledger) -> Iterator[Finding]:
    return _broken(ledger, TRACES)


def _broken(ledger: Ledger, queries: Iterable[tuple[str, str, str]]) -> Iterator[Finding]:
    for code, query, message in queries:
        try:
            entities = [str(entity) for (entity,) in ledger.rows(query)]
        except (sqlite3.OperationalError, LedgerError) as trouble:
            if getattr(trouble, "code", SCHEMA_CHANGED) != SCHEMA_CHANGED:
                raise
            # A table that is gone, a text that is no JSON any more: nothing that sfsync wrote.
            yield Finding(code, "ledger", f"it cannot be told whether {message}: {trouble}")
        else:
            yield from (Finding(code, entity, message) for entity in entities)


def _file(ledger: Ledger) -> Iterator[Finding]:
    with connection_that_checks(ledger.path) as connection:
        problems = connection.execute("PRAGMA integrity_check").fetchall()
        orphans = connection.execute("PRAGMA foreign_key_check").fetchall()
    for (problem,) in problems:
        if problem != "ok":
            yield Finding("file-damaged", "file", problem)
    for table, row_id, parent, _ in orphans:
        yield Finding("orphan", f"{table} {row_id}", f"refers to a {parent} that is not there")


def _private(ledger: Ledger) -> Iterator[Finding]:
    if os.name == "posix" and ledger.path.stat().st_mode & 0o077:
        yield Finding("file-open-to-others", "file", "others than its owner may read or write it")


def _schema(ledger: Ledger) -> Iterator[Finding]:
    if not schema_is_as_shipped(ledger):
        message = "tables, indexes or triggers are not those that sfsync made"
        yield Finding("schema-changed", "schema", message)


def _configs(ledger: Ledger) -> Iterator[Finding]:
    for digest, text in ledger.rows("SELECT digest, text FROM config_text"):
        if hashlib.sha256(text.encode()).hexdigest() != digest:
            yield Finding("config-changed", digest, "the mapping file that was kept is another one")


def _sources(ledger: Ledger) -> Iterator[Finding]:
    """Whether a sync still knows what it wrote: else the same deal would look changed, or not."""
    for draft, source, digest in ledger.each(
        "SELECT draft, source, source_hash FROM document WHERE number IS NULL UNION ALL"
        " SELECT d.draft, a.source, a.source_hash FROM document_acceptance a"
        " JOIN document d ON d.id = a.document_id"
    ):
        if source_hash(source) != digest:
            yield Finding("source-changed", draft, "its source is not what the last sync read")


def _exponents(ledger: Ledger) -> Iterator[Finding]:
    for currency, exponent in ledger.rows(
        "SELECT currency, exponent FROM document UNION SELECT currency, exponent FROM payment"
    ):
        if EXPONENTS.get(currency) != exponent:
            message = f"{exponent} decimals are not those of ISO 4217"
            yield Finding("currency-exponent", currency, message)


def _digests(ledger: Ledger) -> Iterator[Finding]:
    """Whether all that was posted, paid and voided is there and says what it said then."""
    kinds = (
        ("invoice.post", "D", "document", document_digests),
        ("payment.add", "P", "payment", payment_digests),
        ("payment.void", "P", "void", void_digests),
    )
    for action, letter, word, digests in kinds:
        recorded = dict(
            ledger.rows(
                "SELECT entity, iif(json_valid(after), json_extract(after, '$.digest'), NULL)"
                " FROM audit_event WHERE action = ?",
                (action,),
            )
        )
        for key, digest in digests(ledger):
            entity = f"{letter}-{key:06d}"
            if recorded.pop(entity, None) != digest:
                yield Finding(f"{word}-changed", entity, "it is not what was written")
        for entity in recorded:
            yield Finding(f"{word}-missing", entity, "what was written is not there any more")


def _audit(ledger: Ledger) -> Iterator[Finding]:
    yield from verify_chain(ledger)


CHECKS: tuple[Check, ...] = (
    _file,
    _private,
    _schema,
    _rules,
    _traces,
    _exponents,
    _configs,
    _sources,
    _digests,
    changed_images,
    _audit,
)


BESIDE: tuple[Check, ...] = (_file, _rules)
"""For a second process, where a ledger is large: about half of the work."""

LARGE = 5_000
"""From so many documents on, two processes check at once."""

_START = "from sfsync.ledger import invariants; invariants.answer_beside({!r}, sys.stdout.buffer)"
_ANSWER = b"findings:"
"""What comes before the answer, for Python's own start may have printed something."""


def check_ledger(ledger: Ledger) -> list[Finding]:
    """Everything that is wrong with a ledger, in the order of `CHECKS`; empty when it is sound."""
    if not _is_large(ledger):
        return [finding for one in _run(ledger, CHECKS) for finding in one]
    with _beside(ledger) as found_beside:
        mine = iter(_run(ledger, [check for check in CHECKS if check not in BESIDE]))
        parts = dict(zip(BESIDE, found_beside(), strict=True))
    return [
        finding for check in CHECKS for finding in (parts[check] if check in parts else next(mine))
    ]


@contextmanager
def _beside(ledger: Ledger) -> Iterator[Callable[[], list[list[Finding]]]]:
    """Begin the checks of `BESIDE` in a second process, and hand out what waits for them.

    Threads would do, but for the lock that SQLite takes for every allocation of memory.
    """
    try:
        process = start_python(_START.format(str(ledger.path)), quiet=True)
    except OSError:
        yield lambda: _run(ledger, BESIDE)
        return

    def found() -> list[list[Finding]]:
        said, _ = process.communicate()
        _, begun, answer = said.partition(_ANSWER)
        if process.returncode == 0 and begun:
            return cast("list[list[Finding]]", pickle.loads(answer))  # noqa: S301 - our own process
        # Whatever ended it: here it is told as it is.
        return _run(ledger, BESIDE)

    try:
        yield found
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def answer_beside(path: str, outgoing: IO[bytes]) -> None:
    """Make the checks of `BESIDE`, in the process that was started for them."""
    with open_ledger_read_only(Path(path)) as ledger:
        outgoing.write(_ANSWER + pickle.dumps(_run(ledger, BESIDE)))


def _is_large(ledger: Ledger) -> bool:
    try:
        (newest,) = ledger.row("SELECT coalesce(max(id), 0) FROM document")
    except LedgerError as trouble:
        if trouble.code != SCHEMA_CHANGED:
            raise
        return False
    return bool(newest >= LARGE)


def check_trail(ledger: Ledger, known_head: str | None = None) -> list[Finding]:
    """Whether the audit trail is whole, and the ledger still says what was posted and paid by it.

    Args:
        ledger: the ledger.
        known_head: an earlier head, which the trail must still contain.
    """

    def chain(of: Ledger) -> Iterator[Finding]:
        yield from verify_chain(of, known_head)

    return [found for one in _run(ledger, (_schema, _digests, chain)) for found in one]


def _run(ledger: Ledger, checks: Iterable[Check]) -> list[list[Finding]]:
    with ledger.snapshot():
        return [_findings(check, ledger) for check in checks]


def _findings(check: Check, ledger: Ledger) -> list[Finding]:
    """What one check finds; where what it looks at is gone, the others still tell what they can."""
    found: list[Finding] = []
    try:
        found.extend(check(ledger))
    except LedgerError as trouble:
        if trouble.code != SCHEMA_CHANGED:
            raise
        found.append(Finding("schema-changed", "schema", trouble.message))
    except (sqlite3.OperationalError, TypeError, ValueError) as trouble:
        # A value of a type that it never has.
        found.append(Finding("unreadable", "ledger", f"a check cannot be made: {trouble}"))
    return found
