"""Opening the org that a config speaks of: a signed-in one, or the embedded demo org."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from sfsync.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfsync.cli.context import Context
    from sfsync.config.settings import Settings
    from sfsync.salesforce import Org

_ID_LENGTH = 15


@contextmanager
def open_org_for(context: Context, settings: Settings) -> Iterator[Org]:
    """The org of `settings.connection`, closed when the block ends.

    A demo connection starts the embedded org for as long as the block lasts, and signs in to it
    by itself the first time; any other must have been connected.

    Raises:
        SignInError: not connected, or the stored sign-in cannot be used.
        LedgerError: the org is not the one that `connection.expect_org` names.
        NotFoundError: the folder has no demo org.
    """
    from sfsync.cli.frame.log import start_logging  # noqa: PLC0415 - start-up time

    start_logging(context)
    if settings.connection.is_demo:
        from sfsync.cli.demo_org import open_demo_org  # noqa: PLC0415 - start-up time

        with open_demo_org(context, settings) as org:
            _check_expected(settings, org.identity.name, org.identity.org_id)
            yield org
        return
    from sfsync.salesforce import find_connection, open_org  # noqa: PLC0415 - as above

    folder = context.paths.config_dir
    connection = find_connection(folder, settings.connection.name)
    _check_expected(settings, connection.org_name, connection.org_id)
    # The sign-in remembers the version that it was made with; which one is asked is the config's.
    connection = replace(connection, api_version=settings.connection.api_version)
    with open_org(connection, folder, credential=settings.credential) as org:
        yield org
        for warning in org.warnings:
            context.warn(warning)


def _check_expected(settings: Settings, name: str, org_id: str) -> None:
    """Stop at an org that is not the expected one, before anything is asked of it."""
    expected = settings.connection.expect_org
    # Fifteen characters name a record; the other three only guard them against changed case.
    if expected is not None and expected[:_ID_LENGTH] != org_id[:_ID_LENGTH]:
        raise LedgerError(
            f"{settings.connection.name} is signed in to {name} ({org_id}), "
            f"and connection.expect_org names {expected}",
            code="unexpected-org",
            fix="connect the right org, or change connection.expect_org",
        )
