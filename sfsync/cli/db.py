"""`sfsync db`: the ledger file."""

from typing import TYPE_CHECKING

import typer

from sfsync.cli.context import Context, context_of
from sfsync.cli.frame import tree
from sfsync.errors import LedgerError

if TYPE_CHECKING:
    from sfsync.ledger.connection import Ledger

app = tree.new_app("The ledger file: where it is, whose it is, and whether it is sound.")


@tree.command(app, "path", "sfsync db path", 'sqlite3 "$(sfsync db path)"', "sfsync db path --json")
def path(ctx: typer.Context) -> None:
    """Print where the ledger is, or would be."""
    context = context_of(ctx)
    found = context.ledger_path().absolute()
    result = {"path": str(found), "exists": found.exists()}
    context.emit("db_path", result, text=f"{found}\n")


@tree.command(app, "info", "sfsync db info", "sfsync db info --json")
def info(ctx: typer.Context) -> None:
    """Show whose ledger it is and how many invoices it holds."""
    from sfsync.ledger.invoice_filter import InvoiceFilter  # noqa: PLC0415 - start-up time
    from sfsync.ledger.invoices import count_invoices  # noqa: PLC0415 - start-up time
    from sfsync.ledger.migrations import SCHEMA_VERSION  # noqa: PLC0415 - start-up time
    from sfsync.ledger.model import DocumentStatus  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    with context.read_ledger() as ledger:
        identity = ledger.identity
        invoices = {
            status.value: count_invoices(ledger, InvoiceFilter(status=status))
            for status in DocumentStatus
        }
    found = context.ledger_path().absolute()
    result = {
        "path": str(found),
        "bytes": found.stat().st_size,
        "schema_version": SCHEMA_VERSION,
        "demo": identity.demo,
        "created_at": identity.created_at,
        "org": identity.org_id
        and {"id": identity.org_id, "name": identity.org_name, "kind": identity.org_kind},
        "invoices": invoices,
    }
    context.emit("db_info", result)


@tree.command(app, "verify", "sfsync db verify", "sfsync db verify --json")
def verify(ctx: typer.Context) -> None:
    """Check the whole file: every rule that the ledger keeps, every hash, every sum."""
    context = context_of(ctx)
    with context.read_ledger() as ledger:
        require_sound(context, ledger)
    context.emit("db_verify", {"findings": []}, text="The ledger is sound.\n")


def require_sound(context: Context, ledger: "Ledger") -> None:
    """Refuse to go on with a ledger that breaks its rules.

    Raises:
        LedgerError: it does; names the first of them, and all under --json.
    """
    from sfsync.ledger.invariants import check_ledger  # noqa: PLC0415 - start-up time

    findings = check_ledger(ledger)
    if findings:
        context.details["findings"] = [
            {"code": found.code, "entity": found.entity, "message": found.message}
            for found in findings
        ]
        listed = "\n".join(f"{found.entity}: {found.message}" for found in findings[:20])
        raise LedgerError(
            f"the ledger breaks {len(findings)} of its rules\n{listed}",
            code="ledger-damaged",
            fix="restore it from a backup",
        )
