"""`sfsync db verify` and `audit verify`: what they look for, and how they say what they found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.cli.render.text import counted
from sfsync.errors import LedgerError
from sfsync.ledger.audit import Finding, list_events
from sfsync.ledger.invariants import check_ledger, check_trail

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfsync.cli.context import Context
    from sfsync.ledger.connection import Ledger

_SHOWN = 20


def require_sound(context: Context, ledger: Ledger) -> None:
    """Refuse to go on with a ledger that breaks its rules.

    Raises:
        LedgerError: it does; names the first of them, and all under --json.
    """
    if findings := check_ledger(ledger):
        said = f"the ledger breaks {len(findings)} of its rules"
        fix = "restore it from a backup: sfsync db restore FILE"
        raise _refusal(context, said, findings, code="ledger-damaged", fix=fix)


def require_trail(context: Context, ledger: Ledger, head: str | None) -> None:
    """Refuse a ledger that is not what its audit trail tells, or whose trail was changed.

    Raises:
        LedgerError: it is such a one.
    """
    if findings := check_trail(ledger, head):
        said, fix = "the audit trail was tampered with", "restore the ledger from a backup"
        raise _refusal(context, said, findings, code="audit-tampered", fix=fix)


def require_no_secret(context: Context, ledger: Ledger) -> None:
    """Refuse a ledger in which sfsync has written a token or a key down.

    Raises:
        LedgerError: it has.
    """
    from sfsync.health import kept_secrets  # noqa: PLC0415 - start-up time

    message = "it holds what looks like a token or a key"
    kept = kept_secrets.kept_in_ledger(ledger, kept_secrets.OWN_TABLES)
    if findings := [Finding("secret-kept", one, message) for one in kept]:
        said, fix = "the ledger keeps a secret", kept_secrets.REVOKE
        raise _refusal(context, said, findings, code="secret-kept", fix=fix)


def compare_documents(context: Context, ledger: Ledger) -> dict[str, int]:
    """Set the PDFs of posted documents again; how many were the same, how many cannot be compared.

    Another version of sfsync or of its PDF library, or a font of one's own, sets other bytes.

    Raises:
        LedgerError: one is not as it was written.
    """
    from sfsync.cli.invoice_pdf import digest_again  # noqa: PLC0415 - start-up time
    from sfsync.exports.invoice_paper import typesetter  # noqa: PLC0415 - as above

    written: dict[str, set[str]] = {}
    others = 0
    for event in list_events(ledger, action="export.invoice_pdf"):
        if event.after["number"] is None:
            continue
        if (event.after["typesetter"], event.after["font"]) == (typesetter(), None):
            written.setdefault(event.after["number"], set()).add(event.after["sha256"])
        else:
            others += 1
    differing = [
        Finding("document-set-otherwise", number, "its PDF does not come out as it was written")
        for number, digests in written.items()
        if digests != {digest_again(context, ledger, number)}
    ]
    if differing:
        said = f"{counted(len(differing), 'document is', 'documents are')} not what was written"
        raise _refusal(context, said, differing, code="ledger-damaged")
    return {"same": len(written), "not_comparable": others}


def in_words(compared: dict[str, int] | None) -> str:
    """What a sound ledger is told."""
    if compared is None:
        return "The ledger is sound.\n"
    others = compared["not_comparable"]
    said = (
        f"{counted(compared['same'], 'PDF comes', 'PDFs come')} out byte for byte as when written"
    )
    more = f"; {others} cannot be compared (another version or font)" if others else ""
    return f"The ledger is sound. {said}{more}.\n"


def _refusal(
    context: Context, said: str, findings: Sequence[Finding], *, code: str, fix: str = ""
) -> LedgerError:
    """The error that names the first findings; a JSON document carries all of them beside it."""
    context.details["findings"] = [
        {"code": found.code, "entity": found.entity, "message": found.message} for found in findings
    ]
    listed = "".join(f"\n{found.entity}: {found.message}" for found in findings[:_SHOWN])
    return LedgerError(said + listed, code=code, fix=fix)
