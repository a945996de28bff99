"""What was last heard of one ledger's runs, and what has been told of it.

It is kept beside the log, not in the ledger: the ledger itself may be what is wrong.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from sfsync.errors import ExitCode
from sfsync.exports.json_text import utc
from sfsync.salesforce.private_files import private_folder, write_private

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_LOCK_SECONDS = 60.0


class Event(StrEnum):
    """What may be told; the first four are troubles."""

    FAILED = "failed"
    PARTIAL = "partial"
    INTERRUPTED = "interrupted"
    OVERDUE = "overdue"
    RECOVERED = "recovered"
    OK = "ok"


@dataclass(frozen=True, slots=True)
class Heard:
    """What one tick of a scheduler, or one run by hand, has shown.

    Args:
        condition: how the run ended; None when no run took place.
        exit_code: what it failed with.
        newest_failure: the run in which the newest failed record failed first; 0 for none.
        overdue: there was no good sync for too long.
    """

    condition: Event | None
    exit_code: ExitCode = ExitCode.DONE
    newest_failure: int = 0
    overdue: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand.

    `told` has each trouble that somebody was told of and that has not ended, with what it was told
    for: the exit code of a failure, the newest failed record's first run. `refusals` counts the
    sign-ins in a row that were refused, `refused_at` is when the last one was; `connected_at` is
    when somebody has signed in anew.
    """

    condition: Event = Event.OK
    exit_code: int = 0
    newest_failure: int = 0
    told: Mapping[str, int] = field(default_factory=dict)
    refusals: int = 0
    refused_at: datetime | None = None
    connected_at: datetime | None = None

    def connected(self, now: datetime) -> Standing:
        """How things stand once somebody has signed in: refusals before it say nothing any more."""
        return replace(self, refusals=0, refused_at=None, connected_at=now)

    def after(self, heard: Heard, now: datetime) -> Standing:
        """How things stand once `heard` is known; what was told stays as it is."""
        if heard.condition is None:
            return self
        if heard.condition is Event.INTERRUPTED and self.condition is Event.FAILED:
            # Ctrl-C in the middle of another try has not mended anything.
            return self
        refused = heard.condition is Event.FAILED and heard.exit_code is ExitCode.SIGN_IN
        return replace(
            self,
            condition=heard.condition,
            exit_code=int(heard.exit_code),
            newest_failure=heard.newest_failure,
            refusals=self.refusals + 1 if refused else 0,
            refused_at=now if refused else None,
        )

    def troubles(self, wanted: frozenset[str], *, overdue: bool) -> dict[str, int]:
        """The troubles that stand and that somebody wants to hear of, each with its measure."""
        found: dict[str, int] = {}
        if self.condition is Event.FAILED:
            found[Event.FAILED] = self.exit_code
        if self.condition is Event.INTERRUPTED:
            found[Event.INTERRUPTED] = 0
        if self.newest_failure:
            found[Event.PARTIAL] = self.newest_failure
        if overdue:
            found[Event.OVERDUE] = 0
        return {event: measure for event, measure in found.items() if event in wanted}


def news(standing: Standing, heard: Heard, wanted: frozenset[str]) -> tuple[list[Event], Standing]:
    """What is to be told now, and the standing once it was; each change is news once.

    Args:
        standing: from `Standing.after`.
        heard: what has just been heard.
        wanted: the events of `notify.on`.
    """
    # Overdue ends with a good run only, and is not asked about where it was told already.
    runs_well = heard.condition in {Event.OK, Event.PARTIAL}
    overdue = heard.overdue or (Event.OVERDUE in standing.told and not runs_well)
    now = standing.troubles(wanted, overdue=overdue)
    events = [Event(event) for event, measure in now.items() if _is_news(standing, event, measure)]
    if runs_well and standing.told and not now and Event.RECOVERED in wanted:
        events.append(Event.RECOVERED)
    elif heard.condition is Event.OK and not now and Event.OK in wanted:
        events.append(Event.OK)
    return events, replace(standing, told=now)


def _is_news(standing: Standing, event: str, measure: int) -> bool:
    told = standing.told.get(event)
    # Another kind of failure is news, and so is a record that did not fail before.
    return told is None or (measure > told if event == Event.PARTIAL else measure != told)


def standing_file(state_dir: Path, ledger: Path) -> Path:
    """Where the standing of the ledger at `ledger` is kept."""
    digest = hashlib.sha256(str(ledger.absolute()).encode()).hexdigest()[:12]
    return state_dir / "standing" / f"{ledger.stem}-{digest}.json"


def read_standing(path: Path) -> Standing:
    """The standing in `path`; a fresh one where there is none, or none that can be read."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return Standing(
            condition=Event(kept["condition"]),
            exit_code=int(kept["exit_code"]),
            newest_failure=int(kept["newest_failure"]),
            told={str(Event(event)): int(measure) for event, measure in kept["told"].items()},
            refusals=int(kept["refusals"]),
            refused_at=_moment(kept["refused_at"]),
            connected_at=_moment(kept["connected_at"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        # At worst something is told twice.
        return Standing()


def write_standing(path: Path, standing: Standing) -> None:
    """Keep `standing`.

    Raises:
        SignInError: the file cannot be written.
    """
    kept = {
        **asdict(standing),
        "told": dict(standing.told),
        "refused_at": utc(standing.refused_at),
        "connected_at": utc(standing.connected_at),
    }
    write_private(path, f"{json.dumps(kept)}\n")


def _moment(stamp: str | None) -> datetime | None:
    return datetime.fromisoformat(stamp) if stamp else None


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """One process at a time reads, tells and writes; waits for at most a minute."""
    from filelock import FileLock, Timeout  # noqa: PLC0415 - start-up time

    private_folder(path.parent)
    lock = FileLock(f"{path}.lock", timeout=_LOCK_SECONDS, mode=0o600)
    try:
        lock.acquire()
    except Timeout:
        # Telling something twice is better than telling it never.
        yield
        return
    try:
        yield
    finally:
        lock.release()
