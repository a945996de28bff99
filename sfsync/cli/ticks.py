"""What a tick asks: is a run due? Reads config and ledger; no sign-in, no network, no write."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sfsync.cli.context import Context
    from sfsync.schedule import Answers

NOT_DUE = "Nothing is due. To sync anyway: sfsync sync --now\n"


def is_due_now(context: Context) -> bool:
    """Whether the schedule asks for a run."""
    from sfsync.schedule import is_due  # noqa: PLC0415 - start-up time

    schedule = context.settings().schedule
    return is_due(schedule, answers_of(context), datetime.now(UTC))


def answers_of(context: Context) -> Answers:
    """How the runs in the ledger have answered the schedule; without a ledger there were none."""
    from sfsync.ledger import history  # noqa: PLC0415 - start-up time
    from sfsync.schedule import Answers  # noqa: PLC0415 - as above

    if not context.ledger_path().exists():
        return Answers()
    with context.read_ledger() as ledger:
        found = history.schedule_answered(ledger)
    return Answers(_moment(found.good), found.failures, _moment(found.failed))


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
