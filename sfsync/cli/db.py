"""`sfsync db`: the ledger file."""

from pathlib import Path
from typing import Annotated, Any

import typer

from sfsync.cli.context import context_of
from sfsync.cli.frame import tree
from sfsync.errors import NotFoundError, UsageError

app = tree.new_app(
    "The ledger file: whose it is, whether it is sound, backups.",
    "sfsync db verify",
    "sfsync db backup --keep 14 --quiet",
    "sfsync db restore /mnt/safe/acme.db",
)


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
    from sfsync.ledger.audit import head  # noqa: PLC0415 - start-up time
    from sfsync.ledger.invoice_filter import InvoiceFilter  # noqa: PLC0415 - start-up time
    from sfsync.ledger.invoices import count_invoices  # noqa: PLC0415 - start-up time
    from sfsync.ledger.migrations import schema_version  # noqa: PLC0415 - start-up time
    from sfsync.ledger.model import DocumentStatus  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    with context.read_ledger() as ledger:
        identity = ledger.identity
        newest = head(ledger)
        invoices = {
            status.value: count_invoices(ledger, InvoiceFilter(status=status))
            for status in DocumentStatus
        }
    found = context.ledger_path().absolute()
    result = {
        "path": str(found),
        "bytes": found.stat().st_size,
        "schema_version": schema_version(),
        "demo": identity.demo,
        "created_at": identity.created_at,
        "org": identity.org_id
        and {"id": identity.org_id, "name": identity.org_name, "kind": identity.org_kind},
        "invoices": invoices,
        "head": newest,
    }
    context.emit("db_info", result)


@tree.command(
    app,
    "verify",
    "sfsync db verify",
    "sfsync db verify --documents",
    "sfsync db verify --json",
)
def verify(
    ctx: typer.Context,
    *,
    documents: Annotated[
        bool, typer.Option("--documents", help="also set every PDF again that was ever written")
    ] = False,
) -> None:
    """Check the whole file: every rule that the ledger keeps, every hash, every sum.

    docs/reliability.md names the rules. With --documents, each PDF of a posted document that the
    audit trail knows of must come out byte for byte as it was. Nothing is written.
    """
    from sfsync.cli import verifying  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    with context.read_ledger() as ledger:
        verifying.require_sound(context, ledger)
        verifying.require_no_secret(context, ledger)
        compared = verifying.compare_documents(context, ledger) if documents else None
    result: dict[str, Any] = {"findings": [], "documents": compared}
    context.emit("db_verify", result, text=verifying.in_words(compared))


@tree.command(
    app,
    "backup",
    "sfsync db backup",
    "sfsync db backup --keep 14 --quiet",
    "sfsync db backup /mnt/safe/acme.db --force",
)
def backup(
    ctx: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="where to; else a new file in backups/ by the ledger"),
    ] = None,
    *,
    keep: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="keep the newest N of backups/")
    ] = None,
) -> None:
    """Copy the ledger while others may write to it, and check the copy.

    The copy is written whole or not at all, for its owner alone. It is a ledger itself.
    """
    from sfsync.ledger import backups  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    ledger = context.existing_ledger_path()
    if keep is not None and file is not None:
        raise UsageError("--keep is about backups/; leave FILE out", code="usage")
    if file is None:
        backups.make_backup_folder(ledger)
    target = (file or backups.default_target(ledger)).expanduser()
    made = backups.back_up(ledger, target, force=context.flags.force)
    deleted = backups.prune(ledger, keep) if keep is not None else []
    result = {
        "path": str(made.path),
        "bytes": made.size,
        "head": made.head,
        "deleted": [str(one) for one in deleted],
    }
    text = f"{made.path}: {made.size:,} bytes, sound. Head: {made.head}\n"
    context.emit("db_backup", result, text=text, action=True)


@tree.command(
    app,
    "restore",
    "sfsync db restore backups/acme-20261122T083107000000Z.db",
    "sfsync db restore /mnt/safe/acme.db --yes --json",
)
def restore(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="a backup, as db backup made it")],
) -> None:
    """Put a backup in the place of the ledger; the replaced one is kept in backups/.

    Refused while a sync runs, for a backup that is not sound, and, without --force, for one of
    another org.
    """
    from sfsync.ledger import restoring  # noqa: PLC0415 - start-up time
    from sfsync.ledger.backups import require_restorable  # noqa: PLC0415 - as above

    context = context_of(ctx)
    path, force = context.ledger_path(), context.flags.force
    source = file.expanduser()
    if not source.exists():
        raise NotFoundError(
            f"there is no backup {source}",
            code="ledger-missing",
            fix="name a file that sfsync db backup has written",
        )
    require_restorable(source, path, force=force)
    context.confirm(f"Replace {path} by {source}?")
    done = restoring.restore(source, path, force=force)
    result = {
        "path": str(done.path),
        "restored_from": str(done.source),
        "kept": done.kept and str(done.kept),
        "head": done.head,
    }
    was = f" The replaced one is {done.kept}." if done.kept else ""
    text = f"Restored {done.path} from {done.source}.{was}\n"
    context.emit("db_restore", result, text=text, action=True)


@tree.command(app, "migrate", "sfsync db migrate", "sfsync db migrate --dry-run --json")
def migrate(
    ctx: typer.Context,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="only say what would be done")
    ] = False,
) -> None:
    """Bring the ledger to the schema of this sfsync; a backup is made first.

    Every command that writes does the same by itself.
    """
    from sfsync.ledger.files import file_version, refuse_unsuitable  # noqa: PLC0415 - start-up time
    from sfsync.ledger.migrations import schema_version  # noqa: PLC0415 - as above

    context = context_of(ctx)
    path = context.existing_ledger_path()
    refuse_unsuitable(path, create=False)
    before, wanted = file_version(path), schema_version()
    if not dry_run:
        context.open_ledger().close()
    due = before < wanted
    result = {"path": str(path), "from": before, "to": wanted, "migrated": due and not dry_run}
    verb = "would be brought" if dry_run else "was brought"
    done = f"{path} {verb} from schema {before} to {wanted}.\n"
    text = done if due else f"{path} has schema {wanted}; nothing to do.\n"
    context.emit("db_migrate", result, text=text, action=True)
