"""Why something was done, as commands ask for it and the audit trail keeps it."""

from typing import Annotated

import typer

NO_REASON = "no reason given"
"""What the audit trail says where a person may leave the reason out, and does."""

ReasonOption = Annotated[str, typer.Option(metavar="TEXT", help="why; kept in the audit trail")]
