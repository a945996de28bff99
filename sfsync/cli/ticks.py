"""What a tick asks: is a run due? Reads config and ledger; no sign-in, no network, no write."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sfsync.cli.context import Context
    from sfsync.schedule import Answers


def not_due(context: Context) -> str:
    """That nothing is due, and how to do what was asked for all the same."""
    from sfsync.cli.render.text import safe  # noqa: PLC0415 - start-up time

    return f"Nothing is due. To sync anyway: {safe(context.typed)} --now\n"


def is_due_now(context: Context) -> bool:
    """Whether the schedule asks for a run; a new sign-in is tried at once, whatever failed."""
    from sfsync.cli.telling import connected_since  # noqa: PLC0415 - start-up time
    from sfsync.schedule import is_due  # noqa: PLC0415 - as above

    answers = answers_of(context)
    if answers.failed is not None and connected_since(context, answers.failed):
        answers = replace(answers, failures=0, failed=None)
    return is_due(context.settings().schedule, answers, datetime.now(UTC))


def answers_of(context: Context) -> Answers:
    """How the runs in the ledger have answered the schedule; without a ledger there were none."""
    from sfsync.ledger import history  # noqa: PLC0415 - start-up time
    from sfsync.schedule import Answers  # noqa: PLC0415 - as above

    ledger = context.finished_ledger()
    if ledger is None:
        return Answers()
    with ledger:
        found = history.schedule_answered(ledger)
    return Answers(_moment(found.good), found.failures, _moment(found.failed))


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
