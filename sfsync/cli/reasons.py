"""Why something was done, as commands ask for it and the audit trail keeps it."""

from typing import Annotated

import typer

NO_REASON = "no reason given"
"""What the audit trail says where a person may leave the reason out, and does."""


def not_empty(reason: str) -> str:
    """Refuse an empty reason before anybody is asked whether it shall be done."""
    from sfsync.ledger.audit import require_reason  # noqa: PLC0415 - start-up time

    require_reason(reason)
    return reason


ReasonOption = Annotated[
    str,
    typer.Option(metavar="TEXT", help="why; kept in the audit trail", callback=not_empty),
]
