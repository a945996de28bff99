"""`sfsync disconnect`: revoke the sign-in at Salesforce and forget it here."""

import typer

from sfsync.cli.connect import connection_result
from sfsync.cli.context import context_of
from sfsync.cli.frame import tree
from sfsync.cli.render.text import safe
from sfsync.errors import UsageError

app = tree.new_app()


@tree.command(
    app, "disconnect", "sfsync disconnect", "sfsync disconnect --yes", "sfsync disconnect --json -y"
)
def disconnect(ctx: typer.Context) -> None:
    """Revoke the sign-in at Salesforce and forget it here; ledger and history stay."""
    from sfsync.salesforce.connections import find_connection  # noqa: PLC0415 - start-up time
    from sfsync.salesforce.sign_out import disconnect as revoke  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    settings = context.settings()
    if settings.connection.is_demo:
        raise UsageError("the demo org needs no sign-in, so there is none to revoke", code="demo")
    folder, name = context.paths.config_dir, settings.connection.name
    known = find_connection(folder, name)
    context.confirm(f"Revoke the sign-in of {known.username} at {known.org_name}?")
    gone = connection_result(revoke(folder, name))
    said = f"Disconnected from {safe(known.org_name)}.\n"
    context.emit("disconnect", gone, text=said, action=True)
